"""Requests of one service that run through different stages: orders, the page, the day."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.requests import cards
from bot.web.tracking import Tracked, tracked
from flows import steps
from flows.steps import Actor
from flows.workflow import Refused
from tests.bot.test_casework import CITIZEN, Work
from tests.office import TestOffice, office

COUNTER = Actor(1, "Rina", "counter")
PERSON = {"name": "Siti Aminah", "nik": "1409074101800001", "village": "2008"}
FIRST = PERSON | {"kind": "first", "entitled": "age", "recording_day": "2026-11-26"}


async def page(at: TestOffice, code: str) -> Tracked:
    found = await at.desk.db.read(lambda tx: tracked(tx, at.desk, code))
    assert found is not None
    return found


async def test_the_page_shows_the_stages_of_this_request_only(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        work = Work(at)
        await work.open()
        lost = await work.file("ktp", PERSON | {"kind": "lost"})
        first = await work.file("ktp", FIRST)
        assert len((await page(at, lost.code)).steps) == 5
        assert len((await page(at, first.code)).steps) == 6
        await work.do(first.request, steps.Accept(), COUNTER)
        shown = await page(at, first.code)
        assert [step.state for step in shown.steps[:3]] == ["done", "now", "ahead"]
        assert shown.waits == "citizen"
        assert "Kamis, 26 November 2026" in work.heard(CITIZEN)[-1]


async def test_a_visit_is_shown_once_an_officer_wants_it(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        work = Work(at)
        await work.open()
        filed = await work.file("usaha", PERSON | {"address": "Dusun I"})
        assert len((await page(at, filed.code)).steps) == 6
        row = await work.row(filed.request)
        card = await work.turn(lambda turn: cards.card(turn, row.id))
        assert [stage["id"] for stage in card["through"]] == ["visit"]
        with pytest.raises(Refused, match="not_next_stage"):
            await work.do(filed.request, steps.Accept("draft"), COUNTER)
        await work.do(filed.request, steps.Accept("visit"), COUNTER)
        assert len((await page(at, filed.code)).steps) == 7
        await work.do(filed.request, steps.Accept(), COUNTER)
        assert [step.state for step in (await page(at, filed.code)).steps[:3]] == [
            "done",
            "done",
            "now",
        ]
