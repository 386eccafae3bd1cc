"""Requests in lists: the queue, and the search."""

from __future__ import annotations

from msgspec.structs import replace
from rapidfuzz import fuzz, process

from bot.commands.registry import Answer, Call, Table, command
from flows.workflow import Refused
from storage import audit, finding, worklist
from storage.queue import counts
from storage.requests import RequestRow
from storage.worklist import Wanted

LINES = 15
_COLUMNS = ["number", "service", "name", "stage", "due", "officer"]
_MINE = {"saya", "mine", "me"}
_LATE = {"telat", "terlambat", "late"}
_RETURNED = {"kembali", "menunggu", "returned"}
_ALIKE = 70


@command("antrean", "queue")
def waiting(call: Call) -> Answer:
    """List open requests: all, of a stage, my own, or the late ones; a number is the page."""
    words = call.rest.lower().split()
    page = max(1, int(words.pop()[:6])) if words and words[-1].isdecimal() else 1
    wanted = _wanted(call, " ".join(words))
    before = (page - 1) * LINES
    found = worklist.page(call.turn.tx, wanted, LINES, before)
    args = {
        "narrowed": " ".join(words),
        "total": found.total,
        "left": max(0, found.total - before - len(found.rows)),
        "following": " ".join([*words, str(page + 1)]),
    }
    return Answer("antrean", args, table(call, found.rows))


@command("cari", "find", needs="search")
def search(call: Call) -> Answer:
    """Find requests by name, number or NIK; what was looked for is not written down."""
    text = call.words("no_search")
    found = finding.search(call.turn.tx, call.turn.desk.vault, text, LINES)
    audit.note(call.turn.tx, call.turn.instant, call.officer.id, "search", str(len(found)))
    return Answer("cari", {"most": len(found) == LINES}, table(call, found))


def table(call: Call, rows: list[RequestRow]) -> Table:
    """Return requests as lines of text."""
    return Table(_COLUMNS, [_line(call, row) for row in rows])


def _line(call: Call, row: RequestRow) -> list[str]:
    state, names = row.state, call.names
    where = state.stage if state.status == "open" else state.status
    due = None if state.closed else state.stage_due_at or state.promised_at
    late = due is not None and due < call.turn.now and state.stopped_at is None
    return [
        row.number,
        names.service(row.service),
        row.name,
        names.stage(row.service, where),
        " ".join(filter(None, [names.label("commands.late") if late else "", names.time(due)])),
        names.officer(state.officer),
    ]


def _wanted(call: Call, word: str) -> Wanted:
    wanted = Wanted()
    if not word:
        return wanted
    if word in _MINE:
        return replace(wanted, officer=call.officer.id)
    if word in _LATE:
        return replace(wanted, late_at=call.turn.now)
    if word in _RETURNED:
        return replace(wanted, status="returned")
    return replace(wanted, stage=_stage(call, word))


def _stage(call: Call, word: str) -> str:
    """Read a stage by its id or what it is called, with typos; only stages that are in use."""
    names: dict[str, str] = {}
    for one in counts(call.turn.tx, call.turn.now):
        names[one.stage] = one.stage
        names[call.names.stage(one.service, one.stage).lower()] = one.stage
    found = process.extractOne(word, list(names), scorer=fuzz.WRatio, score_cutoff=_ALIKE)
    if found is None:
        raise Refused("stage_unknown", said=word[:40], stages=sorted(set(names.values())))
    return names[found[0]]
