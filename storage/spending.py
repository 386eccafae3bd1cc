"""What messages are estimated to have cost, by month and channel, in rupiah."""

from __future__ import annotations

from collections.abc import Mapping

from storage import settings
from storage.database import Tx

_NAME = "spent."


def book(tx: Tx, month: str, amounts: Mapping[str, float]) -> None:
    """Add amounts by channel to a month (``2026-11``)."""
    for channel, rupiah in amounts.items():
        name = f"{_NAME}{month}.{channel}"
        before = float(settings.get(tx, name) or 0)
        settings.put(tx, name, f"{before + rupiah:.2f}")


def of_month(tx: Tx, month: str) -> dict[str, float]:
    """Return what a month's messages cost by channel; channels without cost are left out."""
    prefix = f"{_NAME}{month}."
    start = "substr(name, 1, CAST(? AS INTEGER))"
    sql = f"SELECT name, value FROM setting WHERE {start} = ? ORDER BY name"  # noqa: S608
    rows = tx.all(sql, len(prefix), prefix)
    return {row[0].removeprefix(prefix): float(row[1]) for row in rows}
