"""How much waits and for how long, counted where an index holds nothing but what waits.

Nothing here grows with what was ever served: ten million finished rows cost nothing.
"""

from __future__ import annotations

import re
from datetime import datetime

from msgspec import Struct

from storage import queue, settings
from storage.database import Row, Tx
from storage.instant import to_ms
from storage.queue import Count

_INBOX = (
    "SELECT count(*), (SELECT received_at FROM inbox WHERE seq ="
    " (SELECT min(seq) FROM inbox {inbox_waiting} WHERE state = 0))"
    " FROM inbox {inbox_waiting} WHERE state = 0"
)
_ANSWERS = (
    "SELECT channel, count(*), min(created_at) FROM outbox {outbox_waiting}"
    " WHERE state < 2 AND priority = 0 GROUP BY channel"
)
_ANNOUNCEMENTS = (
    "SELECT channel, count(*) FROM outbox {outbox_announcing}"
    " WHERE state < 2 AND priority = 1 GROUP BY channel"
)
_JOBS = "SELECT count(*), min(run_at) FROM job {job_waiting} WHERE state < 2"
_FAILED = {
    "inbox": "SELECT count(*) FROM inbox {inbox_aside} WHERE state = 2",
    "outbox": "SELECT count(*) FROM outbox {outbox_failed} WHERE state = 3",
    "jobs": "SELECT count(*) FROM job {job_failed} WHERE state = 3",
}
"""``{name}`` is the index to read: SQLite, which has no statistics, would choose a whole one."""

_INDEX = re.compile(r"\{(\w+)\}")
_POSTGRES_BYTES = "SELECT pg_database_size(current_database())"
_SQLITE_BYTES = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"


class Queue(Struct, frozen=True):
    """What waits: how many, and for how many seconds the oldest has waited beyond its time."""

    waiting: int
    oldest: float


class Figures(Struct, frozen=True):
    """One look at the desk: queues (messages by channel), failures, open requests, bytes.

    ``backup_at`` is when a backup of a PostgreSQL was made, in seconds, 0 for never.
    """

    inbox: Queue
    answers: dict[str, Queue]
    announcements: dict[str, int]
    jobs: Queue
    failed: dict[str, int]
    requests: list[Count]
    database_bytes: int
    backup_at: float


def look(tx: Tx, now: datetime) -> Figures:
    """Return the figures of this moment."""
    instant = to_ms(now)
    answers = {row[0]: _queue(row[1:], instant) for row in tx.all(_sql(tx, _ANSWERS))}
    return Figures(
        inbox=_queue(tx.one(_sql(tx, _INBOX)), instant),
        answers=answers,
        announcements={row[0]: row[1] for row in tx.all(_sql(tx, _ANNOUNCEMENTS))},
        jobs=_queue(tx.one(_sql(tx, _JOBS)), instant),
        failed={what: _number(tx.one(_sql(tx, sql))) for what, sql in _FAILED.items()},
        requests=queue.counts(tx, now),
        database_bytes=_number(tx.one(_POSTGRES_BYTES if tx.shared else _SQLITE_BYTES)),
        backup_at=settings.last_backup(tx),
    )


def _sql(tx: Tx, written: str) -> str:
    return _INDEX.sub("" if tx.shared else r"INDEXED BY \1", written)


def _queue(row: Row | None, instant: int) -> Queue:
    waiting, since = row if row else (0, None)
    # What waits for its time, or for a clock that was set back, is not late.
    return Queue(waiting, max(0, instant - since) / 1000 if since else 0.0)


def _number(row: Row | None) -> int:
    return int(row[0]) if row else 0
