"""A desk at work is backed up and brought back on an empty machine, with its key given apart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.channels.terminal import Terminal
from bot.engine.opening import DataLocked, Lock, open_desk
from bot.keeping.backup import Work, back_up
from bot.keeping.restoring import restore
from bot.keeping.sides import Refused
from bot.letters import load_letter
from bot.papers.documents import load_document
from bot.setup.settings import Config
from bot.terminal.socket import PrivateSocket
from storage import backup as archive
from storage import requests, snapshot
from storage.backup import BadBackup
from storage.vault import WrongKey
from tests.bot.test_cli import loket
from tests.conversations.runner import act
from tests.conversations.stage import Stage
from tests.office import configured
from tests.security.desk import happy, opened

SECRET = "kata sandi yang panjang"


@asynccontextmanager
async def filled(folder: Path) -> AsyncIterator[Stage]:
    """A desk that served one person to the end, and listens at its private socket."""
    script = happy("domisili")
    stage = await opened(folder, script)
    door = PrivateSocket(stage.desk)
    try:
        for step in script.steps:
            await act(stage, step)
        stage.desk.channels["terminal"] = Terminal(stage.desk.vault, stage.desk.files)
        await door.open()
        yield stage
    finally:
        await door.close()
        await stage.close()


def empty(folder: Path) -> Config:
    """The office's configuration on a machine without data."""
    return configured(folder)


async def test_a_desk_at_work_comes_back_elsewhere(tmp_path: Path) -> None:
    here, there, file = tmp_path / "here", tmp_path / "there", tmp_path / "a.loket"
    async with filled(here) as stage:
        lock = Lock.take(here)
        before = snapshot.counts(here / "loket.db")
        manifest = await back_up(stage.desk.config, file, SECRET, Work())
        lock.release()
        assert manifest.tables == before
        assert manifest.absent == []
        assert not list(here.glob("snapshot-*"))
        letter = await load_letter(stage.desk, 1)
        paper = await load_document(stage.desk, 1)
        key = (here / "master.key").read_bytes()
    assert letter is not None
    assert paper is not None

    back = await restore(empty(there), file, SECRET, here / "master.key", Work())
    assert back == manifest
    assert snapshot.counts(there / "loket.db") == before
    assert (there / "master.key").read_bytes() == key
    assert (there / "master.key").stat().st_mode & 0o077 == 0
    desk = await open_desk(empty(there))
    try:
        given = await desk.db.read(lambda tx: requests.given(tx, desk.vault, 1))
        assert given.answers["name"] == "Siti Aminah"
        assert (await load_letter(desk, 1)) == letter
        assert (await load_document(desk, 1)) == paper
    finally:
        desk.db.close()


async def test_the_master_key_is_not_in_the_backup(tmp_path: Path) -> None:
    file = tmp_path / "a.loket"
    async with filled(tmp_path / "here") as stage:
        await back_up(stage.desk.config, file, SECRET, Work())
        key = (tmp_path / "here" / "master.key").read_text().strip()
    (tmp_path / "out").mkdir()
    archive.read(file, SECRET, tmp_path / "out")
    for path in (p for p in (tmp_path / "out").rglob("*") if p.is_file()):
        assert key.encode() not in path.read_bytes()
        assert bytes.fromhex(key) not in path.read_bytes()


async def test_nothing_is_overwritten_and_no_wrong_key_is_taken(tmp_path: Path) -> None:
    here, there, file = tmp_path / "here", tmp_path / "there", tmp_path / "a.loket"
    async with filled(here) as stage:
        config = stage.desk.config
        await back_up(config, file, SECRET, Work())
        with pytest.raises(Refused, match="exists already"):
            await back_up(config, file, SECRET, Work())
        with pytest.raises(Refused, match="12"):
            await back_up(config, tmp_path / "b", "pendek", Work())
    with pytest.raises(Refused, match="nothing is overwritten"):
        await restore(config, file, SECRET, None, Work())
    with pytest.raises(Refused, match="--key"):
        await restore(empty(there), file, SECRET, None, Work())
    (tmp_path / "other.key").write_text("ab" * 32)
    with pytest.raises(WrongKey):
        await restore(empty(there), file, SECRET, tmp_path / "other.key", Work())
    with pytest.raises(BadBackup):
        await restore(empty(there), file, "kata sandi yang lain", here / "master.key", Work())
    lock = Lock.take(there)
    with pytest.raises(DataLocked):
        await restore(empty(there), file, SECRET, here / "master.key", Work())
    lock.release()
    # Nothing of the refused ones is left in the way.
    assert sorted(p.name for p in there.iterdir()) == ["lock"]
    await restore(empty(there), file, SECRET, here / "master.key", Work())


async def test_a_backup_without_a_file_that_its_rows_speak_of_is_refused(tmp_path: Path) -> None:
    here, file = tmp_path / "here", tmp_path / "a.loket"
    async with filled(here) as stage:
        await back_up(stage.desk.config, file, SECRET, Work())
        database = tmp_path / "moment.db"
        snapshot.take(here / "loket.db", database)
    poor = archive.Manifest("2026", "x", snapshot.version(database), snapshot.counts(database))
    archive.write(tmp_path / "poor", SECRET, database, [], lambda name: b"", poor)
    with pytest.raises(BadBackup, match="lacks"):
        await restore(
            empty(tmp_path / "there"), tmp_path / "poor", SECRET, here / "master.key", Work()
        )


def test_the_commands_say_what_they_did(tmp_path: Path) -> None:
    assert loket(tmp_path, "staff", "invite", "Siti", "admin").returncode == 0
    file = str(tmp_path / "a.loket")
    done = loket(tmp_path, "backup", file, words=SECRET + "\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Kunci induk TIDAK ada" in done.stdout
    new = {"LOKET_DATA_DIR": str(tmp_path / "new"), "LOKET_BACKUP_PASSPHRASE": SECRET}
    refused = loket(tmp_path, "restore", file, **new)
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    key = str(tmp_path / "data" / "master.key")
    done = loket(tmp_path, "restore", file, "--key", key, **new)
    assert (done.returncode, done.stderr) == (0, "")
    assert "cocok" in done.stdout
    assert loket(tmp_path, "staff", "list", **new).returncode == 0
    assert loket(tmp_path, "backup").returncode == 2


def test_the_passphrase_may_lie_in_a_file(tmp_path: Path) -> None:
    loket(tmp_path, "staff", "list")
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    done = loket(tmp_path, "backup", str(tmp_path / "b"), LOKET_BACKUP_PASSPHRASE_FILE=str(secret))
    assert done.returncode == 0
    (tmp_path / "out").mkdir()
    archive.read(tmp_path / "b", SECRET, tmp_path / "out")
