"""The announcer: sends what goes to many in the places that no answer needs.

Each channel has one line of announcements beside the persons' own lines. A place is taken only at
the moment it is free, so that an answer, which takes its place at once, never waits for more than
the one message that is going out.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog

from bot.channels.protocol import Channel
from bot.engine.pacing import Place
from storage import announcements, broadcasts, outbox
from storage.database import StorageUnavailable, Tx
from storage.instant import to_ms

if TYPE_CHECKING:
    from bot.engine.desk import Desk
    from bot.engine.sender import Sender

log = structlog.get_logger()
_IN_FLIGHT = 64
_MOST_CLAIMED = 16
_LONG_WAIT = 2.0
_LATEST_LOOK = 60.0
_CHAT_REST_MS = 1500
_NOBODY = -1
"""Stands at the gate for all that is announced: contacts are numbered from 1."""


class Announcer:
    """Works through the announcements of each channel that is at work."""

    def __init__(self, desk: Desk, sender: Sender) -> None:
        self._desk = desk
        self._sender = sender
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._again: set[str] = set()
        self.stopping = False
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """Something may wait to be announced."""
        for channel in self._desk.channels.values():
            self._wake(channel)

    async def stop(self) -> None:
        """Stop; what was claimed and not handed over goes out after the next start."""
        self.stopping = True
        for timer in self._timers.values():
            timer.cancel()
        tasks = list(self.tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def idle(self) -> None:
        """Wait until those that are at work now have finished."""
        if self.tasks:
            await asyncio.wait(list(self.tasks.values()))

    def _wake(self, channel: Channel) -> None:
        if self.stopping or not self._desk.company.leads:
            return
        if channel.name in self.tasks:
            self._again.add(channel.name)
            return
        if timer := self._timers.pop(channel.name, None):
            timer.cancel()
        task = asyncio.get_running_loop().create_task(self._run(channel))
        self.tasks[channel.name] = task

    async def _run(self, channel: Channel) -> None:
        flying: set[asyncio.Task[None]] = set()
        try:
            while not self.stopping and self._desk.company.leads:
                self._again.discard(channel.name)
                try:
                    pause = await self._round(channel, flying)
                except StorageUnavailable as error:
                    log.error("announcements wait for the database", error=str(error))
                    await asyncio.sleep(_LONG_WAIT)
                    continue
                if flying and pause is not None:
                    # What is under way may come back, or bring the end.
                    await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
                elif pause is not None and channel.name not in self._again:
                    self._look_again(channel, pause)
                    return
        finally:
            del self.tasks[channel.name]
            for task in flying:
                task.cancel()

    def _look_again(self, channel: Channel, seconds: float) -> None:
        """Look again after so many seconds; 0 for not before something new comes."""
        if seconds > 0:
            loop = asyncio.get_running_loop()
            wait = min(seconds, _LATEST_LOOK)
            self._timers[channel.name] = loop.call_later(wait, self._wake, channel)

    async def _round(self, channel: Channel, flying: set[asyncio.Task[None]]) -> float | None:
        """Send a few; None when there may be more at once, else seconds until the next look."""
        now = self._desk.now()
        if self._desk.office.calendar.next_allowed(now) > now:
            # The clock's ring wakes us when people may be written to again.
            return 0.0
        gate = self._sender.gate(channel.name)
        if gate.is_open:
            limit = max(1, min(_MOST_CLAIMED, int(channel.rate / 4)))
            return await self._few(channel, flying, limit)
        await gate.enter(_NOBODY)
        try:
            pause = await self._few(channel, flying, 1)
            await asyncio.gather(*flying)
            return pause
        finally:
            gate.leave(_NOBODY)

    async def _few(
        self, channel: Channel, flying: set[asyncio.Task[None]], limit: int
    ) -> float | None:
        now = to_ms(self._desk.now())
        claimed = await self._desk.db.write(
            lambda tx: announcements.claim(tx, self._desk.vault, channel.name, now, limit)
        )
        if isinstance(claimed, int):
            if not flying:
                await self._desk.db.write(self._finish)
            return (claimed - now) / 1000 if claimed else 0.0
        for position, handed in enumerate(claimed):
            while len(flying) >= _IN_FLIGHT:
                await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
            place = await self._place(channel, probing=limit == 1)
            if place is None:
                await self._release(claimed[position:])
                return _LONG_WAIT
            self._hand(channel, handed, place, flying)
        return None

    async def _place(self, channel: Channel, *, probing: bool) -> Place | None:
        """Wait for a place that nobody else takes; None where that is far away."""
        pace, gate = self._sender.chats.pace(channel), self._sender.gate(channel.name)
        while (gate.is_open or probing) and not self.stopping:
            wait = pace.spare(time.monotonic())
            if wait <= 0:
                return pace.take_spare(time.monotonic())
            if wait > _LONG_WAIT:
                return None
            await asyncio.sleep(wait)
        return None

    def _hand(
        self,
        channel: Channel,
        handed: outbox.Handed,
        place: Place,
        flying: set[asyncio.Task[None]],
    ) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(channel, handed, place))
        flying.add(task)
        task.add_done_callback(flying.discard)

    async def _deliver(self, channel: Channel, handed: outbox.Handed, place: Place) -> None:
        if self._sender.chats.take_chat(channel, handed.contact_id, handed.kind):
            await self._sender.hand_over(channel, handed, place)
        else:
            # This chat was just written to: others go first.
            await self._release([handed], to_ms(self._desk.now()) + _CHAT_REST_MS)

    async def _release(self, claimed: list[outbox.Handed], send_at: int = 0) -> None:
        def release(tx: Tx) -> None:
            for handed in claimed:
                announcements.release(tx, handed.id, send_at)

        await self._desk.db.write(release)

    def _finish(self, tx: Tx) -> None:
        from bot.announcements.drafts import finished
        from bot.engine.turn import Turn

        for broadcast_id in broadcasts.finish(tx, to_ms(self._desk.now())):
            finished(Turn(self._desk, tx, self._desk.now()), broadcast_id)
