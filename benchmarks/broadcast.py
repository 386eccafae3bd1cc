"""An announcement to many beside AIORateLimiter: ``python -m benchmarks.broadcast``.

Both send the same number of messages to a stand-in that counts as Telegram does (so many in any
second, else 429), one after the other, each with a stand-in of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from bot import broadcasting
from bot.channels.telegram import TelegramChannel
from bot.opening import clock_from, open_desk, start_desk, stop_desk
from bot.turn import Turn
from flows.broadcast import Audience
from storage import broadcasts, contacts
from storage.database import Tx
from storage.instant import to_ms
from tests.office import configured
from tests.standins.telegram import TelegramStandin

_NOON = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
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


def judge(name: str, standin: TelegramStandin, people: int) -> Run:
    """Count what arrived at the stand-in."""
    got = Counter(sent.chat for sent in standin.sent)
    first, last = standin.sent[0].at, standin.sent[-1].at
    twice = sum(count - 1 for count in got.values())
    return Run(name, last - first, len(standin.sent), people - len(got), twice, standin.too_quick)


async def loket(people: int, rate: float) -> Run:
    """Send with a whole desk: database, encrypted rows, one durable commit before each message."""
    with tempfile.TemporaryDirectory() as folder:
        async with TelegramStandin(rate=rate, chat_rate=1.0) as standin:
            desk = await open_desk(configured(Path(folder)), now=clock_from(_NOON))
            desk.channels = {"telegram": TelegramChannel(standin.token, standin.url, rate=rate)}
            await start_desk(desk)

            def begin(tx: Tx) -> None:
                now = to_ms(desk.now())
                for number in range(people):
                    contacts.meet(tx, desk.vault, "telegram", str(10_000 + number), now)
                turn = Turn(desk, tx, desk.now())
                number = broadcasting.draft(turn, Audience(), _WORDS, None)
                one = broadcasts.load(tx, number)
                assert one is not None
                # A second officer agrees: it is for many.
                assert broadcasting.send(turn, one, 1) == "running"

            await desk.db.write(begin)
            with contextlib.suppress(TimeoutError):
                await standin.wait_for(people, people / rate * 1.5 + 10)
            await desk.sender.idle()
            await stop_desk(desk)
            return judge("loket", standin, people)


async def limiter(people: int, rate: float) -> Run:
    """Send with python-telegram-bot and its AIORateLimiter(max_retries=5)."""
    from telegram.error import TelegramError
    from telegram.ext import AIORateLimiter, ExtBot

    async with TelegramStandin(rate=rate, chat_rate=1.0) as standin:
        limits = AIORateLimiter(overall_max_rate=rate, overall_time_period=1, max_retries=5)
        bot = ExtBot(standin.token, base_url=f"{standin.url}/bot", rate_limiter=limits)

        async def one(number: int) -> None:
            try:
                await bot.send_message(10_000 + number, _WORDS)
            except TelegramError:
                return

        async with bot:
            await asyncio.gather(*(one(number) for number in range(people)))
        return judge("AIORateLimiter(max_retries=5)", standin, people)


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
