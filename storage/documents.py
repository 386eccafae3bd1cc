"""Documents: what citizens gave, each file under a key of its own that can be destroyed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from storage.database import Row, Tx
from storage.vault import Vault

FETCHING, STORED, REFUSED, DISCARDED = "fetching", "stored", "refused", "discarded"
_FIELDS = (
    "id, contact_id, request_id, path, name, state, problem, file, thumbnail, mime, size, pages,"
    " identity, key, created_at"
)
_SELECT = f"SELECT {_FIELDS} FROM document"  # noqa: S608 (names of columns, no values)


class DocumentRow(NamedTuple):
    """One file of a citizen; ``name`` is the document's id in the definition, never theirs.

    ``file`` and ``thumbnail`` name sealed files, empty where there is none; ``size`` in bytes;
    ``key`` is sealed, None once it was destroyed; ``created_at`` in milliseconds.
    """

    id: int
    contact_id: int
    request_id: int | None
    path: str
    name: str
    state: str
    problem: str
    file: str
    thumbnail: str
    mime: str
    size: int
    pages: int
    identity: bool
    key: bytes | None
    created_at: int


class Kept(NamedTuple):
    """What became of a fetched file: the names of its sealed files and what is known of it."""

    file: str
    thumbnail: str
    mime: str
    size: int
    pages: int
    problem: str


def create(
    tx: Tx, vault: Vault, contact_id: int, path: str, name: str, now: int, *, identity: bool
) -> int:
    """Begin a document that is being fetched and return its id.

    Its key is made here, once, so that fetching it again after a crash gives the same files.
    """
    _, sealed_key = vault.new_key()
    return tx.add(
        "INSERT INTO document (contact_id, path, name, state, problem, file, thumbnail, mime, size,"
        " pages, identity, key, created_at) VALUES (?, ?, ?, ?, '', '', '', '', 0, 0, ?, ?, ?)",
        contact_id,
        path,
        name,
        FETCHING,
        int(identity),
        sealed_key,
        now,
    )


def store(tx: Tx, document_id: int, kept: Kept) -> bool:
    """Record its files; False when it was discarded meanwhile, and the files are nobody's."""
    changed = tx.run(
        "UPDATE document SET state = ?, file = ?, thumbnail = ?, mime = ?, size = ?, pages = ?,"
        " problem = ? WHERE id = ? AND state = ?",
        STORED,
        *kept,
        document_id,
        FETCHING,
    )
    return changed == 1


def refuse(tx: Tx, document_id: int, problem: str) -> bool:
    """Record why nothing was kept; False when it was discarded meanwhile."""
    changed = tx.run(
        "UPDATE document SET state = ?, problem = ?, key = NULL WHERE id = ? AND state = ?",
        REFUSED,
        problem,
        document_id,
        FETCHING,
    )
    return changed == 1


def discard(tx: Tx, document_id: int) -> list[str]:
    """Destroy a document's key and return the names of its files, to be deleted after commit."""
    row = by_id(tx, document_id)
    if row is None or row.state == DISCARDED:
        return []
    tx.run("UPDATE document SET state = ?, key = NULL WHERE id = ?", DISCARDED, document_id)
    return [name for name in (row.file, row.thumbnail) if name]


def give_to_request(tx: Tx, document_ids: Sequence[int], request_id: int) -> int:
    """Make stored documents part of their own person's request; return how many became so."""
    return sum(
        tx.run(
            "UPDATE document SET request_id = ? WHERE id = ? AND state = ?"
            " AND (request_id IS NULL OR request_id = ?)"
            " AND (contact_id = (SELECT contact_id FROM request WHERE id = ?)"
            " OR contact_id IN (SELECT c.id FROM contact c JOIN request r"
            " ON c.citizen_id = r.citizen_id WHERE r.id = ?))",
            request_id,
            document_id,
            STORED,
            request_id,
            request_id,
            request_id,
        )
        for document_id in document_ids
    )


def by_id(tx: Tx, document_id: int) -> DocumentRow | None:
    """Return a document in whatever state it is."""
    row = tx.one(f"{_SELECT} WHERE id = ?", document_id)
    return _document(row) if row else None


def of_request(tx: Tx, request_id: int) -> list[DocumentRow]:
    """Return the stored documents of a request, by path, a path's pages in order."""
    rows = tx.all(
        f"{_SELECT} WHERE request_id = ? AND state = ? ORDER BY path, id", request_id, STORED
    )
    return [_document(row) for row in rows]


def by_path(tx: Tx, request_id: int) -> dict[str, list[DocumentRow]]:
    """Return the stored documents of a request by path, each path's pages in order."""
    found: dict[str, list[DocumentRow]] = {}
    for row in of_request(tx, request_id):
        found.setdefault(row.path, []).append(row)
    return found


def given_since(tx: Tx, contact_id: int, since: int) -> tuple[int, int]:
    """Return how many files a contact sent since that instant, and their bytes together."""
    row = tx.one(
        "SELECT COUNT(*), COALESCE(SUM(size), 0) FROM document"
        " WHERE contact_id = ? AND created_at >= ?",
        contact_id,
        since,
    )
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _document(row: Row) -> DocumentRow:
    found = DocumentRow(*row)
    return found._replace(identity=bool(found.identity), created_at=found.created_at or 0)
