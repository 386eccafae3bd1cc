"""``/pengaduan``: what citizens complain of, answered from here; bribery is for the head alone."""

from __future__ import annotations

from bot.commands.grammar import first_word
from bot.commands.registry import Answer, Call, Table, command
from bot.requests import complaints as desk
from flows.messages import Button
from flows.workflow import Refused
from storage import audit, complaints
from storage.complaints import CLOSED, ComplaintRow

_LINES = 30
_ANSWER = {"jawab", "balas", "answer", "reply"}
_CLOSE = {"selesai", "tutup", "close", "done"}
_VISIT = {"lapangan", "visit"}


@command("pengaduan", "complaints")
def complaint(call: Call) -> Answer:
    """List what is open, or show, answer and close one of them."""
    said, rest = first_word(call.rest)
    if not said:
        return _list(call)
    row = _found(call, said)
    word, text = first_word(rest)
    word = word.lower()
    if not word:
        return _show(call, row)
    if word in _VISIT:
        desk.visit(call.turn, row, call.officer)
        return Answer("pengaduan_lapangan", {"number": row.number})
    if word not in _ANSWER | _CLOSE or not text:
        raise Refused("complaint_order", number=row.number)
    close = word in _CLOSE
    desk.answer(call.turn, row, call.officer, text, close=close)
    return Answer("pengaduan_jawab", {"number": row.number, "closed": close})


def _list(call: Call) -> Answer:
    found = [row for row in complaints.still_open(call.turn.tx) if _may(call, row)]
    table = Table(["number", "kind", "state", "due"], [_line(call, row) for row in found[:_LINES]])
    return Answer("pengaduan", {"more": max(0, len(found) - _LINES)}, table)


def _line(call: Call, row: ComplaintRow) -> list[str]:
    late = call.names.label("commands.late") if call.turn.now > row.due else ""
    return [
        row.number,
        call.names.label(f"complaint.kind.{row.kind}"),
        call.names.label(f"complaint.state.{row.state}"),
        f"{call.names.time(row.due)} {late}".strip(),
    ]


def _show(call: Call, row: ComplaintRow) -> Answer:
    turn = call.turn
    audit.note(turn.tx, turn.instant, call.officer.id, "complaint.read", row.number)
    steps = complaints.steps(turn.tx, turn.desk.vault, row)
    lines = [
        {
            "at": call.names.time(step.at),
            "officer": call.names.officer(step.officer),
            "kind": f"complaint.step.{step.kind}",
            "note": step.note if call.private else "",
        }
        for step in steps
    ]
    card = desk.shown(turn, row, private=call.private)
    open_now = row.state != CLOSED and not row.visit
    buttons = (
        [Button(f"cmd:pengaduan {row.number} lapangan", "commands.button.lapangan")]
        if open_now
        else []
    )
    return Answer("pengaduan_satu", {"complaint": card, "steps": lines}, buttons=buttons)


def _found(call: Call, said: str) -> ComplaintRow:
    """Find it; what does not concern the officer is as if it were not there."""
    row = complaints.find(call.turn.tx, said)
    if row is None or not _may(call, row):
        raise Refused("complaint_unknown", said=said[:40])
    return row


def _may(call: Call, row: ComplaintRow) -> bool:
    if row.kind == desk.BRIBE and not call.private:
        return False
    return desk.may_read(call.turn, row, call.officer)
