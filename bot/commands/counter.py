"""Filing at the counter: the form as lines to fill in, what is still missing, and the slip."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.commands.grammar import first_word
from bot.commands.registry import Answer, Asker, Call, command
from bot.commands.subjects import found
from bot.people import counter as desk_counter
from bot.requests import cards
from bot.requests.private import carries_files, one_time
from bot.words import markup
from bot.words.display import mask_numbers
from flows import counter
from flows.choosing import pick, polarity
from flows.counter import Blank, Fault, Filled
from flows.messages import Attachment
from flows.understanding import understand
from flows.workflow import Refused
from storage import counterdrafts
from storage.counterdrafts import Draft
from storage.officers import Officer
from storage.requests import RequestRow

if TYPE_CHECKING:
    from bot.engine.turn import Turn

NAME = "baru"
_LEAVE = ("batal", "batalkan", "cancel")
_SLIP = ("slip",)
_LINK = timedelta(hours=1)


@command(NAME, "new", needs="accept")
def new(call: Call) -> Answer:
    """File for the person at the counter: begin, fill in, send, leave, or print a slip again."""
    word, rest = first_word(call.rest)
    if word.lower() in _SLIP:
        return _print(call, rest)
    draft = counterdrafts.open_one(
        call.turn.tx, call.turn.desk.vault, call.officer.id, call.asker.contact_id
    )
    if draft is None:
        return _begin(call)
    if word.lower() in _LEAVE and not rest:
        desk_counter.drop(call.turn, draft)
        return Answer("baru_batal", {"service": call.names.service(draft.session.service)})
    if polarity(call.rest) is True:
        return _send(call, draft)
    if not call.rest:
        return _form(call, draft, Filled())
    if ":" not in call.rest and _service(call, call.rest):
        raise Refused("baru_open", service=call.names.service(draft.session.service))
    return _fill(call, draft, call.rest)


def continues(turn: Turn, asker: Asker, officer: Officer, text: str) -> bool:
    """Say whether a line without a command goes into this officer's draft."""
    if asker.group or text.lstrip().startswith("/"):
        # In a group people talk: there every line for the desk has its command.
        return False
    draft = counterdrafts.open_one(turn.tx, turn.desk.vault, officer.id, asker.contact_id)
    if draft is None:
        return False
    word = text.strip().lower()
    if ":" in text or word in _LEAVE:
        return True
    missing = counter.needed(turn.desk.office, draft.session, turn.now)
    if not missing:
        return polarity(text) is True
    # The only answer missing may be just said.
    return len([one for one in missing if one.kind == "answer"]) == 1


def _begin(call: Call) -> Answer:
    head, _, lines = call.rest.partition("\n")
    office = call.turn.desk.office
    if not head.strip():
        names = [call.names.service(one) for one in office.current]
        return Answer("baru_layanan", {"services": names})
    service = _service(call, head)
    if not service:
        names = [call.names.service(one) for one in office.current]
        raise Refused("baru_unknown", said=head[:40], services=names)
    session = counter.begin(office, service, call.turn.now)
    draft = counterdrafts.begin(
        call.turn.tx,
        call.turn.desk.vault,
        call.officer.id,
        call.asker.contact_id,
        session,
        call.turn.instant,
    )
    if lines.strip():
        return _fill(call, draft, lines)
    return _form(call, draft, Filled(), fresh=True)


def _service(call: Call, said: str) -> str:
    office = call.turn.desk.office
    titles = {
        one: [label for key in ("title", "short") if (label := call.names.label(f"{one}.{key}"))]
        for one in office.current
    }
    if said.strip().lower() in office.current:
        return said.strip().lower()
    named = understand(said, titles).service
    if named in office.current:
        return named
    return pick(said, [(one, each[0]) for one, each in titles.items() if each]) or ""


def _fill(call: Call, draft: Draft, text: str) -> Answer:
    filled = counter.fill(call.turn.desk.office, draft.session, text, call.turn.now)
    counterdrafts.save(call.turn.tx, call.turn.desk.vault, draft, call.turn.instant)
    return _form(call, draft, filled)


