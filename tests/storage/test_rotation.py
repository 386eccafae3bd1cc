"""A new master key: all that was sealed opens with it alone, also after a crash in the middle."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import LargeBinary
from sqlmodel import SQLModel

import storage.schema  # noqa: F401
from bot.engine.databases import open_database
from bot.engine.opening import open_desk, start_desk
from bot.engine.turn import Turn
from bot.keeping.keys import rotate
from bot.keeping.sides import Refused
from bot.letters import load_letter
from bot.papers.documents import load_document
from bot.rights.wishes import find_held
from bot.setup.settings import Config
from storage import complaints, contacts, finding, history, officers, requests, settings, tables
from storage.database import Tx
from storage.rotation import KEYS, OWN, SEALED, Rotation
from storage.seat import Seat
from storage.sqlite import SqliteDatabase
from storage.vault import Vault, WrongKey, read_key
from tests import postgres
from tests.bot.test_cli import loket
from tests.bot.test_moving import bucket_of
from tests.conversations.runner import act
from tests.office import configured
from tests.security.desk import CHAT, happy, opened, say
from tests.standins import seaweed


class Crash(Exception):
    """The machine lost its power."""


async def fill(folder: Path, config: Config | None = None) -> dict[str, Any]:
    """Let a person be served and complain, and return what is known afterwards."""
    script = happy("domisili")
    stage = await opened(folder, script, **(_places(config) if config else {}))
    try:
        for step in script.steps:
            await act(stage, step)
        await say(stage, "/catat 1 catatan rahasia", who="Rina")
        await say(stage, "pengaduan", "[Hal lain]", "[Tanpa nama]", "Ruang tunggu bocor", "[Kirim]")
        await say(stage, "/pengaduan 1 jawab Kami perbaiki", who="Rina")
        return await known(stage.config, stage.desk)
    finally:
        await stage.close()


def _places(config: Config) -> dict[str, object]:
    return {name: getattr(config, name) for name in ("database_url", "files_url", "bucket")}


@pytest.fixture(params=["sqlite", "postgres"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    """The office, on either engine; on PostgreSQL its files lie in a bucket."""
    if request.param == "sqlite":
        return configured(tmp_path)
    files = f"s3://{seaweed.BUCKET}/{tmp_path.name}-{request.node.callspec.id}"
    there = configured(tmp_path, database_url=postgres.new_database(), files_url=files)
    return bucket_of(there)


async def known(config: Config, desk: Any = None) -> dict[str, Any]:
    """Read everything that the key seals or finds."""
    own = desk or await open_desk(config)
    vault = own.vault

    def read(tx: Tx) -> dict[str, Any]:
        contact = contacts.find(tx, vault, "telegram", CHAT)
        assert contact is not None
        row = contacts.load(tx, contact)
        given = requests.given(tx, vault, 1)
        said = complaints.of_citizen(tx, vault, row.citizen_id or 0)
        nik = given.answers["nik"]
        return {
            "contact": contact,
            "address": contacts.address_of(vault, row),
            "answers": given.answers,
            "notes": history.notes(tx, vault, 1),
            "found": [one.number for one in finding.search(tx, vault, nik)],
            "complaint": [complaints.body_of(vault, one) for one in said],
            "steps": [complaints.steps(tx, vault, one) for one in said],
            "held": find_held(Turn(own, tx, own.now()), row),
        }

    try:
        facts = await own.db.read(read)
        facts["letter"] = await load_letter(own, 1)
        facts["paper"] = await load_document(own, 1)
        return facts
    finally:
        if desk is None:
            own.db.close()
            await own.files.close()


def test_every_sealed_column_is_known() -> None:
    listed = {(table, column) for table, column, _ in SEALED} | set(OWN)
    listed |= {(table, "key") for table in KEYS}
    sealed = {
        (table.name, column.name)
        for table in SQLModel.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert listed == sealed


async def test_all_opens_with_the_new_key_and_nothing_with_the_old(
    tmp_path: Path, config: Config
) -> None:
    before = await fill(tmp_path, config)
    old = Vault(read_key(tmp_path / "master.key"))
    done = await rotate(config, {}, lambda count: None)
    assert (done.unreadable, done.unindexed) == (0, 0)
    assert read_key(Path(done.kept)) != read_key(tmp_path / "master.key")
    assert await known(config) == before
    await _demand_none_opens(config, old)
    # The person is known again, by the same chat.
    desk = await open_desk(config)
    await desk.db.write(
        lambda tx: contacts.meet(tx, desk.vault, "telegram", CHAT, 1, kind="citizen")
    )
    count = await desk.db.read(
        lambda tx: tx.all("SELECT count(*) FROM contact WHERE kind = 'citizen'")
    )
    desk.db.close()
    assert count == [(1,)]


async def _demand_none_opens(config: Config, old: Vault) -> None:
    db = open_database(config, trial=False)
    try:
        for table, column, place in SEALED:
            rows = await db.read(
                lambda tx, t=table, c=column: tx.all(f"SELECT {c} FROM {t} WHERE {c} IS NOT NULL")  # type: ignore[misc]
            )
            for (value,) in rows:
                with pytest.raises(Exception, match="cannot be opened"):
                    old.unseal(place, value)
    finally:
        db.close()


async def test_a_crash_anywhere_on_a_server_is_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off after every few portions, again and again: each run comes a little further."""
    monkeypatch.setattr(tables, "PORTION", 5)
    config = configured(tmp_path, database_url=postgres.new_database())
    before = await fill(tmp_path, config)
    cuts = 0
    for portions in itertools.count(1, 6):
        seen = itertools.count(1)

        def fail(count: int, seen: Iterator[int] = seen, portions: int = portions) -> None:
            if next(seen) == portions:
                raise Crash

        try:
            await rotate(config, {}, fail)
        except Crash:
            cuts += 1
            with pytest.raises(WrongKey, match="rotate-key"):
                await open_desk(config)
        else:
            break
    assert cuts > 4
    assert await known(config) == before


