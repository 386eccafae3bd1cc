"""What waits in the office, counted: the figures of the morning overview."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from storage.database import Tx
from storage.instant import from_ms, to_ms
from storage.requests import SELECT, RequestRow, row_of


class Count(Struct, frozen=True):
    """How many requests stand at one stage; nobody has taken ``free`` of them."""

    service: str
    digest: str
    stage: str
    role: str
    status: str
    total: int
    free: int
    late: int
    oldest: datetime


def counts(tx: Tx, now: datetime) -> list[Count]:
    """Return how many requests stand where, the oldest stage first; closed ones are left out."""
    rows = tx.all(
        "SELECT service, digest, stage, role, status, count(*),"
        " sum(CASE WHEN officer_id IS NULL THEN 1 ELSE 0 END),"
        " sum(CASE WHEN status = 'open' AND stage_due_at < ? THEN 1 ELSE 0 END), min(stage_at)"
        " FROM request WHERE status IN ('open', 'returned')"
        " GROUP BY service, digest, stage, role, status ORDER BY min(stage_at)",
        to_ms(now),
    )
    return [
        Count(
            service=row[0],
            digest=row[1],
            stage=row[2],
            role=row[3],
            status=row[4],
            total=row[5],
            free=row[6],
            late=row[7],
            oldest=from_ms(row[8]),
        )
        for row in rows
    ]


def late(tx: Tx, now: datetime, limit: int = 10) -> list[RequestRow]:
    """Return the requests whose stage is past its time, the longest first."""
    rows = tx.all(
        f"{SELECT} WHERE status = 'open' AND stage_due_at < ? ORDER BY stage_due_at, id LIMIT ?",
        to_ms(now),
        limit,
    )
    return [row_of(row) for row in rows]
