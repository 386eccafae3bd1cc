"""An office at work for tests: a real database, real words, officers and one citizen."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace
from sqlalchemy import StaticPool, create_engine
from sqlmodel import SQLModel

import storage.schema  # noqa: F401 - registers the tables
from bot.commands import Asker, answer
from bot.engine.desk import Desk
from bot.engine.turn import Turn
from bot.requests.casework import file_request
from bot.setup import config as configuration
from bot.setup.config import load_config
from bot.setup.facts import office_facts
from bot.setup.settings import Config
from bot.words.wording import Wording
from flows.effects import Submit
from flows.events import Filed
from flows.loader import load_definitions
from flows.messages import Message
from flows.office import Office
from flows.session import Session
from storage import contacts, conversations, inbox, officers
from storage.instant import to_ms
from storage.officers import Officer
from storage.sqlite import SqliteTx
from storage.vault import Vault

ROOT = Path(__file__).resolve().parents[3]
START = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Asia/Jakarta"))
NIK = "1409070101800001"
DOMISILI = {
    "name": "Siti Aminah",
    "nik": NIK,
    "birth_place": "Teluk Kuantan",
    "birth_date": "1980-01-01",
    "village": "2001",
    "address": "Dusun II",
    "since": "2001",
    "purpose": "membuka rekening",
}


@cache
def _parts() -> tuple[Config, Wording, Office, bytes]:
    """Return what all halls share: configuration, words, office, and an empty database."""
    config = load_config(ROOT / "config.yaml", {})
    # One citizen stands for many here.
    config = replace(config, limits=replace(config.limits, open_requests=1000))
    wording = Wording(ROOT / "templates", config.languages, office_facts(config))
    services = ROOT.glob("flows/services/*.yaml")
    definitions = load_definitions({one.name: one.read_text() for one in services})
    office = configuration.office(config, definitions, wording.label)
    engine = create_engine("sqlite://", poolclass=StaticPool)
    SQLModel.metadata.create_all(engine)
    with engine.connect() as connection:
        empty = connection.connection.driver_connection.serialize()
    engine.dispose()
    return config, wording, office, empty


class _Woken:
    """Stands for whoever would be woken once a turn is durable."""

    def __init__(self) -> None:
        self.woken: list[int] = []

    def wake(self, lane: int = 0) -> None:
        self.woken.append(lane)


class Hall:
    """Says commands as an officer and returns the words of the answer."""

    def __init__(self, folder: Path) -> None:
        config, self.wording, office, empty = _parts()
        path = folder / "loket.db"
        path.write_bytes(empty)
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.tx = SqliteTx(self.connection)
        self.vault = Vault(b"k" * 32)
        self.now = START
        self.seq = 1000
        self.woken = _Woken()
        desk = SimpleNamespace(
            config=config,
            office=office,
            vault=self.vault,
            wording=self.wording,
            sender=self.woken,
            worker=self.woken,
            jobs=self.woken,
            channels={},
            trial=False,
        )
        self.desk = cast(Desk, desk)
        self.citizen = self.contact("0811")
        conversations.save(self.tx, self.vault, self.citizen, Session(), None, to_ms(START))

    def close(self) -> None:
        self.connection.close()

    def turn(self) -> Turn:
        """Return the next turn, a minute later."""
        self.seq += 1
        self.now += timedelta(minutes=1)
        return Turn(self.desk, self.tx, self.now, self.seq)

    def contact(self, address: str, channel: str = "telegram", kind: str = "citizen") -> int:
        return contacts.meet(
            self.tx, self.vault, channel, address, to_ms(self.now), aliases=(), kind=kind
        )

    def officer(self, name: str, role: str) -> Officer:
        """Invite an officer and let them join, as it really happens."""
        code = officers.invite(self.tx, self.vault, name, role, self.now)
        joined = officers.join(self.tx, self.vault, self.contact(name), code, "", self.now)
        assert joined is not None
        return joined

    def file(self, service: str = "domisili", answers: dict[str, str] | None = None) -> Filed:
        """File a request for the citizen."""
        given = answers or DOMISILI
        digest = self.desk.office.current[service]
        documents = {"ktp": [self.paper("ktp", identity=1)], "village_letter": []}
        documents["village_letter"] = [self.paper("village_letter")]
        submit = Submit(service, digest, given, {}, documents)
        filed = file_request(self.turn(), self.citizen, submit)
        assert isinstance(filed, Filed)
        return filed

    def paper(self, path: str, identity: int = 0, problem: str = "") -> int:
        sql = (
            "INSERT INTO document (contact_id, path, name, state, problem, file, thumbnail, mime,"
            " size, pages, identity)"
            " VALUES (?, ?, '', 'stored', ?, 'f', 't', 'image/jpeg', 1, 1, ?)"
        )
        return self.tx.add(sql, self.citizen, path, problem, identity)

    def ask(
        self, officer: Officer | None, text: str, *, group: bool = False, topic: int = 0
    ) -> Message | None:
        """Say something as an officer and return the answer."""
        home = self.contact("group", kind="staff") if group else self.home(officer)
        asker = Asker(officer, home, group, "telegram", topic, "")
        return answer(self.turn(), asker, text)

    def say(
        self, officer: Officer | None, text: str, *, group: bool = False, topic: int = 0
    ) -> str:
        """Say something as an officer and return the words of the answer, empty for none."""
        message = self.ask(officer, text, group=group, topic=topic)
        return self.wording.render(message).text if message else ""

    def home(self, officer: Officer | None) -> int:
        return self.contact(officer.name if officer else "stranger")

    def events(self, lane: int) -> list[dict[str, Any]]:
        """Return what waits in a lane, as plain data."""
        rows = self.tx.all("SELECT body FROM inbox WHERE lane = ? ORDER BY seq", lane)
        bodies = [self.vault.unseal(inbox._PLACE, row[0]) for row in rows]
        return [msgspec.json.decode(body)["event"] for body in bodies]

    def audited(self) -> list[str]:
        return [row[0] for row in self.tx.all("SELECT what FROM audit ORDER BY id")]
