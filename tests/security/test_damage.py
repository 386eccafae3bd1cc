"""What was damaged on the disk, or raises each time, is set aside and holds up nobody."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.engine import turns
from flows.events import Text
from storage import failures
from storage.database import Tx
from storage.instant import to_ms
from tests.office import office

SITI, JOKO, RINA = "1001", "1002", "2001"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed turn is tried again at once: the clock of these tests stands still."""
    monkeypatch.setattr("bot.engine.worker.timedelta", lambda seconds: timedelta(0))


async def test_an_event_that_cannot_be_read_is_set_aside(tmp_path: Path) -> None:
    async with office(tmp_path) as desk:
        await desk.hire("Rina", "head", RINA)
        await desk.event(SITI, Text("halo"))

        def damage(tx: Tx) -> None:
            lane = tx.one("SELECT lane FROM inbox ORDER BY seq DESC LIMIT 1")[0]  # type: ignore[index]
            sql = "INSERT INTO inbox (channel, key, lane, state, tries, received_at, body, error)"
            now = to_ms(desk.desk.now())
            tx.run(
                sql + " VALUES ('telegram', 'x', ?, 0, 0, ?, ?, '')", lane, now, b"\1" + b"x" * 60
            )

        await desk.desk.db.write(damage)
        before = len(desk.heard(SITI))
        await desk.event(JOKO, Text("halo"))
        assert desk.heard(JOKO)
        await desk.event(SITI, Text("menu"))
        assert len(desk.heard(SITI)) > before
        await desk.event(RINA, Text("/gagal"))
        assert "Damaged" in desk.last(RINA).text


async def test_a_message_or_job_that_cannot_be_read_is_given_up(tmp_path: Path) -> None:
    async with office(tmp_path) as desk:
        await desk.event(SITI, Text("halo"))

        def damage(tx: Tx) -> None:
            tx.run("UPDATE outbox SET body = ?, state = 0", b"\1" + b"x" * 60)
            sql = "INSERT INTO job (kind, key, state, tries, run_at, body, error)"
            tx.run(sql + " VALUES ('letter', 'x', 0, 0, 0, ?, '')", b"\1" + b"x" * 60)

        await desk.desk.db.write(damage)
        before = len(desk.heard(SITI))
        await desk.event(SITI, Text("menu"))
        await desk.settle()
        assert len(desk.heard(SITI)) > before
        found = await desk.desk.db.read(lambda tx: failures.newest(tx, 9))
        assert {one.kind for one in found} == {"message", "job"}


async def test_a_poisonous_event_is_tried_three_times_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []
    right = turns.take_citizen_turn

    def poisoned(turn: Any, contact: Any, envelope: Any) -> None:
        if getattr(envelope.event, "text", "") == "racun 1409074101800001":
            tries.append(envelope.key)
            raise ValueError(envelope.event.text)
        right(turn, contact, envelope)

    monkeypatch.setattr(turns, "take_citizen_turn", poisoned)
    async with office(tmp_path) as desk:
        await desk.seat_staff("-900")
        await desk.hire("Rina", "head", RINA)
        await desk.event(SITI, Text("halo"))
        await desk.event(SITI, Text("racun 1409074101800001"))
        await desk.event(JOKO, Text("halo"))
        assert desk.heard(JOKO)
        assert len(tries) == 3
        before = len(desk.heard(SITI))
        await desk.event(SITI, Text("menu"))
        assert len(desk.heard(SITI)) > before
        assert desk.heard("-900")
        await desk.event(RINA, Text("/gagal"))
        shown = desk.last(RINA).text
        assert "ValueError" in shown
        assert "1409074101800001" not in shown + desk.last("-900").text