async def test_no_key_is_made_while_a_desk_serves_the_server(tmp_path: Path) -> None:
    url = postgres.new_database()
    config = configured(tmp_path, database_url=url)
    (await open_desk(config)).db.close()
    seat = Seat(url, candidate=True)
    seat.look()
    with pytest.raises(Refused, match="running"):
        await rotate(config, {}, lambda count: None)
    seat.leave()
    assert not (tmp_path / "master.key.new").exists()
    (tmp_path / "master.key").rename(tmp_path / "away")
    with pytest.raises(Refused, match="master key is not in"):
        await rotate(config, {}, lambda count: None)
    (tmp_path / "master.key").write_text("ab" * 32)
    with pytest.raises(WrongKey, match="master key is not the one"):
        await rotate(config, {}, lambda count: None)
    assert not (tmp_path / "master.key.new").exists()
    (tmp_path / "away").replace(tmp_path / "master.key")
    (await open_desk(config)).db.close()


async def test_a_desk_that_began_meanwhile_is_seen_at_the_end(tmp_path: Path) -> None:
    """It opened with the old key before anything was noted, and lives only later."""
    url = postgres.new_database()
    config = configured(tmp_path, database_url=url)
    late = await open_desk(config)
    seat = Seat(url, candidate=True)
    with pytest.raises(Refused, match="running"):
        await rotate(config, {}, lambda count: seat.look() and None)
    seat.leave()
    # Such a desk does not begin to work either.
    with pytest.raises(WrongKey, match="rotate-key"):
        await start_desk(late)
    late.db.close()
    await rotate(config, {}, lambda count: None)
    (await open_desk(config)).db.close()


async def test_what_waits_beside_the_files_is_sealed_anew(tmp_path: Path, config: Config) -> None:
    """Also where files lie elsewhere than in the data's folder."""
    if not config.files_url.startswith("s3"):
        config = structs.replace(config, files_url=(tmp_path / "far" / "files").as_uri())
    desk = await open_desk(config)
    name = desk.vault.index("staged", "a paper")
    await desk.files.beside("staged").put(name, desk.vault.seal("staged", b"a paper"))
    desk.db.close()
    await desk.files.close()
    await rotate(config, {}, lambda count: None)
    desk = await open_desk(config)
    sealed = await desk.files.beside("staged").get(name)
    assert desk.vault.unseal("staged", sealed) == b"a paper"
    desk.db.close()
    await desk.files.close()


