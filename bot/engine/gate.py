"""A platform in trouble: one message tries it now and then, all others wait in their places."""

from __future__ import annotations

import asyncio
import time


class Gate:
    """Open while a platform takes messages. Shut, it lets one through after each pause.

    Pauses double from ``first`` to ``most`` seconds; ``recoveries`` counts how often it opened.
    """

    def __init__(self, first: float = 1.0, most: float = 60.0) -> None:
        self._first = first
        self._most = most
        self._next_at = 0.0
        self._probe = 0
        self._changed = asyncio.Event()
        self.pause = 0.0
        self.recoveries = 0

    @property
    def is_open(self) -> bool:
        """Whether messages go out freely."""
        return self.pause == 0

    @property
    def is_stuck(self) -> bool:
        """Whether pauses are as long as they get: it has failed for some minutes."""
        return self.pause >= self._most

    def shut(self, least: float = 0.0) -> float:
        """The platform failed: nothing goes for a while; return for how many seconds.

        Those that were on their way when it began fail too: that does not make the pause longer.
        """
        now = time.monotonic()
        if self.is_open or now >= self._next_at:
            self.pause = max(least, min(self._most, self.pause * 2 or self._first))
            self._next_at = now + self.pause
        return max(0.0, self._next_at - now)

    def open(self) -> None:
        """The platform took a message: all may go."""
        if not self.is_open:
            self.pause = 0.0
            self.recoveries += 1
            self._notify()

    async def enter(self, who: int) -> None:
        """Wait until the gate is open, or this one is to try whether it can be."""
        while not self.is_open:
            changed = self._changed
            if self._probe in (0, who):
                self._probe = who
                wait = self._next_at - time.monotonic()
                if wait <= 0:
                    return
                await _wait(changed, wait)
            else:
                await changed.wait()

    def leave(self, who: int) -> None:
        """This one tried; if the gate is still shut, the next one may."""
        if self._probe == who:
            self._probe = 0
            self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


async def _wait(changed: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await changed.wait()
    except TimeoutError:
        return
