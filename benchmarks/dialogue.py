"""The dialogue that every contender holds: 13 updates, 13 answers, 5 pressed buttons."""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class Step(NamedTuple):
    """One update: words, or the button whose payload is (or ends in ``:``) ``press``."""

    text: str = ""
    press: str = ""


STEPS = (
    Step("/start"),
    Step(press="kependudukan"),
    Step(press="domisili"),
    Step(press="agree"),
    Step("Siti Aminah"),
    Step("123"),
    Step("1409074101800001"),
    Step("Teluk Kuantan"),
    Step("1 januari 1980"),
    Step(press="2010"),
    Step("Dusun II, RT 02 RW 01"),
    Step("batal"),
    Step(press="keep_going"),
)


def update(number: int, chat: int, step: Step, pressed: str = "") -> bytes:
    """Return the update as Telegram would post it."""
    person = {
        "id": chat,
        "is_bot": False,
        "first_name": "Siti",
        "last_name": "Aminah",
        "language_code": "id",
    }
    where = {"id": chat, "first_name": "Siti", "last_name": "Aminah", "type": "private"}
    message = {"message_id": number, "from": person, "chat": where, "date": 1_790_000_000}
    if not pressed:
        message["text"] = step.text
        if step.text.startswith("/"):
            command = {"offset": 0, "length": len(step.text), "type": "bot_command"}
            message["entities"] = [command]
        return msgspec.json.encode({"update_id": number, "message": message})
    bot = {"id": 100, "is_bot": True, "first_name": "Loket", "username": "LoketUjiBot"}
    query = {
        "id": str(number),
        "from": person,
        "message": message | {"from": bot, "text": "Silakan pilih."},
        "chat_instance": "1",
        "data": pressed,
    }
    return msgspec.json.encode({"update_id": number, "callback_query": query})