@pytest.mark.parametrize("portions", [1, 3, 5, 9, 12])
async def test_a_crash_in_the_middle_is_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, portions: int
) -> None:
    monkeypatch.setattr(tables, "PORTION", 3)
    before = await fill(tmp_path)
    seen = 0

    def fail(count: int) -> None:
        nonlocal seen
        seen += 1
        if seen == portions:
            raise Crash

    with pytest.raises(Crash):
        await rotate(configured(tmp_path), {}, fail)
    with pytest.raises(WrongKey, match="rotate-key"):
        await open_desk(configured(tmp_path))
    await rotate(configured(tmp_path), {}, lambda count: None)
    assert await known(configured(tmp_path)) == before


async def test_a_crash_before_the_keys_are_exchanged_is_taken_up_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await fill(tmp_path)

    def fail(folder: Path) -> Path:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr("bot.keeping.keys._exchange", fail)
        with pytest.raises(Crash):
            await rotate(configured(tmp_path), {}, lambda count: None)
    with pytest.raises(WrongKey, match="rotate-key"):
        await open_desk(configured(tmp_path))
    await rotate(configured(tmp_path), {}, lambda count: None)
    assert await known(configured(tmp_path)) == before
    assert not (tmp_path / "master.key.new").exists()


_KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from bot.keeping.keys import rotate
from storage import tables
from tests.office import configured

tables.PORTION = 3
left = int(sys.argv[2])

def kill(count):
    global left
    left -= 1
    if left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(rotate(configured(Path(sys.argv[1])), {}, kill))
"""


async def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    before = await fill(tmp_path)
    killed = subprocess.run(  # noqa: ASYNC221
        [sys.executable, "-c", _KILLED, str(tmp_path), "8"], capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    await rotate(configured(tmp_path), {}, lambda count: None)
    assert await known(configured(tmp_path)) == before


async def test_what_nobody_can_open_is_left_and_counted(tmp_path: Path) -> None:
    await fill(tmp_path)
    db = SqliteDatabase(tmp_path / "loket.db")
    db.open()
    damaged = b"\x01" + b"x" * 60
    await db.write(lambda tx: tx.run("UPDATE outbox SET body = ? WHERE id = 1", damaged))
    await db.write(lambda tx: tx.run("UPDATE address SET value = NULL"))
    db.close()
    done = await rotate(configured(tmp_path), {}, lambda count: None)
    assert (done.unreadable, done.unindexed) == (1, 0)
    assert (await known(configured(tmp_path)))["address"] == CHAT


async def test_two_new_keys_are_not_mixed(tmp_path: Path) -> None:
    db = SqliteDatabase(tmp_path / "loket.db")
    from tests.blank import new_database

    new_database(tmp_path / "loket.db")
    db.open()
    old, one, other = (Vault(bytes([n]) * 32) for n in (1, 2, 3))
    try:
        await db.write(lambda tx: settings.demand_key(tx, old))
        await db.write(lambda tx: settings.begin_new_key(tx, old, one))
        with pytest.raises(WrongKey, match="another new key"):
            await Rotation(db, old, other).run()
        with pytest.raises(WrongKey, match="master key is not"):
            await Rotation(db, other, one).run()
        assert await Rotation(db, old, one).run()
        assert not await Rotation(db, old, one).run()
    finally:
        db.close()


def test_a_key_of_the_environment_is_exchanged_there(tmp_path: Path) -> None:
    first, second = {"LOKET_SECRET_KEY": "a" * 40}, {"LOKET_NEW_SECRET_KEY": "b" * 40}
    assert loket(tmp_path, "staff", "list", **first).returncode == 0
    none = loket(tmp_path, "rotate-key", **first)
    assert none.returncode == 1
    assert "LOKET_NEW_SECRET_KEY" in none.stderr
    done = loket(tmp_path, "rotate-key", **first, **second)
    assert (done.returncode, done.stderr) == (0, "")
    assert loket(tmp_path, "staff", "list", **first).returncode == 1
    assert loket(tmp_path, "staff", "list", LOKET_SECRET_KEY="b" * 40).returncode == 0


async def test_codes_of_the_old_key_are_gone(tmp_path: Path) -> None:
    await fill(tmp_path)
    desk = await open_desk(configured(tmp_path))
    await desk.db.write(lambda tx: officers.invite(tx, desk.vault, "Joko", "counter", desk.now()))
    desk.db.close()
    await rotate(configured(tmp_path), {}, lambda count: None)
    desk = await open_desk(configured(tmp_path))
    left = await desk.db.read(lambda tx: tx.all("SELECT 1 FROM invite WHERE used_at IS NULL"))
    desk.db.close()
    assert left == []
