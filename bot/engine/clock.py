"""The clock: what is due lives in rows; APScheduler only looks at them from time to time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.engine.tidying import tidy
from bot.engine.turn import Turn
from flows.events import ComplaintDue, Digest, Woken
from storage import broadcasts, complaints, conversations, requests, spending, waits
from storage.database import StorageUnavailable, Tx
from storage.instant import to_ms

if TYPE_CHECKING:
    from bot.engine.desk import Desk

log = structlog.get_logger()


class Clock:
    """Rings every few seconds; a ring missed while the desk was down is made up by the next.

    Of several processes the leader's alone rings.
    """

    def __init__(self, desk: Desk, every_seconds: float = 10.0) -> None:
        self._desk = desk
        self._every_seconds = every_seconds
        self._scheduler: AsyncIOScheduler | None = None
        self._last: datetime | None = None

    async def start(self) -> None:
        """Look at once at what came due while the desk was down, then regularly."""
        scheduler = AsyncIOScheduler(timezone=self._desk.office.calendar.zone)
        often = {"coalesce": True, "max_instances": 1}
        scheduler.add_job(self._ring, "interval", seconds=self._every_seconds, **often)
        scheduler.add_job(self._tidy, "interval", minutes=30, **often)
        scheduler.start()
        self._scheduler = scheduler
        await self._ring()

    async def stop(self) -> None:
        """Stop looking."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None

    async def _ring(self) -> None:
        now = self._desk.now()
        try:
            # At the start nobody knows what the clock did meanwhile.
            if self._last is None or now < self._last:
                await self._desk.db.write(lambda tx: waits.let_go(tx, to_ms(now)))
                self._desk.jobs.wake()
            self._last = now
            while await self._desk.db.write(lambda tx: ring(self._desk, tx)):
                pass
        except StorageUnavailable as error:
            log.error("the clock waits for the database", error=str(error))

    async def _tidy(self) -> None:
        try:
            await tidy(self._desk)
        except StorageUnavailable as error:
            log.error("tidying waits for the database", error=str(error))


def ring(desk: Desk, tx: Tx) -> int:
    """Turn what is due into events, in one transaction; return how many there were.

    Outside the hours in which people may be written to, nothing is due.
    """
    now = desk.now()
    _book(desk, tx)
    calendar = desk.office.calendar
    if calendar.next_allowed(now) > now:
        return 0
    turn = Turn(desk, tx, now)
    if broadcasts.is_any_running(tx):
        tx.then(lambda: desk.sender.announcer.wake())
    count = 0
    for contact_id, number in conversations.due(tx, to_ms(now)):
        turn.put(contact_id, Woken(number), f"wake:{contact_id}:{number}")
        conversations.woken(tx, contact_id, number)
        count += 1
    for request_id, version in requests.due(tx, to_ms(now)):
        turn.put(-request_id, Woken(version), f"wake-request:{request_id}:{version}")
        requests.woken(tx, request_id, version)
        count += 1
    for complaint_id, version in complaints.due(tx, to_ms(now)):
        turn.put(0, ComplaintDue(complaint_id, version), f"complaint:{complaint_id}:{version}")
        complaints.woken(tx, complaint_id, version)
        count += 1
    if calendar.is_open(now):
        day = desk.office.today(now)
        turn.put(0, Digest(day), f"digest:{day}")
    return count


def _book(desk: Desk, tx: Tx) -> None:
    """Write down what messages cost since the last ring; a crash in between loses a few seconds."""
    amounts = desk.cost.unbooked()
    if amounts:
        spending.book(tx, desk.office.today(desk.now())[:7], amounts)
        tx.then(lambda: desk.cost.booked(amounts))