def _form(call: Call, draft: Draft, filled: Filled, *, fresh: bool = False) -> Answer:
    """Show what is still missing as lines to copy; where nothing is, the summary."""
    office, session, now = call.turn.desk.office, draft.session, call.turn.now
    names = call.names
    args: dict[str, Any] = {
        "service": names.service(session.service),
        "faults": [_fault(call, one, "answers") for one in filled.faults],
        "warnings": [_fault(call, one, "answers.warning") for one in filled.warnings],
        "unknown": filled.unknown,
        "fresh": fresh,
        "taken": filled.taken,
    }
    away = counter.elsewhere(office, session, now)
    if away:
        return Answer("baru_lain", args | {"why": _said(call, away, {})})
    missing = counter.blanks(office, session, now)
    wanted = [one for one in missing if not one.optional]
    if wanted or fresh:
        lines = [_blank(one) for one in missing if one.kind == "answer"]
        papers = [one.label for one in missing if one.kind == "document"]
        cases = counter.conditional(office, session, now) if fresh else []
        return Answer("baru_isi", args | {"lines": lines, "papers": papers, "cases": cases})
    waits = any(page.id == 0 for pages in session.documents.values() for page in pages)
    shown = counter.lines(office, session, now)
    if call.asker.group:
        shown = [one | {"value": mask_numbers(one.get("value", ""))} for one in shown]
    optional = [one.label for one in missing]
    return Answer("baru_ringkas", args | {"lines": shown, "optional": optional, "waits": waits})


def _blank(one: Blank) -> dict[str, Any]:
    return {"label": one.label, "options": one.options, "optional": one.optional}


def _fault(call: Call, one: Fault, within: str) -> dict[str, str]:
    key = "commands.paper_unclear" if one.reason == "paper" else f"{within}.{one.reason}"
    return {"label": one.label, "why": _said(call, key, one.args)}


def _said(call: Call, key: str, args: dict[str, Any]) -> str:
    """Return what a citizen would be told, without its marks."""
    return markup.to_plain(call.turn.desk.wording.part("id", key, args)).strip()


def _send(call: Call, draft: Draft) -> Answer:
    office, now = call.turn.desk.office, call.turn.now
    waits = any(page.id == 0 for pages in draft.session.documents.values() for page in pages)
    away = counter.elsewhere(office, draft.session, now)
    if waits or away or counter.needed(office, draft.session, now):
        return _form(call, draft, Filled())
    row = desk_counter.file(call.turn, draft, call.officer)
    card = cards.card(call.turn, row.id, masked=True)
    if not call.private:
        # Whoever has the code has the request: it is for the officer alone.
        return Answer("baru_masuk", {"card": card, "code": "", "link": "", "days": 0})
    args, files = _slip(call, row)
    return Answer("baru_masuk", args | {"card": card}, attachments=files)


def _print(call: Call, rest: str) -> Answer:
    """Print a slip again: also for who has a new number, once an officer has seen their card."""
    number, _ = first_word(rest)
    if not call.private:
        raise Refused("private_only")
    if not number:
        raise Refused("no_number", command=NAME)
    row = found(call, number)
    args, files = _slip(call, row)
    about = {"number": row.number, "name": row.name}
    return Answer("baru_slip", args | about, attachments=files)


def _slip(call: Call, row: RequestRow) -> tuple[dict[str, Any], list[Attachment]]:
    """Return the slip as a file with its code, or the address at which it is made and printed."""
    days = call.turn.desk.config.people.slip_days
    if not carries_files(call.asker.channel):
        link = one_time(call.turn, "slip", row.id, call.officer.id, _LINK)
        return {"code": "", "link": link, "days": days}, []
    code, file = desk_counter.slip(call.turn, row, call.officer.id)
    return {"code": code, "link": "", "days": days}, [file]
