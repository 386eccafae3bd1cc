"""Documents in their table: fetched, kept, given to a request, destroyed with their key."""

from __future__ import annotations

from storage import documents
from storage.database import Database, Tx
from storage.documents import Kept
from storage.vault import Vault

VAULT = Vault(b"a test's own master key, 32 bytes")
KEPT = Kept("a" * 64, "b" * 64, "image/jpeg", 1000, 1, "")


def begin(tx: Tx, contact: int = 7, path: str = "ktp", now: int = 1000) -> int:
    return documents.create(tx, VAULT, contact, path, path, now, identity=True)


def filed(tx: Tx, contact: int = 7) -> int:
    return tx.add(
        "INSERT INTO request (number, sequence, code, contact_id, citizen_id, service, digest,"
        " name, village, nik, stage, role, status, asked_by, returned, late, reminders, letter,"
        " made, version) VALUES (?, 1, ?, ?, 1, 's', 'd', '', '', '', 'check', 'counter', 'open',"
        " '', '', 0, 0, 0, 0, 1)",
        f"N{contact}",
        f"C{contact}",
        contact,
    )


async def test_a_document_is_begun_with_a_key_and_then_kept(database: Database) -> None:
    def work(tx: Tx) -> None:
        one = begin(tx)
        row = documents.by_id(tx, one)
        assert row
        assert (row.state, row.identity, row.created_at) == ("fetching", True, 1000)
        assert len(VAULT.open_key(row.key or b"")) == 32
        assert documents.store(tx, one, KEPT)
        row = documents.by_id(tx, one)
        assert row
        assert row.state == "stored"
        assert (row.file, row.thumbnail, row.mime, row.size, row.pages, row.problem) == KEPT

    await database.write(work)


async def test_it_is_recorded_once(database: Database) -> None:
    def work(tx: Tx) -> None:
        one = begin(tx)
        assert documents.store(tx, one, KEPT)
        assert not documents.store(tx, one, KEPT)
        assert not documents.refuse(tx, one, "gone")

    await database.write(work)


async def test_a_refused_document_keeps_no_key(database: Database) -> None:
    def work(tx: Tx) -> None:
        one = begin(tx)
        assert documents.refuse(tx, one, "active")
        row = documents.by_id(tx, one)
        assert row
        assert (row.state, row.problem, row.key) == ("refused", "active", None)

    await database.write(work)


async def test_discarding_destroys_the_key_and_names_the_files(database: Database) -> None:
    def work(tx: Tx) -> None:
        one = begin(tx)
        documents.store(tx, one, KEPT)
        assert documents.discard(tx, one) == ["a" * 64, "b" * 64]
        assert documents.discard(tx, one) == []
        row = documents.by_id(tx, one)
        assert row
        assert (row.state, row.key) == ("discarded", None)
        assert documents.discard(tx, 999) == []

    await database.write(work)


async def test_a_document_discarded_while_it_is_fetched_is_not_kept(database: Database) -> None:
    def work(tx: Tx) -> None:
        one = begin(tx)
        assert documents.discard(tx, one) == []
        assert not documents.store(tx, one, KEPT)

    await database.write(work)


async def test_a_request_has_its_own_contacts_documents_only(database: Database) -> None:
    def work(tx: Tx) -> None:
        request, other = filed(tx, 7), filed(tx, 8)
        mine, strange, unfinished = begin(tx, 7), begin(tx, 8), begin(tx, 7)
        second = begin(tx, 7, "kk")
        for one in (mine, strange, second):
            documents.store(tx, one, KEPT)
        everything = [second, mine, strange, unfinished]
        assert documents.give_to_request(tx, everything, request) == 2
        assert documents.give_to_request(tx, [mine], request) == 1
        assert documents.give_to_request(tx, [mine], other) == 0
        found = documents.of_request(tx, request)
        assert [(row.id, row.path) for row in found] == [(second, "kk"), (mine, "ktp")]
        documents.discard(tx, mine)
        assert [row.id for row in documents.of_request(tx, request)] == [second]

    await database.write(work)


async def test_what_a_person_sent_is_counted(database: Database) -> None:
    def work(tx: Tx) -> None:
        for now in (1000, 2000, 3000):
            documents.store(tx, begin(tx, 7, now=now), KEPT)
        begin(tx, 8, now=3000)
        assert documents.given_since(tx, 7, 2000) == (2, 2000)
        assert documents.given_since(tx, 9, 0) == (0, 0)

    await database.write(work)
