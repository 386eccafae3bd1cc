"""The queue of the office: which requests wait for whom, and how many."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from msgspec import Struct

from storage.database import Tx
from storage.instant import from_ms, to_ms
from storage.requests import SELECT, RequestRow, row_of

_NEVER = datetime.fromtimestamp(0, UTC)


class Wanted(Struct, frozen=True):
    """Which requests of the queue: those of these roles, of an officer, at a stage, or late."""

    roles: tuple[str, ...] = ()
    officer: int = 0
    stage: str = ""
    status: Literal["open", "returned"] = "open"
    late_at: datetime | None = None
    free: bool = False


class Count(Struct, frozen=True):
    """How many requests stand at one stage; ``free`` of them nobody has taken."""

    service: str
    digest: str
    stage: str
    role: str
    status: str
    total: int
    free: int
    late: int
    oldest: datetime


def queue(tx: Tx, wanted: Wanted, limit: int = 20, offset: int = 0) -> list[RequestRow]:
    """Return a page of the queue: what came first is first."""
    where, params = _where(wanted)
    sql = f"{SELECT} WHERE {where} ORDER BY filed_at, id LIMIT ? OFFSET ?"
    return [row_of(row) for row in tx.all(sql, *params, limit, offset)]


def queued(tx: Tx, wanted: Wanted) -> int:
    """Return how many requests the queue has in all."""
    where, params = _where(wanted)
    row = tx.one(f"SELECT count(*) FROM request WHERE {where}", *params)  # noqa: S608
    return int(row[0]) if row else 0


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
    return [Count(*row[:8], oldest=from_ms(row[8])) for row in rows]


def _where(wanted: Wanted) -> tuple[str, list[Any]]:
    clauses, params = ["status = ?"], [wanted.status]
    more: list[tuple[bool, str, list[Any]]] = [
        (bool(wanted.roles), f"role IN ({', '.join('?' * len(wanted.roles))})", [*wanted.roles]),
        (bool(wanted.officer), "officer_id = ?", [wanted.officer]),
        (bool(wanted.stage), "stage = ?", [wanted.stage]),
        (wanted.late_at is not None, "stage_due_at < ?", [to_ms(wanted.late_at or _NEVER)]),
        (wanted.free, "officer_id IS NULL", []),
    ]
    for applies, clause, values in more:
        if applies:
            clauses.append(clause)
            params.extend(values)
    return " AND ".join(clauses), params
