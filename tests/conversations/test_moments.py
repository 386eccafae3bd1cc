"""What crosses on its way: the office and the person speak in the same second."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.engine.opening import open_desk
from bot.engine.turn import Turn
from flows.events import Envelope, Text, Told
from flows.messages import Message, Part
from storage import contacts, inbox, outbox
from storage.database import Tx
from storage.instant import to_ms
from tests.office import configured, office


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


async def test_an_answer_is_not_lost_when_the_office_repeats_the_question_behind_it(
    tmp_path: Path,
) -> None:
    """The question still waits when the office speaks: its words, and it again, wait behind it."""
    async with office(tmp_path) as place:
        for text in ["surat domisili", "setuju", "Siti Aminah"]:
            await place.event("7", Text(text))
        place.channel.chat_rate = 2.0
        place.desk.sender.chats.forget()
        place.desk.sender.chats.take(place.channel, 1, "citizen")
        await place.desk.accept([Envelope("telegram", "a", "7", Text("1409074101800001"))])
        told = Told("domisili.told.handed_over", {"number": "DOM-26-0001", "service": "domisili"})
        await place.desk.db.write(
            lambda tx: Turn(place.desk, tx, place.desk.now()).put(1, told, "told")
        )
        await place.desk.worker.idle()
        for _ in range(300):
            if "Di mana" in place.last("7").text:
                break
            await asyncio.sleep(0.01)
        assert "DOM-26-0001" not in place.last("7").text
        await place.event("7", Text("Teluk Kuantan"))
        said = [message.text for message in place.heard("7")[-2:]]
        assert "DOM-26-0001" in said[0]
        assert "Kapan" in said[1]


async def test_what_is_said_right_behind_an_answer_goes_out_too(tmp_path: Path) -> None:
    """The answer is claimed as it is written; what waits behind it must not wait for ever."""
    async with office(tmp_path) as place:
        await place.event("7", Text("halo"))

        def speak(tx: Tx) -> None:
            turn = Turn(place.desk, tx, place.desk.now(), 1, last=True)
            turn.reply(contacts.load(tx, 1), Message([Part("common.choose")]))
            assert not outbox.is_clear(tx, 1)
            turn.say(1, Message([Part("conversation.busy")]))

        await place.desk.db.write(speak)
        await place.settle()
        assert len(place.heard("7")) == 3


async def test_an_answer_to_a_question_that_a_crash_sends_again_is_an_answer(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as place:
        for text in ["surat domisili", "setuju", "Siti Aminah"]:
            await place.event("7", Text(text))
        assert "NIK" in place.last("7").text
    # The question arrived, but the desk died before it could note so; then the answer was kept.
    desk = await open_desk(configured(tmp_path), now=place.clock)
    envelope = Envelope("telegram", "8", "7", Text("1409074101800001"))

    def crash(tx: Tx) -> None:
        tx.run("UPDATE outbox SET state = 1 WHERE id = (SELECT MAX(id) FROM outbox)")
        inbox.accept(tx, desk.vault, envelope, to_ms(place.clock.now))

    await desk.db.write(crash)
    desk.db.close()
    async with office(tmp_path, clock=place.clock) as again:
        await again.settle()
        texts = [message.text for message in again.heard("7")]
        assert "NIK" in texts[0]
        assert "lahir" in texts[-1]
