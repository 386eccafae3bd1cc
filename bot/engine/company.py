"""The processes that serve one desk: one leads, and does what only one may do at a time.

That is the clock, announcements, and reading Telegram. On SQLite there is one process, and it
leads; ``bot.engine.several`` is the company of a desk on PostgreSQL.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol


class Led(Protocol):
    """What only the leader does; it is started and stopped as often as the lead changes."""

    async def start(self) -> None:
        """Begin."""

    async def stop(self) -> None:
        """Leave off."""


class Errand:
    """A coroutine without end as something that only the leader does."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._work = work
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin it anew."""
        self._task = asyncio.get_running_loop().create_task(self._work())

    async def stop(self) -> None:
        """Cancel it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


class Company(Protocol):
    """What a desk knows of the processes beside it."""

    @property
    def leads(self) -> bool:
        """Whether this process does what only one may do."""

    async def open(self) -> None:
        """Take a place among them, before anything is claimed; raises StorageUnavailable."""

    async def lead(self, work: Led) -> None:
        """Let this be done by whoever leads."""

    async def rest(self) -> None:
        """Lead nothing more."""

    async def leave(self) -> None:
        """Tell the others that this process has gone."""


class Alone:
    """The company of a desk on SQLite: nobody."""

    leads = True

    def __init__(self) -> None:
        self._led: list[Led] = []

    async def open(self) -> None:
        """Nobody is to be met."""

    async def lead(self, work: Led) -> None:
        """Do what only one may do."""
        self._led.append(work)
        await work.start()

    async def rest(self) -> None:
        """Leave off with all that was led."""
        for work in reversed(self._led):
            await work.stop()
        self._led.clear()

    async def leave(self) -> None:
        """Nobody is to be told."""
