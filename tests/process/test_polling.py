"""Two processes, one Telegram to be polled: who polls is killed, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.process.installation import Installation
from tests.process.installations import Installations
from tests.process.people import OnTelegram
from tests.standins.server import until
from tests.standins.telegram import TelegramStandin

_CITIZENS = 8
_LEADS = "this process leads"


class Unheard(TelegramStandin):
    """A Telegram that does not hear what is confirmed: it gives it to the next who asks."""

    def __init__(self) -> None:
        super().__init__()
        self.hears = asyncio.Event()
        self.hears.set()

    async def _wait(self, offset: int, seconds: float) -> None:
        if offset:
            await self.hears.wait()
        await super()._wait(offset, seconds)


async def test_polling_is_taken_over_and_every_update_takes_effect_once(tmp_path: Path) -> None:
    async with Unheard() as telegram:
        desk = Installations(tmp_path, telegram.url, 2, TELEGRAM_MODE="polling")
        try:
            await asyncio.gather(*(one.start() for one in desk.all))
            seconds, pushed = await _taken_over(desk, telegram)
            (left,) = [one for one in desk.all if one.runs]
            assert await left.stop() == 0
        finally:
            await desk.close()
        assert seconds < 10
        rows = desk.rows("SELECT key, state FROM inbox WHERE channel = 'telegram'")
        assert sorted(rows) == sorted((key, 1) for key in pushed)
        # Each update is answered by as many messages as the same one of everybody else.
        sql = "SELECT contact_id, count(*) FROM outbox WHERE channel = 'telegram' GROUP BY 1"
        counts = [count for _, count in desk.rows(sql)]
        assert len(counts) == _CITIZENS
        assert len(set(counts)) == 1


async def _taken_over(desk: Installations, telegram: Unheard) -> tuple[float, list[str]]:
    """Let people write while the process that polls is killed; return how long nobody did."""
    first = OnTelegram.next_update
    town = [
        OnTelegram(desk.all[0], telegram, 4000 + number, polled=True) for number in range(_CITIZENS)
    ]
    await asyncio.gather(*(one.asks("/start", "Selamat datang") for one in town))
    await until(lambda: telegram.unconfirmed == 0)
    telegram.hears.clear()
    for one in town:
        await one.write("surat domisili")
    # In the midst of taking them in: some are durable, none is confirmed.
    await until(lambda: any(_taken(desk)))
    leader = _leader(desk)
    await leader.kill()
    began = time.monotonic()
    for one in town:
        await one.write("setuju")
    telegram.hears.set()
    await asyncio.gather(*(one.hears("nama lengkap") for one in town))
    seconds = time.monotonic() - began
    await until(lambda: telegram.unconfirmed == 0)
    assert _leader(desk) is not leader
    return seconds, [str(number) for number in range(first, OnTelegram.next_update)]


def _taken(desk: Installations) -> list[tuple[object, ...]]:
    return desk.rows("SELECT 1 FROM inbox WHERE channel = 'telegram' OFFSET " + str(_CITIZENS))


def _leader(desk: Installations) -> Installation:
    """Return the process that leads and has not ended."""
    (found,) = [one for one in desk.all if one.runs and _LEADS in one.text()]
    return found
