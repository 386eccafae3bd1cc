"""What was sent while no webhook could reach the desk."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from bot.channels.protocol import Fault, SendError
from bot.engine.catching_up import CatchUp
from flows.events import Envelope, Text
from tests.office import MONDAY, Kept, office


class Keeping(Kept):
    """A platform that keeps what it could not deliver."""

    def __init__(self) -> None:
        super().__init__("whatsapp")
        self.kept: list[Envelope] = []
        self.asked: list[datetime] = []

    async def missed(self, since: datetime) -> list[Envelope]:
        self.asked.append(since)
        if self.faults:
            raise self.faults.pop(0)
        return self.kept


async def test_what_was_missed_is_taken_once_and_in_order(tmp_path: Path) -> None:
    async with office(tmp_path) as it:
        keeping = Keeping()
        it.desk.channels["whatsapp"] = keeping
        words = ["halo", "surat domisili"]
        keeping.kept = [Envelope("whatsapp", w, "628", Text(w)) for w in words]
        catching = CatchUp(it.desk)
        assert catching.needed
        for _ in range(2):
            assert await catching.look()
            await it.settle()
        assert 0 < len(keeping.sent["628"]) <= 2
        assert "domisili" in keeping.sent["628"][-1].text
        # At first since anybody was heard, then since the last look; always with some overlap.
        assert keeping.asked[0] == MONDAY - timedelta(days=1, minutes=15)
        assert keeping.asked[1] == MONDAY - timedelta(minutes=15)
        it.clock.pass_time(timedelta(days=30))
        assert await CatchUp(it.desk).look()
        assert keeping.asked[2] == it.clock.now - timedelta(days=7)


async def test_a_platform_that_cannot_be_asked_is_asked_again(tmp_path: Path) -> None:
    async with office(tmp_path) as it:
        assert not CatchUp(it.desk).needed
        keeping = Keeping()
        it.desk.channels["whatsapp"] = keeping
        keeping.faults = [SendError(Fault.LATER, "no line")]
        catching = CatchUp(it.desk)
        assert not await catching.look()
        it.clock.pass_time(timedelta(minutes=5))
        assert await catching.look()
        assert keeping.asked[1] - keeping.asked[0] == timedelta(minutes=5)
