"""The office's work as a list: the most urgent first, page by page."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from storage.database import Tx
from storage.instant import to_ms
from storage.requests import SELECT, RequestRow, row_of


class Wanted(Struct, frozen=True):
    """Which requests: at a stage, of an officer, past the stage's time, waiting on the citizen."""

    stage: str = ""
    officer: int = 0
    late_at: datetime | None = None
    status: Literal["open", "returned"] = "open"


class Page(Struct, frozen=True):
    """Some requests of a longer list, and how many there are in all."""

    rows: list[RequestRow]
    total: int


def page(tx: Tx, wanted: Wanted, limit: int, offset: int = 0) -> Page:
    """Return open requests by the stage's deadline, those without one by their promise."""
    where, params = _where(wanted)
    sql = f"{SELECT} WHERE {where} ORDER BY COALESCE(stage_due_at, promised_at), id"
    rows = tx.all(sql + " LIMIT ? OFFSET ?", *params, limit, offset)
    count = tx.one(f"SELECT count(*) FROM request WHERE {where}", *params)  # noqa: S608 - constants
    return Page([row_of(row) for row in rows], int(count[0]) if count else 0)


def _where(wanted: Wanted) -> tuple[str, list[Any]]:
    clauses, params = ["status = ?"], list[Any]([wanted.status])
    if wanted.stage:
        clauses, params = [*clauses, "stage = ?"], [*params, wanted.stage]
    if wanted.officer:
        clauses, params = [*clauses, "officer_id = ?"], [*params, wanted.officer]
    if wanted.late_at is not None:
        clauses, params = [*clauses, "stage_due_at < ?"], [*params, to_ms(wanted.late_at)]
    return " AND ".join(clauses), params
