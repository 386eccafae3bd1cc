"""The forum topics of requests: where an officers' group talks about one."""

from __future__ import annotations

from storage.database import Tx


def request_at(tx: Tx, topic: int) -> int:
    """Return the request that a forum topic is about, 0 for none."""
    row = tx.one("SELECT id FROM request WHERE topic = ?", topic)
    return int(row[0]) if row else 0


def of_request(tx: Tx, request_id: int) -> int | None:
    """Return the request's forum topic, 0 where its group has none; None before the first try."""
    row = tx.one("SELECT topic FROM request WHERE id = ?", request_id)
    return row[0] if row else 0


def name(tx: Tx, request_id: int) -> str:
    """Return how the request's forum topic is called: its number and who asks."""
    row = tx.one("SELECT number, name FROM request WHERE id = ?", request_id)
    return f"{row[0]} {row[1]}".strip() if row else ""


def keep(tx: Tx, request_id: int, topic: int) -> None:
    """Remember the forum topic opened for a request."""
    tx.run("UPDATE request SET topic = ? WHERE id = ?", topic, request_id)
