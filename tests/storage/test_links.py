"""One-time links, and the audit of who used them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from storage import audit, links
from storage.database import Database, Tx
from storage.vault import Vault

VAULT = Vault(b"a test's own master key, 32 bytes")
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SOON = NOW + timedelta(minutes=10)


def make(tx: Tx, kind: str = "document", officer: int | None = 3) -> str:
    return links.make(tx, VAULT, kind, "12", officer, SOON)


def use(tx: Tx, code: str, kind: str = "document", now: datetime = NOW) -> str | None:
    return links.use(tx, VAULT, code, kind, now)


async def test_a_code_works_once(database: Database) -> None:
    code = await database.write(make)
    assert await database.write(lambda tx: use(tx, code)) == "12"
    assert await database.write(lambda tx: use(tx, code)) is None


async def test_of_many_who_use_one_code_at_once_one_gets_through(database: Database) -> None:
    code = await database.write(make)
    found = await asyncio.gather(*(database.write(lambda tx: use(tx, code)) for _ in range(20)))
    assert found.count("12") == 1
    assert found.count(None) == 19


async def test_looking_uses_nothing_up(database: Database) -> None:
    def work(tx: Tx) -> None:
        code = make(tx)
        for _ in range(3):
            seen = links.look(tx, VAULT, code, "document", NOW)
            assert seen
            assert (seen.ref, seen.officer_id) == ("12", 3)
        assert use(tx, code) == "12"
        assert links.look(tx, VAULT, code, "document", NOW) is None

    await database.write(work)


async def test_a_code_is_good_for_its_kind_and_its_time(database: Database) -> None:
    def work(tx: Tx) -> None:
        code = make(tx)
        assert use(tx, code, "signin") is None
        assert use(tx, code, now=SOON) is None
        assert use(tx, ("y" if code[0] == "x" else "x") + code[1:]) is None
        assert use(tx, "") is None
        assert use(tx, code) == "12"

    await database.write(work)


async def test_a_code_may_be_typed_by_hand(database: Database) -> None:
    def work(tx: Tx) -> None:
        code = make(tx)
        typed = f" {code[:13]}-{code[13:]} ".upper().replace("0", "O").replace("1", "l")
        assert use(tx, typed) == "12"

    await database.write(work)


async def test_the_code_itself_is_nowhere(database: Database) -> None:
    def work(tx: Tx) -> None:
        code = make(tx)
        assert all(code not in str(value) for row in tx.all("SELECT * FROM link") for value in row)

    await database.write(work)


async def test_a_suspended_officers_codes_are_withdrawn(database: Database) -> None:
    def work(tx: Tx) -> None:
        mine, theirs = make(tx, officer=3), make(tx, officer=4)
        assert links.withdraw(tx, 3, NOW) == 1
        assert use(tx, mine) is None
        assert use(tx, theirs) == "12"

    await database.write(work)


async def test_the_audit_tells_the_newest_first(database: Database) -> None:
    def work(tx: Tx) -> None:
        officer = tx.add("INSERT INTO officer (name, role, state) VALUES ('Ani', 'head', 'active')")
        audit.note(tx, 1000, officer, "documents.listed", "DOM-1")
        audit.note(tx, 2000, None, "staff.invite", "counter")
        audit.note(tx, 3000, officer, "documents.seen", "DOM-2")
        seen = audit.recent(tx)
        assert [(one.at, one.officer, one.ref) for one in seen] == [
            (3000, "Ani", "DOM-2"),
            (2000, "", "counter"),
            (1000, "Ani", "DOM-1"),
        ]
        assert [one.at for one in audit.recent(tx, what="documents")] == [3000, 1000]
        assert [one.at for one in audit.recent(tx, what="documents.listed")] == [1000]
        assert audit.recent(tx, what="doc") == []
        assert [one.at for one in audit.recent(tx, ref="DOM-2")] == [3000]
        assert len(audit.recent(tx, 2)) == 2

    await database.write(work)
