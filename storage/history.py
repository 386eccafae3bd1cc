"""The history of requests: every step once, never changed, without personal data."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from flows.standing import State
from storage import requests
from storage.database import Row, Tx
from storage.instant import from_ms, to_ms
from storage.vault import Vault

_PLACE = "history.note"
_COLUMNS = "id, request_id, at, officer_id, kind, stage, detail, note IS NOT NULL, before, undone"
_SELECT = f"SELECT {_COLUMNS} FROM history"  # noqa: S608 - a constant


class Entry(Struct, frozen=True):
    """One step: ``officer`` 0 is the desk or the citizen; ``noted`` says that it has a note."""

    id: int
    request: int
    at: datetime
    officer: int
    kind: str
    stage: str
    detail: str
    noted: bool
    before: State | None
    undone: bool


def record(
    tx: Tx,
    vault: Vault,
    request_id: int,
    now: datetime,
    kind: str,
    *,
    officer: int = 0,
    stage: str = "",
    detail: str = "",
    note: str = "",
    before: State | None = None,
) -> int:
    """Write a step down; ``note`` (a reason, a reply) is sealed by the request's own key."""
    sealed = None
    if note:
        key = requests.key_of(tx, vault, request_id)
        sealed = vault.seal_with(key, _PLACE, note.encode("utf-8", "surrogatepass"))
    return tx.add(
        "INSERT INTO history"
        " (request_id, at, officer_id, kind, stage, detail, note, before, undone)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
        request_id,
        to_ms(now),
        officer or None,
        kind,
        stage,
        detail,
        sealed,
        msgspec.json.encode(before).decode() if before else "",
    )


def entries(tx: Tx, request_id: int, limit: int = 200) -> list[Entry]:
    """Return the steps of a request in order."""
    sql = f"{_SELECT} WHERE request_id = ? ORDER BY id LIMIT ?"
    return [_entry(row) for row in tx.all(sql, request_id, limit)]


def notes(tx: Tx, vault: Vault, request_id: int) -> dict[int, str]:
    """Return the notes of a request by the id of their step; raises requests.Purged."""
    rows = tx.all(
        "SELECT id, note FROM history WHERE request_id = ? AND note IS NOT NULL", request_id
    )
    if not rows:
        return {}
    key = requests.key_of(tx, vault, request_id)
    plain = {row[0]: vault.unseal_with(key, _PLACE, row[1]) for row in rows}
    return {step: note.decode("utf-8", "surrogatepass") for step, note in plain.items()}


def last_step_of(tx: Tx, officer_id: int) -> Entry | None:
    """Return the newest step an officer made that changed a request and was not undone."""
    row = tx.one(
        f"{_SELECT} WHERE officer_id = ? AND before <> '' AND undone = 0 ORDER BY id DESC LIMIT 1",
        officer_id,
    )
    return _entry(row) if row else None


def after(tx: Tx, entry: Entry) -> list[Entry]:
    """Return the steps of the same request that followed this one and changed it."""
    sql = f"{_SELECT} WHERE request_id = ? AND id > ? AND before <> '' AND undone = 0 ORDER BY id"
    return [_entry(row) for row in tx.all(sql, entry.request, entry.id)]


def mark_undone(tx: Tx, request_id: int, since: int) -> None:
    """Mark this step and what followed it as undone; they stay in the history."""
    tx.run(
        "UPDATE history SET undone = 1 WHERE request_id = ? AND id >= ? AND before <> ''",
        request_id,
        since,
    )


def _entry(row: Row) -> Entry:
    before = msgspec.json.decode(row[8], type=State) if row[8] else None
    return Entry(
        id=row[0],
        request=row[1],
        at=from_ms(row[2]),
        officer=row[3] or 0,
        kind=row[4],
        stage=row[5],
        detail=row[6],
        noted=bool(row[7]),
        before=before,
        undone=bool(row[9]),
    )
