"""Gapless numbers: drawn inside the transaction that uses them, so that none is lost or doubled."""

from __future__ import annotations

from storage.database import Tx


def draw(tx: Tx, series: str, period: str) -> int:
    """Return the next number of a series in a period, from 1; undone with the transaction."""
    row = tx.one(
        "INSERT INTO series (series, period, last) VALUES (?, ?, 1)"
        " ON CONFLICT (series, period) DO UPDATE SET last = series.last + 1 RETURNING last",
        series,
        period,
    )
    return int(row[0]) if row else 0


def last(tx: Tx, series: str, period: str) -> int:
    """Return the last number drawn, 0 for none."""
    row = tx.one("SELECT last FROM series WHERE series = ? AND period = ?", series, period)
    return int(row[0]) if row else 0
