"""Several processes at one PostgreSQL: who lives, who leads, and whose work is taken over."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog

from bot.engine.company import Led
from storage import definitions, inbox, jobs, outbox, settings
from storage.database import StorageUnavailable, Tx
from storage.instant import to_ms
from storage.postgres_link import Lost
from storage.seat import Seat, Standing, bury

if TYPE_CHECKING:
    from bot.engine.desk import Desk
    from storage.postgres import PostgresDatabase

log = structlog.get_logger()
_LOOK_SECONDS = 1.0
_GRACE_SECONDS = 1.5
"""So long may a living process be without its connection."""
_SCAN_SECONDS = 10.0
_LEFT_BEHIND_MS = 5_000


class Several:
    """This process among those that serve the same PostgreSQL."""

    def __init__(self, desk: Desk, db: PostgresDatabase, *, candidate: bool) -> None:
        self._desk = desk
        self._db = db
        self._seat = Seat(db.url, candidate=candidate)
        self._led: list[Led] = []
        self._standing = Standing(0, False, frozenset(), frozenset())
        self._missed: dict[int, float] = {}
        self._scan_at = 0.0
        self._owed = False
        self._task: asyncio.Task[None] | None = None
        self.leads = False

    async def open(self) -> None:
        """Take a number, under which rows are claimed; raises StorageUnavailable, WrongKey."""
        try:
            self._know(await asyncio.to_thread(self._seat.look))
        except Lost as error:
            raise StorageUnavailable(f"cannot open the database: {error}") from error
        try:
            # Who moves the office or changes its key may have begun before we were seen to live.
            await self._db.write(lambda tx: settings.demand_key(tx, self._desk.vault))
        except BaseException:
            await self.leave()
            raise
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def lead(self, work: Led) -> None:
        """Let this be done by whoever leads."""
        self._led.append(work)
        if self.leads:
            await work.start()

    async def rest(self) -> None:
        """Lead nothing more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._step_down()
        self._led.clear()

    async def leave(self) -> None:
        """Tell the others that this process has gone; its work is theirs at once."""
        await asyncio.to_thread(self._seat.leave)

    async def _run(self) -> None:
        while True:
            try:
                await self._look()
            except Lost as error:
                log.warning("this process has lost its seat at the database", error=str(error))
                await self._step_down()
            except StorageUnavailable as error:
                log.warning("what others left waits for the database", error=str(error))
            except Exception as error:
                # The next look may go better; without looking nobody would ever take over.
                log.exception("looking at the other processes failed", error=type(error).__name__)
            await asyncio.sleep(_LOOK_SECONDS)

    async def _look(self) -> None:
        before, standing = self._standing, await asyncio.to_thread(self._seat.look)
        self._know(standing)
        self._miss(standing)
        await self._learn()
        if not standing.leads:
            await self._step_down()
            return
        # Owed until it is done: the database may go away just then.
        self._owed |= bool((before.living | before.gone) - standing.living - standing.gone)
        await self._bury()
        if not self.leads:
            await self._take_the_lead()
        if self._owed:
            await self._take_up()
        elif time.monotonic() >= self._scan_at:
            await self._scan()

    async def _learn(self) -> None:
        """Know the services that a newer version beside us has begun requests with."""
        known = self._desk.office.definitions
        known.update(await self._db.read(lambda tx: definitions.beside(tx, known)))

    def _know(self, standing: Standing) -> None:
        self._standing = standing
        self._db.owner = standing.owner
        self._desk.sender.chats.share(max(1, len(standing.living)))

    async def _take_the_lead(self) -> None:
        log.info("this process leads", number=self._standing.owner)
        self.leads = self._owed = True
        # What comes while these start sees that we lead, and starts by itself.
        for work in list(self._led):
            await work.start()

    async def _step_down(self) -> None:
        if self.leads:
            self.leads = False
            for work in reversed(self._led):
                await work.stop()

    def _miss(self, standing: Standing) -> None:
        """Note since when somebody is away; also who does not lead does, and may lead soon.

        At a server that was just started those who live may not have found back yet.
        """
        now = time.monotonic()
        gone = frozenset[int]() if standing.fresh else standing.gone
        self._missed = {one: self._missed.get(one, now) for one in gone}

    async def _bury(self) -> None:
        """Strike out who has been away for longer than finding back takes."""
        now = time.monotonic()
        dead = [one for one, since in self._missed.items() if now - since >= _GRACE_SECONDS]
        for one in dead:
            log.warning("a process has died; what it had claimed is free", number=one)
            self._owed = True
            await self._db.write(lambda tx, one=one: bury(tx, one))  # type: ignore[misc]

    async def _take_up(self) -> None:
        """Go on with what those who went had claimed, and what nobody was woken for."""
        await self._db.write(jobs.recover)
        self._desk.jobs.wake()
        await self._desk.sender.start()
        await self._desk.worker.start()
        self._owed = False
        self._scan_at = time.monotonic() + _SCAN_SECONDS

    async def _scan(self) -> None:
        """Wake what has waited for longer than it should: whoever was to do it may have gone."""
        before = to_ms(self._desk.now()) - _LEFT_BEHIND_MS

        def left(tx: Tx) -> tuple[list[int], list[int]]:
            outbox.free(tx)
            jobs.recover(tx)
            return inbox.left_behind(tx, before), outbox.left_behind(tx, before)

        lanes, contacts = await self._db.write(left)
        for lane in lanes:
            self._desk.worker.wake(lane)
        for contact in contacts:
            self._desk.sender.wake(contact)
        self._scan_at = time.monotonic() + _SCAN_SECONDS
