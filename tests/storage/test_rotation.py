"""A new master key: all that was sealed opens with it alone, also after a crash in the middle."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import LargeBinary
from sqlmodel import SQLModel

import storage.schema  # noqa: F401
from bot.engine.opening import open_desk
from bot.engine.turn import Turn
from bot.keeping.keys import rotate
from bot.letters import load_letter
from bot.papers.documents import load_document
from bot.rights.wishes import find_held
from storage import complaints, contacts, finding, history, officers, requests, settings, tables
from storage.database import Tx
from storage.rotation import KEYS, OWN, SEALED, Rotation
from storage.sqlite import SqliteDatabase
from storage.vault import Vault, WrongKey, read_key
from tests.bot.test_cli import loket
from tests.conversations.runner import act
from tests.office import configured
from tests.security.desk import CHAT, happy, opened, say


class Crash(Exception):
    """The machine lost its power."""


async def fill(folder: Path) -> dict[str, Any]:
    """Let a person be served and complain, and return what is known afterwards."""
    script = happy("domisili")
    stage = await opened(folder, script)
    try:
        for step in script.steps:
            await act(stage, step)
        await say(stage, "/catat 1 catatan rahasia", who="Rina")
        await say(stage, "pengaduan", "[Hal lain]", "[Tanpa nama]", "Ruang tunggu bocor", "[Kirim]")
        await say(stage, "/pengaduan 1 jawab Kami perbaiki", who="Rina")
        return await known(folder, stage.desk)
    finally:
        await stage.close()


async def known(folder: Path, desk: Any = None) -> dict[str, Any]:
    """Read everything that the key seals or finds."""
    own = desk or await open_desk(configured(folder))
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


async def test_all_opens_with_the_new_key_and_nothing_with_the_old(tmp_path: Path) -> None:
    before = await fill(tmp_path)
    old = Vault(read_key(tmp_path / "master.key"))
    done = await rotate(configured(tmp_path), {}, lambda count: None)
    assert (done.unreadable, done.unindexed) == (0, 0)
    assert read_key(Path(done.kept)) != read_key(tmp_path / "master.key")
    assert await known(tmp_path) == before
    await _demand_none_opens(tmp_path, old)
    # The person is known again, by the same chat.
    desk = await open_desk(configured(tmp_path))
    await desk.db.write(
        lambda tx: contacts.meet(tx, desk.vault, "telegram", CHAT, 1, kind="citizen")
    )
    count = await desk.db.read(
        lambda tx: tx.one("SELECT count(*) FROM contact WHERE kind = 'citizen'")
    )
    desk.db.close()
    assert count == (1,)


async def _demand_none_opens(folder: Path, old: Vault) -> None:
    db = SqliteDatabase(folder / "loket.db")
    db.open()
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
    assert await known(tmp_path) == before


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
    assert await known(tmp_path) == before
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
    assert await known(tmp_path) == before


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
    assert (await known(tmp_path))["address"] == CHAT


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
