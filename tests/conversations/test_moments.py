"""What crosses on its way: the office and the person speak in the same second."""

from __future__ import annotations

from pathlib import Path

from bot.turn import Turn
from flows.events import Text, Told
from storage.database import Tx
from tests.office import office


async def test_an_answer_is_not_lost_when_the_office_speaks_meanwhile(tmp_path: Path) -> None:
    async with office(tmp_path) as place:
        place.channel.chat_rate = 1.0
        for text in ["surat domisili", "setuju", "Siti Aminah"]:
            await place.event("7", Text(text))
        assert "NIK" in place.last("7").text

        def tell(tx: Tx) -> None:
            told = Told("conversation.told.reply", {"officer": "Rina", "text": "Besok tutup."})
            Turn(place.desk, tx, place.desk.now()).put(1, told, "told")

        await place.desk.db.write(tell)
        await place.desk.worker.idle()
        # The desk may write to a chat once a second: the office's words still wait.
        assert "NIK" in place.last("7").text
        await place.event("7", Text("1409074101800001"))
        said = [message.text for message in place.heard("7")[-2:]]
        assert "Besok tutup." in said[0]
        assert "lahir" in said[1]
