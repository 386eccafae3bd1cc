"""Who is told what happened to a request: the citizen in their conversation, officers in theirs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from bot.requests import cards
from bot.requests.private import carries_files, one_time
from bot.requests.spent import spent
from flows import numbering, steps
from flows.definition import Definition
from flows.events import Told, Wanted
from flows.messages import Attachment, Button, Message, Part
from flows.standing import State, stage_of
from flows.steps import Happened
from storage import documents, history, letters, numbers, officers, queue, requests
from storage.letters import LetterRow
from storage.requests import RequestRow

if TYPE_CHECKING:
    from bot.engine.turn import Turn

_BUTTONS: dict[str, tuple[str, ...]] = {
    "filed": ("ambil", "lihat"),
    "supplied": ("lihat", "terima"),
    "waiting": ("ambil", "lihat"),
    "assigned": ("lihat", "lepas"),
    "letter": ("siap",),
    "letter_failed": ("lihat", "terima"),
    "late": ("lihat", "ambil"),
}

_LETTER_LINK = timedelta(hours=24)
"""So long an officer may take to print a letter from a link that was not asked for."""

_PLAIN: dict[type[Happened], str] = {
    steps.Forwarded: "forwarded",
    steps.CameBack: "came_back",
    steps.HandedOver: "handed_over",
    steps.BecameReady: "ready",
    steps.CollectReminded: "ready_again",
    steps.Appointed: "appointed",
    steps.AppointmentReminded: "appointed_again",
}
"""What is said to the citizen with nothing to be added."""


class Done(Struct, frozen=True):
    """A step that was written: ``step`` is its row in the history, ``row`` the request after."""

    row: RequestRow
    before: State
    definition: Definition
    step: int
    happened: list[Happened]


def follow(turn: Turn, done: Done) -> None:
    """Do all that follows from a step, in its transaction; every message has a key of its own."""
    for fact in done.happened:
        tell_citizen(turn, done, fact)
        tell_officers(turn, done, fact)


def tell_citizen(turn: Turn, done: Done, fact: Happened) -> None:
    """Put what concerns the citizen into their conversation, which chooses the moment."""
    match fact:
        case steps.Returned(paths, reason):
            _want(turn, done, paths, reason)
        case steps.Rejected(reason):
            told(turn, done.row, "rejected", done.step, reason=reason)
        case steps.Cancelled(differs=True):
            told(turn, done.row, "differs", done.step)
        case steps.Cancelled(reason):
            told(turn, done.row, "cancelled", done.step, reason=reason)
        case steps.Forwarded() | steps.CameBack() | steps.HandedOver():
            told(turn, done.row, _PLAIN[type(fact)], done.step)
        case steps.Appointed(stage, day) | steps.AppointmentReminded(stage, day):
            come = f"{done.row.service}.come.{stage}"
            told(turn, done.row, _PLAIN[type(fact)], done.step, day=day, come=come)
        case steps.BecameReady(note):
            # What is only told is not to be collected.
            template = "status" if note and done.row.state.closed else "ready"
            told(turn, done.row, _PLAIN[type(fact)], done.step, template=template, note=note)
        case steps.CollectReminded() if _collects(done):
            told(turn, done.row, _PLAIN[type(fact)], done.step, template="ready")
        case steps.CollectReminded():
            told(turn, done.row, "waiting_again", done.step)
        case steps.Advanced(before) if _checked(done, before):
            told(turn, done.row, "accepted_stage", done.step)


def told(
    turn: Turn, row: RequestRow, what: str, step: int, *, template: str = "status", **args: str
) -> None:
    """Tell the citizen of one request, once for one step; a service may have its own words."""
    known = {"number": row.number, "service": row.service, "stage": cards.stage_key(row)}
    closes = row.state.closed
    event = Told(f"{row.service}.told.{what}", known | args, row.id, template, closes)
    turn.tell(row.id, event, f"told:{row.id}:{step}:{what}")


def concerns_citizen(kind: str, stage: str, definition: Definition) -> bool:
    """Say whether the citizen was told of a step of this kind done at this stage."""
    if kind in ("advanced", "letterwanted"):
        return stage == definition.stages[0].id
    silent = ("claimed", "released", "assigned", "letterfailed", "letterfinished", "stagelate")
    return kind not in silent


def tell_officers(turn: Turn, done: Done, fact: Happened) -> None:
    """Tell the officers' groups, and in private the one whom it concerns."""
    match fact:
        case steps.Advanced() if done.row.state.role != done.before.role:
            to_staff(turn, done.row, "waiting", done.step)
        case steps.Assigned(officer):
            to_officer(turn, done.row, officer, "assigned", done.step)
        case steps.LetterWanted(signer):
            _want_letter(turn, done, signer)
        case steps.LetterFinished():
            _show_letter(turn, done)
        case steps.LetterFailed():
            to_staff(turn, done.row, "letter_failed", done.step)
        case steps.StageLate():
            to_staff(turn, done.row, "late", done.step)
            to_officer(turn, done.row, done.row.state.officer, "late", done.step)
        case steps.Rejected() | steps.Cancelled():
            letters.cancel(turn.tx, done.row.id)


