"""Telegram to its limits: the real channel at a stand-in, before a whole desk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.channels.telegram import TelegramChannel
from flows.session import Session
from storage import contacts, conversations
from tests.channels import recorded
from tests.domisili import ANSWERS
from tests.office import TestOffice, office
from tests.paper import photo
from tests.standins.server import until
from tests.standins.telegram import Sent, TelegramStandin

SITI, GROUP = 512300871, -1002014567890
# The first message may reach the stand-in a moment after it was let go: it opens a connection.
_LATE = 0.25


class Telegram:
    """A desk on Telegram, and what its people do there."""

    def __init__(self, it: TestOffice, standin: TelegramStandin, channel: TelegramChannel) -> None:
        self.it, self.standin, self.channel = it, standin, channel
        self._update = 1

    async def comes(self, *updates: dict[str, Any]) -> None:
        """These updates come in one moment."""
        found = []
        for update in updates:
            self._update += 1
            found += self.channel.read({**update, "update_id": self._update})
        await self.it.desk.accept(found)
        await self.it.settle()

    async def says(self, text: str, *, chat: int = SITI, sender: int = 0, **more: Any) -> None:
        await self.comes({"message": message(chat, sender, text=text, **more)})

    async def fills_in(self, chat: int = SITI) -> None:
        for words in ANSWERS:
            await self.says(words, chat=chat)

    def to(self, chat: int) -> list[Sent]:
        return [sent for sent in self.standin.sent if sent.chat == str(chat)]

    async def session(self) -> Session:
        desk = self.it.desk

        def load(tx: Any) -> Session:
            contact = contacts.find(tx, desk.vault, "telegram", str(SITI))
            assert contact is not None
            return conversations.load(tx, desk.vault, contact).session

        return await desk.db.read(load)


def message(chat: int, sender: int = 0, **more: Any) -> dict[str, Any]:
    kind = "private" if chat > 0 else "supergroup"
    who = {"id": sender or chat, "is_bot": False, "first_name": "Siti"}
    return {"message_id": 7, "date": 0, "chat": {"id": chat, "type": kind}, "from": who, **more}


def sizes(name: str) -> list[dict[str, Any]]:
    """Four sizes of one photo, the largest in the middle."""
    sides = {"s": 90, "y": 1280, "x": 800, "m": 320}
    return [{"file_id": f"{name}-{size}", "width": w, "height": w} for size, w in sides.items()]


@pytest.fixture
async def telegram(tmp_path: Path) -> AsyncIterator[Telegram]:
    async with TelegramStandin() as standin, office(tmp_path) as it:
        channel = TelegramChannel(standin.token, standin.url, "", 1e5, 1e5, 6e6)
        it.desk.channels = {"telegram": channel}
        yield Telegram(it, standin, channel)
        await channel.close()


async def test_an_album_is_one_answer_and_its_largest_sizes_are_taken(telegram: Telegram) -> None:
    await telegram.says("surat domisili")
    await telegram.fills_in()
    for name in "ab":
        telegram.standin.files[f"{name}-y"] = photo(seed=ord(name))
    before = len(telegram.to(SITI))
    await telegram.comes(
        *(
            {"message": message(SITI, photo=sizes(name), media_group_id="g1", caption=caption)}
            for name, caption in (("a", "ktp"), ("b", "kk"))
        )
    )
    session = await telegram.session()
    assert {path: len(pages) for path, pages in session.documents.items()} == {
        "ktp": 1,
        "family_card": 1,
    }
    assert telegram.standin.calls["getFile"] == 2
    said = [sent.text for sent in telegram.to(SITI)[before:]]
    assert "surat pengantar" in said[-1]
    assert len(said) <= 2


async def test_an_edited_message_corrects_its_answer(telegram: Telegram) -> None:
    for words in ANSWERS[:3]:
        await telegram.says(words)
    assert (await telegram.session()).answers["name"] == "Siti Aminah"
    edited = recorded.update("edited_text")
    await telegram.comes(edited)
    assert (await telegram.session()).answers["name"] == "Siti Aminah Contoh"


async def test_a_deep_link_begins_its_service(telegram: Telegram) -> None:
    await telegram.says("/start layanan-domisili")
    assert "Surat keterangan domisili" in telegram.to(SITI)[-1].text
    await telegram.says("/start layanan-tidak-ada", chat=77)
    assert "Selamat datang" in telegram.to(77)[-1].text


async def test_somebody_who_blocked_the_desk_is_left_alone_until_they_write(
    telegram: Telegram,
) -> None:
    await telegram.says("surat domisili")
    await telegram.says("setuju")
    await telegram.comes(recorded.update("blocked"))
    before = len(telegram.to(SITI))
    await telegram.it.move(timedelta(days=2))
    assert len(telegram.to(SITI)) == before
    await telegram.comes(recorded.update("unblocked"))
    await telegram.says("halo")
    assert len(telegram.to(SITI)) == before + 1


async def test_a_refusal_says_that_the_desk_was_blocked(telegram: Telegram) -> None:
    await telegram.it.seat_staff(str(GROUP))
    blocked = {
        "ok": False,
        "error_code": 403,
        "description": "Forbidden: bot was blocked by the user",
    }
    telegram.standin.refuse(status=403, body=blocked, to=str(SITI), method="sendMessage")
    await telegram.says("surat domisili")
    desk = telegram.it.desk
    state = await desk.db.read(lambda tx: tx.one("SELECT state FROM contact WHERE kind='citizen'"))
    assert state == ("blocked",)
    assert telegram.to(GROUP)


async def test_a_group_that_moved_is_written_to_at_its_new_address(telegram: Telegram) -> None:
    await telegram.it.seat_staff("-4012345678")
    moved = {
        "ok": False,
        "error_code": 400,
        "description": "Bad Request: group chat was upgraded to a supergroup chat",
        "parameters": {"migrate_to_chat_id": GROUP},
    }
    telegram.standin.refuse(status=400, body=moved, to="-4012345678", times=99)
    question = {"update_id": 99, "message": message(SITI, text="petugas")}
    await telegram.it.desk.accept(telegram.channel.read(question))
    await until(lambda: telegram.standin.calls.get("sendMessage", 0) >= 2)
    telegram.it.clock.pass_time(timedelta(minutes=2))
    await until(lambda: bool(telegram.to(GROUP)))
    assert not telegram.to(-4012345678)
    await telegram.comes(recorded.update("migrated"))
    await telegram.says("/antrean", chat=-1002099999999, sender=733900142)


async def test_each_request_has_a_topic_and_plain_words_there_reach_the_citizen(
    telegram: Telegram,
) -> None:
    await telegram.it.seat_staff(str(GROUP))
    await telegram.it.hire("Rina", "counter", "733900142")
    await telegram.fills_in()
    for name in "abc":
        telegram.standin.files[f"{name}-y"] = photo(seed=ord(name))
        await telegram.comes({"message": message(SITI, photo=sizes(name))})
    await telegram.says("kirim permohonan")
    assert telegram.standin.calls["createForumTopic"] == 1
    thread = telegram.to(GROUP)[-1].params["message_thread_id"]
    topic = {"message_thread_id": thread, "is_topic_message": True}
    await telegram.says("Mohon datang besok pagi, Bu.", chat=GROUP, sender=733900142, **topic)
    assert "Mohon datang besok pagi, Bu." in telegram.to(SITI)[-1].text
    await telegram.says("/lihat", chat=GROUP, sender=733900142, **topic)
    assert telegram.to(GROUP)[-1].params["message_thread_id"] == thread
    assert "1409**********01" in telegram.to(GROUP)[-1].text
    before = len(telegram.standin.sent)
    await telegram.says("siapa saya?", chat=GROUP, sender=999, **topic)
    assert not [sent for sent in telegram.standin.sent[before:] if sent.chat == str(SITI)]


async def test_the_command_menu_is_set(telegram: Telegram) -> None:
    from bot.commands.menu import command_menu

    standin = telegram.standin
    menu = command_menu(telegram.it.desk)
    channel = TelegramChannel(standin.token, standin.url, menu=menu)
    await channel.open()
    await until(lambda: channel.username == "LoketUjiBot")
    assert standin.calls["setMyCommands"] == len(menu)
    await channel.close()


async def test_one_chat_is_written_to_no_faster_than_its_limit(tmp_path: Path) -> None:
    async with paced(tmp_path, 1000.0, 5.0, 6e4) as telegram:
        for _ in range(5):
            await telegram.comes({"message": message(SITI, text="halo")})
        assert span(telegram.to(SITI)) >= 4 / 5.0 - _LATE


async def test_all_chats_together_are_written_to_no_faster_than_the_limit(tmp_path: Path) -> None:
    async with paced(tmp_path, 20.0, 1000.0, 6e4) as telegram:
        for _ in range(2):
            halo = ({"message": message(chat, text="halo")} for chat in range(1, 16))
            await telegram.comes(*halo)
        assert len(telegram.standin.sent) == 30
        assert span(telegram.standin.sent) >= 29 / 20.0 - _LATE


async def test_a_group_is_written_to_no_faster_than_its_own_limit(tmp_path: Path) -> None:
    async with paced(tmp_path, 1000.0, 1000.0, 300.0) as telegram:
        await telegram.it.seat_staff(str(GROUP))
        await telegram.it.hire("Rina", "counter", "733900142")
        for _ in range(5):
            await telegram.says("/antrean", chat=GROUP, sender=733900142)
        assert span(telegram.to(GROUP)) >= 4 / 5.0 - _LATE


def span(sent: list[Sent]) -> float:
    """Return the seconds from the first message to the last."""
    return sent[-1].at - sent[0].at


@asynccontextmanager
async def paced(
    folder: Path, rate: float, chat_rate: float, group_rate: float
) -> AsyncIterator[Telegram]:
    """A desk that keeps to these rates."""
    async with TelegramStandin() as standin, office(folder) as it, asyncio.timeout(30):
        channel = TelegramChannel(standin.token, standin.url, "", rate, chat_rate, group_rate)
        it.desk.channels = {"telegram": channel}
        yield Telegram(it, standin, channel)
        await channel.close()
