"""The sender: outbox rows in order to each person, to many persons beside each other."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from msgspec import structs

from bot.channels.protocol import Channel, Fault, Receipt, SendError
from bot.pacing import Pace
from bot.rendering import render
from bot.turn import Turn, backoff
from storage import contacts, outbox
from storage.database import StorageUnavailable, Tx
from storage.instant import to_ms

if TYPE_CHECKING:
    from bot.desk import Desk

log = structlog.get_logger()
_TRIES = 30
_SENDER_PAUSE = 60.0
_MOST_CHATS = 10_000


class Sender:
    """Hands messages to the channels within their limits and records what became of them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._again: set[int] = set()
        self._paces: dict[str, Pace] = {}
        self._chats: dict[int, Pace] = {}
        self._stopping = False
        self.sent = 0
        self.failed = 0

    async def start(self) -> None:
        """Begin with what waited, and what was being handed over, when the desk stopped."""
        for contact_id in await self._desk.db.write(outbox.recover):
            self.wake(contact_id)

    async def stop(self) -> None:
        """Stop after the handings-over that are under way, or a few seconds."""
        self._stopping = True
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=3.0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def idle(self) -> None:
        """Wait until nothing waits to be sent."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))

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

    async def _step(self, contact_id: int) -> bool:
        """Send the contact's next message; False when none waits."""
        contact = await self._desk.db.read(lambda tx: _next_of(tx, contact_id))
        if contact is None:
            return False
        channel_name, kind, send_at = contact
        channel = self._desk.channels.get(channel_name)
        if channel is None:
            # The office switched this channel off: its messages wait until it is back.
            return False
        ahead = (send_at - to_ms(self._desk.now())) / 1000
        if ahead > 0:
            await asyncio.sleep(min(ahead, 60.0))
            return True
        await self._pace(channel, contact_id, kind)
        return await self._hand_over(channel, contact_id)

    async def _pace(self, channel: Channel, contact_id: int, kind: str) -> None:
        now = time.monotonic()
        pace = self._paces.get(channel.name)
        if pace is None:
            pace = self._paces[channel.name] = Pace(channel.rate)
        chat = self._chats.get(contact_id)
        if chat is None:
            self._forget_rested(now)
            rate = (
                channel.chat_rate if kind == "citizen" or kind == "officer" else channel.group_rate
            )
            chat = self._chats[contact_id] = Pace(rate)
        # First the chat's own place, so that a person who must wait takes no place of others.
        wait = chat.reserve(now)
        if wait > 0:
            await asyncio.sleep(wait)
        wait = pace.reserve(time.monotonic())
        if wait > 0:
            await asyncio.sleep(wait)

    def _forget_rested(self, now: float) -> None:
        if len(self._chats) >= _MOST_CHATS:
            self._chats = {c: p for c, p in self._chats.items() if not p.rested(now)}

    async def _hand_over(self, channel: Channel, contact_id: int) -> bool:
        now = to_ms(self._desk.now())
        handed = await self._desk.db.write(
            lambda tx: outbox.claim(tx, self._desk.vault, contact_id, now)
        )
        if isinstance(handed, int):
            return handed > 0
        try:
            receipt = await self._send(channel, handed)
        except SendError as error:
            await self._refused(channel, handed, error)
            return True
        except Exception as error:
            log.exception("a message could not be made or sent", outbox=handed.id)
            fault = SendError(Fault.LATER, type(error).__name__)
            await self._refused(channel, handed, fault)
            return True
        self.sent += 1
        await self._record(
            lambda tx: outbox.sent(tx, handed.id, receipt.platform_id, to_ms(self._desk.now()))
        )
        return True

    async def _send(self, channel: Channel, handed: outbox.Handed) -> Receipt:
        if handed.contact_state != "open" and handed.kind == "citizen":
            raise SendError(Fault.RECIPIENT, handed.contact_state, state=handed.contact_state)
        rendered = await render(self._desk, handed, channel)
        if not self._outside_window(channel, handed):
            rendered = structs.replace(rendered, template="")
        elif not rendered.template:
            raise SendError(Fault.WINDOW, "outside the 24-hour window")
        return await channel.send(handed.address, rendered)

    def _outside_window(self, channel: Channel, handed: outbox.Handed) -> bool:
        if not channel.window_hours:
            return False
        age = to_ms(self._desk.now()) - handed.heard_at
        return age > channel.window_hours * 3_600_000

    async def _refused(self, channel: Channel, handed: outbox.Handed, error: SendError) -> None:
        log.warning(
            "a message was refused",
            outbox=handed.id,
            channel=channel.name,
            fault=error.fault.value,
            code=error.code,
            tries=handed.tries,
        )
        if error.fault is Fault.SENDER:
            self._paces[channel.name].hold(time.monotonic() + _SENDER_PAUSE)
        wait = max(error.retry_after, backoff(handed.tries).total_seconds())
        retry = error.fault is Fault.SENDER or (
            error.fault is Fault.LATER and handed.tries < _TRIES
        )
        if error.fault is Fault.SENDER:
            wait = max(wait, _SENDER_PAUSE)
        now = self._desk.now()
        await self._record(
            lambda tx: (
                self._postpone(tx, channel, handed, error, to_ms(now + timedelta(seconds=wait)))
                if retry
                else self._give_up(tx, channel, handed, error)
            )
        )

    def _postpone(
        self, tx: Tx, channel: Channel, handed: outbox.Handed, error: SendError, send_at: int
    ) -> None:
        outbox.later(tx, handed.id, send_at, f"{error.code} {error.reason}".strip())
        if error.fault is Fault.SENDER:
            day = self._desk.now().date().isoformat()
            turn = Turn(self._desk, tx, self._desk.now())
            turn.alarm(f"sender:{channel.name}:{day}", "sender", channel=channel.name)

    def _give_up(self, tx: Tx, channel: Channel, handed: outbox.Handed, error: SendError) -> None:
        self.failed += 1
        outbox.give_up(tx, handed.id, f"{error.code} {error.reason}".strip())
        if error.fault is Fault.RECIPIENT and handed.kind == "citizen":
            contacts.set_state(tx, handed.contact_id, error.state or "invalid")
            outbox.give_up_all(tx, handed.contact_id, error.reason)
        if handed.kind == "citizen":
            Turn(self._desk, tx, self._desk.now()).alarm(
                f"unsent:{handed.id}",
                "unsent",
                contact=handed.contact_id,
                request=handed.message.request,
                fault=error.fault.value,
                channel=channel.name,
            )

    async def _record(self, unit: object) -> None:
        """Record a result; while the database cannot be written, keep trying."""
        while True:
            try:
                await self._desk.db.write(unit)  # type: ignore[arg-type]
                return
            except StorageUnavailable as error:
                log.error("a result waits for the database", error=str(error))
                await asyncio.sleep(2.0)


def _next_of(tx: Tx, contact_id: int) -> tuple[str, str, int] | None:
    row = tx.one(
        "SELECT c.channel, c.kind, o.send_at FROM outbox o JOIN contact c ON c.id = o.contact_id"
        " WHERE o.contact_id = ? AND o.state < 2 ORDER BY o.id LIMIT 1",
        contact_id,
    )
    return (row[0], row[1], row[2]) if row else None