def to_staff(turn: Turn, row: RequestRow, what: str, step: int, **args: Any) -> None:
    """Tell every officers' group about a request: a masked card, in the request's topic."""
    for contact_id in turn.staff():
        message = _notice(turn, row, what, args)
        turn.say(contact_id, message, key=f"notice:{row.id}:{step}:{what}:{contact_id}")


def to_officer(
    turn: Turn,
    row: RequestRow,
    officer_id: int,
    what: str,
    step: int,
    attachments: list[Attachment] | None = None,
    **args: Any,
) -> bool:
    """Tell one officer in private, where they wrote last; False where they cannot be reached."""
    reached = officers.active_contacts(turn.tx, officer_id)
    if not reached:
        return False
    message = _notice(turn, row, what, args)
    message.attachments = attachments or []
    contact_id = reached[0][0]
    turn.say(contact_id, message, key=f"notice:{row.id}:{step}:{what}:{contact_id}")
    return True


def morning_digest(turn: Turn) -> None:
    """Give the officers' groups the overview of the day; nothing where nothing is open."""
    counts = queue.counts(turn.tx, turn.now)
    if not counts:
        return
    day = turn.desk.office.today(turn.now)
    args = {
        "day": day,
        "stages": [_line(turn, c) for c in counts if c.status == "open" and not _ready(turn, c)],
        "returned": sum(c.total for c in counts if c.status == "returned"),
        "uncollected": sum(c.total for c in counts if c.status == "open" and _ready(turn, c)),
        "late": [cards.card(turn, row.id) for row in queue.late(turn.tx, turn.now)],
        "late_total": sum(c.late for c in counts),
        "spent": spent(turn),
    }
    for contact_id in turn.staff():
        message = Message([Part("commands/notices/digest", args)])
        turn.say(contact_id, message, key=f"digest:{day}:{contact_id}")


def _line(turn: Turn, count: queue.Count) -> dict[str, Any]:
    label = turn.desk.office.label
    return {
        "service": label("id", f"{count.service}.title") or count.service,
        "stage": label("id", f"{count.service}.stage.{count.stage}") or count.stage,
        "total": count.total,
        "free": count.free,
        "late": count.late,
    }


def _ready(turn: Turn, count: queue.Count) -> bool:
    definition = turn.desk.office.service(count.service, count.digest)
    return any(s.id == count.stage and s.act == "handover" for s in definition.stages)


def _notice(turn: Turn, row: RequestRow, what: str, args: dict[str, Any]) -> Message:
    known = {"card": cards.card(turn, row.id)}
    buttons = [
        Button(f"cmd:{word} {row.number}", text=f"/{word} {row.number}")
        for word in _BUTTONS.get(what, ())
        # Whoever has it need not take it, and nobody else can.
        if not (word == "ambil" and row.state.officer)
    ]
    part = Part(f"commands/notices/{what}", known | args)
    return Message([part], buttons=buttons, request=row.id)


