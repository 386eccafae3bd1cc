"""Slow work and the process under it: what a crash cuts off is not what failed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.engine.desk import Desk
from bot.engine.jobs import Record, Retry
from bot.engine.opening import open_desk, start_desk, stop_desk
from bot.engine.turn import Turn
from storage import jobs
from storage.database import Tx
from storage.instant import to_ms
from tests.blank import new_database
from tests.office import Clock, configured

_LEASE = 1000


def _queue(desk: Desk, *keys: str) -> Any:
    now = to_ms(desk.now())

    def add(tx: Tx) -> None:
        for key in keys:
            jobs.add(tx, desk.vault, "probe", key, {"key": key}, now)

    return desk.db.write(add)


async def _row(desk: Desk, key: str) -> tuple[int, int, int]:
    sql = "SELECT state, tries, cuts FROM job WHERE key = ?"
    row = await desk.db.read(lambda tx: tx.one(sql, key))
    assert row is not None
    return row[0], row[1], row[2]


def _done(turn: Turn) -> None:
    """Nothing is to be recorded."""


class Probe:
    """A handler that does as it is told, and remembers what ran beside what."""

    def __init__(self) -> None:
        self.running: set[str] = set()
        self.beside: dict[str, set[str]] = {}
        self.hold = asyncio.Event()

    async def runs(self, *keys: str) -> bool:
        """Whether just these are being done now."""
        return self.running == set(keys)

    async def __call__(self, desk: Desk, body: dict[str, Any]) -> Record:
        key = body["key"]
        self.running.add(key)
        for one in self.running:
            self.beside.setdefault(one, set()).update(self.running - {one})
        if key == "failing":
            self.running.discard(key)
            raise Retry("not now", after=0.0)
        await self.hold.wait()
        self.running.discard(key)
        return _done


async def _crashed(desk: Desk, times: int) -> None:
    """The process is killed so many times while it does what is due."""
    now = to_ms(desk.now())

    def cut_off(tx: Tx) -> None:
        jobs.claim(tx, desk.vault, now, _LEASE, 9, 99)
        tx.run("UPDATE job SET state = 0, claimed_until = NULL WHERE state = 1")

    for _ in range(times):
        await desk.db.write(cut_off)


async def _opened(folder: Path, probe: Probe) -> Desk:
    new_database(folder / "loket.db")
    desk = await open_desk(configured(folder), now=Clock())
    desk.jobs._handlers["probe"] = probe
    return desk


async def _soon(desk: Desk, happened: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(2000):
        if await happened():
            return
        desk.jobs.wake()
        await asyncio.sleep(0.005)
    raise AssertionError("it did not happen")


async def _until(desk: Desk, key: str, state: int) -> None:
    async def reached() -> bool:
        return (await _row(desk, key))[0] == state

    await _soon(desk, reached)


async def test_crashes_are_not_failures(tmp_path: Path) -> None:
    probe = Probe()
    probe.hold.set()
    desk = await _opened(tmp_path, probe)
    await _queue(desk, "slow")
    await _crashed(desk, 7)
    assert await _row(desk, "slow") == (0, 0, 7)
    await start_desk(desk)
    try:
        await _until(desk, "slow", jobs.DONE)
    finally:
        await stop_desk(desk)


async def test_what_kills_the_process_each_time_is_set_aside_and_told(tmp_path: Path) -> None:
    probe = Probe()
    probe.hold.set()
    desk = await _opened(tmp_path, probe)
    await _queue(desk, "killer")
    await _crashed(desk, 8)
    await start_desk(desk)
    try:
        await _until(desk, "killer", jobs.FAILED)
        assert "killer" not in probe.beside
    finally:
        await stop_desk(desk)


async def test_a_suspect_is_done_alone_and_after_the_others(tmp_path: Path) -> None:
    probe = Probe()
    desk = await _opened(tmp_path, probe)
    await _queue(desk, "suspect")
    await _crashed(desk, 3)
    await _queue(desk, "one", "two")
    await start_desk(desk)
    try:
        await _soon(desk, lambda: probe.runs("one", "two"))
        probe.hold.set()
        await _until(desk, "suspect", jobs.DONE)
        assert probe.beside["suspect"] == set()
    finally:
        await stop_desk(desk)


async def test_a_suspect_does_not_wait_for_ever(tmp_path: Path) -> None:
    """There is always something else to do: its turn comes all the same, and it is alone then."""
    probe = Probe()
    desk = await _opened(tmp_path, probe)
    clock = desk.now
    assert isinstance(clock, Clock)
    await _queue(desk, "suspect")
    await _crashed(desk, 3)
    await _queue(desk, "one", "two")
    await start_desk(desk)
    try:
        await _soon(desk, lambda: probe.runs("one", "two"))
        clock.pass_time(timedelta(minutes=1))
        await _queue(desk, "three")
        desk.jobs.wake()
        await asyncio.sleep(0.05)
        assert probe.running == {"one", "two"}
        probe.hold.set()
        await _until(desk, "three", jobs.DONE)
        assert (await _row(desk, "suspect"))[0] == jobs.DONE
        assert probe.beside["suspect"] == set()
    finally:
        await stop_desk(desk)


async def test_a_stop_in_good_order_counts_nothing(tmp_path: Path) -> None:
    probe = Probe()
    desk = await _opened(tmp_path, probe)
    await _queue(desk, "slow")
    await start_desk(desk)
    await _soon(desk, lambda: probe.runs("slow"))
    await stop_desk(desk)
    again = await _opened(tmp_path, probe)
    assert await _row(again, "slow") == (0, 0, 0)
    again.db.close()


async def test_a_failure_counts_and_clears_the_suspicion(tmp_path: Path) -> None:
    probe = Probe()
    desk = await _opened(tmp_path, probe)
    await _queue(desk, "failing")
    await _crashed(desk, 2)
    await start_desk(desk)
    try:

        async def failed() -> bool:
            return (await _row(desk, "failing"))[1] > 0

        await _soon(desk, failed)
        assert (await _row(desk, "failing"))[2] == 0
    finally:
        await stop_desk(desk)
