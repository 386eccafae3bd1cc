"""What is shown of a request: the officers' masked card and the citizen's line of status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot.words.display import mask
from flows.checklist import BROUGHT, SEEN
from flows.definition import Definition
from flows.standing import optional_next, route, stage_of
from storage import (
    contacts,
    documents,
    failures,
    finding,
    history,
    letters,
    officers,
    persons,
    requests,
)
from storage.documents import DocumentRow
from storage.instant import to_ms
from storage.requests import RequestRow

if TYPE_CHECKING:
    from bot.engine.desk import Desk
    from bot.engine.turn import Turn
    from storage.database import Tx

_LANGUAGE = "id"


def definition_of(turn: Turn, row: RequestRow) -> Definition:
    """Return the definition that a request began with."""
    return turn.desk.office.service(row.service, row.digest)


def route_of(tx: Tx, desk: Desk, row: RequestRow) -> Definition:
    """Return that definition with just the stages that this request runs through."""
    definition = desk.office.service(row.service, row.digest)
    if not any(stage.when or stage.day for stage in definition.stages):
        return definition
    return route(definition, _given(tx, desk, row).answers)


def stage_key(row: RequestRow) -> str:
    """Return the key of where a request stands: its stage, or why it stands at none."""
    stage = row.state.stage if row.state.status == "open" else row.state.status
    return f"{row.service}.stage.{stage}"


def link(turn: Turn, row: RequestRow) -> str:
    """Return the address at which the citizen follows the request."""
    return f"{turn.desk.config.public_url.rstrip('/')}/lacak/{row.code}"


def card(turn: Turn, request_id: int, *, masked: bool = True) -> dict[str, Any]:
    """Return what ``commands/card`` shows; the NIK leaves here whole only where unmasked.

    Instants are milliseconds, empty texts stand for nothing. Raises LookupError.
    """
    row = requests.load(turn.tx, request_id)
    if row is None:
        raise LookupError(f"there is no request {request_id}")
    definition, state = definition_of(turn, row), row.state
    given = _given(turn.tx, turn.desk, row)
    nik = given.answers.get(definition.applicant.get("nik", ""), "")
    letter = letters.of_request(turn.tx, row.id)
    late = bool(state.stage_due_at and state.status == "open" and state.stage_due_at < turn.now)
    return {
        "id": row.id,
        "number": row.number,
        "service": _named(turn, f"{row.service}.title", row.service),
        "stage": _named(turn, stage_key(row), state.stage),
        "status": state.status,
        "role": _named(turn, f"commands.role.{state.role}", state.role),
        "waits": stage_of(definition, state.stage).waits,
        "through": _through(turn, row, definition),
        "officer": officer_name(turn, state.officer),
        "name": row.name,
        "village": row.village,
        "nik": mask(nik) if masked else nik,
        "filed": to_ms(state.filed_at),
        "promised": state.promised_at.astimezone(turn.desk.office.calendar.zone).date().isoformat(),
        "due": to_ms(state.stage_due_at) if state.stage_due_at else 0,
        "late": late,
        "returned": [item_name(turn, definition, path) for path in state.returned],
        "papers": _papers(turn, definition, documents.by_path(turn.tx, row.id)),
        "marks": sorted(item_name(turn, definition, p) for p in given.marks if p in given.answers),
        "brought": [
            item_name(turn, definition, path)
            for path, mark in given.marks.items()
            if mark == BROUGHT
        ],
        "seen": [
            item_name(turn, definition, path) for path, mark in given.marks.items() if mark == SEEN
        ],
        "letter": letter.number if letter else "",
        "telephone": _why_telephone(turn, row),
        "link": link(turn, row),
    }


def requests_of(turn: Turn, citizen_id: int, number: str = "") -> list[dict[str, Any]]:
    """Return a person's own requests for ``status``, newest first; only the named one if asked."""
    rows = requests.of_citizen(turn.tx, citizen_id)
    if number:
        meant = {row.id for row in finding.find(turn.tx, number, 100)}
        rows = [row for row in rows if row.id in meant]
    return [status_line(turn, row) for row in rows]


