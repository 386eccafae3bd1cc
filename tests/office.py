"""A whole desk in a temporary folder, with a channel that keeps what it is given."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import structs

from bot.channels.protocol import FetchError, Receipt, Rendered
from bot.engine.clock import ring
from bot.engine.desk import Desk
from bot.engine.opening import open_desk, start_desk, stop_desk
from bot.setup.config import load_config
from bot.setup.services import ROOT
from bot.setup.settings import Config
from flows.events import AnyEvent, Envelope
from storage import contacts, officers
from storage.instant import to_ms
from tests.blank import new_database

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Nine in the morning of a working Monday at the office."""


_CALM_LOOKS = 3


class Kept:
    """A channel that keeps what it was given to send, by address."""

    window_hours = 0.0
    takes_media = True
    rate = chat_rate = group_rate = 100_000.0

    def __init__(self, name: str = "telegram") -> None:
        self.name = name
        self.sent: dict[str, list[Rendered]] = defaultdict(list)
        self.files: dict[str, bytes] = {}
        self.faults: list[Exception] = []

    def read(self, payload: Mapping[str, object]) -> list[Envelope]:
        return []

    async def send(self, address: str, message: Rendered) -> Receipt:
        if self.faults:
            raise self.faults.pop(0)
        self.sent[address].append(message)
        return Receipt(f"{address}-{len(self.sent[address])}")

    async def fetch(self, ref: str, limit: int) -> bytes:
        if ref not in self.files:
            raise FetchError("gone", gone=True)
        return self.files[ref]

    async def open(self) -> None: ...

    async def close(self) -> None: ...


@dataclass
class Clock:
    """A clock that only moves when told."""

    now: datetime = MONDAY

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, by: timedelta) -> None:
        self.now += by


@dataclass
class TestOffice:
    """A desk at work, its channel and its clock."""

    __test__ = False

    desk: Desk
    channel: Kept
    clock: Clock
    counter: int = 0
    officers: dict[str, str] = field(default_factory=dict)

    async def event(
        self, address: str, event: AnyEvent, *, key: str = "", sender: str = "", thread: int = 0
    ) -> None:
        """Something that a person does, until all that follows from it is done."""
        self.counter += 1
        key = key or str(self.counter)
        envelope = Envelope(
            self.channel.name,
            key,
            address,
            event,
            sender=sender,
            thread=thread,
            group=bool(sender),
        )
        await self.desk.accept([envelope])
        await self.settle()

    async def settle(self) -> None:
        """Wait until nothing is left to be done now.

        On this clock a message that is to be tried again later would be waited for without end:
        that is a failure here, and says so.
        """
        async with asyncio.timeout(20):
            await self._settle()

    async def _settle(self) -> None:
        calm = 0
        for _ in range(200):
            await self.desk.worker.idle()
            await self.desk.sender.idle()
            busy = await self._jobs_wait() or self.desk.worker.lanes.busy or self.desk.sender.busy
            # A result is durable a moment before the worker hears of it: look more than once.
            calm = 0 if busy else calm + 1
            if calm == _CALM_LOOKS:
                return
            if busy:
                self.desk.jobs.wake()
            await asyncio.sleep(0.005 if busy else 0.001)
        raise AssertionError("the desk does not come to rest")

    async def _jobs_wait(self) -> bool:
        now = to_ms(self.desk.now())
        row = await self.desk.db.read(
            lambda tx: tx.one("SELECT 1 FROM job WHERE state < 2 AND run_at <= ?", now)
        )
        return row is not None

    async def move(self, by: timedelta) -> None:
        """Let time pass; the clock rings once afterwards."""
        self.clock.pass_time(by)
        while await self.desk.db.write(lambda tx: ring(self.desk, tx)):
            pass
        await self.settle()

    async def hire(self, name: str, role: str, address: str) -> None:
        """Let an officer join from a chat of their own."""
        code = await self.desk.db.write(
            lambda tx: officers.invite(tx, self.desk.vault, name, role, self.desk.now())
        )
        from flows.events import Text

        await self.event(address, Text(f"/gabung {code}"))
        self.officers[name] = address

    async def seat_staff(self, address: str) -> None:
        """Make a group chat the officers' own."""

        def seat(tx: object) -> None:
            contacts.meet(  # type: ignore[call-arg]
                tx,
                self.desk.vault,
                self.channel.name,
                address,
                to_ms(self.desk.now()),
                kind="staff",
            )

        await self.desk.db.write(seat)  # type: ignore[arg-type]

    def heard(self, address: str) -> list[Rendered]:
        """Everything that was sent to an address."""
        return self.channel.sent[address]

    def last(self, address: str) -> Rendered:
        """The newest message to an address."""
        return self.channel.sent[address][-1]


def configured(folder: Path, **changes: object) -> Config:
    """The example office with its data in ``folder``; typed answers settle at once."""
    config = load_config(ROOT / "config.yaml", {"LOKET_DATA_DIR": str(folder)})
    ours = {"database_url": f"sqlite:///{folder}/loket.db", "settle_ms": 0, **changes}
    return structs.replace(config, data_dir=folder, **ours)


@asynccontextmanager
async def office(
    folder: Path, *, clock: Clock | None = None, database: str = "", **changes: object
) -> AsyncIterator[TestOffice]:
    """Open a desk in ``folder``, at work; close it at the end.

    ``database`` is the address of a PostgreSQL; without it the desk has a file of its own.
    """
    clock = clock or Clock()
    if database:
        changes["database_url"] = database
    else:
        new_database(folder / "loket.db")
    desk = await open_desk(configured(folder, **changes), now=clock)
    channel = Kept()
    desk.channels = {channel.name: channel}
    await start_desk(desk)
    try:
        yield TestOffice(desk, channel, clock)
    finally:
        await stop_desk(desk)
