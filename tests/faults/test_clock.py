"""The machine's clock jumps: nothing is done twice, and nothing waits for the clock to catch up."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.protocol import Fault, SendError
from bot.engine import jobs
from bot.engine.turn import Turn
from bot.papers.documents import delete_files
from flows.messages import Message, Part
from storage import contacts
from storage.database import Tx
from storage.instant import to_ms
from tests.conversations.runner import act
from tests.conversations.stage import Stage
from tests.office import TestOffice, office
from tests.security.desk import happy, opened
from tests.standins.server import until

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def say(it: TestOffice, tx: Tx) -> None:
    turn = Turn(it.desk, tx, it.desk.now())
    contact = contacts.meet(tx, it.desk.vault, "telegram", "1", to_ms(turn.now))
    args = {"officer": "Rina", "text": "suratnya selesai"}
    turn.say(contact, Message([Part("conversation.told.reply", args)]))


async def test_what_waits_to_be_tried_again_does_not_wait_for_a_clock_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    async def once_more(desk: object, body: dict[str, object]) -> jobs.Record:
        tried.append("job")
        if len(tried) == 1:
            raise jobs.Retry("not yet", after=30.0)
        return await delete_files(it.desk, {"files": []})

    async with office(tmp_path) as it:
        monkeypatch.setitem(it.desk.jobs._handlers, "delete", once_more)
        it.channel.faults.append(SendError(Fault.LATER, "busy", retry_after=30.0))

        def begin(tx: Tx) -> None:
            say(it, tx)
            Turn(it.desk, tx, it.desk.now()).job("delete", "a", {"files": []})

        await it.desk.db.write(begin)
        await until(lambda: bool(tried) and not it.channel.faults, 5.0)
        it.clock.pass_time(-HOUR)
        await it.desk.sender.stop()
        await it.desk.clock._ring()
        waiting = await it.desk.db.read(
            lambda tx: tx.one(
                "SELECT (SELECT count(*) FROM outbox WHERE state < 2 AND send_at > ?)"
                " + (SELECT count(*) FROM job WHERE state < 2 AND run_at > ?)",
                to_ms(it.clock.now),
                to_ms(it.clock.now),
            )
        )
        assert waiting == (0,)
        await until(lambda: len(tried) == 2, 5.0)
    async with office(tmp_path, clock=it.clock) as again:
        await again.settle()
        assert "suratnya selesai" in again.last("1").text
        assert len(again.heard("1")) == 1


@pytest.mark.parametrize("jumps", [(-HOUR, HOUR), (DAY, -DAY), (DAY, HOUR, -2 * DAY, DAY)])
async def test_a_request_is_served_once_whatever_the_clock_does(
    tmp_path: Path, jumps: tuple[timedelta, ...]
) -> None:
    """After every line of a whole transcript the clock jumps; each number and letter is one."""
    script = happy("domisili")
    stage = await opened(tmp_path, script)
    try:
        for number, step in enumerate(script.steps):
            await act(stage, step)
            stage.clock.pass_time(jumps[number % len(jumps)])
            await stage.desk.clock._ring()
            await stage.rest()
        assert await _counts(stage) == (1, 1, 1)
        row = await stage.desk.db.read(lambda tx: tx.one("SELECT status FROM request"))
        assert row == ("done",)
        repeated = await stage.desk.db.read(
            lambda tx: tx.all(
                "SELECT key FROM inbox WHERE key <> '' GROUP BY channel, key HAVING count(*) > 1"
            )
        )
        assert repeated == []
    finally:
        await stage.close()


async def _counts(stage: Stage) -> tuple[int, ...]:
    row = await stage.desk.db.read(
        lambda tx: tx.one(
            "SELECT (SELECT count(*) FROM request), (SELECT count(*) FROM letter),"
            " (SELECT max(last) FROM series)"
        )
    )
    return tuple(row) if row else ()
