"""The private door and its socket: who comes in, what is answered, who is kept out."""

from __future__ import annotations

import asyncio
import base64
import io
import re
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.channels.terminal import Terminal
from bot.terminal.door import Door
from bot.terminal.socket import NotRunning, PrivateSocket, Visit
from storage import officers
from tests.office import Kept
from tests.web.site import Site, site


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[Site]:
    channels: dict[str, Any] = {"telegram": Kept()}
    async with site(tmp_path, channels=channels) as opened:
        opened.desk.channels["terminal"] = Terminal(opened.desk.vault, opened.desk.files)
        yield opened


async def hire(it: Site, name: str, role: str, address: str) -> None:
    """Let an officer join from a Telegram chat of their own."""
    from flows.events import Envelope, Text

    code = await it.desk.db.write(
        lambda tx: officers.invite(tx, it.desk.vault, name, role, it.desk.now())
    )
    await it.desk.accept([Envelope("telegram", f"j{address}", address, Text(f"/gabung {code}"))])
    await it.settle()


def words(answer: dict[str, Any]) -> str:
    return "\n".join(line["text"] for line in answer["lines"])


async def test_an_officer_of_the_trial_enters_by_name(it: Site) -> None:
    door = Door(it.trial)
    assert (await door.ask({"do": "enter", "as": "Nobody"}))["refused"] == "nobody"
    assert (await door.ask({"do": "enter", "as": "rina"}))["entered"] == "Rina"
    answer = await door.ask({"do": "say", "text": "/antrean"})
    assert "Antrean" in words(answer)
    assert not answer["lines"][0]["refused"]
    answer = await door.ask({"do": "say", "text": "/lihat 99"})
    assert answer["lines"][0]["refused"]
    assert (await door.ask({"do": "look", "seconds": 0}))["lines"] == []
    known = await door.ask({"do": "words"})
    assert "antrean" in known["commands"]


async def test_on_the_offices_data_a_name_is_not_enough(it: Site) -> None:
    await hire(it, "Rina", "counter", "700")
    door = Door(it.desk)
    assert (await door.ask({"do": "enter", "as": "Rina"}))["refused"] == "trial_only"
    assert (await door.ask({"do": "say", "text": "/antrean"}))["refused"] == "not_in"
    assert (await door.ask({"do": "look"}))["refused"] == "not_in"
    assert (await door.ask({"do": "sign_in", "name": "Orang lain"}))["refused"] == "no_chat"


async def test_a_code_sent_to_their_own_chat_lets_an_officer_in(it: Site) -> None:
    await hire(it, "Rina", "counter", "700")
    door = Door(it.desk)
    assert await door.ask({"do": "sign_in", "name": "rina"}) == {"sent": "Rina"}
    await it.settle()
    telegram = it.desk.channels["telegram"]
    assert isinstance(telegram, Kept)
    code = re.search(r"\b(\d{6})\b", telegram.sent["700"][-1].text)
    assert code is not None
    wrong = "000000" if code[1] != "000000" else "111111"
    assert (await door.ask({"do": "prove", "code": wrong}))["refused"] == "code_wrong"
    assert (await door.ask({"do": "prove", "code": code[1]}))["entered"] == "Rina"
    assert "Antrean" in words(await door.ask({"do": "say", "text": "/antrean"}))
    assert (await door.ask({"do": "prove", "code": code[1]}))["refused"] == "code_over"


async def test_a_code_may_be_guessed_only_a_few_times(it: Site) -> None:
    await hire(it, "Rina", "counter", "700")
    door = Door(it.desk)
    await door.ask({"do": "sign_in", "name": "Rina"})
    tried = [(await door.ask({"do": "prove", "code": "x"}))["refused"] for _ in range(6)]
    assert tried == ["code_wrong"] * 4 + ["code_over"] * 2


async def test_a_suspended_officer_cannot_sign_in(it: Site) -> None:
    await hire(it, "Rina", "counter", "700")
    door = Door(it.desk)
    assert await door.ask({"do": "staff", "act": "suspend", "name": "Rina"}) == {
        "suspended": "Rina"
    }
    assert (await door.ask({"do": "sign_in", "name": "Rina"}))["refused"] == "no_chat"
    listed = await door.ask({"do": "staff", "act": "list"})
    assert listed["officers"] == [["Rina", "counter", "suspended"]]


