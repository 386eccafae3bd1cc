"""A day of the whole town: every service on every phone and at the counter, five officers.

In the real process citizens and officers play the happy transcripts side by side; afterwards
nothing may be unanswered, lost, or done twice. A hamlet in every run; the whole town with
``make day``.
"""

from __future__ import annotations

import asyncio
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.process.installation import Installation, config_with
from tests.process.people import OnTelegram, OnWhatsApp
from tests.standins.gateway import SECRET, GatewayStandin
from tests.standins.telegram import TelegramStandin
from tests.standins.twilio import TwilioStandin
from tests.town.people import Ears, OnSms, Person
from tests.town.plays import Line, Play, play_of, plays

_OFFICERS = [
    ("Rina", "counter", "telegram"),
    ("Dewi", "counter", "whatsapp"),
    ("Budi", "verifier", "telegram"),
    ("Sari", "secretary", "whatsapp"),
    ("Camat", "signer", "telegram"),
]
_CHANNELS = ("telegram", "whatsapp", "sms", "counter")
_FORM = """nama: {name}
nik: 1409070101{number:06}
tempat lahir: toar
tanggal lahir: 1/1/1980
desa: toar
alamat: Dusun I RT 01 RW 02
tinggal sejak: 2001
keperluan: buka rekening
berkas: dilihat"""
_AT_THE_COUNTER = "domisili"
_NAMES = ("Udin Contoh", "Wati Rahayu", "Amri Yahya", "Nurlela Sari")
_INVITED = re.compile(r"/gabung [\w-]+")
_NUMBER = re.compile(r"nomor ([a-z]{2,6} \d\d \d{4})\b")
_FILED = re.compile(r"masuk ([a-z]{2,6} \d\d \d{4})\b")
_BEING_MADE = "masih dibuat tunggu sebentar"
_PROVE = "balas dengan kode ini"
_SIX = re.compile(r"\b\d{6}\b")
_WORD = re.compile(r"\w+")
_WIB = timedelta(hours=7)


@dataclass
class Town:
    """The platforms, the desk and everybody."""

    desk: Installation
    telegram: TelegramStandin
    twilio: TwilioStandin
    gateway: GatewayStandin
    ears: Ears
    officers: dict[str, list[Person]] = field(default_factory=dict)
    citizens: list[Person] = field(default_factory=list)
    filed: list[str] = field(default_factory=list)

    def person(self, channel: str, number: int) -> Person:
        """Return somebody new on that channel."""
        if channel == "telegram":
            chat = 700_000_000 + number
            return Person(self.ears, str(chat), OnTelegram(self.desk, self.telegram, chat))
        address = f"+6281{_CHANNELS.index(channel)}7{number:07}"
        if channel == "whatsapp":
            return Person(self.ears, address, OnWhatsApp(self.desk, self.twilio, address))
        return Person(self.ears, address, OnSms(self.gateway, address))

    async def hire(self) -> None:
        """The head joins by the printed code and invites the others."""
        head = self.person("telegram", 900_000)
        await head.asks(f"/gabung {self.desk.invite()} Ketua", "Selamat bergabung")
        for place, (name, role, channel) in enumerate(_OFFICERS):
            officer = self.person(channel, 900_001 + place)
            officer.name = name
            before = len(self.telegram.sent)
            await head.asks(f"/petugas undang {name} {role}", "Undangan")
            said = " ".join(one.text for one in self.telegram.sent[before:])
            await officer.asks(_INVITED.findall(said)[0], "Selamat bergabung")
            self.officers.setdefault(role, []).append(officer)


async def test_a_hamlet(tmp_path: Path) -> None:
    await _day(tmp_path, citizens=4, seed=1)


@pytest.mark.day
@pytest.mark.timeout(1800)
async def test_a_whole_town(tmp_path: Path) -> None:
    await _day(tmp_path, citizens=120, seed=7)


async def _day(folder: Path, *, citizens: int, seed: int) -> None:
    telegram, twilio = TelegramStandin(), TwilioStandin(callbacks=["sent", "delivered"])
    gateway = GatewayStandin(reports=("sms:sent", "sms:delivered"))
    async with telegram, twilio, gateway:
        desk = Installation(
            folder / "data",
            telegram.url,
            twilio.url,
            TELEGRAM_MODE="webhook",
            TWILIO_SMS_RATE="200",
            SMS_GATEWAY_URL=gateway.address,
            SMS_GATEWAY_SECRET=SECRET,
            # A day that is over in minutes: the office's limits count by the minute.
            LOKET_CONFIG=str(config_with(folder, messages_per_minute="10000", settle_ms="0")),
        )
        gateway.webhook = f"{desk.url}/sms/webhook"
        town = Town(desk, telegram, twilio, gateway, Ears(telegram, twilio, gateway))
        listening = asyncio.create_task(town.ears.listen())
        try:
            await desk.start()
            await town.hire()
            began = time.monotonic()
            await _live(town, citizens, random.Random(seed))
            took = time.monotonic() - began
            _judge(town)
            _tell(town, took)
            assert await desk.stop() == 0
        finally:
            listening.cancel()
            await desk.close()


