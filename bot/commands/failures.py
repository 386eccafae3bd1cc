"""What could not be delivered or done: seen here, and tried again from here."""

from __future__ import annotations

import re

from bot.commands.grammar import first_word
from bot.commands.registry import Answer, Call, Table, command
from bot.requests.spent import spent
from flows.workflow import Refused
from storage import failures, requests
from storage.failures import Failure

_LINES = 15
_AGAIN = {"ulang", "again", "retry"}
_LETTERS = {"message": "M", "event": "E", "job": "J"}
_MARK = re.compile(r"([MEJ])-?(\d{1,15})", re.IGNORECASE)


@command("gagal", "failed")
def failed(call: Call) -> Answer:
    """List failures, newest first, or let one of them be tried again."""
    word, rest = first_word(call.rest)
    if word.lower() in _AGAIN:
        return _again(call, rest)
    found = failures.newest(call.turn.tx, _LINES)
    rows = [_row(call, one) for one in found]
    table = Table(["mark", "kind", "about", "time", "error"], rows)
    more = failures.count(call.turn.tx) - len(found)
    return Answer("gagal", {"more": more, "spent": spent(call.turn)}, table)


def _again(call: Call, said: str) -> Answer:
    mark = _MARK.fullmatch(said)
    if mark is None:
        raise Refused("failure_unknown", said=said[:20])
    letter, ref = mark[1].upper(), int(mark[2])
    if not _retry(call, letter, ref):
        raise Refused("failure_unknown", said=f"{letter}{ref}")
    return Answer("gagal_ulang", {"mark": f"{letter}{ref}"})


def _retry(call: Call, letter: str, ref: int) -> bool:
    """Free the row, and wake whoever works on it once that is durable."""
    turn = call.turn
    desk = turn.desk
    if letter == "J":
        found = failures.job_again(turn.tx, ref, turn.instant)
        turn.tx.then(desk.jobs.wake)
        return found
    if letter == "E":
        lane = failures.event_again(turn.tx, ref)
        if lane is not None:
            turn.tx.then(lambda: desk.worker.wake(lane))
        return lane is not None
    contact = failures.message_again(turn.tx, ref)
    if contact is not None:
        turn.tx.then(lambda: desk.sender.wake(contact))
    return contact is not None


def _row(call: Call, one: Failure) -> list[str]:
    row = requests.load(call.turn.tx, one.about) if one.about else None
    return [
        f"{_LETTERS[one.kind]}{one.ref}",
        call.names.label(f"commands.failure.{one.kind}") or one.kind,
        row.number if row else (f"P{one.contact_id}" if one.contact_id else ""),
        call.names.time(one.at),
        f"{one.channel}: {one.error}" if one.channel else one.error,
    ]
