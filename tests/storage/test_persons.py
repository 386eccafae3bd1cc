"""Numbers, ids and codes: who is met under which name, and whom a code leads to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from storage import contacts, persons
from storage.database import Database, Tx
from storage.vault import Vault

NUMBER, OTHER = "whatsapp:+62811", "whatsapp:+62822"
MINE, THEIRS = "whatsapp:ID.1", "whatsapp:ID.2"
NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
VAULT = Vault(b"a test's own master key, 32 bytes")


def met(tx: Tx, *names: str) -> int:
    return contacts.meet(tx, VAULT, "whatsapp", names[0], 1, aliases=names[1:])


async def test_a_number_and_an_id_in_either_order_are_one_contact(database: Database) -> None:
    def unit(tx: Tx) -> None:
        first = met(tx, NUMBER)
        assert met(tx, NUMBER, MINE) == first == met(tx, MINE)
        second = met(tx, THEIRS)
        assert met(tx, OTHER, THEIRS) == second == met(tx, OTHER)
        assert contacts.load(tx, first).doubt == contacts.load(tx, second).doubt == ""

    await database.write(unit)


async def test_another_id_under_a_known_number_is_doubted(database: Database) -> None:
    def unit(tx: Tx) -> None:
        first = met(tx, NUMBER, MINE)
        assert met(tx, NUMBER, THEIRS) == first
        assert contacts.load(tx, first).doubt == contacts.CHANGED

    await database.write(unit)


async def test_a_number_follows_the_id_that_is_known(database: Database) -> None:
    def unit(tx: Tx) -> None:
        first, second = met(tx, NUMBER, MINE), met(tx, OTHER, THEIRS)
        # The second person has the first one's number now; the first is still found by their id.
        assert met(tx, NUMBER, THEIRS) == second == met(tx, NUMBER)
        assert met(tx, MINE) == first
        assert contacts.address_of(VAULT, contacts.load(tx, first)) == MINE

    await database.write(unit)


async def test_who_has_a_new_number_leaves_the_old_one(database: Database) -> None:
    def unit(tx: Tx) -> None:
        first = met(tx, NUMBER, MINE)
        assert met(tx, OTHER, MINE) == first
        assert contacts.address_of(VAULT, contacts.load(tx, first)) == OTHER
        assert met(tx, NUMBER) != first

    await database.write(unit)


async def test_a_number_given_to_somebody_new_takes_nothing_along(database: Database) -> None:
    def unit(tx: Tx) -> None:
        old = contacts.load(tx, met(tx, NUMBER, MINE))
        new = contacts.succeed(tx, VAULT, old, (NUMBER, THEIRS), 2)
        assert new.citizen_id != old.citizen_id
        assert met(tx, NUMBER) == new.id
        kept = contacts.load(tx, old.id)
        assert contacts.address_of(VAULT, kept) == MINE
        last = contacts.succeed(tx, VAULT, kept, (MINE,), 3)
        gone = contacts.load(tx, old.id)
        assert (gone.address, gone.state) == (None, "invalid")
        assert last.id != old.id

    await database.write(unit)


async def test_a_code_is_good_once_for_a_while_and_only_hashed(database: Database) -> None:
    def unit(tx: Tx) -> None:
        until = NOW + timedelta(minutes=15)
        older = persons.make_code(tx, VAULT, persons.PERSON, 7, until)
        code = persons.make_code(tx, VAULT, persons.PERSON, 7, until)
        assert code.isdecimal()
        assert len(code) == 8
        assert not tx.one("SELECT 1 FROM link WHERE digest LIKE ?", f"%{code}%")
        use = persons.use_code
        assert use(tx, VAULT, persons.PERSON, older, NOW) == 0
        assert use(tx, VAULT, persons.SLIP, code, NOW) == 0
        assert use(tx, VAULT, persons.PERSON, code, until) == 0
        assert use(tx, VAULT, persons.PERSON, code, NOW, 8) == 0
        assert use(tx, VAULT, persons.PERSON, f"{code[:4]} {code[4:]}", NOW) == 7
        assert use(tx, VAULT, persons.PERSON, code, NOW) == 0

    await database.write(unit)
