"""The desk is killed with -9 while a crowd talks to it: nothing is lost, nothing happens twice."""

from __future__ import annotations

import asyncio
import os
import platform
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.crash.crowd import GROUP, Post
from tests.crash.judge import Judge
from tests.crash.scene import Desk, Scene, environment
from tests.process.installation import Installation
from tests.process.installations import Installations
from tests.standins.telegram import TelegramStandin


@dataclass
class Storm:
    """How hard: so many citizens, so many kills, each after at most ``life`` seconds at work.

    With ``again`` citizens go on until the last kill. ``seed`` makes the moments the same again.
    ``gently``: processes are told to stop, as when a new version is installed.
    """

    citizens: int
    kills: int
    life: float
    seed: int
    again: bool = False
    gently: bool = False
    times: list[float] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)


async def test_a_small_crowd_and_a_few_kills(tmp_path: Path) -> None:
    await _storm(tmp_path, Storm(citizens=20, kills=5, life=1.2, seed=1))


@pytest.mark.crash
@pytest.mark.timeout(1800)
async def test_a_hundred_citizens_and_fifty_kills(tmp_path: Path) -> None:
    await _storm(tmp_path, Storm(citizens=100, kills=50, life=3.0, seed=7, again=True))


@pytest.mark.crash
async def test_two_processes_on_postgresql_and_a_few_kills(tmp_path: Path) -> None:
    await _storm(tmp_path, Storm(citizens=15, kills=4, life=1.2, seed=2), _two_processes)


async def test_two_processes_exchanged_one_after_the_other(tmp_path: Path) -> None:
    storm = Storm(citizens=10, kills=3, life=1.0, seed=3, gently=True)
    await _storm(tmp_path, storm, _two_processes)
    assert storm.times == []


@pytest.mark.crash
@pytest.mark.timeout(2400)
async def test_two_processes_and_fifty_kills_and_their_server_restarted(tmp_path: Path) -> None:
    storm = Storm(citizens=100, kills=50, life=3.0, seed=11, again=True)
    await _storm(tmp_path, storm, lambda *what: _two_processes(*what, restarts=7))


def _one_process(folder: Path, telegram: str, env: dict[str, str]) -> Desk:
    return Installation(folder / "data", telegram, **env)


def _two_processes(folder: Path, telegram: str, env: dict[str, str], restarts: int = 0) -> Desk:
    """Every ``restarts``-th kill is one of the database too, 0 for none."""
    return Installations(folder, telegram, 2, restarts, **env)


async def _storm(
    folder: Path,
    storm: Storm,
    installed: Callable[[Path, str, dict[str, str]], Desk] = _one_process,
) -> None:
    began = time.monotonic()
    async with TelegramStandin(keep_uploads=False) as telegram:
        desk = installed(folder, telegram.url, environment(folder, GROUP))
        scene = Scene(desk, telegram, storm.citizens, storm.seed, again=storm.again)
        try:
            await _weather(scene, storm)
            assert await desk.stop() == 0
        except BaseException:
            sys.stdout.write(f"what the desk said last:\n{desk.text()[-4000:]}\n")
            raise
        finally:
            await scene.close()
            await desk.close()
        with desk.data() as tx:
            judge = Judge(tx, desk.files, desk.vault(), scene.citizens, scene.ears)
            figures = judge.check(scene.post.acknowledged, storm.times)
    _tell(storm, scene.post, figures, time.monotonic() - began, folder)


async def _weather(scene: Scene, storm: Storm) -> None:
    chance, desk = random.Random(storm.seed + 1), scene.desk
    storm.starts.append(await desk.start())
    await scene.begin()
    for _ in range(storm.kills):
        await asyncio.sleep(chance.uniform(0.05, storm.life))
        scene.look()
        if storm.gently:
            assert await desk.stop_one() == 0
        else:
            storm.times.append(time.time())
            await desk.kill()
        storm.starts.append(await desk.start())
    await scene.finish()


def _tell(storm: Storm, post: Post, figures: Counter[str], seconds: float, folder: Path) -> None:
    taken = sorted(post.seconds) or [0.0]
    lines = {
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "fsync of 4 KB": f"{_fsync(folder) * 1000:.2f} ms",
        "citizens, kills, seed": f"{storm.citizens}, {storm.kills}, {storm.seed}",
        "time": f"{seconds:.0f} s, restart {sorted(storm.starts)[len(storm.starts) // 2]:.1f} s",
        "deliveries, repeated": f"{post.deliveries}, {post.repeated}",
        "acknowledged at once": f"{len(taken)}: p50 {taken[len(taken) // 2] * 1000:.0f} ms,"
        f" p99 {taken[len(taken) * 99 // 100] * 1000:.0f} ms",
        **{name: str(count) for name, count in figures.items()},
    }
    for name, figure in lines.items():
        sys.stdout.write(f"{name}: {figure}\n")


def _fsync(folder: Path, times: int = 200) -> float:
    """Return the seconds that one small durable write takes here."""
    path = folder / "probe"
    began = time.perf_counter()
    with path.open("wb", buffering=0) as probe:
        for _ in range(times):
            probe.write(bytes(4096))
            os.fsync(probe.fileno())
    return (time.perf_counter() - began) / times
