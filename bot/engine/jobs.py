"""Slow work outside any transaction: done by a claim, recorded in a transaction of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import structlog

from bot.engine.turn import Turn, backoff
from bot.requests import troubles
from flows.events import JobFailed
from storage import jobs
from storage.database import StorageUnavailable, Tx
from storage.files import FilesUnavailable
from storage.instant import to_ms

if TYPE_CHECKING:
    from bot.engine.desk import Desk

log = structlog.get_logger()
Record = Callable[[Turn], None]
Handler = Callable[["Desk", dict[str, Any]], Awaitable[Record]]
_LEASE_MS = 120_000
_TRIES = 8
_SUSPECT = 2
"""Cut off more often than this, a job is done alone: it may be what brings the process down."""
_SUSPECT_MS = 30_000
"""So long it lets all others go first; then it has its turn, however much is due."""
_MOST_CUTS = 8
"""Cut off so often, it is set aside: the process would not stay up otherwise."""
_AT_ONCE = 4
_POLL_SECONDS = 5.0
_FILES_PAUSE = 15.0
_FILES_PATIENCE = 120.0


class Retry(Exception):
    """The work could not be done now; ``after`` seconds at least until the next try."""

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


class GiveUp(Exception):
    """The work can never be done; an officer is told."""


class Jobs:
    """Claims what is due and runs it, a few at a time.

    ``files_pause`` seconds lie between two tries while the file store is away; after
    ``files_patience`` seconds of it an officer is told.
    """

    def __init__(self, desk: Desk, handlers: dict[str, Handler]) -> None:
        self._desk = desk
        self._handlers = handlers
        self._woken = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None
        self._held: set[int] = set()
        self._alone = False
        self._without_files: dict[int, float] = {}
        self.files_pause = _FILES_PAUSE
        self.files_patience = _FILES_PATIENCE

    async def start(self) -> None:
        """Free what was claimed before the stop and begin."""
        await self._desk.db.write(jobs.recover)
        self._loop = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Stop; what is under way is done again after the next start."""
        tasks = [*self._running, *([self._loop] if self._loop else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        held = list(self._held)
        if held:
            await self._release(held)

    def wake(self) -> None:
        """Something was queued."""
        self._woken.set()

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self._claim()
            except StorageUnavailable as error:
                log.error("jobs wait for the database", error=str(error), do="free disk space")
                await asyncio.sleep(2.0)
            try:
                async with asyncio.timeout(_POLL_SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _claim(self) -> None:
        room = 0 if self._alone else _AT_ONCE - len(self._running)
        if room <= 0:
            return
        now = to_ms(self._desk.now())
        due, suspect = await self._desk.db.read(lambda tx: jobs.next_at(tx, _SUSPECT))
        if due is None or due > now:
            return
        vault = self._desk.vault
        claimed = []
        if suspect is None or suspect > now - _SUSPECT_MS:
            claimed = await self._desk.db.write(
                lambda tx: jobs.claim(tx, vault, now, _LEASE_MS, room, _SUSPECT)
            )
        # One that has waited long enough lets what is under way finish, and nothing new begin.
        if not claimed and not self._running:
            claimed = await self._desk.db.write(
                lambda tx: jobs.claim_suspect(tx, vault, now, _LEASE_MS, _SUSPECT)
            )
            self._alone = bool(claimed)
        for job in claimed:
            self._held.add(job.id)
            task = asyncio.get_running_loop().create_task(self._do(job))
            self._running.add(task)
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._alone = False
        self._woken.set()

    async def _do(self, job: jobs.Claimed) -> None:
        if job.cuts >= _MOST_CUTS:
            log.error("a job was cut off too often", kind=job.kind, job=job.id, cuts=job.cuts)
            await self._write(lambda tx: self._give_up(tx, job, "cut off again and again"))
        else:
            await self._try(job)
        self._held.discard(job.id)

    async def _try(self, job: jobs.Claimed) -> None:
        try:
            record = await self._handlers[job.kind](self._desk, job.body)
        except GiveUp as error:
            reason = str(error)
            await self._write(lambda tx: self._give_up(tx, job, reason))
            return
        except Exception as error:
            await self._set_back(job, error)
            return

        self._without_files.pop(job.id, None)

        def finish(tx: Tx) -> None:
            if jobs.done(tx, job.id):
                record(Turn(self._desk, tx, self._desk.now()))

        await self._write(finish)

    async def _set_back(self, job: jobs.Claimed, error: Exception) -> None:
        if isinstance(error, FilesUnavailable):
            await self._await_files(job, error)
            return
        reason = str(error) if isinstance(error, Retry) else type(error).__name__
        log.warning("a job failed", kind=job.kind, job=job.id, tries=job.tries, error=reason)
        if job.tries >= _TRIES:
            await self._write(lambda tx: self._give_up(tx, job, reason))
            return
        wait = backoff(job.tries).total_seconds()
        if isinstance(error, Retry):
            wait = max(wait, error.after)
        run_at = to_ms(self._desk.now()) + int(wait * 1000)
        await self._write(lambda tx: jobs.later(tx, job.id, run_at, reason))
        asyncio.get_running_loop().call_later(wait, self._woken.set)

    async def _await_files(self, job: jobs.Claimed, error: FilesUnavailable) -> None:
        """Wait for our own file store for as long as it takes: what waits for it is not lost."""
        log.error("a job waits for the file store", kind=job.kind, job=job.id, error=str(error))
        began = self._without_files.setdefault(job.id, time.monotonic())
        lasts = time.monotonic() - began >= self.files_patience

        def set_back(tx: Tx) -> None:
            now = self._desk.now()
            run_at = to_ms(now) + int(self.files_pause * 1000)
            jobs.later(tx, job.id, run_at, "the file store is away", counted=False)
            if lasts:
                troubles.file_store(Turn(self._desk, tx, now))

        await self._write(set_back)
        asyncio.get_running_loop().call_later(self.files_pause, self._woken.set)

    def _give_up(self, tx: Tx, job: jobs.Claimed, reason: str) -> None:
        jobs.give_up(tx, job.id, reason)
        turn = Turn(self._desk, tx, self._desk.now())
        lane = -int(job.body.get("request", 0))
        if lane:
            turn.put(lane, JobFailed(job.kind, reason), f"job:{job.id}")
        else:
            turn.alarm(f"job:{job.id}", "job", kind=job.kind, reason=reason)

    async def _release(self, held: list[int]) -> None:
        """What was under way is no suspect: it was stopped in good order."""
        try:
            await self._desk.db.write(lambda tx: jobs.release(tx, held))
        except StorageUnavailable as error:
            log.warning("jobs under way wait for their lease", error=str(error))

    async def _write(self, unit: Callable[[Tx], None]) -> None:
        """Record a result; while the database cannot be written, keep trying."""
        while True:
            try:
                await self._desk.db.write(unit)
                return
            except StorageUnavailable as error:
                log.error("a result waits for the database", error=str(error))
                await asyncio.sleep(2.0)