async def _live(town: Town, count: int, chance: random.Random) -> None:
    """Let every citizen come at a moment of their own and have their letter."""
    today = (datetime.now(UTC) + _WIB).date()
    every = plays(today)
    by_words = [play for play in every if play.by_words]
    cases = []
    for number in range(count):
        channel = _CHANNELS[number % len(_CHANNELS)]
        after = chance.uniform(0, count / 8)
        if channel == "counter":
            play = play_of(_AT_THE_COUNTER, today)
            cases.append(_at_the_counter(town, play, number, after))
            continue
        choice = by_words if channel == "sms" else every
        play = choice[number // len(_CHANNELS) % len(choice)]
        citizen = town.person(channel, number)
        town.citizens.append(citizen)
        lines = play.in_words() if channel == "sms" else play.lines
        cases.append(_case(town, citizen, _cast(town, play, number), lines, after))
    await asyncio.gather(*cases)


def _cast(town: Town, play: Play, number: int) -> dict[str, Person]:
    """Give every officer's part to one of the town with that role."""
    return {
        name: town.officers[role][number // len(_CHANNELS) % len(town.officers[role])]
        for name, role in play.cast.items()
    }


async def _at_the_counter(town: Town, play: Play, number: int, after: float) -> None:
    """Somebody without a phone: the officer files for them, and the office does the rest."""
    await asyncio.sleep(after)
    cast = _cast(town, play, number)
    officer = next(one for name, one in cast.items() if play.cast[name] == "counter")
    form = _FORM.format(name=_NAMES[number % len(_NAMES)], number=number + 1)
    async with officer.talking:
        await officer.asks(f"/baru {play.service}", "di loket")
        await officer.asks(form, "bacakan kepada pemohon")
        answer = await officer.asks("ya", "masuk")
    filed = _FILED.findall(answer)[0]
    town.filed.append(filed)
    await _perform(town, None, cast, [line for line in play.lines if line.who], filed)


async def _case(
    town: Town, citizen: Person, cast: dict[str, Person], lines: list[Line], after: float
) -> None:
    """One play from the first word until the letter is in the hand."""
    await asyncio.sleep(after)
    assert await _perform(town, citizen, cast, lines, "")


async def _perform(
    town: Town, citizen: Person | None, cast: dict[str, Person], lines: list[Line], filed: str
) -> str:
    """Play these lines; return the number of the request, as it is heard."""
    names = {name: officer.name for name, officer in cast.items()}
    for line in lines:
        who = cast.get(line.who, citizen)
        assert who is not None
        text = line.text.replace("{number}", filed.upper().replace(" ", "-"))
        expected = line.answers.get(line.who, "").replace("{number}", filed)
        expected = _WORD.sub(lambda found: names.get(found[0], found[0]), expected)
        async with who.talking:
            try:
                answer = await _asks(who, text, expected)
            except AssertionError as error:
                raise AssertionError(f"{filed}: {text}: {error}") from None
        if not filed and line.who == "" and (found := _NUMBER.search(answer)):
            filed = found[1]
            town.filed.append(filed)
    return filed


async def _asks(who: Person, text: str, expected: str) -> str:
    """Ask, again while a letter is being made, and prove who it is where that is wanted."""
    answer = await who.asks(text, expected, _BEING_MADE, _PROVE)
    while _BEING_MADE in answer:
        await asyncio.sleep(0.5)
        answer = await who.asks(text, expected, _BEING_MADE)
    if _PROVE in answer:
        answer = await who.asks(_SIX.findall(answer)[0], expected)
    return answer


def _judge(town: Town) -> None:
    """Nothing waits, nothing was set aside or given up, nothing is missing or there twice."""
    rows = town.desk.rows
    assert rows("SELECT key FROM inbox WHERE state <> 1 AND retry_at IS NOT NULL") == []
    assert rows("SELECT kind, error FROM job WHERE state = 3") == []
    assert rows("SELECT id, error FROM outbox WHERE state = 3") == []
    numbers = [str(row[0]) for row in rows("SELECT number FROM request ORDER BY id")]
    assert sorted(plain_number(one) for one in numbers) == sorted(town.filed)
    series = Counter(one.rpartition("-")[0] for one in numbers)
    for name, count in series.items():
        assert {f"{name}-{n + 1:04}" for n in range(count)} <= set(numbers)
    assert rows("SELECT id, tries, unsure FROM outbox WHERE tries > 1 OR unsure > 0") == []


def plain_number(number: str) -> str:
    """Return a number as it is heard."""
    return number.lower().replace("-", " ")


def _tell(town: Town, took: float) -> None:
    """Print the figures of the day; none is a reason to fail, for machines differ."""
    answers = sorted(second for one in town.citizens for second in one.seconds)
    orders = sorted(second for team in town.officers.values() for o in team for second in o.seconds)
    messages = sum(len(heard) for heard in town.ears.heard.values())
    sys.stdout.write(
        f"requests {len(town.filed)}, in {took:.0f} s\n"
        f"messages to people {messages}, memory {town.desk.memory():.0f} MB\n"
        f"{_kept(town)}\n"
        f"citizens' answers {len(answers)}: p50 {_at(answers, 0.5):.0f} ms, "
        f"p99 {_at(answers, 0.99):.0f} ms\n"
        f"officers' answers {len(orders)}: p50 {_at(orders, 0.5):.0f} ms, "
        f"p99 {_at(orders, 0.99):.0f} ms\n"
    )


def _kept(town: Town) -> str:
    """Say how much room the day takes on the disk."""
    files = [path for path in (town.desk.folder / "files").rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    rows = sum(path.stat().st_size for path in town.desk.folder.glob("loket.db*"))
    papers = town.desk.rows("SELECT COUNT(*) FROM document")[0][0]
    events = town.desk.rows("SELECT COUNT(*) FROM inbox")[0][0]
    sent = town.desk.rows("SELECT COUNT(*) FROM outbox WHERE state = 2")[0][0]
    return (
        f"papers {papers}, files {len(files)} of {size // 1000} kB, database {rows // 1000} kB, "
        f"events {events}, sent {sent}"
    )


def _at(seconds: list[float], share: float) -> float:
    return seconds[min(len(seconds) - 1, int(len(seconds) * share))] * 1000
