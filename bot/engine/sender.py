"""The sender: outbox rows in order to each person, to many persons beside each other.

Announcements have a line of their own (``bot.announcements.announcer``): an answer never waits
for them.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import structlog
from msgspec import structs

from bot.announcements.announcer import Announcer
from bot.channels.protocol import Channel, Fault, Receipt, SendError
from bot.engine.gate import Gate
from bot.engine.pacing import Pace, Place
from bot.engine.rendering import render
from bot.engine.turn import Turn, backoff
from bot.requests import troubles
from storage import contacts, outbox
from storage.database import StorageUnavailable, Tx
from storage.instant import to_ms

if TYPE_CHECKING:
    from bot.engine.desk import Desk

log = structlog.get_logger()
T = TypeVar("T")
_TRIES = 30
_OUTAGE_TRIES = 1500  # about a day, a minute each
_MOST_UNSURE = 2
_SENDER_PAUSE = 60.0
_MOST_CHATS = 10_000
_PERSONS = ("citizen", "officer")
_TOO_MANY = ("429", "20429", "63018")
_LOST = ("blocked", "invalid")
_STOP_TICK = 0.02
_STOP_TICKS = 150


class Sender:
    """Hands messages to the channels within their limits and records what became of them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._again: set[int] = set()
        self._paces: dict[str, Pace] = {}
        self.gates: dict[str, Gate] = {}
        self._strained: dict[str, tuple[int, float]] = {}
        self._chats: dict[int, Pace] = {}
        self._known: OrderedDict[int, tuple[str, str]] = OrderedDict()
        self._claimed: dict[int, outbox.Handed] = {}
        self._noting: set[int] = set()
        self._handing = 0
        self._stopping = False
        self.sender_pause = _SENDER_PAUSE
        self.announcer = Announcer(desk, self)
        self.sent = 0
        self.failed = 0

    async def start(self) -> None:
        """Begin with what waited, and what was being handed over, when the desk stopped."""
        for contact_id in await self._desk.db.write(outbox.recover):
            self.wake(contact_id)
        self.announcer.wake()

    async def stop(self) -> None:
        """Stop after the handings-over that are under way, or a few seconds."""
        self._stopping = self.announcer.stopping = True
        for _ in range(_STOP_TICKS):
            if not self._handing:
                break
            await asyncio.sleep(_STOP_TICK)
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await self.announcer.stop()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def idle(self) -> None:
        """Wait until nothing waits to be sent."""
        while self._tasks or self.announcer.tasks:
            await asyncio.wait([*self._tasks.values(), *self.announcer.tasks.values()])

    def wake(self, contact_id: int) -> None:
        """Something waits for this contact."""
        if self._stopping:
            return
        if contact_id in self._tasks:
            self._again.add(contact_id)
            return
        self._tasks[contact_id] = asyncio.get_running_loop().create_task(self._drain(contact_id))

    async def _drain(self, contact_id: int) -> None:
        try:
            while not self._stopping:
                self._again.discard(contact_id)
                try:
                    more = await self._step(contact_id)
                except StorageUnavailable as error:
                    log.error("sending waits for the database", error=str(error))
                    await asyncio.sleep(2.0)
                    continue
                if not more and contact_id not in self._again:
                    return
        finally:
            del self._tasks[contact_id]

    def claim_at_once(self, tx: Tx, contacts_addressed: set[int]) -> None:
        """Claim what a turn just said in the turn's own transaction, where nothing is in its way.

        It saves a round to the database for each message. Runs in the writer's thread: a claim is
        safe because the row itself says whether it is being handed over.
        """
        for contact_id in contacts_addressed:
            known = self._known.get(contact_id)
            channel = self._desk.channels.get(known[0]) if known else None
            if known is None or channel is None or self._is_busy(contact_id):
                continue
            if not self.gate(known[0]).is_open or not self._free(channel, contact_id, known[1]):
                continue
            handed = outbox.claim(tx, self._desk.vault, contact_id, to_ms(self._desk.now()))
            if isinstance(handed, outbox.Handed):
                tx.then(partial(self._hand_claimed, handed))

    def _is_busy(self, contact_id: int) -> bool:
        """Is the line at work on this contact, and not just noting what was sent?"""
        if contact_id in self._tasks and contact_id not in self._noting:
            return True
        return self._stopping

    def _hand_claimed(self, handed: outbox.Handed) -> None:
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
            await self._pace(channel, contact_id, waiting.kind)
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

    def pace(self, channel: Channel) -> Pace:
        """Return the pace of a channel."""
        pace = self._paces.get(channel.name)
        if pace is None:
            pace = self._paces[channel.name] = Pace(channel.rate, window=True)
        return pace

    def rests(self, channel: Channel, contact_id: int, kind: str) -> bool:
        """Take the chat's own place where it is free at once."""
        chat = self._paces_of(channel, contact_id, kind)[1]
        now = time.monotonic()
        if not chat.is_free(now):
            return False
        chat.reserve(now)
        return True

    def _paces_of(self, channel: Channel, contact_id: int, kind: str) -> tuple[Pace, Pace]:
        """Return the pace of the channel and that of the chat."""
        pace = self.pace(channel)
        chat = self._chats.get(contact_id)
        if chat is None:
            self._forget_rested(time.monotonic())
            rate = channel.chat_rate if kind in _PERSONS else channel.group_rate
            chat = self._chats[contact_id] = Pace(rate)
        return pace, chat

    def _free(self, channel: Channel, contact_id: int, kind: str) -> bool:
        """Take a place at once where there is one."""
        pace, chat = self._paces_of(channel, contact_id, kind)
        now = time.monotonic()
        if not (pace.is_free(now) and chat.is_free(now)):
            return False
        pace.reserve(now)
        chat.reserve(now)
        return True

    async def _pace(self, channel: Channel, contact_id: int, kind: str) -> None:
        pace, chat = self._paces_of(channel, contact_id, kind)
        # First the chat's own place, so that a person who must wait takes no place of others.
        for one in (chat, pace):
            wait = one.reserve(time.monotonic())
            if wait > 0:
                await asyncio.sleep(wait)

    def _forget_rested(self, now: float) -> None:
        if len(self._chats) >= _MOST_CHATS:
            self._chats = {c: p for c, p in self._chats.items() if not p.rested(now)}

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
        self.sent += 1
        self.gate(handed.channel).open()

        def record(tx: Tx) -> bool:
            outbox.sent(tx, handed.id, receipt.platform_id, to_ms(self._desk.now()))
            return outbox.head(tx, handed.contact_id) is not None

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
        await self._record(lambda tx: self._settle(tx, handed, error, self._hold(handed, error)))

    def _hold(self, handed: outbox.Handed, error: SendError) -> float:
        """Hold the whole channel where the refusal is about more than this message.

        Return for how many seconds; 0 where only this message has to wait.
        """
        gate = self.gate(handed.channel)
        if error.fault is Fault.SENDER:
            return gate.shut(self.sender_pause)
        if error.outage:
            return gate.shut(error.retry_after)
        if error.fault is Fault.LATER and error.code in _TOO_MANY and handed.kind in _PERSONS:
            # One chat may have its own limit; two different ones mean that the limit is ours.
            now = time.monotonic()
            before, until = self._strained.get(handed.channel, (handed.contact_id, 0.0))
            self._strained[handed.channel] = (handed.contact_id, now + error.retry_after)
            if before != handed.contact_id and now <= until:
                return gate.shut(error.retry_after)
        return 0.0

    def refused_later(self, tx: Tx, handed: outbox.Handed, error: SendError) -> None:
        """A platform that had taken a message says now that it failed."""
        self._settle(tx, handed, error)
        tx.then(lambda: self.wake(handed.contact_id))

    def _settle(self, tx: Tx, handed: outbox.Handed, error: SendError, hold: float = 0.0) -> None:
        """Put a refused message back into its place, or give it up where all can see."""
        log.warning(
            "a message was refused",
            outbox=handed.id,
            channel=handed.channel,
            fault=error.fault.value,
            code=error.code,
            tries=handed.tries,
        )
        turn = Turn(self._desk, tx, self._desk.now())
        reason = f"{error.code} {error.reason}".strip()
        if error.unsure:
            outbox.doubt(tx, handed.id)
        if _may_go_again(handed, error):
            wait = max(hold, error.retry_after)
            if not hold:
                wait = max(wait, backoff(handed.tries).total_seconds())
            outbox.later(tx, handed.id, to_ms(turn.now + timedelta(seconds=wait)), reason)
            if error.address:
                contacts.move(
                    tx, self._desk.vault, handed.contact_id, handed.channel, error.address
                )
            self._call_for_help(turn, handed, error)
            return
        self.failed += 1
        outbox.give_up(tx, handed.id, reason)
        if handed.kind != "citizen":
            return
        if error.fault is Fault.RECIPIENT:
            contacts.set_state(tx, handed.contact_id, error.state or "invalid")
            outbox.give_up_all(tx, handed.contact_id, error.reason)
        if handed.priority == 0:
            troubles.unsent(turn, handed, error)

    def _call_for_help(self, turn: Turn, handed: outbox.Handed, error: SendError) -> None:
        """Tell the officers, once, when a platform stays away or refuses the office itself."""
        gate = self.gate(handed.channel)
        if error.fault is Fault.SENDER:
            troubles.platform(turn, handed.channel, "sender", gate.recoveries)
        elif error.outage and gate.is_stuck:
            troubles.platform(turn, handed.channel, "outage", gate.recoveries)

    async def _record(self, unit: Callable[[Tx], T]) -> T:
        """Record a result; while the database cannot be written, keep trying."""
        while True:
            try:
                return await self._desk.db.write(unit)
            except StorageUnavailable as error:
                log.error("a result waits for the database", error=str(error))
                await asyncio.sleep(2.0)


def _may_go_again(handed: outbox.Handed, error: SendError) -> bool:
    if error.fault is Fault.SENDER:
        return True
    if error.fault is not Fault.LATER:
        return False
    if error.unsure and handed.unsure + 1 >= _MOST_UNSURE:
        # It may have arrived twice already: a person asks, rather than the desk a third time.
        return False
    return handed.tries < (_OUTAGE_TRIES if error.outage else _TRIES)
