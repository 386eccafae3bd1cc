"""Letters: one number a request, reserved once and never given to another."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from storage.database import Row, Tx

_SELECT = "SELECT id, request_id, number, state, file, sha256, key, dated FROM letter"


class LetterRow(NamedTuple):
    """A numbered letter; ``state`` is reserved, made or cancelled, ``dated`` its day (ISO).

    ``key`` is the file's own key, sealed; None before it was made and after it was purged.
    """

    id: int
    request_id: int
    number: str
    state: str
    file: str
    sha256: str
    key: bytes | None
    dated: str


def reserve(tx: Tx, request_id: int, dated: str, draw: Callable[[], str]) -> LetterRow:
    """Return the letter of a request, drawing its number only the first time."""
    known = of_request(tx, request_id)
    if known is not None:
        return known
    tx.add(
        "INSERT INTO letter (request_id, number, state, file, sha256, dated)"
        " VALUES (?, ?, 'reserved', '', '', ?)",
        request_id,
        draw(),
        dated,
    )
    letter = of_request(tx, request_id)
    assert letter is not None
    return letter


def load(tx: Tx, letter_id: int) -> LetterRow | None:
    """Return the letter with that id."""
    return _letter(tx.one(f"{_SELECT} WHERE id = ?", letter_id))


def of_request(tx: Tx, request_id: int) -> LetterRow | None:
    """Return the letter of a request, if a number was reserved."""
    return _letter(tx.one(f"{_SELECT} WHERE request_id = ?", request_id))


def made(tx: Tx, letter_id: int, file: str, sha256: str, key: bytes, now: int) -> None:
    """Record the letter's file, its hash and its sealed key."""
    tx.run(
        "UPDATE letter SET state = 'made', file = ?, sha256 = ?, key = ?, made_at = ?"
        " WHERE id = ? AND state <> 'cancelled'",
        file,
        sha256,
        key,
        now,
        letter_id,
    )


def cancel(tx: Tx, request_id: int) -> None:
    """Mark a stopped request's letter; its number stays its own."""
    tx.run("UPDATE letter SET state = 'cancelled' WHERE request_id = ?", request_id)


def revive(tx: Tx, request_id: int) -> None:
    """The request goes on after all."""
    tx.run(
        "UPDATE letter SET state = CASE WHEN file = '' THEN 'reserved' ELSE 'made' END"
        " WHERE request_id = ? AND state = 'cancelled'",
        request_id,
    )


def _letter(row: Row | None) -> LetterRow | None:
    return LetterRow(*row) if row else None