def status_line(turn: Turn, row: RequestRow) -> dict[str, Any]:
    """Return one request as its citizen sees it; a promise only while the office owes it."""
    state = row.state
    owed = state.status == "open" and stage_of(definition_of(turn, row), state.stage).waits == ""
    return {
        "number": row.number,
        "service": row.service,
        "stage": stage_key(row),
        "status": state.status,
        "promised": turn.desk.office.today(state.promised_at) if owed else "",
        "result": _result(turn, row),
        "link": link(turn, row),
    }


def _result(turn: Turn, row: RequestRow) -> str:
    """Return what came of a guidance that is done: the note with which it became ready."""
    if row.state.status != "done" or definition_of(turn, row).result != "guidance":
        return ""
    try:
        notes = history.notes(turn.tx, turn.desk.vault, row.id)
    except requests.Purged:
        return ""
    told = [e for e in history.entries(turn.tx, row.id) if e.kind == "becameready" and not e.undone]
    return notes.get(told[-1].id, "") if told else ""


def item_name(turn: Turn, definition: Definition, path: str) -> str:
    """Return what an answer or document is called: "KTP 2" for that of the second heir."""
    group, member, name = split(path)
    questions, documents = definition.questions, definition.documents
    for each in definition.groups:
        if each.id == group:
            questions, documents = each.questions, each.documents
    kind = "document" if name in {document.id for document in documents} else "label"
    within = f"{group}." if group else ""
    known = {question.id for question in questions} | {document.id for document in documents}
    label = _named(turn, f"{definition.id}.{kind}.{within}{name}", name) if name in known else path
    return f"{label} {member}" if member else label


def split(path: str) -> tuple[str, int, str]:
    """Split ``heirs.0.ktp`` into group, member counted from 1, and name; ``ktp`` has neither."""
    pieces = path.split(".")
    if len(pieces) == 3 and pieces[1].isdecimal():
        return pieces[0], int(pieces[1]) + 1, pieces[2]
    return "", 0, path


def officer_name(turn: Turn, officer_id: int) -> str:
    """Return an officer's name, empty for nobody."""
    officer = officers.by_id(turn.tx, officer_id) if officer_id else None
    return officer.name if officer else ""


def _through(turn: Turn, row: RequestRow, definition: Definition) -> list[dict[str, str]]:
    """Return the optional stages that an officer may name when accepting this one."""
    if row.state.status != "open":
        return []
    after = definition.stages.index(stage_of(definition, row.state.stage)) + 1
    return [
        {"id": stage.id, "label": _named(turn, f"{row.service}.stage.{stage.id}", stage.id)}
        for stage in optional_next(definition.stages[after:])
    ]


def _papers(
    turn: Turn, definition: Definition, papers: Mapping[str, list[DocumentRow]]
) -> list[dict[str, Any]]:
    return [
        {
            "path": path,
            "name": item_name(turn, definition, path),
            "count": len(pages),
            "problems": sorted({page.problem for page in pages if page.problem}),
        }
        for path, pages in papers.items()
    ]


def _why_telephone(turn: Turn, row: RequestRow) -> dict[str, str]:
    """Return why the citizen must be telephoned: what was last written to them did not arrive."""
    reached = persons.reached(turn.tx, row.id, turn.desk.channels)
    if not reached:
        return {"state": "nobody", "error": ""}
    if contacts.load(turn.tx, reached).doubt:
        return {"state": "doubted", "error": ""}
    found = failures.undelivered(turn.tx, reached)
    return {"state": found[0], "error": found[1]} if found else {}


def _given(tx: Tx, desk: Desk, row: RequestRow) -> requests.Given:
    try:
        return requests.given(tx, desk.vault, row.id)
    except requests.Purged:
        return requests.Given()


def _named(turn: Turn, key: str, otherwise: str) -> str:
    return turn.desk.office.label(_LANGUAGE, key) or otherwise
