"""Slow work: queued in the transaction that wants it, claimed by one worker at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from storage.database import Tx
from storage.vault import Unreadable, Vault

WAITING, CLAIMED, DONE, FAILED = 0, 1, 2, 3
_PLACE = "job.body"


class Claimed(NamedTuple):
    """A job that this worker alone does until its lease ends.

    ``tries`` counts this one and those that failed; ``cuts`` how often the process went before it
    could say how it ended.
    """

    id: int
    kind: str
    key: str
    tries: int
    body: dict[str, Any]
    cuts: int = 0


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


def claim(tx: Tx, vault: Vault, now: int, lease: int, limit: int, most_cuts: int) -> list[Claimed]:
    """Claim what is due for ``lease`` milliseconds; a dead worker's claims are free after it.

    What was cut off more than ``most_cuts`` times is left to ``claim_suspect``. A row that cannot
    be read is given up, so that it holds up nothing.
    """
    return _claim(tx, vault, now, lease, limit, "cuts <= ?", most_cuts)


def claim_suspect(tx: Tx, vault: Vault, now: int, lease: int, most_cuts: int) -> list[Claimed]:
    """Claim one that was cut off more often; its worker does nothing else meanwhile.

    It is due anew from now on: if it cuts its worker off once more, others go before it again.
    """
    claimed = _claim(tx, vault, now, lease, 1, "cuts > ?", most_cuts)
    for job in claimed:
        tx.run("UPDATE job SET run_at = ? WHERE id = ?", now, job.id)
    return claimed


def _claim(
    tx: Tx, vault: Vault, now: int, lease: int, limit: int, which: str, most_cuts: int
) -> list[Claimed]:
    rows = tx.all(
        "SELECT id, kind, key, tries, body, cuts FROM job WHERE state < 2 AND run_at <= ?"  # noqa: S608
        f" AND (state = 0 OR claimed_until < ?) AND {which} ORDER BY run_at, id LIMIT ?",
        now,
        now,
        most_cuts,
        limit,
    )
    claimed = []
    for row in rows:
        if not tx.run(
            "UPDATE job SET state = 1, cuts = cuts + 1, claimed_until = ?, owner = ?"
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
        claimed.append(Claimed(row[0], row[1], row[2], row[3] + 1, body, row[5]))
    return claimed


def release(tx: Tx, job_ids: Sequence[int]) -> None:
    """Let go of what was claimed, as if it had never been: the process stops in good order."""
    for job_id in job_ids:
        tx.run(
            "UPDATE job SET state = 0, claimed_until = NULL, cuts = cuts - 1"
            " WHERE id = ? AND state = 1",
            job_id,
        )


def next_at(tx: Tx, most_cuts: int) -> tuple[int | None, int | None]:
    """Return the instants since which the next job, and the next suspect, may run."""
    row = tx.one(
        "SELECT MIN(run_at), MIN(CASE WHEN cuts > ? THEN run_at END) FROM job"
        " WHERE state < 2 AND state = 0",
        most_cuts,
    )
    return (row[0], row[1]) if row else (None, None)


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
    tx.run(
        "UPDATE job SET state = 0, run_at = ?, error = ?, tries = tries + ?, cuts = 0"
        " WHERE id = ? AND state = 1",
        run_at,
        error,
        int(counted),
        job_id,
    )


def give_up(tx: Tx, job_id: int, error: str) -> None:
    """It will not be done; an officer sees why."""
    tx.run("UPDATE job SET state = 3, error = ? WHERE id = ?", error, job_id)


def recover(tx: Tx) -> None:
    """What a process that has gone had claimed is free again."""
    tx.run(
        "UPDATE job SET state = 0, claimed_until = NULL WHERE state < 2 AND state = 1"
        " AND (owner IS NULL OR owner NOT IN (SELECT id FROM process))"
    )
