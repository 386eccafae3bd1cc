"""The sender: outbox rows in order to each person, to many persons beside each other.

Announcements have a line of their own (``bot.announcements.announcer``): an answer never waits
for them.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import structlog
from msgspec import structs

from bot.announcements.announcer import Announcer
from bot.channels.protocol import Channel, Fault, Receipt, SendError
from bot.engine.chats import Chats
from bot.engine.gate import Gate
from bot.engine.lanes import Lanes
from bot.engine.pacing import Place
from bot.engine.refusals import Refusals
from bot.engine.rendering import render
from storage import outbox
from storage.database import StorageUnavailable, Tx
from storage.instant import to_ms

if TYPE_CHECKING:
    from bot.engine.desk import Desk

log = structlog.get_logger()
T = TypeVar("T")
_MOST_CHATS = 10_000
_LOST = ("blocked", "invalid")
_STOP_TICK = 0.02
_STOP_TICKS = 150


class Sender:
    """Hands messages to the channels within their limits and records what became of them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lanes = Lanes(self._step, "messages")
        self.refusals = Refusals(desk, self.gate)
        self.gates: dict[str, Gate] = {}
        self.chats = Chats()
        self._known: OrderedDict[int, tuple[str, str]] = OrderedDict()
        self._claimed: dict[int, outbox.Handed] = {}
        self._noting: set[int] = set()
        self._handing = 0
        self.announcer = Announcer(desk, self)
        self.sent: Counter[str] = Counter()

    async def start(self) -> None:
        """Begin with what waited, and what was being handed over, when the desk stopped."""
        for contact_id in await self._desk.db.write(outbox.recover):
            self.wake(contact_id)
        self.announcer.wake()

    async def stop(self) -> None:
        """Stop after the handings-over that are under way, or a few seconds."""
        self._lanes.stopping = self.announcer.stopping = True
        for _ in range(_STOP_TICKS):
            if not self._handing:
                break
            await asyncio.sleep(_STOP_TICK)
        await self.announcer.stop()
        await self._lanes.stop()

    async def idle(self) -> None:
        """Wait until nothing waits to be sent."""
        while self.busy or self.announcer.tasks:
            await self._lanes.idle()
            await self.announcer.idle()

    @property
    def busy(self) -> bool:
        """Is a message of a person's own line on its way, or waiting for its time?"""
        return self._lanes.busy

    def wake(self, contact_id: int) -> None:
        """Something waits for this contact."""
        self._lanes.wake(contact_id)

    def claim_at_once(self, tx: Tx, contacts_addressed: set[int]) -> None:
        """Claim what a turn just said in the turn's own transaction, where nothing is in its way.

        It saves a round to the database for each message. Runs in the writer's thread: a claim is
        safe because the row itself says whether it is being handed over.
        """
        for contact_id in contacts_addressed:
            if not self.takes_place(contact_id):
                continue
            handed = outbox.claim(tx, self._desk.vault, contact_id, to_ms(self._desk.now()))
            if isinstance(handed, outbox.Handed):
                tx.then(partial(self.hand_claimed, handed))

    def takes_place(self, contact_id: int) -> bool:
        """May something go to this contact at once? Then its place is taken, as if it went."""
        known = self._known.get(contact_id)
        channel = self._desk.channels.get(known[0]) if known else None
        if known is None or channel is None or self._is_busy(contact_id):
            return False
        if not self.gate(known[0]).is_open:
            return False
        return self.chats.take(channel, contact_id, known[1])

    def _is_busy(self, contact_id: int) -> bool:
        """Is the line at work on this contact, and not just noting what was sent?"""
        if contact_id in self._lanes and contact_id not in self._noting:
            return True
        return self._lanes.stopping

    def hand_claimed(self, handed: outbox.Handed) -> None:
        """What was claimed is durable: hand it over."""
        self._claimed[handed.contact_id] = handed
        self.wake(handed.contact_id)

    async def _step(self, contact_id: int) -> bool:
        """Send the contact's next message; False when none waits."""
        claimed = self._claimed.pop(contact_id, None)
        if claimed is not None:
            return await self.hand_over(self._desk.channels[claimed.channel], claimed)
        waiting = await self._desk.db.read(lambda tx: outbox.head(tx, contact_id))
        if waiting is None:
            return False
        channel = self._desk.channels.get(waiting.channel)
        if channel is None:
            # The office switched this channel off: its messages wait until it is back.
            return False
        self._know(contact_id, waiting.channel, waiting.kind)
        ahead = (waiting.send_at - to_ms(self._desk.now())) / 1000
        if ahead > 0:
            await asyncio.sleep(min(ahead, 60.0))
            return True
        gate = self.gate(channel.name)
        await gate.enter(contact_id)
        try:
            await self.chats.wait(channel, contact_id, waiting.kind)
            now = to_ms(self._desk.now())
            handed = await self._desk.db.write(
                lambda tx: outbox.claim(tx, self._desk.vault, contact_id, now)
            )
            if isinstance(handed, outbox.Handed):
                return await self.hand_over(channel, handed)
            return handed > 0
        finally:
            gate.leave(contact_id)

    def gate(self, channel: str) -> Gate:
        """Return what holds all messages of a channel back while its platform fails."""
        gate = self.gates.get(channel)
        if gate is None:
            gate = self.gates[channel] = Gate()
        return gate

    def _know(self, contact_id: int, channel: str, kind: str) -> None:
        self._known[contact_id] = (channel, kind)
        if len(self._known) > _MOST_CHATS:
            self._known.popitem(last=False)

    async def hand_over(
        self, channel: Channel, handed: outbox.Handed, place: Place | None = None
    ) -> bool:
        """Send it and record what became of it; True when more waits for this contact."""
        self._handing += 1
        try:
            receipt = await self._send(channel, handed, place)
        except SendError as error:
            await self._refused(handed, error)
            return True
        except Exception as error:
            log.exception("a message could not be made or sent", outbox=handed.id)
            await self._refused(handed, SendError(Fault.LATER, type(error).__name__))
            return True
        finally:
            self._handing -= 1
        self.sent[handed.channel] += 1
        self.gate(handed.channel).open()

        def record(tx: Tx) -> bool:
            outbox.sent(tx, handed.id, receipt.platform_id, to_ms(self._desk.now()))
            # What another process says at this moment is seen only by who looks after the commit.
            return tx.shared or not outbox.is_clear(tx, handed.contact_id)

        # From here on the next message may be claimed: its unit comes after this one.
        self._noting.add(handed.contact_id)
        try:
            return await self._record(record)
        finally:
            self._noting.discard(handed.contact_id)

    async def _send(self, channel: Channel, handed: outbox.Handed, place: Place | None) -> Receipt:
        if handed.contact_state in _LOST and handed.kind == "citizen":
            raise SendError(Fault.RECIPIENT, handed.contact_state, state=handed.contact_state)
        rendered = await render(self._desk, handed, channel)
        if not self._outside_window(channel, handed):
            rendered = structs.replace(rendered, template="")
        elif not rendered.template:
            raise SendError(Fault.WINDOW, "outside the 24-hour window")
        if place is None:
            return await channel.send(handed.address, rendered)
        place.begin(time.monotonic())
        try:
            return await channel.send(handed.address, rendered)
        finally:
            place.done(time.monotonic())

    def _outside_window(self, channel: Channel, handed: outbox.Handed) -> bool:
        if not channel.window_hours:
            return False
        age = to_ms(self._desk.now()) - handed.heard_at
        return age > channel.window_hours * 3_600_000

    async def _refused(self, handed: outbox.Handed, error: SendError) -> None:
        hold = self.refusals.hold(handed, error)
        await self._record(lambda tx: self.refusals.settle(tx, handed, error, hold))

    def refused_later(self, tx: Tx, handed: outbox.Handed, error: SendError) -> None:
        """A platform that had taken a message says now that it failed."""
        self.refusals.settle(tx, handed, error)
        tx.then(partial(self.wake, handed.contact_id))

    async def _record(self, unit: Callable[[Tx], T]) -> T:
        """Record a result; while the database cannot be written, keep trying."""
        while True:
            try:
                return await self._desk.db.write(unit)
            except StorageUnavailable as error:
                log.error("a result waits for the database", error=str(error))
                await asyncio.sleep(2.0)
