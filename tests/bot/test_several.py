"""Two desks at one PostgreSQL: one leads, one takes over, and none does what the other did."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.engine.company import Errand
from bot.engine.several import Several
from bot.setup.checking import check_all
from bot.setup.services import ROOT
from bot.terminal.looking import kept_versions
from flows.events import Envelope, Text
from tests import postgres
from tests.office import TestOffice, office


async def _until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


def _beside(one: TestOffice) -> Several:
    company = one.desk.company
    assert isinstance(company, Several)
    return company


async def test_one_leads_and_the_other_takes_over(tmp_path: Path) -> None:
    url = postgres.new_database()
    begun: list[str] = []

    def led(name: str) -> Errand:
        async def work() -> None:
            begun.append(name)
            await asyncio.Event().wait()

        return Errand(work)

    async with office(tmp_path, database=url) as second:
        async with office(tmp_path, database=url) as first:
            for name, one in (("first", first), ("second", second)):
                await one.desk.company.lead(led(name))
            await _until(lambda: begun == ["second"])
            assert not first.desk.company.leads
            # As when its connection breaks, and the other is quicker.
            _beside(second)._seat._candidate = False
            _beside(second)._seat._drop()
            await _until(lambda: first.desk.company.leads)
            await _until(lambda: not second.desk.company.leads)
            await _until(lambda: begun == ["second", "first"])
            _beside(second)._seat._candidate = True
        await _until(lambda: second.desk.company.leads)
        await _until(lambda: begun == ["second", "first", "second"])


async def test_a_person_is_answered_by_whichever_process_hears_them(tmp_path: Path) -> None:
    url = postgres.new_database()
    async with (
        office(tmp_path, database=url) as first,
        office(tmp_path, database=url) as second,
    ):
        second.channel.sent = first.channel.sent
        words = ["/start", "surat domisili", "setuju", "Siti Aminah", "1409074101800001", "batal"]
        for number, word in enumerate(words):
            one = (first, second)[number % 2]
            heard = len(first.heard("1001"))
            envelope = Envelope("telegram", f"k{number}", "1001", Text(word))
            # The platform repeats it, and to the other process.
            await asyncio.gather(
                one.desk.accept([envelope]), (second, first)[number % 2].desk.accept([envelope])
            )
            await _until(lambda heard=heard: len(first.heard("1001")) > heard)  # type: ignore[misc]
            await first.settle()
            await second.settle()
            assert len(first.heard("1001")) == heard + 1, word


async def test_rates_are_shared_by_those_who_live(tmp_path: Path) -> None:
    url = postgres.new_database()
    async with office(tmp_path, database=url) as first:
        await _until(lambda: first.desk.sender.chats._processes == 1)
        async with office(tmp_path, database=url):
            await _until(lambda: first.desk.sender.chats._processes == 2)
        await _until(lambda: first.desk.sender.chats._processes == 1)


async def test_what_a_process_left_waiting_is_done_by_another(tmp_path: Path) -> None:
    url = postgres.new_database()
    async with office(tmp_path, database=url) as second:
        async with office(tmp_path, database=url) as first:
            await _until(lambda: second.desk.sender.chats._processes == 2)
            first.desk.worker.lanes.stopping = True
            await first.desk.accept([Envelope("telegram", "k1", "1001", Text("/start"))])
        await _until(lambda: bool(second.heard("1001")))


@pytest.mark.parametrize("begun", [False, True])
def test_check_asks_a_server_that_answers(begun: bool) -> None:
    url = postgres.new_database() if begun else postgres.empty_database()
    environ = {"LOKET_DATABASE_URL": url}
    assert check_all(ROOT / "config.yaml", environ, ROOT, kept_versions).problems == []


def test_check_says_when_no_server_answers() -> None:
    environ = {"LOKET_DATABASE_URL": "postgresql://loket:a-secret-word@127.0.0.1:9/loket"}
    (problem,) = check_all(ROOT / "config.yaml", environ, ROOT, kept_versions).problems
    assert "LOKET_DATABASE_URL" in str(problem)
    assert "a-secret-word" not in str(problem)
