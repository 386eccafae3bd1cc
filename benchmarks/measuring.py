"""One contender measured: at full load, then at a steady rate; and what the disk can do."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.bots import PATH, SECRET, Bot
from benchmarks.load import Citizen, Full, Steady, WentWrong, World

BOT_CORE, LOAD_CORE = 0, 1


class Result(msgspec.Struct):
    """What was measured: milliseconds, MB, updates a second; ``load`` is the other core's share."""

    name: str
    rate: float
    cpu: float
    busy: float
    load: float
    p50: float
    p99: float
    steady_p50: float
    steady_p99: float
    memory: float
    disk: float
    """fdatasync a second, the mean of just before and just after."""


class Plan(msgspec.Struct, frozen=True):
    """How long and how hard."""

    seconds: float = 10.0
    warm: float = 3.0
    citizens: int = 64
    steady_rate: float = 100.0
    steady_seconds: float = 15.0


async def measure(bot: Bot, world: World, plan: Plan, folder: Path) -> Result:
    """Start a contender, load it, and return what came of it."""
    before = probe(folder)
    await bot.start(BOT_CORE, folder / "log")
    try:
        return await _measured(bot, world, plan, folder, before)
    finally:
        await bot.stop()


async def _measured(bot: Bot, world: World, plan: Plan, folder: Path, before: float) -> Result:
    async def connect(then: Callable[[Citizen], None]) -> Citizen:
        return await world.citizen(bot.port, PATH, SECRET, then)

    await asyncio.sleep(2.0)  # What a bot does once at its start is not what is measured.
    full = Full(world)
    await full.run(connect, plan.citizens)
    await _pass(world, plan.warm)
    world.latencies.clear()
    began, cpu, own = time.perf_counter(), bot.cpu(), time.process_time()
    await _pass(world, plan.seconds)
    took = time.perf_counter() - began
    cpu, own = bot.cpu() - cpu, time.process_time() - own
    latencies, world.latencies = sorted(world.latencies), []
    memory = bot.memory()
    full.stop()
    await asyncio.sleep(0.5)
    world.latencies.clear()
    steady = asyncio.create_task(
        Steady(plan.steady_rate).run(connect, plan.citizens, plan.steady_seconds)
    )
    await asyncio.wait([steady, world.error], return_when=asyncio.FIRST_COMPLETED)
    if world.error.done():
        world.error.result()
    await steady
    await asyncio.sleep(0.3)
    calm = sorted(world.latencies)
    await bot.stop()
    count = len(latencies)
    if not count or not calm:
        raise WentWrong(f"{bot.name} answered nobody")
    return Result(
        name=bot.name,
        rate=count / took,
        cpu=cpu / count * 1000,
        busy=cpu / took,
        load=own / took,
        p50=part(latencies, 0.5),
        p99=part(latencies, 0.99),
        steady_p50=part(calm, 0.5),
        steady_p99=part(calm, 0.99),
        memory=memory,
        disk=(before + probe(folder)) / 2,
    )


def middle(results: list[Result]) -> Result:
    """Return the median of every figure over several rounds."""
    figures = {
        name: median(getattr(result, name) for result in results)
        for name in Result.__struct_fields__
        if name != "name"
    }
    return Result(results[0].name, **figures)


async def _pass(world: World, seconds: float) -> None:
    """Let time pass, unless something goes wrong."""
    await asyncio.wait([world.error], timeout=seconds)
    if world.error.done():
        world.error.result()


def part(ordered: list[float], share: float) -> float:
    """Return a quantile in milliseconds."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


def probe(folder: Path, seconds: float = 0.7) -> float:
    """Return how many times a second 4 KiB can be made durable, one after another."""
    path = folder / "probe"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.posix_fallocate(handle, 0, 4096)
        os.fsync(handle)
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            os.pwrite(handle, os.urandom(4096), 0)
            os.fdatasync(handle)
            count += 1
        return count / (time.perf_counter() - began)
    finally:
        os.close(handle)
        path.unlink()
