"""Numbered letters: the number is reserved first, the file made later, neither is ever replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from storage.database import Tx

_FIELDS = "id, request_id, number, state, file, sha256, key, dated"


class LetterRow(NamedTuple):
    """One letter; ``dated`` is the date printed on it (ISO), ``key`` the file's key, sealed."""

    id: int
    request_id: int
    number: str
    state: str
    file: str
    sha256: str
    key: bytes | None
    dated: str


def reserve(tx: Tx, request_id: int, draw: Callable[[], str], dated: str) -> LetterRow:
    """Return the request's letter, drawing its number the first time only.

    A letter that was not made, or that was taken back, keeps its number for the next try.
    """
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
    found = of_request(tx, request_id)
    assert found is not None
    return found


def of_request(tx: Tx, request_id: int) -> LetterRow | None:
    """Return the request's letter, if a number was reserved."""
    row = tx.one(f"SELECT {_FIELDS} FROM letter WHERE request_id = ?", request_id)  # noqa: S608
    return LetterRow(*row) if row else None


def load(tx: Tx, letter_id: int) -> LetterRow | None:
    """Return a letter by its id."""
    row = tx.one(f"SELECT {_FIELDS} FROM letter WHERE id = ?", letter_id)  # noqa: S608
    return LetterRow(*row) if row else None


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


def remake(tx: Tx, letter_id: int) -> None:
    """The letter's data changed: its file is to be made again, under the same number."""
    tx.run("UPDATE letter SET state = 'reserved' WHERE id = ? AND state = 'made'", letter_id)


def cancel(tx: Tx, request_id: int) -> None:
    """The letter will not be given: its number stays, marked cancelled."""
    tx.run("UPDATE letter SET state = 'cancelled' WHERE request_id = ?", request_id)
