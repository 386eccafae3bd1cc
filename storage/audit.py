"""The audit: who looked at what, and who changed the staff. Rows are only ever added."""

from __future__ import annotations

from typing import NamedTuple

from storage.database import Tx


class Entry(NamedTuple):
    """One thing an officer did: ``officer`` is their name, empty for the desk itself."""

    id: int
    at: int
    officer_id: int | None
    officer: str
    what: str
    ref: str


def note(tx: Tx, at: int, officer_id: int | None, what: str, ref: str = "") -> None:
    """Add an entry; ``at`` in milliseconds, ``ref`` a number or id, never personal data."""
    tx.run(
        "INSERT INTO audit (at, officer_id, what, ref) VALUES (?, ?, ?, ?)",
        at,
        officer_id,
        what,
        ref,
    )


def recent(tx: Tx, limit: int = 50, *, what: str = "", ref: str = "") -> list[Entry]:
    """Return the newest entries first, all or those of one kind or about one thing.

    ``what`` also finds what is below it: ``documents`` finds ``documents.listed``.
    """
    rows = tx.all(
        "SELECT a.id, a.at, a.officer_id, COALESCE(o.name, ''), a.what, a.ref"
        " FROM audit a LEFT JOIN officer o ON o.id = a.officer_id"
        " WHERE (? = '' OR a.what = ? OR substr(a.what, 1, length(?) + 1) = ? || '.')"
        " AND (? = '' OR a.ref = ?) ORDER BY a.id DESC LIMIT ?",
        what,
        what,
        what,
        what,
        ref,
        ref,
        limit,
    )
    return [Entry(*row) for row in rows]
