"""A crowd of citizens, their officers and the desk they speak with, until all of it is done."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from tests.crash.crowd import Citizen, Ears, Officer, Post, announce_work
from tests.process.installation import Installation, config_with
from tests.process.installations import Installations
from tests.standins.telegram import TelegramStandin

_OFFICERS = 4
_TO_REST = 240.0

Desk = Installation | Installations


class Scene:
    """So many citizens at once; ``again``: they file one request after the other until `finish`.

    ``rate`` bounds what they all write in a second, 0 for no bound. ``seed`` makes it the same
    again.
    """

    def __init__(
        self,
        desk: Desk,
        telegram: TelegramStandin,
        citizens: int,
        seed: int,
        *,
        again: bool,
        rate: float = 0.0,
    ) -> None:
        self.desk = desk
        self.ears = Ears(telegram)
        self.post = Post(desk, random.Random(seed), rate)
        self._work: asyncio.Queue[str] = asyncio.Queue()
        self._officers = [Officer(self.post, self.ears, n, self._work) for n in range(_OFFICERS)]
        self.citizens = [
            Citizen(self.post, self.ears, n, random.Random(seed * 1000 + n))
            for n in range(citizens)
        ]
        self._busy = asyncio.Event()
        if again:
            self._busy.set()
        self._crowd: asyncio.Future[Any] | None = None
        self._failing: asyncio.Future[Any] | None = None

    async def begin(self) -> None:
        """Let the officers join and everybody begin; the desk runs by now."""
        await self.post.open()
        listening = _task(self.ears.listen())
        await self._hire()
        self._failing = asyncio.gather(
            listening,
            _task(announce_work(self.ears, self._work)),
            *(_task(one.live()) for one in self._officers),
        )
        self._crowd = asyncio.gather(*(one.live(self._busy) for one in self.citizens))

    @property
    def filed(self) -> int:
        """How many requests have been handed over at the counter."""
        return sum(len(one.done) for one in self._officers)

    def look(self) -> None:
        """Raise what has gone wrong by now."""
        for one in (self._crowd, self._failing):
            if one is not None and one.done():
                one.result()

    async def finish(self) -> None:
        """Let nobody begin anew, and wait until every letter is in somebody's hand."""
        assert self._crowd is not None
        assert self._failing is not None
        self._busy.clear()
        await asyncio.wait([self._crowd, self._failing], return_when=asyncio.FIRST_COMPLETED)
        await self._crowd
        total = sum(one.rounds for one in self.citizens)
        await self._until(lambda: self.filed == total)
        await self.post.settle()
        await self._until(lambda: not sum(queues(self.desk).values()))
        await asyncio.sleep(0.1)

    async def close(self) -> None:
        """Let go of everybody."""
        going = [one for one in (self._crowd, self._failing) if one is not None]
        for one in going:
            one.cancel()
        await asyncio.gather(*going, return_exceptions=True)
        await self.post.close()

    async def _hire(self) -> None:
        """All are heads of the office, who may work in every stage."""
        first, *others = self._officers
        await first.say(f"/gabung {self.desk.invite()} Agus")
        await first.hears("Selamat bergabung")
        for name, officer in zip(["Budi", "Citra", "Dewi"], others, strict=True):
            code, answer = await self.desk.run("staff", "invite", name, "head")
            assert code == 0, answer
            await officer.say(f"/gabung {self.desk.code_in(answer)}")
            await officer.hears("Selamat bergabung")

    async def _until(self, condition: Callable[[], bool]) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + _TO_REST
        while not condition():
            assert loop.time() < end, "the desk does not come to rest"
            if self._failing is not None and self._failing.done():
                self._failing.result()
            await asyncio.sleep(0.1)


def queues(desk: Desk) -> dict[str, int]:
    """Return how much waits: events, messages, slow work."""
    return {
        "inbox": _count(desk, "SELECT count(*) FROM inbox WHERE state = 0"),
        "outbox": _count(desk, "SELECT count(*) FROM outbox WHERE state < 2"),
        "job": _count(desk, "SELECT count(*) FROM job WHERE state < 2"),
    }


def _count(desk: Desk, sql: str) -> int:
    return int(str(desk.rows(sql)[0][0]))


def environment(folder: Path, group: str) -> dict[str, str]:
    """Return what an office sets whose limits keep nobody from so much."""
    config = config_with(
        folder, messages_per_minute="100000", open_requests="1000", settle_ms="0", trial="off"
    )
    return {
        "LOKET_CONFIG": str(config),
        "TELEGRAM_MODE": "webhook",
        "TELEGRAM_STAFF_CHAT": group,
    }


def _task(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.create_task(work)
