"""What is held about one person, and how it is destroyed: keys, words, addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from storage import documents, persons
from storage.database import Tx
from storage.documents import DocumentRow


class Held(NamedTuple):
    """What can go: ids of chats, closed requests, documents; ``counts`` is for people to read."""

    contacts: list[int]
    closed: list[int]
    documents: list[int]
    counts: dict[str, int]


class Issued(NamedTuple):
    """A letter in the archive: ``service`` and ``digest`` say how long, ``made_at`` from when."""

    number: str
    service: str
    digest: str
    made_at: int


class Standing(NamedTuple):
    """Whether a chat is still used: something waits to be said or heard, or somebody is wanted."""

    busy: bool
    wanted: bool
    heard_at: int


def contacts_of(tx: Tx, citizen_id: int) -> list[int]:
    """Return the chats of a person; an officer's own chat is the office's."""
    return sorted(chat.id for chat in persons.chats(tx, citizen_id))


def held(tx: Tx, citizen_id: int) -> Held:
    """Return what of a person can be erased now."""
    contacts = contacts_of(tx, citizen_id)
    rows = tx.all(
        "SELECT id FROM request WHERE citizen_id = ? AND closed_at IS NOT NULL AND key IS NOT NULL",
        citizen_id,
    )
    closed = [row[0] for row in rows]
    papers = _documents(tx, contacts, closed)
    counts = {
        "requests": len(closed),
        "documents": len(papers),
        "messages": _count(tx, "inbox", "lane", contacts, "state > 0 AND body IS NOT NULL")
        + _count(tx, "outbox", "contact_id", contacts, "state > 1 AND priority = 0"),
    }
    return Held(contacts, closed, papers, counts)


def open_requests(tx: Tx, citizen_id: int) -> list[tuple[str, str]]:
    """Return (number, service) of a person's requests that are not closed."""
    rows = tx.all(
        "SELECT number, service FROM request WHERE citizen_id = ? AND closed_at IS NULL"
        " ORDER BY id",
        citizen_id,
    )
    return [(row[0], row[1]) for row in rows]


def issued_letters(tx: Tx, citizen_id: int) -> list[Issued]:
    """Return a person's letters that the archive keeps."""
    rows = tx.all(
        "SELECT l.number, r.service, r.digest, l.made_at FROM letter l"
        " JOIN request r ON r.id = l.request_id"
        " WHERE r.citizen_id = ? AND l.state = 'made' AND l.key IS NOT NULL ORDER BY l.id",
        citizen_id,
    )
    return [Issued(*row) for row in rows]


def since(tx: Tx, contact_id: int) -> tuple[int | None, bool]:
    """Return when a chat was first met, and whether it takes announcements."""
    row = tx.one("SELECT created_at, announcements FROM contact WHERE id = ?", contact_id)
    return (row[0], bool(row[1])) if row else (None, False)


def loose_documents(tx: Tx, contact_id: int) -> list[DocumentRow]:
    """Return the stored documents of a chat that belong to no request yet."""
    rows = tx.all(
        "SELECT id FROM document WHERE contact_id = ? AND request_id IS NULL"
        " AND state = 'stored' ORDER BY id",
        contact_id,
    )
    found = [documents.by_id(tx, row[0]) for row in rows]
    return [row for row in found if row is not None]


def stopped_letters(tx: Tx, request_ids: Sequence[int]) -> list[tuple[int, str]]:
    """Destroy the key of cancelled letters, which were never issued; return (id, file)."""
    found: list[tuple[int, str]] = []
    for request_id in request_ids:
        rows = tx.all(
            "SELECT id, file FROM letter WHERE request_id = ? AND state = 'cancelled'"
            " AND key IS NOT NULL",
            request_id,
        )
        for letter_id, file in rows:
            tx.run("UPDATE letter SET key = NULL WHERE id = ?", letter_id)
            found.append((letter_id, file))
    return [(letter_id, file) for letter_id, file in found if file]


def purge_requests(tx: Tx, request_ids: Sequence[int]) -> None:
    """Destroy the key of these requests, and what is plain of the person who asked."""
    for request_id in request_ids:
        tx.run("UPDATE history SET note = NULL WHERE request_id = ?", request_id)
        tx.run(
            "UPDATE request SET key = NULL, data = NULL, name = '', village = '', nik = ''"
            " WHERE id = ?",
            request_id,
        )


def forget_messages(
    tx: Tx, contact_ids: Sequence[int], request_ids: Sequence[int], document_ids: Sequence[int]
) -> None:
    """Destroy what was said in these chats, and to officers about these requests.

    An event's row stays without its words: a platform that repeats it is still known by its key.
    """
    for contact_id in contact_ids:
        tx.run(
            "UPDATE inbox SET body = NULL, error = '', state = 1 WHERE lane = ? AND state > 0",
            contact_id,
        )
        tx.run("DELETE FROM outbox WHERE contact_id = ? AND state > 1 AND priority = 0", contact_id)
    for request_id in request_ids:
        tx.run("DELETE FROM outbox WHERE request_id = ? AND state > 1", request_id)
    for document_id in document_ids:
        tx.run("DELETE FROM job WHERE key = ? AND state > 1", f"fetch:{document_id}")


def standing(tx: Tx, contact_id: int) -> Standing:
    """Return whether a chat can be forgotten yet."""
    busy = tx.one("SELECT 1 FROM inbox WHERE lane = ? AND state = 0", contact_id) or tx.one(
        "SELECT 1 FROM outbox WHERE contact_id = ? AND state < 2", contact_id
    )
    wanted = tx.one("SELECT 1 FROM request WHERE contact_id = ? AND closed_at IS NULL", contact_id)
    heard = tx.one("SELECT heard_at FROM contact WHERE id = ?", contact_id)
    return Standing(busy is not None, wanted is not None, int((heard and heard[0]) or 0))


def forget_contact(tx: Tx, contact_id: int) -> None:
    """Destroy a chat's address, name and words; whoever writes from there again is a stranger."""
    forget_messages(tx, [contact_id], [], [])
    tx.run("DELETE FROM address WHERE contact_id = ?", contact_id)
    tx.run("DELETE FROM conversation WHERE contact_id = ?", contact_id)
    tx.run(
        "UPDATE contact SET address = NULL, profile = NULL, state = 'invalid' WHERE id = ?",
        contact_id,
    )


def _documents(tx: Tx, contact_ids: Sequence[int], closed: Sequence[int]) -> list[int]:
    """Return documents not yet destroyed: of closed requests, and those without a request."""
    found: list[int] = []
    for contact_id in contact_ids:
        rows = tx.all(
            "SELECT id FROM document WHERE contact_id = ? AND request_id IS NULL"
            " AND state IN ('stored', 'fetching') ORDER BY id",
            contact_id,
        )
        found += [row[0] for row in rows]
    for request_id in closed:
        rows = tx.all(
            "SELECT id FROM document WHERE request_id = ? AND state <> 'discarded' ORDER BY id",
            request_id,
        )
        found += [row[0] for row in rows]
    return found


def _count(tx: Tx, table: str, column: str, ids: Sequence[int], more: str) -> int:
    total = 0
    for one in ids:
        row = tx.one(f"SELECT COUNT(*) FROM {table} WHERE {column} = ? AND {more}", one)  # noqa: S608
        total += int(row[0]) if row else 0
    return total
