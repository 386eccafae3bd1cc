"""Lanes: one thing after another within a lane, lanes beside each other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from storage.database import StorageUnavailable

log = structlog.get_logger()
_PAUSE = 2.0


class Lanes:
    """At most one task works on a lane; a lane that is woken meanwhile is looked at once more.

    ``step`` does a lane's next piece of work and says whether more may wait. While the database
    cannot be written the step is tried again; ``what`` names in the log who waits.
    """

    def __init__(self, step: Callable[[int], Awaitable[bool]], what: str) -> None:
        self._step = step
        self._what = what
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._again: set[int] = set()
        self.stopping = False

    def __contains__(self, lane: int) -> bool:
        return lane in self._tasks

    @property
    def busy(self) -> bool:
        """Is any lane at work?"""
        return bool(self._tasks)

    def wake(self, lane: int) -> None:
        """Something waits in this lane."""
        if self.stopping:
            return
        if lane in self._tasks:
            self._again.add(lane)
            return
        self._tasks[lane] = asyncio.get_running_loop().create_task(self._drain(lane))

    async def idle(self) -> None:
        """Wait until those that are at work now have finished."""
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()))

    async def stop(self) -> None:
        """Take up nothing new and break off what is under way."""
        self.stopping = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _drain(self, lane: int) -> None:
        try:
            while not self.stopping:
                self._again.discard(lane)
                try:
                    more = await self._step(lane)
                except StorageUnavailable as error:
                    log.error(
                        "the database cannot be written",
                        waiting=self._what,
                        error=str(error),
                        do="free disk space",
                    )
                    await asyncio.sleep(_PAUSE)
                    continue
                if not more and lane not in self._again:
                    return
        finally:
            del self._tasks[lane]
