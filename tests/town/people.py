"""The people of the town at their phones, and what each has heard."""

from __future__ import annotations

import asyncio
import html
import re
import time
from collections import defaultdict
from datetime import UTC, datetime
from typing import Protocol

from tests.paper import photo, scan
from tests.standins.gateway import GatewayStandin, came_in
from tests.standins.telegram import TelegramStandin
from tests.standins.twilio import TwilioStandin

PATIENCE = 20.0
_TAG = re.compile(r"<[^>]+>")
_SIGNS = re.compile(r"[^a-z0-9]+")


def plain(text: str) -> str:
    """Return only what every channel keeps of a text: small letters and digits."""
    return _SIGNS.sub(" ", html.unescape(_TAG.sub("", text)).lower()).strip()


class Ears:
    """Sorts what the platforms were given by whom it is for."""

    def __init__(
        self, telegram: TelegramStandin, twilio: TwilioStandin, gateway: GatewayStandin
    ) -> None:
        self._platforms = (telegram, twilio, gateway)
        self._read = [0, 0, 0]
        self.heard: dict[str, list[str]] = defaultdict(list)
        self.at: dict[str, list[float]] = defaultdict(list)

    async def listen(self) -> None:
        """Listen for ever."""
        while True:
            for place, platform in enumerate(self._platforms):
                for one in platform.sent[self._read[place] :]:
                    address = str(getattr(one, "chat", "") or getattr(one, "to", ""))
                    address = address.removeprefix("whatsapp:")
                    self.heard[address].append(plain(one.text))
                    self.at[address].append(time.monotonic())
                self._read[place] = len(platform.sent)
            await asyncio.sleep(0.01)


class Phone(Protocol):
    """What a person sends with."""

    async def write(self, text: str) -> None:
        """Send words."""

    async def show(self, content: bytes) -> None:
        """Send a photo."""

    async def hand_in(self, content: bytes) -> None:
        """Send a PDF."""

    async def point(self, latitude: float, longitude: float) -> None:
        """Send a place."""


class OnSms:
    """A phone that only sends words, through the office's own gateway."""

    def __init__(self, gateway: GatewayStandin, number: str) -> None:
        self._gateway, self._number = gateway, number

    async def write(self, text: str) -> None:
        # The gateway gives no text an id of its own: who, when and what tell them apart.
        body = came_in(self._number, text, datetime.now(UTC).isoformat())
        assert await self._gateway.post(body) == 200

    async def show(self, content: bytes) -> None:
        """There is no camera: the papers come along to the office."""
        await self.write("bawa ke kantor")

    async def hand_in(self, content: bytes) -> None:
        """As a photo."""
        await self.show(content)

    async def point(self, latitude: float, longitude: float) -> None:
        """Who cannot point says it."""
        await self.write(f"{latitude}, {longitude}")


class Person:
    """Somebody who says one thing after another, and waits for each answer."""

    def __init__(self, ears: Ears, address: str, phone: Phone) -> None:
        self._ears, self.address, self._phone = ears, address, phone
        self.name = ""
        self._read = 0
        self._seed = hash(address) % 100_000
        self.seconds: list[float] = []
        self.talking = asyncio.Lock()

    async def act(self, text: str) -> None:
        """Write, press what is named in brackets, or send what is named in parentheses."""
        if text.startswith(("(foto", "(album")):
            for _ in range(text.count("foto")):
                self._seed += 1
                await self._phone.show(photo("sharp", self._seed))
        elif text == "(pdf)":
            await self._phone.hand_in(scan())
        elif text == "(lokasi)":
            await self._phone.point(-0.5436, 101.5532)
        else:
            await self._phone.write(text.strip("[]"))

    async def asks(self, text: str, *expected: str) -> str:
        """Do something and wait for the answer; how long that took is kept."""
        began = time.monotonic()
        await self.act(text)
        answer = await self.hears(*expected)
        self.seconds.append(self._ears.at[self.address][self._read - 1] - began)
        return answer

    async def hears(self, *expected: str) -> str:
        """Wait for a new message that holds any of these words, and return it as heard."""
        end = time.monotonic() + PATIENCE
        heard, wanted = self._ears.heard[self.address], [plain(one) for one in expected]
        while time.monotonic() < end:
            for number in range(self._read, len(heard)):
                if any(one in heard[number] for one in wanted):
                    self._read = number + 1
                    return heard[number]
            await asyncio.sleep(0.02)
        raise AssertionError(f"{self.address} waits for {wanted!r}; was told {heard[-3:]}")