async def test_staff_are_invited_into_roles_that_exist(it: Site) -> None:
    door = Door(it.desk)
    asked = {"do": "staff", "act": "invite", "name": "Budi", "role": "raja"}
    assert (await door.ask(asked))["refused"] == "no_role"
    code = (await door.ask({**asked, "role": "counter"}))["code"]
    promise = await it.desk.db.read(
        lambda tx: officers.invited(tx, it.desk.vault, code, it.desk.now())
    )
    assert promise is not None
    assert (promise.name, promise.role) == ("Budi", "counter")


async def test_an_empty_screen_is_told_nothing(it: Site) -> None:
    door = Door(it.trial)
    await door.ask({"do": "enter", "as": "Rina"})
    rina = await it.trial.db.read(lambda tx: officers.by_name(tx, "Rina"))
    assert rina is not None

    async def reached() -> list[str]:
        found = await it.trial.db.read(lambda tx: officers.active_contacts(tx, rina.id))
        return sorted(channel for _, channel in found)

    assert await reached() == ["coba", "terminal"]
    await door.close()
    assert await reached() == ["coba"]


async def test_a_citizen_chats_and_sends_a_photo(it: Site) -> None:
    door = Door(it.trial)
    await door.ask({"do": "enter", "citizen": "warga"})
    assert "Selamat datang" in words(await door.ask({"do": "say", "text": "halo"}))
    answer = await door.ask({"do": "say", "text": "bikin surat domisili"})
    choice = answer["lines"][-1]["buttons"][0][0]
    assert "nama lengkap" in words(await door.ask({"do": "say", "choice": choice}))
    picture = io.BytesIO()
    Image.effect_noise((900, 600), 90).convert("RGB").save(picture, "PNG")
    content = base64.b64encode(picture.getvalue()).decode()
    sent = await door.ask({"do": "send", "name": "ktp.png", "content": content})
    assert "simpan" in words(sent)


async def test_what_the_door_does_not_know_is_refused(it: Site) -> None:
    door = Door(it.trial)
    for request in ({}, {"do": "open sesame"}, {"do": "staff", "act": "promote"}):
        assert (await door.ask(request))["refused"] == "unknown"
    await door.ask({"do": "enter", "citizen": "warga"})
    assert (await door.ask({"do": "say", "text": " "}))["refused"] == "empty"
    assert (await door.ask({"do": "send", "content": "%%%"}))["refused"] == "unknown"


async def test_the_socket_is_private_and_carries_several_questions_at_once(it: Site) -> None:
    socket = PrivateSocket(it.trial)
    await socket.open()
    folder = it.trial.config.data_dir / "coba"
    path = folder / "desk.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    visit = await Visit.connect(folder)
    await visit.ask({"do": "enter", "as": "Rina"})
    look = asyncio.create_task(visit.ask({"do": "look", "seconds": 20}))
    said = await visit.ask({"do": "say", "text": "/antrean"})
    seen = await look
    assert len(said["lines"]) + len(seen["lines"]) == 1
    await visit.close()
    await socket.close()
    assert not path.exists()


async def test_senseless_lines_hurt_nobody_and_a_stopped_desk_is_noticed(it: Site) -> None:
    socket = PrivateSocket(it.trial)
    await socket.open()
    folder = it.trial.config.data_dir / "coba"
    reader, writer = await asyncio.open_unix_connection(str(folder / "desk.sock"))
    writer.write(b"{\n[]\n")
    assert b"unknown" in await reader.readline()
    visit = await Visit.connect(folder)
    assert (await visit.ask({"do": "nothing"}))["refused"] == "unknown"
    await socket.close()
    writer.close()
    await asyncio.sleep(0.05)
    with pytest.raises(NotRunning):
        await visit.ask({"do": "words"})
    await visit.close()
    with pytest.raises(NotRunning):
        await Visit.connect(folder)
