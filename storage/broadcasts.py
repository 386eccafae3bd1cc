"""Announcements to many: who they are for, and how far each has come. The rows are the progress."""

from __future__ import annotations

from typing import NamedTuple

from flows.broadcast import Audience
from storage.database import Row, Tx
from storage.vault import Vault

DRAFT, ASKED, RUNNING, PAUSED, DONE, CANCELLED = (
    "draft",
    "asked",
    "running",
    "paused",
    "done",
    "cancelled",
)
_PLACE = "broadcast.body"
_FIELDS = (
    "id, state, officer_id, confirmed_by, village, service, language, program, total,"
    " created_at, started_at, finished_at"
)


class Broadcast(NamedTuple):
    """One announcement; instants in milliseconds, ``officer_id`` 0 for the administrator."""

    id: int
    state: str
    officer_id: int | None
    confirmed_by: int | None
    audience: Audience
    total: int
    created_at: int
    started_at: int | None
    finished_at: int | None


class Person(NamedTuple):
    """A chat in which somebody may get an announcement; ``heard_at`` in milliseconds."""

    contact_id: int
    channel: str
    language: str
    heard_at: int
    citizen_id: int


class Progress(NamedTuple):
    """How many were addressed, took it, could not be reached, still wait, were called off."""

    total: int
    sent: int
    failed: int
    waiting: int
    dropped: int


def add(
    tx: Tx, vault: Vault, audience: Audience, text: str, officer_id: int | None, now: int
) -> int:
    """Keep a draft and return its number."""
    return tx.add(
        "INSERT INTO broadcast (state, officer_id, village, service, language, program, total,"
        " body, created_at) VALUES ('draft', ?, ?, ?, ?, ?, 0, ?, ?)",
        officer_id,
        audience.village,
        audience.service,
        audience.language,
        audience.program,
        vault.seal(_PLACE, text.encode("utf-8", "replace")),
        now,
    )


def load(tx: Tx, broadcast_id: int) -> Broadcast | None:
    """Return the announcement of that number."""
    row = tx.one(f"SELECT {_FIELDS} FROM broadcast WHERE id = ?", broadcast_id)  # noqa: S608
    return _broadcast(row) if row else None


def newest(tx: Tx, limit: int) -> list[Broadcast]:
    """Return announcements, newest first."""
    sql = f"SELECT {_FIELDS} FROM broadcast ORDER BY id DESC LIMIT ?"  # noqa: S608
    return [_broadcast(row) for row in tx.all(sql, limit)]


def text_of(tx: Tx, vault: Vault, broadcast_id: int) -> str:
    """Return the words of an announcement; raises LookupError."""
    row = tx.one("SELECT body FROM broadcast WHERE id = ?", broadcast_id)
    if row is None:
        raise LookupError(f"there is no broadcast {broadcast_id}")
    return vault.unseal(_PLACE, row[0]).decode()


def change(tx: Tx, broadcast_id: int, before: tuple[str, ...], state: str) -> bool:
    """Bring an announcement from one of these states to another; False if it is in none."""
    marks = ", ".join("?" for _ in before)
    return (
        tx.run(
            f"UPDATE broadcast SET state = ? WHERE id = ? AND state IN ({marks})",  # noqa: S608
            state,
            broadcast_id,
            *before,
        )
        == 1
    )


def begin(tx: Tx, broadcast_id: int, total: int, confirmed_by: int | None, now: int) -> None:
    """Write down that it goes out: to how many, and who agreed."""
    tx.run(
        "UPDATE broadcast SET state = 'running', total = ?, confirmed_by = ?, started_at = ?"
        " WHERE id = ?",
        total,
        confirmed_by,
        now,
        broadcast_id,
    )


def people(tx: Tx, audience: Audience) -> list[Person]:
    """Return every chat of those who are meant and want announcements, newest heard first.

    A person who wrote ``stop`` anywhere is nowhere in it; officers' own chats are not either.
    """
    rows = tx.all(
        "SELECT c.id, c.channel, c.language, COALESCE(c.heard_at, 0), c.citizen_id FROM contact c"
        " WHERE c.kind = 'citizen' AND c.state = 'open' AND c.citizen_id IS NOT NULL"
        " AND c.citizen_id NOT IN (SELECT s.citizen_id FROM contact s"
        "  WHERE s.announcements = 0 AND s.citizen_id IS NOT NULL)"
        " AND (? = '' OR c.language = ?)"
        " AND (? = '' OR EXISTS (SELECT 1 FROM request r WHERE r.citizen_id = c.citizen_id"
        "  AND (? = '' OR r.village = ?) AND (? = '' OR r.service = ?)"
        "  AND (? = '' OR r.program = ?)))"
        " ORDER BY COALESCE(c.heard_at, 0) DESC, c.id",
        audience.language,
        audience.language,
        audience.village + audience.service + audience.program,
        audience.village,
        audience.village,
        audience.service,
        audience.service,
        audience.program,
        audience.program,
    )
    return [Person(*row) for row in rows]


def progress(tx: Tx, broadcast_id: int) -> Progress:
    """Count what became of the messages of an announcement."""
    rows = tx.all(
        "SELECT state, COUNT(*) FROM outbox WHERE broadcast_id = ? GROUP BY state", broadcast_id
    )
    count = {row[0]: int(row[1]) for row in rows}
    return Progress(
        total=sum(count.values()),
        sent=count.get(2, 0),
        failed=count.get(3, 0),
        waiting=count.get(0, 0) + count.get(1, 0),
        dropped=count.get(4, 0),
    )


def drop_waiting(tx: Tx, broadcast_id: int) -> int:
    """Call off what was not handed over yet; return how many."""
    return tx.run("UPDATE outbox SET state = 4 WHERE broadcast_id = ? AND state = 0", broadcast_id)


def finish(tx: Tx, now: int) -> list[int]:
    """Close the announcements of which nothing is left to send; return their numbers."""
    over = (
        "state = 'running' AND NOT EXISTS"
        " (SELECT 1 FROM outbox o WHERE o.broadcast_id = broadcast.id AND o.state < 2)"
    )
    found = [row[0] for row in tx.all(f"SELECT id FROM broadcast WHERE {over}")]  # noqa: S608
    for broadcast_id in found:
        tx.run(
            "UPDATE broadcast SET state = 'done', finished_at = ? WHERE id = ?", now, broadcast_id
        )
    return found


def is_any_running(tx: Tx) -> bool:
    """Whether an announcement goes out now."""
    return tx.one("SELECT 1 FROM broadcast WHERE state = 'running' LIMIT 1") is not None


def want(tx: Tx, contact_id: int, wanted: bool) -> None:
    """A person wants announcements (no more): it counts for every chat they are reached at."""
    tx.run(
        "UPDATE contact SET announcements = ?"
        " WHERE id = ? OR citizen_id = (SELECT citizen_id FROM contact WHERE id = ?)",
        int(wanted),
        contact_id,
        contact_id,
    )
    if wanted:
        tx.run("UPDATE contact SET state = 'open' WHERE id = ? AND state = 'optedout'", contact_id)
        return
    tx.run(
        "UPDATE outbox SET state = 4 WHERE priority = 1 AND state = 0"
        " AND contact_id IN (SELECT id FROM contact WHERE id = ?"
        " OR citizen_id = (SELECT citizen_id FROM contact WHERE id = ?))",
        contact_id,
        contact_id,
    )


def _broadcast(row: Row) -> Broadcast:
    audience, (total, created, started, finished) = Audience(*row[4:8]), row[8:]
    return Broadcast(
        row[0], row[1], row[2], row[3], audience, total, created or 0, started, finished
    )
