"""An announcement to many beside AIORateLimiter: ``python -m benchmarks.broadcast``.

Both send the same number of messages to a stand-in that counts as Telegram does (so many in any
second, else 429), one after the other, each with a stand-in of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from msgspec import Struct

from bot.announcements import drafts as broadcasting
from bot.channels.telegram import TelegramChannel
from bot.engine.opening import clock_from, open_desk, start_desk, stop_desk
from bot.engine.turn import Turn
from flows.broadcast import Audience
from storage import broadcasts, contacts
from storage.database import Tx
from storage.instant import to_ms
from tests.office import configured

_NOON = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
TOKEN = "100:standin"
_WORDS = "Sabtu pukul 08.00 ada pelayanan administrasi di balai desa. Gratis."


class Run(Struct):
    """What one way of sending brought about."""

    name: str
    seconds: float
    arrived: int
    lost: int
    twice: int
    too_many: int

    def share(self, rate: float) -> float:
        """Return which part of the allowed rate was used, in percent."""
        return 100 * (self.arrived - 1) / self.seconds / rate if self.seconds else 0.0


@asynccontextmanager
async def platform(rate: float) -> AsyncIterator[Platform]:
    """Run the stand-in as a process of its own, as the real one is."""
    command = [sys.executable, "-m", "tests.standins.telegram", "--token", TOKEN]
    process = await asyncio.create_subprocess_exec(
        *command, "--rate", str(rate), "--chat-rate", "1", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    try:
        async with aiohttp.ClientSession(url) as session:
            yield Platform(url, session)
    finally:
        process.terminate()
        await process.wait()


class Platform:
    """What the stand-in counted."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def sent(self, start: int = 0) -> list[dict[str, Any]]:
        """Return what took effect, from a position on."""
        async with self._session.get("/_standin/sent", params={"from": str(start)}) as answer:
            found: list[dict[str, Any]] = await answer.json()
            return found

    async def judge(self, name: str, people: int) -> Run:
        """Count what arrived."""
        sent = await self.sent()
        async with self._session.get("/_standin/too_quick") as answer:
            too_quick = int(await answer.text())
        got = Counter(one["chat"] for one in sent)
        twice = sum(count - 1 for count in got.values())
        seconds = sent[-1]["at"] - sent[0]["at"]
        return Run(name, seconds, len(sent), people - len(got), twice, too_quick)


async def loket(people: int, rate: float) -> Run:
    """Send with a whole desk: database, encrypted rows, durable commits around each message."""
    with tempfile.TemporaryDirectory() as folder:
        async with platform(rate) as telegram:
            desk = await open_desk(configured(Path(folder)), now=clock_from(_NOON))
            desk.channels = {"telegram": TelegramChannel(TOKEN, telegram.url, rate=rate)}
            await start_desk(desk)

            def begin(tx: Tx) -> None:
                now = to_ms(desk.now())
                for number in range(people):
                    contacts.meet(tx, desk.vault, "telegram", str(10_000 + number), now)
                turn = Turn(desk, tx, desk.now())
                number = broadcasting.draft(turn, Audience(), _WORDS, 1)
                one = broadcasts.load(tx, number)
                assert one is not None
                # A second officer agrees: it is for many.
                assert broadcasting.send(turn, one, 2) == "running"

            await desk.db.write(begin)
            await desk.sender.idle()
            # What was refused comes again by itself; the stand-in says when all is there.
            for _ in range(60):
                if not await desk.db.read(broadcasts.is_any_running):
                    break
                await asyncio.sleep(1)
            await stop_desk(desk)
            return await telegram.judge("loket", people)


async def limiter(people: int, rate: float) -> Run:
    """Send with python-telegram-bot and its AIORateLimiter(max_retries=5)."""
    from telegram.error import TelegramError
    from telegram.ext import AIORateLimiter, ExtBot

    async with platform(rate) as telegram:
        limits = AIORateLimiter(overall_max_rate=rate, overall_time_period=1, max_retries=5)
        bot = ExtBot(TOKEN, base_url=f"{telegram.url}/bot", rate_limiter=limits)

        async def one(number: int) -> None:
            try:
                await bot.send_message(10_000 + number, _WORDS)
            except TelegramError:
                return

        async with bot:
            await asyncio.gather(*(one(number) for number in range(people)))
        return await telegram.judge("AIORateLimiter(max_retries=5)", people)


def fsync_probe(folder: Path, seconds: float = 1.0) -> float:
    """Return how many durable writes a second this disk takes now."""
    path = folder / "probe"
    end, count = time.monotonic() + seconds, 0
    with path.open("wb") as file:
        while time.monotonic() < end:
            file.write(b"x" * 4096)
            file.flush()
            os.fdatasync(file.fileno())
            count += 1
    return count / seconds


def told(runs: list[Run], people: int, rate: float) -> str:
    """Return the figures as a table."""
    ideal = timedelta(seconds=(people - 1) / rate)
    lines = [
        f"{people} recipients, {rate:g} messages/s allowed: {ideal.total_seconds():.1f} s at best",
        "",
        "| | seconds | of the allowed rate | refused (429) | lost | twice |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {run.name} | {run.seconds:.1f} | {run.share(rate):.1f} % | {run.too_many} |"
        f" {run.lost} | {run.twice} |"
        for run in runs
    ]
    return "\n".join(lines)


def main() -> None:
    """Run both and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=30.0)
    parser.add_argument("--only", choices=["loket", "limiter"])
    given = parser.parse_args()
    ways = {"loket": loket, "limiter": limiter}
    with tempfile.TemporaryDirectory() as folder:
        print(f"fdatasync: {fsync_probe(Path(folder)):.0f}/s")
    runs = [
        asyncio.run(way(given.people, given.rate))
        for name, way in ways.items()
        if given.only in (None, name)
    ]
    print(told(runs, given.people, given.rate))


if __name__ == "__main__":
    main()
