"""PostgreSQL alone: units that meet, a server that goes away, and who lives and leads."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator

import pytest

from flows.events import Envelope, Text
from flows.messages import Message, Part
from storage import contacts, inbox, jobs, numbers, outbox
from storage.database import StorageUnavailable, Tx
from storage.postgres import PostgresDatabase
from storage.postgres_link import Link, Lost
from storage.seat import Seat, bury
from storage.vault import Vault
from tests import postgres

VAULT = Vault(b"a test's own master key, 32 bytes")
NOW = 1_800_000_000_000


@pytest.fixture
def url() -> str:
    return postgres.new_database()


@pytest.fixture
def pair(url: str) -> Iterator[list[PostgresDatabase]]:
    """Two processes' databases on one server."""
    found = [PostgresDatabase(url), PostgresDatabase(url)]
    for number, one in enumerate(found, 1):
        one.owner = number
        one.open()
    yield found
    for one in found:
        one.close()


def said(citizen: str, number: int) -> Envelope:
    return Envelope("telegram", f"{citizen}-{number}", citizen, Text(str(number)))


async def test_a_stranger_who_writes_to_both_at_once_is_one_contact(
    pair: list[PostgresDatabase],
) -> None:
    def meet(tx: Tx) -> int:
        return contacts.meet(tx, VAULT, "telegram", "1001", NOW)

    met = await asyncio.gather(*(pair[n % 2].write(meet) for n in range(20)))
    assert len(set(met)) == 1
    assert await pair[0].read(lambda tx: tx.one("SELECT count(*) FROM contact")) == (1,)


async def test_an_event_that_comes_to_both_is_stored_once(pair: list[PostgresDatabase]) -> None:
    def accept(tx: Tx) -> bool:
        return inbox.accept(tx, VAULT, said("ani", 1), NOW) is not None

    assert sum(await asyncio.gather(*(pair[n % 2].write(accept) for n in range(10)))) == 1


async def test_units_that_want_the_same_lanes_in_any_order_all_get_through(
    pair: list[PostgresDatabase],
) -> None:
    """Each holds its own lane and wants another's: nobody waits for who waits for him."""

    def unit(tx: Tx, lanes: tuple[int, int]) -> None:
        for lane in lanes:
            tx.lock(lane)
            number = numbers.draw(tx, "lane", str(lane))
            message = Message([Part("x", {"number": number})])
            outbox.add(tx, VAULT, lane, message, NOW)

    await pair[0].write(lambda tx: [contacts.meet(tx, VAULT, "sms", f"{n}", NOW) for n in range(5)])
    began = time.monotonic()
    pairs = [(1 + n % 5, 1 + (n * 2 + 3) % 5) for n in range(100)]
    await asyncio.gather(
        *(pair[n % 2].write(lambda tx, two=two: unit(tx, two)) for n, two in enumerate(pairs))
    )
    # A deadlock would be found by the server after a second, one at a time.
    assert time.monotonic() - began < 20
    drawn = await pair[0].read(lambda tx: tx.all("SELECT period, last FROM series"))
    assert sum(int(last) for _, last in drawn) == 200


async def test_messages_to_one_contact_are_numbered_as_they_are_committed(
    pair: list[PostgresDatabase],
) -> None:
    """Whoever sees a message has seen all that are numbered below it."""
    contact = await pair[0].write(lambda tx: contacts.meet(tx, VAULT, "sms", "1", NOW))
    seen: list[list[int]] = []

    def look(tx: Tx) -> None:
        seen.append([row[0] for row in tx.all("SELECT id FROM outbox ORDER BY id")])

    async def add(n: int) -> None:
        message = Message([Part("x", {})])
        await pair[n % 2].write(lambda tx: outbox.add(tx, VAULT, contact, message, NOW))
        await pair[n % 2].read(look)

    await asyncio.gather(*(add(n) for n in range(60)))
    for ids in seen:
        assert all(set(ids) >= {i for i in other if i < ids[-1]} for other in seen if ids)


async def test_of_two_who_claim_one_gets_the_message_and_the_job(
    pair: list[PostgresDatabase],
) -> None:
    def prepare(tx: Tx) -> int:
        contact = contacts.meet(tx, VAULT, "sms", "1", NOW)
        outbox.add(tx, VAULT, contact, Message([Part("x", {})]), NOW)
        jobs.add(tx, VAULT, "letter", "letter:1", {}, NOW)
        return contact

    contact = await pair[0].write(prepare)

    def claim(tx: Tx) -> int:
        handed = outbox.claim(tx, VAULT, contact, NOW)
        return int(not isinstance(handed, int)) + 10 * len(jobs.claim(tx, VAULT, NOW, 60_000, 4, 3))

    assert sum(await asyncio.gather(*(pair[n % 2].write(claim) for n in range(8)))) == 11


