"""An hour of work without a pause: memory stays flat, no queue grows, nothing is lost."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import pytest

from tests.crash.crowd import GROUP
from tests.crash.judge import Judge
from tests.crash.scene import Desk, Scene, environment, queues
from tests.process.installation import Installation
from tests.process.installations import Installations
from tests.standins.telegram import TelegramStandin

_MINUTES = float(os.environ.get("LOKET_SOAK_MINUTES", "60"))
_RATE = 50.0
# One person may send so many photos a day: fewer people would come to that end within the hour.
_CITIZENS = 150
_LOOK_SECONDS = 15.0
_GROWTH = 1.1
_ROOM = 50


@dataclass
class Look:
    """The desk at a moment: minutes since the beginning, MB of its processes, what waits."""

    minutes: float
    memory: float
    waiting: dict[str, int]
    acknowledged: int
    handed_over: int


@pytest.mark.soak
@pytest.mark.timeout(_MINUTES * 60 + 900)
async def test_an_hour_at_fifty_updates_a_second(tmp_path: Path) -> None:
    await _soak(tmp_path, "SQLite")


@pytest.mark.soak
@pytest.mark.timeout(_MINUTES * 60 + 900)
async def test_an_hour_at_fifty_updates_a_second_on_two_processes(tmp_path: Path) -> None:
    await _soak(tmp_path, "PostgreSQL")


async def _soak(folder: Path, engine: str) -> None:
    async with TelegramStandin(keep_uploads=False) as telegram:
        env = environment(folder, GROUP)
        desk: Desk = (
            Installation(folder / "data", telegram.url, **env)
            if engine == "SQLite"
            else Installations(folder, telegram.url, 2, **env)
        )
        scene = Scene(desk, telegram, _CITIZENS, seed=5, again=True, rate=_RATE)
        try:
            await desk.start()
            await scene.begin()
            looks = await _watched(scene)
            await scene.finish()
            assert await desk.stop() == 0
        finally:
            await scene.close()
            await desk.close()
        with desk.data() as tx:
            judge = Judge(tx, desk.files, desk.vault(), scene.citizens, scene.ears)
            figures = judge.check(scene.post.acknowledged, [])
    _tell(engine, looks, sorted(scene.post.seconds), dict(figures))
    _judge(looks)


async def _watched(scene: Scene) -> list[Look]:
    began = time.monotonic()
    looks: list[Look] = []
    while time.monotonic() - began < _MINUTES * 60:
        await asyncio.sleep(_LOOK_SECONDS)
        scene.look()
        minutes = (time.monotonic() - began) / 60
        waiting = await asyncio.to_thread(queues, scene.desk)
        done = len(scene.post.acknowledged)
        looks.append(Look(minutes, scene.desk.memory(), waiting, done, scene.filed))
    return looks


def _judge(looks: list[Look]) -> None:
    """Compare the last quarter with the second: what warms up has done so by then."""
    quarter = len(looks) // 4
    early, late = looks[quarter : 2 * quarter], looks[-quarter:]
    assert mean(x.memory for x in late) <= _GROWTH * mean(x.memory for x in early)
    for queue in early[0].waiting:
        before = max(x.waiting[queue] for x in early)
        assert min(x.waiting[queue] for x in late) <= before
        assert mean(x.waiting[queue] for x in late) <= before + _ROOM, queue


def _tell(engine: str, looks: list[Look], taken: list[float], figures: dict[str, int]) -> None:
    shown = looks[:: max(1, len(looks) // 12)]
    for look in shown:
        waiting = ", ".join(f"{name} {count}" for name, count in look.waiting.items())
        sys.stdout.write(
            f"{engine} minute {look.minutes:.0f}: {look.memory:.0f} MB, {waiting} waiting,"
            f" {look.acknowledged} acknowledged, {look.handed_over} letters handed over\n"
        )
    sys.stdout.write(
        f"{engine}: webhook p50 {taken[len(taken) // 2] * 1000:.1f} ms,"
        f" p99 {taken[len(taken) * 99 // 100] * 1000:.1f} ms; {figures}\n"
    )
