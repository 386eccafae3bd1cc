"""Filing a request, and taking in what a returned one was waiting for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.papers import documents
from bot.requests import cards, notices
from flows import numbering, steps, workflow
from flows.definition import Definition
from flows.effects import Submit
from flows.events import Filed, StatusFound
from flows.program import program_of
from flows.standing import State, route
from flows.steps import DESK
from storage import contacts, history, numbers, requests
from storage import documents as stored
from storage.requests import Given, RequestRow

if TYPE_CHECKING:
    from bot.engine.turn import Turn


def file_request(
    turn: Turn, contact_id: int, submit: Submit, officer: int = 0
) -> Filed | StatusFound:
    """File a request under a gapless number, or give a returned one what it waited for.

    A request that was closed meanwhile takes nothing more, and a person has only so many open at
    once: then their status is the answer. ``officer`` filed it for them at the counter.
    """
    if submit.request:
        return _supply(turn, contact_id, submit)
    citizen_id = contacts.load(turn.tx, contact_id).citizen_id or 0
    if requests.open_of_citizen(turn.tx, citizen_id) >= turn.desk.config.limits.open_requests:
        own = requests.of_citizen(turn.tx, citizen_id)
        return StatusFound([cards.status_line(turn, row) for row in own], full=True)
    office, now = turn.desk.office, turn.now
    definition = office.service(submit.service, submit.digest)
    known = submit.digest in office.definitions
    digest = submit.digest if known else office.current[submit.service]
    sequence, number = _number(turn, definition)
    name, village, nik = applicant(definition, submit.answers)
    new = requests.New(
        number=number,
        sequence=sequence,
        code=turn.desk.vault.new_code(),
        contact_id=contact_id,
        citizen_id=citizen_id,
        service=submit.service,
        digest=digest,
        name=name,
        village=village,
        nik=nik,
        given=Given(submit.answers, submit.marks),
        program=program_of(
            office.programs, submit.program, definition.id, village, office.day(now)
        ),
    )
    state = workflow.begin(route(definition, submit.answers), now, office.calendar)
    row = requests.create(turn.tx, turn.desk.vault, new, state)
    stored.give_to_request(turn.tx, _ids(submit), row.id)
    step = history.record(
        turn.tx,
        turn.desk.vault,
        row.id,
        now,
        "filed",
        officer=officer,
        stage=state.stage,
        detail=state.stage,
    )
    notices.to_staff(turn, row, "filed", step)
    return _filed(turn, row)


def applicant(definition: Definition, answers: dict[str, str]) -> tuple[str, str, str]:
    """Return the name, village and NIK of who asks, empty where the service does not ask them."""
    paths = (definition.applicant.get(what, "") for what in ("name", "village", "nik"))
    name, village, nik = (answers.get(path, "") for path in paths)
    return name, village, nik


def _supply(turn: Turn, contact_id: int, submit: Submit) -> Filed | StatusFound:
    row = requests.load(turn.tx, submit.request)
    citizen_id = contacts.load(turn.tx, contact_id).citizen_id
    if row is None or row.citizen_id != citizen_id:
        raise LookupError(f"request {submit.request} is not of contact {contact_id}")
    if row.state.closed:
        return StatusFound([cards.status_line(turn, row)], row.number, closed=row.id)
    definition = cards.definition_of(turn, row)
    before: State | None = None
    state = row.state
    if state.status == "returned":
        before = state
        answered = steps.Answered()
        calendar = turn.desk.office.calendar
        way = route(definition, submit.answers)
        state, _ = workflow.advance(way, state, answered, DESK, turn.now, calendar)
        row = requests.save(turn.tx, row, state, turn.now)
    # The conversation was given all answers and documents, and gives all of them back.
    given = Given(submit.answers, submit.marks)
    requests.give(turn.tx, turn.desk.vault, row.id, given, *applicant(definition, submit.answers))
    _exchange(turn, row, submit)
    step = history.record(
        turn.tx,
        turn.desk.vault,
        row.id,
        turn.now,
        "supplied",
        stage=state.stage,
        detail=state.stage,
        before=before,
    )
    notices.to_staff(turn, row, "supplied", step)
    return _filed(turn, row, again=True)


def _exchange(turn: Turn, row: RequestRow, submit: Submit) -> None:
    """Keep what the citizen gave this time; what it replaces is no longer needed."""
    kept = set(_ids(submit))
    papers = stored.by_path(turn.tx, row.id)
    had = {paper.id for pages in papers.values() for paper in pages}
    stored.give_to_request(turn.tx, sorted(kept - had), row.id)
    if had - kept:
        documents.discard(turn, sorted(had - kept))


def _ids(submit: Submit) -> list[int]:
    return [document for pages in submit.documents.values() for document in pages]


def _number(turn: Turn, definition: Definition) -> tuple[int, str]:
    """Draw the next registration number and write it as configured."""
    config, rule = turn.desk.config, turn.desk.config.numbers.registration
    day = turn.now.astimezone(turn.desk.office.calendar.zone).date()
    series = numbering.series("registration", rule.per, definition.code)
    sequence = numbers.draw(turn.tx, series, numbering.period(rule.restart, day))
    number = numbering.write(
        rule.pattern, sequence, day, code=definition.code, unit=config.office.unit
    )
    return sequence, number


def _filed(turn: Turn, row: RequestRow, *, again: bool = False) -> Filed:
    promised = turn.desk.office.today(row.state.promised_at)
    return Filed(row.id, row.number, row.code, cards.link(turn, row), promised, again)
