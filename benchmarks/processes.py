"""``python -m benchmarks.processes``: what an update costs by one process and by two on PostgreSQL.

The same dialogue at the same steady rate; each update goes to the next process in turn, so that
nobody speaks with one process only. CPU is counted of the desk's processes and of the server's.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import uvloop

from benchmarks.bots import PATH, SECRET, Bot, desk
from benchmarks.load import Citizen, Full, World
from benchmarks.wire import Poster, head_of
from tests.postgres import Server

_KEY = "a key of no office: this is a benchmark"
_TICK = os.sysconf("SC_CLK_TCK")


class Cost(msgspec.Struct):
    """Updates a second and CPU milliseconds an update, of the desk and of the server."""

    processes: int
    rate: float
    desk: float
    server: float

    @property
    def total(self) -> float:
        """All CPU of an update."""
        return self.desk + self.server


class Turns:
    """Several webhooks as one: the next update goes to the next."""

    def __init__(self, posters: list[Poster]) -> None:
        self._next = itertools.cycle(posters)

    def post(self, body: bytes, done: Callable[[int], None]) -> None:
        """Post one update; ``done`` gets the status."""
        next(self._next).post(body, done)


async def measure(processes: int, seconds: float, citizens: int) -> Cost:
    """Measure that many processes on a new server."""
    with tempfile.TemporaryDirectory(prefix="loket-bench-") as name:
        folder = Path(name)
        world, server = World(), Server(hasty=False)
        api = await world.open()
        bots = []
        try:
            for number in range(processes):
                own = folder / str(number)
                own.mkdir()
                bots.append(_process(own, api, server.url(), folder))
                await bots[-1].start(number % (os.cpu_count() or 1), own / "log")
            return await _measured(world, bots, server, seconds, citizens)
        finally:
            for bot in bots:
                await bot.stop()
            world.close()
            server.close()


def _process(own: Path, api: str, url: str, folder: Path) -> Bot:
    bot = desk(own, api)
    shared = {
        "LOKET_DATABASE_URL": url,
        "LOKET_FILES_URL": (folder / "files").as_uri(),
        "LOKET_SECRET_KEY": _KEY,
    }
    return Bot(bot.name, bot.command, {**bot.env, **shared}, bot.port)


async def _measured(
    world: World, bots: list[Bot], server: Server, seconds: float, citizens: int
) -> Cost:
    async def connect(then: Callable[[Citizen], None]) -> Citizen:
        loop = asyncio.get_running_loop()
        posters = []
        for bot in bots:
            head = head_of(bot.port, PATH, SECRET)
            _, poster = await loop.create_connection(
                lambda head=head: Poster(head), "127.0.0.1", bot.port
            )
            posters.append(poster)
        return Citizen(world, Turns(posters), then)

    await asyncio.sleep(3.0)
    full = Full(world)
    await full.run(connect, citizens)
    await _pass(world, 3.0)
    world.latencies.clear()
    began, before = time.perf_counter(), (_cpu(bots), _server_cpu(server))
    await _pass(world, seconds)
    took, count = time.perf_counter() - began, len(world.latencies)
    spent = (_cpu(bots) - before[0], _server_cpu(server) - before[1])
    full.stop()
    await asyncio.sleep(0.5)
    return Cost(len(bots), count / took, spent[0] / count * 1000, spent[1] / count * 1000)


def _cpu(bots: list[Bot]) -> float:
    return sum(bot.cpu() for bot in bots)


def _server_cpu(server: Server) -> float:
    """Return the CPU seconds of the server's processes, those that have ended too."""
    main = (server.folder / "postmaster.pid").read_text().split()[0]
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue
        fields = rest.split()
        if name.split()[0] == main:
            total += sum(int(field) for field in fields[11:15])
        elif fields[1] == main:
            total += int(fields[11]) + int(fields[12])
    return total / _TICK


async def _pass(world: World, seconds: float) -> None:
    await asyncio.wait([world.error], timeout=seconds)
    if world.error.done():
        world.error.result()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.processes", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--citizens", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    for _ in range(given.rounds):
        one, two = (uvloop.run(measure(count, given.seconds, given.citizens)) for count in (1, 2))
        for cost in (one, two):
            print(
                f"{cost.processes} process(es): {cost.rate:.0f} updates/s, CPU ms an update:"
                f" desk {cost.desk:.2f}, server {cost.server:.2f}, together {cost.total:.2f}"
            )
        print(f"two to one: {two.desk / one.desk:.2f} desk, {two.total / one.total:.2f} together")


if __name__ == "__main__":
    main()