async def test_what_the_dead_held_is_freed_and_the_living_are_not_robbed(
    pair: list[PostgresDatabase], url: str
) -> None:
    seats = [Seat(url, candidate=True), Seat(url, candidate=True)]
    for one, seat in zip(pair, seats, strict=True):
        one.owner = seat.look().owner
    held = {}
    for number, one in enumerate(pair):

        def claim(tx: Tx, number: int = number) -> int:
            contact = contacts.meet(tx, VAULT, "sms", f"{number}", NOW)
            outbox.add(tx, VAULT, contact, Message([Part("x", {})]), NOW)
            handed = outbox.claim(tx, VAULT, contact, NOW)
            assert isinstance(handed, outbox.Handed)
            return contact

        held[number] = await one.write(claim)
    assert await pair[0].write(outbox.recover) == []
    seats[1]._drop()  # as when its process is killed
    await _until(lambda: pair[1].owner in seats[0].look().gone)
    await pair[0].write(lambda tx: bury(tx, pair[1].owner))
    assert await pair[0].write(outbox.recover) == [held[1]]
    seats[0].leave()


async def test_one_leads_and_another_follows_it(url: str) -> None:
    first, second = Seat(url, candidate=True), Seat(url, candidate=True)
    visitor = Seat(url, candidate=False)
    assert [seat.look().leads for seat in (visitor, first, second)] == [False, True, False]
    assert len(second.look().living) == 3
    first._drop()
    await _until(lambda: second.look().leads)
    assert not visitor.look().leads
    for seat in (second, visitor):
        seat.leave()


async def _until(condition: object, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


async def test_a_commit_whose_answer_was_lost_is_asked_for(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks just after, and just before, the server has committed."""
    simple, broken = Link.simple, defaultdict[str, int](int)

    def breaking(link: Link, sql: str) -> object:
        if sql != "COMMIT" or broken["now"] == 0:
            return simple(link, sql)
        broken["now"] -= 1
        if broken["after"]:
            simple(link, sql)
        link.close()
        raise Lost("the connection broke")

    # One thread: the connection that broke at the first commit is the one of all that follows.
    monkeypatch.setattr("storage.postgres._WRITERS", 1)
    db = PostgresDatabase(url)
    db.open()
    try:
        monkeypatch.setattr(Link, "simple", breaking)
        ran: list[int] = []

        def unit(tx: Tx) -> int:
            ran.append(1)
            return tx.add("INSERT INTO officer (name, role, state) VALUES (?, 'x', 'active')", "A")

        broken.update(now=1, after=1)
        assert await db.write(unit) == 1
        assert len(ran) == 1
        broken.update(now=1, after=0)
        await db.write(lambda tx: tx.run("DELETE FROM officer"))
        await db.write(unit)
        assert await db.read(lambda tx: tx.one("SELECT count(*) FROM officer")) == (1,)
    finally:
        db.close()


async def test_a_server_that_restarts_is_found_again() -> None:
    server = postgres.Server(hasty=False)
    try:
        db = PostgresDatabase(server.url())
        db.open()
        await db.write(lambda tx: tx.run("CREATE TABLE note (id bigserial, word text)"))
        added = asyncio.gather(
            *(_stubborn(db, f"{number}") for number in range(300)),
            asyncio.to_thread(server.restart),
        )
        await added
        rows = await db.read(lambda tx: tx.all("SELECT word FROM note"))
        assert sorted(int(word) for (word,) in rows) == list(range(300))
        db.close()
    finally:
        server.close()


async def _stubborn(db: PostgresDatabase, word: str) -> None:
    """Write until it is durable: what was reported as failed was not written."""
    while True:
        try:
            await db.write(lambda tx: tx.run("INSERT INTO note (word) VALUES (?)", word))
            return
        except StorageUnavailable:
            await asyncio.sleep(0.05)


async def test_an_address_where_nothing_answers_says_so() -> None:
    with pytest.raises(StorageUnavailable, match="cannot open"):
        PostgresDatabase("postgresql://nobody:secret-word@127.0.0.1:9/none").open()
