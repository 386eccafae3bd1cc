"""Where transcripts are played: a real desk on disk that can be closed and opened at any line."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from bot.channels.protocol import Rendered
from bot.engine import opening
from bot.engine.databases import is_shared
from bot.engine.desk import Desk
from bot.engine.opening import open_desk, start_desk, stop_desk
from bot.setup.config import load_config
from bot.setup.services import ROOT, programs_of, read_services
from flows.definition import Definition
from flows.events import Added, Envelope
from flows.program import Program
from tests.blank import new_database
from tests.conversations.script import Input, Pause
from tests.conversations.things import Things
from tests.flows.walking import the_wording
from tests.office import Clock, Kept, TestOffice, configured

ZONE = ZoneInfo("Asia/Jakarta")
_TICK = timedelta(seconds=20)
_UNITS = {"detik": "seconds", "menit": "minutes", "jam": "hours", "hari": "days"}
_LATER = re.compile(r"(\d+) (detik|menit|jam|hari) kemudian")
_CODE = re.compile(r"\b(?:\d{4} \d{4}|\d{6}|[0-9a-z]{5}-[0-9a-z]{5})\b")
_GIVEN = re.compile(r"\{kode(?: (\w+))?\}")
_AT = re.compile(r"jam (\d\d):(\d\d)")


class Forum(Kept):
    """A channel whose groups may have topics, as Telegram's do."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.topics: dict[str, int] = {}
        self.has_topics = False

    async def create_topic(self, chat: str, name: str) -> int:
        if not self.has_topics:
            return 0
        self.topics[name] = 500 + len(self.topics)
        return self.topics[name]

    def topic_of(self, number: str) -> int:
        """Return the topic of that request."""
        return next(thread for name, thread in self.topics.items() if number in name)


@cache
def _services() -> dict[str, Definition]:
    return dict(read_services(load_config(ROOT / "config.yaml", {})))


@cache
def _programs() -> dict[str, Program]:
    return programs_of(_services())


