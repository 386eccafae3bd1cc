"""What the retention ends: rows are deleted, keys destroyed, in small portions.

Each function does at most ``limit`` rows and returns how many, or which; none when nothing is left
to do. Instants are milliseconds.
"""

from __future__ import annotations

from storage import rights
from storage.database import Tx

Version = tuple[str, str]
"""A service and the digest of the definition with which requests were filed."""

_LIMIT = 200
_REQUESTS = 40


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


def versions(tx: Tx) -> list[Version]:
    """Return the versions of services of which there are requests."""
    rows = tx.all(
        "SELECT s.service, s.digest FROM storeddefinition s"
        " WHERE EXISTS (SELECT 1 FROM request r WHERE r.digest = s.digest)"
        " ORDER BY s.service, s.digest"
    )
    return [(row[0], row[1]) for row in rows]


def papers_of_closed(
    tx: Tx, version: Version, before: int, limit: int = _REQUESTS
) -> dict[int, list[int]]:
    """Return by request the documents, not yet destroyed, of those that were closed before."""
    rows = tx.all(
        # What is still there is little beside all that was ever closed: it is looked at first.
        "SELECT request_id, id FROM document WHERE state <> 'discarded' AND request_id IN"
        " (SELECT DISTINCT d.request_id FROM document d CROSS JOIN request r"
        " WHERE d.state <> 'discarded' AND r.id = d.request_id AND r.service = ?"
        " AND r.digest = ? AND r.closed_at < ? ORDER BY d.request_id LIMIT ?) ORDER BY id",
        *version,
        before,
        limit,
    )
    found: dict[int, list[int]] = {}
    for request_id, document_id in rows:
        found.setdefault(request_id, []).append(document_id)
    return found


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


def purge_requests(tx: Tx, version: Version, before: int, limit: int = _LIMIT) -> list[int]:
    """Destroy the key of requests closed before, and what is plain of the person who asked.

    Number, service, dates and steps stay: the office's books keep counting.
    """
    rows = tx.all(
        "SELECT id FROM request WHERE service = ? AND digest = ? AND closed_at < ?"
        " AND key IS NOT NULL ORDER BY id LIMIT ?",
        *version,
        before,
        limit,
    )
    found = [row[0] for row in rows]
    rights.purge_requests(tx, found)
    return found


def purge_letters(
    tx: Tx, version: Version, before: int, limit: int = _LIMIT
) -> list[tuple[int, int, str]]:
    """Destroy the key of letters made before; return (id, request, file), for the files to go.

    The number, its day and the file's hash stay: a number is never used again.
    """
    rows = tx.all(
        "SELECT l.id, l.request_id, l.file FROM letter l CROSS JOIN request r"
        " WHERE r.id = l.request_id AND r.service = ? AND r.digest = ?"
        " AND l.made_at < ? AND l.key IS NOT NULL"
        " ORDER BY l.made_at LIMIT ?",
        *version,
        before,
        limit,
    )
    for letter_id, _, _ in rows:
        tx.run("UPDATE letter SET key = NULL WHERE id = ?", letter_id)
    return [(row[0], row[1], row[2]) for row in rows]
