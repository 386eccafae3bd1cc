"""The desk is killed with -9 while a crowd talks to it: nothing is lost, nothing happens twice."""

from __future__ import annotations

import asyncio
import os
import platform
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.setup.services import ROOT
from tests.crash.crowd import GROUP, Citizen, Ears, Officer, Post, announce_work
from tests.crash.judge import Judge
from tests.process.installation import Installation
from tests.process.installations import Installations
from tests.standins.telegram import TelegramStandin

_OFFICERS = 4


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


def _one_process(folder: Path, telegram: str, env: dict[str, str]) -> Installation:
    return Installation(folder / "data", telegram, **env)


def _two_processes(
    folder: Path, telegram: str, env: dict[str, str], restarts: int = 0
) -> Installations:
    """Every ``restarts``-th kill is one of the database too, 0 for none."""
    return Installations(folder, telegram, 2, restarts, **env)


async def _storm(
    folder: Path,
    storm: Storm,
    installed: Callable[[Path, str, dict[str, str]], Installation | Installations] = _one_process,
) -> None:
    began = time.monotonic()
    async with TelegramStandin(keep_uploads=False) as telegram:
        env = {
            "LOKET_CONFIG": str(_config(folder)),
            "TELEGRAM_MODE": "webhook",
            "TELEGRAM_STAFF_CHAT": GROUP,
        }
        desk = installed(folder, telegram.url, env)
        ears = Ears(telegram)
        post = Post(desk, random.Random(storm.seed))
        await post.open()
        try:
            citizens = await _weather(desk, storm, post, ears)
            assert await desk.stop() == 0
        except BaseException:
            sys.stdout.write(f"what the desk said last:\n{desk.text()[-4000:]}\n")
            raise
        finally:
            await post.close()
            await desk.close()
        with desk.data() as tx:
            judge = Judge(tx, desk.files, desk.vault(), citizens, ears)
            figures = judge.check(post.acknowledged, storm.times)
    _tell(storm, post, figures, time.monotonic() - began, folder)


async def _weather(
    desk: Installation | Installations, storm: Storm, post: Post, ears: Ears
) -> list[Citizen]:
    chance = random.Random(storm.seed + 1)
    storm.starts.append(await desk.start())
    work: asyncio.Queue[str] = asyncio.Queue()
    officers = [Officer(post, ears, index, work) for index in range(_OFFICERS)]
    background = [_task(ears.listen())]
    await _hire(desk, officers)
    background += [_task(announce_work(ears, work)), *(_task(one.live()) for one in officers)]
    busy = asyncio.Event()
    if storm.again:
        busy.set()
    citizens = [
        Citizen(post, ears, index, random.Random(storm.seed * 1000 + index))
        for index in range(storm.citizens)
    ]
    crowd = asyncio.gather(*(one.live(busy) for one in citizens))
    failing = asyncio.gather(*background)
    try:
        for _ in range(storm.kills):
            await asyncio.sleep(chance.uniform(0.05, storm.life))
            if storm.gently:
                assert await desk.stop_one() == 0
            else:
                storm.times.append(time.time())
                await desk.kill()
            storm.starts.append(await desk.start())
        busy.clear()
        await asyncio.wait([crowd, failing], return_when=asyncio.FIRST_COMPLETED)
        await crowd
        total = sum(one.rounds for one in citizens)
        await _wait(lambda: sum(len(one.done) for one in officers) == total, failing)
        await post.settle()
        await _wait(lambda: not _unsent(desk), failing)
        await asyncio.sleep(0.1)
    finally:
        for task in (crowd, failing):
            task.cancel()
        await asyncio.gather(crowd, failing, return_exceptions=True)
    return citizens


def _task(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.create_task(work)


async def _hire(desk: Installation | Installations, officers: list[Officer]) -> None:
    """All are heads of the office, who may work in every stage."""
    await officers[0].say(f"/gabung {desk.invite()} {chr(65)}gus")
    await officers[0].hears("Selamat bergabung")
    for index, officer in enumerate(officers[1:]):
        name = ["Budi", "Citra", "Dewi"][index]
        code, answer = await desk.run("staff", "invite", name, "head")
        assert code == 0, answer
        await officer.say(f"/gabung {desk.code_in(answer)}")
        await officer.hears("Selamat bergabung")


async def _wait(condition: Any, failing: asyncio.Future[Any], seconds: float = 240.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the desk does not come to rest"
        if failing.done():
            failing.result()
        await asyncio.sleep(0.1)


def _unsent(desk: Installation | Installations) -> bool:
    waiting = desk.rows("SELECT 1 FROM outbox WHERE state < 2 LIMIT 1")
    waiting += desk.rows("SELECT 1 FROM inbox WHERE state = 0 LIMIT 1")
    return bool(waiting + desk.rows("SELECT 1 FROM job WHERE state < 2 LIMIT 1"))


def _config(folder: Path) -> Path:
    """The example office, without the limits that keep one person from so much."""
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    for old, new in [
        ("messages_per_minute: 30", "messages_per_minute: 100000"),
        ("open_requests: 5", "open_requests: 1000"),
        ("settle_ms: 1500", "settle_ms: 0"),
        ("trial: auto", "trial: off"),
    ]:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


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
