"""People at their phones: they write through a platform's stand-in and wait for the answer."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from typing import Any

import aiohttp
import msgspec

from tests.process.installation import FROM, SECRET, Installation
from tests.standins.telegram import Sent as TelegramSent
from tests.standins.telegram import TelegramStandin
from tests.standins.twilio import SID, TwilioStandin, sign

_PATIENCE = 30.0


class Person(ABC):
    """Somebody with a phone; ``read`` counts the messages that were looked at."""

    def __init__(self) -> None:
        self.read = 0

    @abstractmethod
    def heard(self) -> list[Any]:
        """Return every message to this person."""

    @abstractmethod
    async def write(self, text: str) -> None:
        """Send words."""

    @abstractmethod
    async def show(self, content: bytes) -> None:
        """Send a photo."""

    async def hears(self, words: str) -> str:
        """Wait for a new message that holds these words, and return it."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            heard = self.heard()
            for number in range(self.read, len(heard)):
                if words in heard[number].text:
                    self.read = number + 1
                    return str(heard[number].text)
            await asyncio.sleep(0.01)
        last = [message.text[:80] for message in self.heard()[-3:]]
        raise AssertionError(f"nobody said {words!r}; last were {last}")

    async def asks(self, text: str, words: str) -> str:
        """Send words and wait for the answer that holds ``words``."""
        await self.write(text)
        return await self.hears(words)

    async def shows(self, content: bytes, words: str) -> str:
        """Send a photo and wait for the answer that holds ``words``."""
        await self.show(content)
        return await self.hears(words)


class OnTelegram(Person):
    """A Telegram account; ``polled`` when the desk fetches updates itself."""

    next_update = 1

    def __init__(
        self, desk: Installation, platform: TelegramStandin, chat: int, *, polled: bool = False
    ) -> None:
        super().__init__()
        self.desk, self.platform, self.chat, self.polled = desk, platform, chat, polled

    def heard(self) -> list[Any]:
        return [m for m in self.platform.sent if _to(m) == str(self.chat)]

    async def write(self, text: str) -> None:
        await self.send({"text": text})

    async def show(self, content: bytes) -> None:
        name = f"photo-{self.chat}-{len(self.platform.files)}"
        self.platform.files[name] = content
        size = {"file_id": name, "file_unique_id": name, "width": 1280, "height": 810}
        await self.send({"photo": [{**size, "file_size": len(content)}]})

    async def hand_in(self, content: bytes) -> None:
        """Send a PDF."""
        name = f"file-{self.chat}-{len(self.platform.files)}"
        self.platform.files[name] = content
        file = {"file_id": name, "file_unique_id": name, "mime_type": "application/pdf"}
        await self.send({"document": {**file, "file_name": "a.pdf", "file_size": len(content)}})

    async def point(self, latitude: float, longitude: float) -> None:
        """Send a place."""
        await self.send({"location": {"latitude": latitude, "longitude": longitude}})

    def update(self, content: dict[str, Any]) -> dict[str, Any]:
        """Return an update as Telegram would deliver it."""
        number = OnTelegram.next_update
        OnTelegram.next_update += 1
        chat = {"id": self.chat, "type": "private", "first_name": "Warga"}
        who = {"id": self.chat, "is_bot": False, "first_name": "Warga", "language_code": "id"}
        message = {"message_id": number, "from": who, "chat": chat, "date": int(time.time())}
        return {"update_id": number, "message": {**message, **content}}

    async def send(self, content: dict[str, Any]) -> None:
        """Let Telegram deliver this to the desk."""
        update = self.update(content)
        if self.polled:
            self.platform.push(update)
            return
        assert await deliver(self.desk, msgspec.json.encode(update)) == 200


def _to(message: TelegramSent) -> str:
    return message.chat


async def deliver(desk: Installation, body: bytes) -> int:
    """Post an update to the webhook as Telegram does; return the answer's status."""
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET, "Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{desk.url}/telegram/webhook", data=body, headers=headers) as response,
    ):
        return response.status


class OnWhatsApp(Person):
    """A WhatsApp number behind Twilio."""

    next_message = 1

    def __init__(self, desk: Installation, platform: TwilioStandin, number: str) -> None:
        super().__init__()
        self.desk, self.platform, self.number = desk, platform, number

    def heard(self) -> list[Any]:
        return [m for m in self.platform.sent if m.to == f"whatsapp:{self.number}"]

    async def write(self, text: str) -> None:
        await self._send({"Body": text, "NumMedia": "0", "MessageType": "text"})

    async def show(self, content: bytes) -> None:
        await self._attach(content, "image/jpeg")

    async def hand_in(self, content: bytes) -> None:
        """Send a PDF."""
        await self._attach(content, "application/pdf")

    async def point(self, latitude: float, longitude: float) -> None:
        """Send a place."""
        where = {"Latitude": str(latitude), "Longitude": str(longitude)}
        await self._send({"Body": "", "NumMedia": "0", "MessageType": "location", **where})

    async def _attach(self, content: bytes, kind: str) -> None:
        media = f"ME{OnWhatsApp.next_message:032x}"
        self.platform.files[media] = (kind, content)
        message = f"MM{OnWhatsApp.next_message:032x}"
        url = self.platform.media_url(media, message)
        await self._send({"Body": "", "NumMedia": "1", "MediaUrl0": url, "MediaContentType0": kind})

    async def _send(self, content: dict[str, str]) -> None:
        number = OnWhatsApp.next_message
        OnWhatsApp.next_message += 1
        form = {
            "MessageSid": f"MM{number:032x}",
            "AccountSid": SID,
            "From": f"whatsapp:{self.number}",
            "To": FROM,
            "WaId": self.number.lstrip("+"),
            "ProfileName": "Warga",
            **content,
        }
        target = f"{self.desk.url}/twilio/webhook"
        headers = {"X-Twilio-Signature": sign(target, form.items())}
        async with (
            aiohttp.ClientSession() as http,
            http.post(target, data=form, headers=headers) as response,
        ):
            assert response.status == 200
