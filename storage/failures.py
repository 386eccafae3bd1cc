"""What went wrong and waits for a person: messages, events and slow work that were given up.

Announcements that reached nobody are counted with their broadcast, not here.
"""

from __future__ import annotations

from typing import NamedTuple

from storage import inbox, outbox
from storage.database import Tx


class Failure(NamedTuple):
    """``kind`` is message, event or job; ``ref`` its row; ``about`` a request, 0 for none."""

    kind: str
    ref: int
    at: int
    channel: str
    contact_id: int
    about: int
    error: str


def count(tx: Tx) -> int:
    """Return how many failures there are."""
    row = tx.one(
        "SELECT (SELECT count(*) FROM outbox WHERE state = 3 AND priority = 0)"
        " + (SELECT count(*) FROM inbox WHERE state = 2)"
        " + (SELECT count(*) FROM job WHERE state = 3)"
    )
    return int(row[0]) if row else 0


def newest(tx: Tx, limit: int) -> list[Failure]:
    """Return the newest failures of each kind: events, slow work, messages."""
    found = [
        Failure("event", seq, at, "", max(0, lane), max(0, -lane), error)
        for seq, lane, at, error in inbox.aside(tx, limit)
    ]
    sql = "SELECT id, run_at, kind, error FROM job WHERE state = 3 ORDER BY id DESC LIMIT ?"
    found += [Failure("job", r[0], r[1], r[2], 0, 0, r[3]) for r in tx.all(sql, limit)]
    sql = (
        "SELECT id, created_at, channel, contact_id, coalesce(request_id, 0), error FROM outbox"
        " WHERE state = 3 AND priority = 0 ORDER BY id DESC LIMIT ?"
    )
    found += [Failure("message", *row) for row in tx.all(sql, limit)]
    return found[:limit]


def open_numbers(tx: Tx, contact_id: int, limit: int) -> list[str]:
    """Return the numbers of the open requests of whoever is reached at that contact."""
    sql = (
        "SELECT number FROM request WHERE closed_at IS NULL AND (contact_id = ? OR citizen_id ="
        " (SELECT citizen_id FROM contact WHERE id = ?)) ORDER BY id DESC LIMIT ?"
    )
    return [row[0] for row in tx.all(sql, contact_id, contact_id, limit)]


def undelivered(tx: Tx, contact_id: int) -> tuple[str, str] | None:
    """Return (state of the contact, error) where the last message to it did not arrive."""
    row = tx.one(
        "SELECT c.state, o.error, o.state FROM contact c LEFT JOIN outbox o ON o.id ="
        " (SELECT MAX(id) FROM outbox WHERE contact_id = c.id AND priority = 0 AND state IN (2, 3))"
        " WHERE c.id = ?",
        contact_id,
    )
    if row is None or (row[2] != 3 and row[0] not in ("blocked", "invalid")):
        return None
    return row[0], row[1] or ""


def message_again(tx: Tx, ref: int) -> int | None:
    """Let a message be sent once more; return its contact, None for no such failure."""
    return outbox.again(tx, ref)


def event_again(tx: Tx, ref: int) -> int | None:
    """Let an event take its turn once more; return its lane, None for no such failure."""
    return inbox.again(tx, ref)


def job_again(tx: Tx, ref: int, now: int) -> bool:
    """Let slow work be tried once more; False for no such failure."""
    sql = (
        "UPDATE job SET state = 0, tries = 0, cuts = 0, claimed_until = NULL, run_at = ?"
        " WHERE id = ? AND state = 3"
    )
    return tx.run(sql, now, ref) == 1