def _collects(done: Done) -> bool:
    """The result lies ready: there is nothing left for the citizen but to come for it."""
    return stage_of(done.definition, done.row.state.stage).act == "handover"


def _checked(done: Done, before: str) -> bool:
    """The first check is passed: the one inner step that a citizen waits to hear of."""
    louder = steps.Forwarded | steps.BecameReady | steps.Appointed
    if any(isinstance(fact, louder) for fact in done.happened):
        return False
    return before == done.definition.stages[0].id


def want_again(turn: Turn, row: RequestRow, contact_id: int) -> bool:
    """Ask in this chat for what a returned request waits for; False where it waits for nothing."""
    if row.state.status != "returned":
        return False
    steps_done = history.entries(turn.tx, row.id)
    returns = [one.id for one in steps_done if one.kind == "returned" and not one.undone]
    noted = history.notes(turn.tx, turn.desk.vault, row.id)
    reason = noted.get(returns[-1], "") if returns else ""
    event = _wanted(turn, row, row.state.returned, reason)
    return turn.put(contact_id, event, f"told:{row.id}:wanted:{contact_id}:{row.state.version}")


def _want(turn: Turn, done: Done, paths: tuple[str, ...], reason: str) -> None:
    event = _wanted(turn, done.row, paths, reason)
    turn.tell(done.row.id, event, f"told:{done.row.id}:{done.step}:wanted")


def _wanted(turn: Turn, row: RequestRow, paths: tuple[str, ...], reason: str) -> Wanted:
    papers = documents.by_path(turn.tx, row.id)
    given = requests.given(turn.tx, turn.desk.vault, row.id)
    return Wanted(
        row.id,
        row.number,
        row.service,
        row.digest,
        list(paths),
        reason,
        given.answers,
        {path: [paper.id for paper in pages] for path, pages in papers.items()},
        given.marks,
    )


def _want_letter(turn: Turn, done: Done, signer: str) -> None:
    """Reserve the number here; the file is made by a job, and made again under the same number."""
    config, definition = turn.desk.config, done.definition
    rule = config.numbers.letter
    day = turn.now.astimezone(turn.desk.office.calendar.zone).date()

    def draw() -> str:
        code = definition.classification
        series = numbering.series("letter", rule.per, code)
        number = numbers.draw(turn.tx, series, numbering.period(rule.restart, day))
        return numbering.write(rule.pattern, number, day, code=code, unit=config.office.unit)

    letters.reserve(turn.tx, done.row.id, day.isoformat(), draw)
    body = {"request": done.row.id, "signer": signer}
    turn.job("letter", f"letter:{done.row.id}:{done.step}", body)


def _show_letter(turn: Turn, done: Done) -> None:
    """Give the letter to whom it waits for, in private; groups are only told that it is there."""
    row = done.row
    letter = letters.of_request(turn.tx, row.id)
    if letter is None:
        return
    holder = row.state.officer
    wanted = [holder] if holder else officers_of(turn, row.state.role)
    for officer_id in wanted:
        _give_letter(turn, done, officer_id, letter)
    to_staff(turn, row, "letter", done.step)


def _give_letter(turn: Turn, done: Done, officer_id: int, letter: LetterRow) -> None:
    reached = officers.active_contacts(turn.tx, officer_id)
    if not reached:
        return
    if carries_files(reached[0][1]):
        name = f"{done.row.number}.pdf".replace("/", "-")
        file = Attachment("letter", str(letter.id), name)
        to_officer(turn, done.row, officer_id, "letter", done.step, [file])
        return
    link = one_time(turn, "letter", letter.id, officer_id, _LETTER_LINK)
    to_officer(turn, done.row, officer_id, "letter", done.step, link=link)


def officers_of(turn: Turn, role: str) -> list[int]:
    """Return the active officers whose role does a stage's work."""
    return [o.id for o in officers.roster(turn.tx) if o.active and o.role == role]
