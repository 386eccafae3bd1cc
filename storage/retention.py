"""What the retention of config.yaml ends: rows are deleted, keys destroyed, in small portions.

Each function does at most ``limit`` rows and returns how many, 0 when nothing is left to do.
Instants are milliseconds.
"""

from __future__ import annotations

from storage.database import Tx

_LIMIT = 200


def forget_messages(tx: Tx, before: int, limit: int = _LIMIT) -> int:
    """Delete events, messages and slow work that ended before: their bodies hold people's words.

    Messages and work are looked at from the oldest on; of these, 2000 may still be waiting.
    """
    portions = (
        "DELETE FROM inbox WHERE seq IN"
        " (SELECT seq FROM inbox WHERE received_at < ? AND state > 0 LIMIT ?)",
        "DELETE FROM outbox WHERE id IN"
        " (SELECT id FROM (SELECT id, created_at, state FROM outbox ORDER BY id LIMIT 2000) AS old"
        " WHERE created_at < ? AND state > 1 LIMIT ?)",
        "DELETE FROM job WHERE id IN"
        " (SELECT id FROM (SELECT id, run_at, state FROM job ORDER BY id LIMIT 2000) AS old"
        " WHERE run_at < ? AND state > 1 LIMIT ?)",
    )
    return sum(tx.run(sql, before, limit) for sql in portions)


def forget_codes(tx: Tx, before: int) -> int:
    """Delete links and invites that ran out before; who used them is in the audit."""
    return sum(tx.run(f"DELETE FROM {t} WHERE expires_at < ?", before) for t in ("link", "invite"))  # noqa: S608


def forget_audit(tx: Tx, before: int, limit: int = _LIMIT) -> int:
    """Delete what officers did before."""
    sql = "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ? ORDER BY id LIMIT ?)"
    return tx.run(sql, before, limit)


def papers_of_closed(tx: Tx, before: int, limit: int = _LIMIT) -> list[int]:
    """Return documents, not yet destroyed, of requests that were closed before."""
    rows = tx.all(
        "SELECT d.id FROM document d JOIN request r ON r.id = d.request_id"
        " WHERE r.closed_at < ? AND d.state <> 'discarded' ORDER BY d.id LIMIT ?",
        before,
        limit,
    )
    return [row[0] for row in rows]


def papers_of_nobody(
    tx: Tx, before: int, after: int = 0, limit: int = _LIMIT
) -> list[tuple[int, int]]:
    """Return (id, contact) of stored documents without a request, by id from ``after`` on.

    Those of a draft are among them: the conversation says which it still needs.
    """
    rows = tx.all(
        "SELECT id, contact_id FROM document WHERE request_id IS NULL AND state = 'stored'"
        " AND created_at < ? AND id > ? ORDER BY id LIMIT ?",
        before,
        after,
        limit,
    )
    return [(row[0], row[1]) for row in rows]


def purge_requests(tx: Tx, before: int, limit: int = _LIMIT) -> int:
    """Destroy the key of requests closed before, and what is plain of the person who asked.

    Number, service, dates and steps stay: the office's books keep counting.
    """
    rows = tx.all(
        "SELECT id FROM request WHERE closed_at < ? AND key IS NOT NULL ORDER BY id LIMIT ?",
        before,
        limit,
    )
    for (request_id,) in rows:
        tx.run("UPDATE history SET note = NULL WHERE request_id = ?", request_id)
        tx.run(
            "UPDATE request SET key = NULL, data = NULL, name = '', village = '', nik = ''"
            " WHERE id = ?",
            request_id,
        )
    return len(rows)


def purge_letters(tx: Tx, before: int, limit: int = _LIMIT) -> list[tuple[int, str]]:
    """Destroy the key of letters made before; return (id, file) of those whose file may go.

    The number, its day and the file's hash stay: a number is never used again.
    """
    rows = tx.all(
        "SELECT id, file FROM letter WHERE made_at < ? AND key IS NOT NULL ORDER BY id LIMIT ?",
        before,
        limit,
    )
    for letter_id, _ in rows:
        tx.run("UPDATE letter SET key = NULL WHERE id = ?", letter_id)
    return [(row[0], row[1]) for row in rows if row[1]]