class Stage:
    """The desk, its people and its clock; between two lines everything is only on disk."""

    def __init__(self, folder: Path, settings: list[list[str]], **changes: object) -> None:
        self._settings = settings
        settle = next((int(s[1]) for s in settings if s[0] == "jeda"), 0)
        self.config = structs.replace(configured(folder, **changes), settle_ms=settle)
        self.clock = Clock()
        self.telegram, self.whatsapp = Forum("telegram"), Forum("whatsapp")
        self.whatsapp.window_hours = 24.0
        self.sms = Forum("sms")
        self.sms.takes_media = False
        self.whatsapp.files = self.sms.files = self.telegram.files
        self.things = Things(self.telegram.files)
        self.people: dict[str, tuple[Forum, str]] = {"": (self.telegram, "1001")}
        self._groups: dict[str, str] = {}
        self._seen: dict[str, int] = {}
        self._desk: Desk | None = None
        self._counter = 0
        self._last: list[Envelope] = []

    @property
    def desk(self) -> Desk:
        assert self._desk is not None
        return self._desk

    async def open(self) -> None:
        """Open the desk from disk and set it to work."""
        if not is_shared(self.config):
            new_database(self.config.data_dir / "loket.db")
        with pytest.MonkeyPatch.context() as patch:
            # Words and services are files of the program, not state: they are read once.
            patch.setattr(opening, "Wording", lambda *_: the_wording())
            self._desk = await open_desk(
                self.config, now=self.clock, services=_services(), programs=_programs()
            )
        self._desk.channels = {
            channel.name: channel for channel in (self.telegram, self.whatsapp, self.sms)
        }
        await start_desk(self._desk)

    async def close(self) -> None:
        """Stop the desk; nothing of it stays in memory."""
        if self._desk is not None:
            await stop_desk(self._desk)
            self._desk = None

    async def begin(self) -> None:
        """Seat who takes part."""
        for what, *rest in self._settings:
            match what:
                case "petugas":
                    await self._hire(rest[0], rest[1])
                case "grup":
                    self.telegram.has_topics = rest[1:] == ["bertopik"]
                    await self._seat(rest[0])
                case "grup_lain":
                    self._groups[rest[0]] = self._enter(rest[0], self.telegram)
                case "warga":
                    channels = {"whatsapp": self.whatsapp, "sms": self.sms}
                    self._enter(rest[0], channels.get(rest[-1], self.telegram))
                case "mulai":
                    start = datetime.fromisoformat(" ".join(rest))
                    self.clock.now = start.replace(tzinfo=ZONE)
                case "jeda":
                    pass
                case _:
                    raise ValueError(f"unknown setting: {what}")
        for who in self.people:
            self.news(who)

    def _enter(self, name: str, channel: Forum) -> str:
        address = str(2000 + len(self.people))
        self.people[name] = (channel, address)
        return address

    async def _hire(self, name: str, role: str) -> None:
        await self._office().hire(name, role, self._enter(name, self.telegram))

    async def _seat(self, name: str) -> None:
        address = self._groups[name] = self._enter(name, self.telegram)
        await self._office().seat_staff(address)

    def _office(self) -> TestOffice:
        return TestOffice(self.desk, self.telegram, self.clock, counter=10_000 + len(self.people))

    async def take(self, inputs: list[Input]) -> None:
        """Let people do this in one moment, and the desk all that follows from it."""
        self.clock.pass_time(_TICK)
        envelopes = [envelope for said in inputs for envelope in self._envelopes(said)]
        self._last = envelopes
        await self.desk.accept(envelopes)
        await self.rest()

    def _envelopes(self, said: Input) -> list[Envelope]:
        if said.text == "(kiriman ganda)":
            return self._last
        channel, address = self.people[said.who]
        home = self._groups.get(said.group or said.who, address)
        group = home != address or said.who in self._groups
        heard = channel.sent[home]
        found = []
        text = _GIVEN.sub(
            lambda given: self._code({None: said.who, "warga": ""}.get(given[1], given[1])),
            said.text,
        )
        for event in self.things.events(text, heard):
            self._counter += 1
            found.append(
                Envelope(
                    channel.name,
                    str(self._counter),
                    home,
                    event,
                    sender=address if group and not isinstance(event, Added) else "",
                    thread=channel.topic_of(said.topic) if said.topic else 0,
                    group=group,
                )
            )
        return found

    def _code(self, who: str) -> str:
        """Return the last code that this person was sent."""
        channel, address = self.people[who]
        found = [code for message in channel.sent[address] for code in _CODE.findall(message.text)]
        return found[-1]

    async def pause(self, pause: Pause) -> None:
        """Let time pass; the clock rings afterwards."""
        if later := _LATER.fullmatch(pause.text):
            self.clock.pass_time(timedelta(**{_UNITS[later[2]]: int(later[1])}))
        elif at := _AT.fullmatch(pause.text):
            local = self.clock.now.astimezone(ZONE)
            goal = local.replace(hour=int(at[1]), minute=int(at[2]), second=0)
            self.clock.now = goal if goal > local else goal + timedelta(days=1)
        else:
            raise ValueError(f"line {pause.line}: no such time: {pause.text}")
        await self._office().move(timedelta(0))
        await self.rest()

    async def rest(self) -> None:
        """Wait until nothing is left to be done now."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            await self.desk.worker.idle()
            await self._sent()
            if not await self.desk.db.read(self._busy):
                return
            self.desk.jobs.wake()
            await asyncio.sleep(0.003)
        raise AssertionError("the desk does not come to rest")

    async def _sent(self) -> None:
        """Wait for the sender; who waits for more words of an answer needs the clock to run."""
        idle = asyncio.ensure_future(self.desk.sender.idle())
        while not (await asyncio.wait([idle], timeout=0.02))[0]:
            self.clock.pass_time(timedelta(milliseconds=20))

    def _busy(self, tx: object) -> bool:
        now = int(self.clock.now.timestamp() * 1000)
        one = tx.one  # type: ignore[attr-defined]
        jobs = one("SELECT 1 FROM job WHERE state < 2 AND run_at <= ?", now)
        events = one("SELECT 1 FROM inbox WHERE state = 0 AND COALESCE(retry_at, 0) <= ?", now)
        return jobs is not None or events is not None or self.desk.sender.busy

    def news(self, who: str) -> list[Rendered]:
        """Return what this person was sent since the last time."""
        channel, address = self.people[who]
        heard = channel.sent[address]
        fresh = heard[self._seen.get(who, 0) :]
        self._seen[who] = len(heard)
        return fresh
