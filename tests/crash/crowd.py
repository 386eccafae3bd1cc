"""Many citizens and a few officers at once, and a platform that repeats and reorders.

Every person waits for the desk's answer before the next word, as people do; the platform delivers
until it is acknowledged, delivers some things twice, some late, and the photos of one moment in
any order.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec

from tests.paper import photo
from tests.process.installation import SECRET, Installation
from tests.process.installations import Installations
from tests.standins.telegram import Sent, TelegramStandin

GROUP = "-1009000000001"
PATIENCE = 300.0
_REPEATED = 0.15
_SYLLABLES = [c + v for c in "bdgjklmnprst" for v in "aiueo"]
_NUMBER = re.compile(r"DOM-\d\d-\d{4}")


def syllables(number: int) -> str:
    """Return a number as a name: three syllables."""
    base = len(_SYLLABLES)
    pieces = [number // base**n % base for n in range(3)]
    return "".join(_SYLLABLES[piece] for piece in pieces).capitalize()


class Ears:
    """Who was sent what; people wait here for their messages."""

    def __init__(self, telegram: TelegramStandin) -> None:
        self.telegram = telegram
        self.chats: dict[str, list[Sent]] = defaultdict(list)
        self._read = 0

    async def listen(self) -> None:
        """Sort what arrives by chat, for ever."""
        while True:
            for message in self.telegram.sent[self._read :]:
                self.chats[message.chat].append(message)
            self._read = len(self.telegram.sent)
            await asyncio.sleep(0.01)


@dataclass
class Post:
    """Delivers updates to the webhook until each is acknowledged; ``rate`` a second, 0: at once."""

    desk: Installation | Installations
    chance: random.Random
    rate: float = 0.0
    acknowledged: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    deliveries: int = 0
    repeated: int = 0
    _next: int = 0
    _free_at: float = 0.0
    _http: aiohttp.ClientSession | None = None
    _late: set[asyncio.Task[None]] = field(default_factory=set)

    async def open(self) -> None:
        """Make ready."""
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=200), timeout=aiohttp.ClientTimeout(total=15)
        )

    async def settle(self) -> None:
        """Deliver what is late."""
        await asyncio.gather(*self._late)

    async def close(self) -> None:
        """Let go."""
        for task in self._late:
            task.cancel()
        if self._http is not None:
            await self._http.close()

    async def send(self, chat: int, content: dict[str, Any], *, at_once: bool = False) -> None:
        """Deliver this message of a chat; returns when the desk has acknowledged it.

        What goes ``at_once`` counts too: others wait for longer.
        """
        if self.rate:
            now = time.monotonic()
            self._free_at = max(now, self._free_at) + 1 / self.rate
            await asyncio.sleep(0 if at_once else self._free_at - now)
        self._next += 1
        number = self._next
        who = {"id": chat, "is_bot": False, "first_name": "Warga", "language_code": "id"}
        room = {"id": chat, "type": "private", "first_name": "Warga"}
        message = {"message_id": number, "from": who, "chat": room, "date": 1, **content}
        body = msgspec.json.encode({"update_id": number, "message": message})
        began = time.monotonic()
        first = await self._deliver(body)
        if first:
            self.seconds.append(time.monotonic() - began)
        self.acknowledged.append(str(number))
        if self.chance.random() < _REPEATED:
            self.repeated += 1
            task = asyncio.create_task(self._again(body, self.chance.uniform(0.0, 3.0)))
            self._late.add(task)
            task.add_done_callback(self._late.discard)

    async def _again(self, body: bytes, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._deliver(body)

    async def _deliver(self, body: bytes) -> bool:
        """Try until it is acknowledged; tell whether that was at the first try."""
        assert self._http is not None
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        end = time.monotonic() + PATIENCE
        tries = 0
        while time.monotonic() < end:
            tries += 1
            self.deliveries += 1
            try:
                async with self._http.post(
                    f"{self.desk.url}/telegram/webhook", data=body, headers=headers
                ) as response:
                    if response.status == 200:
                        return tries == 1
                    assert response.status == 503, response.status
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(0.05)
        raise AssertionError("the desk acknowledges nothing any more")


class Person:
    """Somebody who reads a chat in order."""

    hurries = False

    def __init__(self, post: Post, ears: Ears, chat: int) -> None:
        self.post, self.ears, self.chat = post, ears, chat
        self._read = 0

    async def say(self, text: str) -> None:
        """Send words."""
        await self.post.send(self.chat, {"text": text}, at_once=self.hurries)

    async def hears(self, *words: str) -> str:
        """Wait for a new message with any of these words, and return it."""
        heard = self.ears.chats[str(self.chat)]
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            while self._read < len(heard):
                text = heard[self._read].text
                self._read += 1
                if any(word in text for word in words):
                    return text
            await asyncio.sleep(0.01)
        last = [message.text[:60] for message in heard[-3:]]
        raise AssertionError(f"{self.chat} waits for {words}; was told {last}")


class Citizen(Person):
    """Files one request for a letter after the other; ``filed`` is number → name given."""

    def __init__(self, post: Post, ears: Ears, index: int, chance: random.Random) -> None:
        super().__init__(post, ears, 100_000_000 + index)
        self.index, self.chance = index, chance
        self.nik = f"140907010180{index + 1:04}"
        self.filed: dict[str, str] = {}
        self.rounds = 0

    async def live(self, busy: asyncio.Event) -> None:
        """File requests until there is no more to do, at least one."""
        await asyncio.sleep(self.chance.uniform(0.0, 1.5))
        while not self.rounds or busy.is_set():
            await self._file()
            await asyncio.sleep(self.chance.uniform(0.0, 2.0))

    async def _file(self) -> None:
        self.rounds += 1
        name = f"{syllables(self.index)} {syllables(self.rounds)}"
        script = [
            ("surat domisili", "Apakah Bapak/Ibu setuju"),
            ("setuju", "nama lengkap"),
            (name, "Berapa NIK"),
            (self.nik, "Di mana Bapak/Ibu lahir"),
            ("Teluk Kuantan", "Kapan"),
            ("1 januari 1980", "di desa mana"),
            ("Toar", "alamat rumah"),
            (f"Dusun {syllables(self.rounds)}", "Sejak kapan"),
            ("tahun 2015", "untuk keperluan apa"),
            ("membuka rekening", "Kirim foto <b>KTP"),
        ]
        for text, answer in script:
            await self.say(text)
            await self.hears(answer)
            await asyncio.sleep(self.chance.uniform(0.0, 0.1))
        await asyncio.gather(*(self._show() for _ in range(3)))
        await self.hears("sudah benar semua")
        await self.say("kirim")
        told = await self.hears("sudah kami terima.</b>")
        self.filed[_NUMBER.findall(told)[0]] = name

    async def _show(self) -> None:
        telegram = self.ears.telegram
        name = f"photo-{self.chat}-{len(telegram.files)}"
        telegram.files[name] = photo("sharp", self.chance.randrange(8))
        await asyncio.sleep(self.chance.uniform(0.0, 0.05))
        one = {"file_id": name, "file_unique_id": name, "width": 1280, "height": 810}
        await self.post.send(self.chat, {"photo": [one]})


class Officer(Person):
    """Works on what the group is told of, from the first look until it is handed over."""

    hurries = True

    def __init__(self, post: Post, ears: Ears, index: int, work: asyncio.Queue[str]) -> None:
        super().__init__(post, ears, 200_000_000 + index)
        self.work = work
        self.done: list[str] = []

    async def live(self) -> None:
        """Work for ever."""
        while True:
            number = await self.work.get()
            await self._bring_through(number)
            self.done.append(number)
            self.work.task_done()

    async def _bring_through(self, number: str) -> None:
        await self._do(f"/ambil {number}", "sekarang dipegang")
        for stage in ["disiapkan", "diperiksa atasan", "Menunggu tanda tangan", "dicetak"]:
            await self._do(f"/terima {number}", stage)
        answer = "masih dibuat"
        while answer == "masih dibuat":
            told = await self._do(f"/siap {number}", "siap diambil", answer)
            answer = answer if answer in told else ""
            await asyncio.sleep(0.1)
        await self._do(f"/serahkan {number} sama", "sudah diserahkan")

    async def _do(self, command: str, *words: str) -> str:
        await self.say(command)
        return await self.hears(*words)


async def announce_work(ears: Ears, work: asyncio.Queue[str]) -> None:
    """Put every number that the officers' group hears of into the queue, once."""
    known: set[str] = set()
    read = 0
    while True:
        heard = ears.chats[GROUP]
        for message in heard[read:]:
            for number in _NUMBER.findall(message.text):
                if number not in known:
                    known.add(number)
                    work.put_nowait(number)
        read = len(heard)
        await asyncio.sleep(0.02)
