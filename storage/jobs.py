"""Slow work: queued in the transaction that wants it, claimed by one worker at a time."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from storage.database import Tx
from storage.vault import Unreadable, Vault

WAITING, CLAIMED, DONE, FAILED = 0, 1, 2, 3
_PLACE = "job.body"


class Claimed(NamedTuple):
    """A job that this worker alone does until its lease ends."""

    id: int
    kind: str
    key: str
    tries: int
    body: dict[str, Any]


def add(tx: Tx, vault: Vault, kind: str, key: str, body: dict[str, Any], run_at: int) -> None:
    """Queue slow work once per key."""
    tx.run(
        "INSERT INTO job (kind, key, state, tries, run_at, body, error)"
        " VALUES (?, ?, 0, 0, ?, ?, '') ON CONFLICT (key) DO NOTHING",
        kind,
        key,
        run_at,
        vault.seal(_PLACE, msgspec.json.encode(body)),
    )


def claim(tx: Tx, vault: Vault, now: int, lease: int, limit: int) -> list[Claimed]:
    """Claim what is due for ``lease`` milliseconds; a dead worker's claims are free after it.

    A row that cannot be read is given up, so that it holds up nothing.
    """
    rows = tx.all(
        "SELECT id, kind, key, tries, body FROM job WHERE state < 2 AND run_at <= ?"
        " AND (state = 0 OR claimed_until < ?) ORDER BY run_at, id LIMIT ?",
        now,
        now,
        limit,
    )
    claimed = []
    for row in rows:
        if not tx.run(
            "UPDATE job SET state = 1, tries = tries + 1, claimed_until = ?, owner = ?"
            " WHERE id = ? AND state < 2 AND (state = 0 OR claimed_until < ?)",
            now + lease,
            tx.owner,
            row[0],
            now,
        ):
            # Another process was quicker.
            continue
        try:
            body = msgspec.json.decode(vault.unseal(_PLACE, row[4] or b""))
        except (Unreadable, msgspec.MsgspecError, UnicodeDecodeError):
            give_up(tx, row[0], "unreadable")
            continue
        claimed.append(Claimed(row[0], row[1], row[2], row[3] + 1, body))
    return claimed


def next_at(tx: Tx) -> int | None:
    """Return the instant at which the next job may run."""
    row = tx.one("SELECT MIN(run_at) FROM job WHERE state = 0")
    return row[0] if row else None


def done(tx: Tx, job_id: int) -> bool:
    """Record a finished job; False when somebody else finished it before."""
    return (
        tx.run(
            "UPDATE job SET state = 2, body = NULL, error = '' WHERE id = ? AND state < 2", job_id
        )
        == 1
    )


def later(tx: Tx, job_id: int, run_at: int, error: str, *, counted: bool = True) -> None:
    """Try again at that instant; a try that is not counted never leads to giving up."""
    if not counted:
        tx.run("UPDATE job SET tries = tries - 1 WHERE id = ?", job_id)
    tx.run(
        "UPDATE job SET state = 0, run_at = ?, error = ? WHERE id = ? AND state = 1",
        run_at,
        error,
        job_id,
    )


def give_up(tx: Tx, job_id: int, error: str) -> None:
    """It will not be done; an officer sees why."""
    tx.run("UPDATE job SET state = 3, error = ? WHERE id = ?", error, job_id)


def recover(tx: Tx) -> None:
    """What a process that has gone had claimed is free again."""
    tx.run(
        "UPDATE job SET state = 0, claimed_until = NULL WHERE state = 1"
        " AND (owner IS NULL OR owner NOT IN (SELECT id FROM process))"
    )
