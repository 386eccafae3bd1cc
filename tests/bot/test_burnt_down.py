"""An office whose server burnt down goes on elsewhere with what was backed up, on any engine."""

from __future__ import annotations

import asyncio
import atexit
import itertools
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import structs
from sqlalchemy import create_engine

from bot.engine.databases import is_shared
from bot.engine.opening import open_desk
from bot.keeping import restoring
from bot.keeping.backup import Work, back_up
from bot.keeping.restoring import restore
from bot.keeping.sides import Refused, shown
from bot.setup.filestore import file_store
from bot.setup.services import ROOT
from bot.setup.settings import Config
from storage import backup as archive
from storage import migrating, settings, snapshot, tables
from storage.database import StorageUnavailable, Tx
from storage.migrating import HEAD
from storage.moving import MoveRefused
from storage.postgres_link import Link
from storage.settings import MOVING_IN, Leaving
from storage.vault import Vault, WrongKey, read_key
from tests import postgres
from tests.bot.test_moving import (
    Broken,
    Interrupted,
    bucket_of,
    database,
    served,
    sums,
)
from tests.conversations.runner import act, compare
from tests.conversations.stage import Stage
from tests.office import configured
from tests.security.desk import happy
from tests.standins import seaweed

SECRET = "kata sandi yang panjang"


def elsewhere(config: Config, folder: Path, engine: str, store: str) -> Config:
    """Return the office's configuration on a machine, a server and a store without data."""
    files = (folder / "files").as_uri()
    if store == "bucket":
        files = f"s3://{seaweed.BUCKET}/{folder.parent.name}-{folder.name}"
    url = postgres.new_database() if engine == "postgres" else f"sqlite:///{folder}/loket.db"
    return structs.replace(config, data_dir=folder, database_url=url, files_url=files)


@pytest.fixture
def portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "PORTION", 20)


_served: list[Path] = []


async def office(folder: Path) -> Config:
    """An office that served one person to the end and another halfway: made once, then copied."""
    if not _served:
        made = Path(tempfile.mkdtemp(prefix="loket-served-"))
        atexit.register(shutil.rmtree, made, ignore_errors=True)
        await served(made / "data")
        _served.append(made / "data")
    shutil.copytree(_served[0], folder)
    return bucket_of(configured(folder))


async def on_postgres(folder: Path) -> Config:
    """The same office on PostgreSQL and in a bucket."""
    here, file = await office(folder.with_name("before")), folder.with_name("before.loket")
    there = elsewhere(here, folder, "postgres", "bucket")
    await back_up(here, file, SECRET, Work())
    await restore(there, file, SECRET, here.data_dir / "master.key", Work())
    assert await sums(there) == await sums(here)
    return there


def names_in(folder: Path) -> set[str]:
    """Return what lies in a folder."""
    return {path.name for path in folder.iterdir()}


async def drawn(config: Config) -> dict[str, int]:
    """Return the last number that each series drew."""

    def read(tx: Tx) -> dict[str, int]:
        return {one.name: tables.last_drawn(tx, one) for one in tables.known() if one.drawn}

    async with database(config) as db:
        return await db.read(read)


async def test_an_office_burns_down_again_and_again_in_the_midst_of_a_sentence(
    tmp_path: Path,
) -> None:
    """Each time it goes on with the last backup, on another machine, engine and store."""
    script = happy("domisili")
    places = itertools.cycle([("postgres", "bucket"), ("sqlite", "folder"), ("postgres", "folder")])
    stage = Stage(tmp_path / "first", script.settings)
    await stage.open()
    fires: list[int] = []
    try:
        await stage.begin()
        for number, step in enumerate(script.steps):
            if number % 11 == 4:
                fires.append(await _burn(stage, tmp_path / f"machine{len(fires)}", *next(places)))
            await act(stage, step)
            for who in stage.people:
                compare(script, step, who, stage.news(who))
    finally:
        await stage.close()
    # Before the first paper, with all of them, with the letter.
    assert fires == [0, 6, 7]


async def _burn(stage: Stage, machine: Path, engine: str, store: str) -> int:
    """Back up, lose all but the file and the key, and go on there; return how many files came."""
    here, file = bucket_of(stage.config), machine.with_suffix(".loket")
    # While the desk is at work, where others may ask its database.
    if not is_shared(here):
        await stage.close()
    made = await back_up(here, file, SECRET, Work())
    await stage.close()
    stage.config = elsewhere(here, machine, engine, store)
    back = await restore(stage.config, file, SECRET, here.data_dir / "master.key", Work())
    assert back == made
    await stage.open()
    return len(made.files) - 1


async def test_what_comes_back_is_the_same_row_for_row_and_goes_on_counting(
    tmp_path: Path,
) -> None:
    here = await on_postgres(tmp_path / "here")
    async with database(here) as db:
        # What was deleted is never numbered again.
        await db.write(lambda tx: tx.run("DELETE FROM inbox WHERE seq > 3"))
    before, numbers = await sums(here), await drawn(here)
    key = here.data_dir / "master.key"
    laptop = elsewhere(here, tmp_path / "laptop", "sqlite", "folder")
    await back_up(here, tmp_path / "a.loket", SECRET, Work())
    async with database(here) as db:
        # Processes on all machines know of it, for the alarm.
        assert time.time() - 60 < await db.read(settings.last_backup) <= time.time()
    await restore(laptop, tmp_path / "a.loket", SECRET, key, Work())
    assert await sums(laptop) == before
    assert await drawn(laptop) == numbers
    server = elsewhere(here, tmp_path / "server", "postgres", "bucket")
    await back_up(laptop, tmp_path / "b.loket", SECRET, Work())
    await restore(server, tmp_path / "b.loket", SECRET, key, Work())
    assert await sums(server) == before
    assert await drawn(server) == numbers
    async with database(server) as db:
        sql = "INSERT INTO inbox (channel, key, lane, state, tries, received_at, error)"
        values = "VALUES ('telegram', 'new', 1, 1, 0, 1, '') RETURNING seq"
        assert await db.write(lambda tx: tx.all(f"{sql} {values}")) == [(numbers["inbox"] + 1,)]


class Busy(Work):
    """A town that writes on while the backup is made, and an officer who lets a paper go."""

    def __init__(self, config: Config, paper: str, loop: asyncio.AbstractEventLoop) -> None:
        self.written = 0
        self._config, self._paper, self._loop = config, paper, loop

    def done(self, count: int) -> None:
        link = Link(self._config.database_url, "town")
        try:
            link.simple(
                "BEGIN; INSERT INTO citizen (created_at) VALUES (1); INSERT INTO audit (at, what,"
                " ref) VALUES (1, 'x', ''); UPDATE contact SET language = 'en'; COMMIT"
            )
        finally:
            link.close()
        self.written += 1
        if self.written == 1:
            asyncio.run_coroutine_threadsafe(self._purge(), self._loop).result()

    async def _purge(self) -> None:
        files = file_store(self._config)
        await files.delete(self._paper)
        await files.close()


async def test_a_backup_is_one_moment_while_all_write_on(tmp_path: Path, portions: None) -> None:
    here = await on_postgres(tmp_path / "here")
    before = await sums(here)
    async with database(here) as db:
        names = await db.read(lambda tx: [row[0] for row in tx.all(snapshot.FILES)])
    town = Busy(here, names[0], asyncio.get_running_loop())
    made = await back_up(here, tmp_path / "a.loket", SECRET, town)
    assert town.written > 10
    assert made.absent == [names[0]]
    assert len(made.files) == len(names)
    assert names_in(here.data_dir) == {"lock", "master.key", "last-backup"}
    laptop = elsewhere(here, tmp_path / "laptop", "sqlite", "folder")
    await restore(laptop, tmp_path / "a.loket", SECRET, here.data_dir / "master.key", Work())
    assert await sums(laptop) == before
    assert (await sums(here))["audit"].rows == before["audit"].rows + town.written


async def test_cut_off_after_every_portion_it_goes_on(tmp_path: Path, portions: None) -> None:
    here = await office(tmp_path / "here")
    before, key = await sums(here), here.data_dir / "master.key"
    file = tmp_path / "a.loket"
    await back_up(here, file, SECRET, Work())
    there = elsewhere(here, tmp_path / "there", "postgres", "bucket")
    arrived: list[int] = []
    for portion in itertools.count(3, 10):
        try:
            await restore(there, file, SECRET, key, Broken(portion))
        except Interrupted:
            async with database(there) as db:
                arrived.append(await db.read(tables.count))
            if arrived[-1] and len(arrived) % 4 == 0:
                with pytest.raises(StorageUnavailable, match="wholly arrived"):
                    await open_desk(there)
        else:
            break
    assert arrived == sorted(arrived)
    assert arrived[-1] == sum(one.rows for one in before.values())
    assert len(set(arrived)) > 2
    assert await sums(there) == before
    assert not list(there.data_dir.glob(".restore-*"))
    (await open_desk(there)).db.close()


_KILLED = """
import os, sys
from bot.cli import main
from storage import files
left, put = {left}, files.put_in_place
def cut(path, target):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), 9)
    put(path, target)
files.put_in_place = cut
sys.argv = ["loket", "restore", {file!r}, "--key", {key!r}]
main()
"""


async def test_killed_between_two_files_it_goes_on_and_says_where_the_data_is(
    tmp_path: Path,
) -> None:
    here = await office(tmp_path / "here")
    before, key, file = await sums(here), here.data_dir / "master.key", tmp_path / "a.loket"
    await back_up(here, file, SECRET, Work())
    there = elsewhere(here, tmp_path / "there", "postgres", "folder")
    environ = {
        "LOKET_DATA_DIR": str(there.data_dir),
        "LOKET_DATABASE_URL": there.database_url,
        "LOKET_BACKUP_PASSPHRASE": SECRET,
        "PATH": "/usr/bin:/bin",
    }
    ends = []
    for left in (3, 1000):
        program = _KILLED.format(left=left, file=str(file), key=str(key))
        done = subprocess.run(  # noqa: ASYNC221
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=environ,
            check=False,
            capture_output=True,
            text=True,
        )
        ends.append(done.returncode)
    assert ends == [-signal.SIGKILL, 0]
    assert done.stderr == ""
    assert f"sudah kembali di {shown(there.database_url)}" in done.stdout
    assert "kunci induk yang sama" in done.stdout
    assert await sums(there) == before
    assert not [name for name in names_in(there.data_dir) if name.startswith(".restore-")]


async def test_nothing_is_overwritten_anywhere(tmp_path: Path) -> None:
    here = await office(tmp_path / "here")
    key, file = here.data_dir / "master.key", tmp_path / "a.loket"
    await back_up(here, file, SECRET, Work())
    other = elsewhere(here, tmp_path / "other", "postgres", "bucket")
    (await open_desk(other)).db.close()
    before = await sums(other)
    # Where a desk has only just begun, there is data already: an office's, or the like.
    into = structs.replace(other, data_dir=tmp_path / "new")
    with pytest.raises(MoveRefused, match="nothing is overwritten"):
        await restore(into, file, SECRET, key, Work())
    assert await sums(other) == before
    # A store with a file that is not this backup's, or not as it was.
    full = elsewhere(here, tmp_path / "full", "postgres", "bucket")
    files = file_store(full)
    for name in ("0" * 64, archive_names(file, tmp_path / "out")[0]):
        await files.put(name, Vault(bytes(32)).seal("document.file", b"another"))
        with pytest.raises(Refused, match="other files"):
            await restore(full, file, SECRET, key, Work())
        await files.delete(name)
    await files.close()
    assert {one.rows for one in (await sums(full)).values()} == {0}
    assert not (full.data_dir / "master.key").exists()


def archive_names(file: Path, folder: Path) -> list[str]:
    """Return the names of the files in a backup."""
    folder.mkdir()
    names = archive.read(file, SECRET, folder).files
    return [name.removeprefix(archive.FILES) for name in names if name != archive.DATABASE]


async def test_another_backup_of_the_same_office_takes_the_place_of_a_half_restored_one(
    tmp_path: Path, portions: None
) -> None:
    here = await office(tmp_path / "here")
    key = here.data_dir / "master.key"
    await back_up(here, tmp_path / "a.loket", SECRET, Work())
    async with database(here) as db:
        await db.write(lambda tx: tx.run("DELETE FROM audit"))
        # Marks of a move belong to the database, not to what is in it.
        await db.write(lambda tx: settings.leave(tx, Leaving("postgresql://x", "t"), done=True))
    before = await sums(here)
    await back_up(here, tmp_path / "b.loket", SECRET, Work())
    there = elsewhere(here, tmp_path / "there", "postgres", "folder")
    with pytest.raises(Interrupted):
        await restore(there, tmp_path / "a.loket", SECRET, key, Broken(12))
    stranger = configured(tmp_path / "stranger")
    (await open_desk(stranger)).db.close()
    await back_up(stranger, tmp_path / "c.loket", SECRET, Work())
    # Its key is not there, and what is there is another office's.
    away = structs.replace(there, data_dir=tmp_path / "away")
    with pytest.raises(MoveRefused, match="another office"):
        await restore(away, tmp_path / "c.loket", SECRET, stranger.data_dir / "master.key", Work())
    await restore(there, tmp_path / "b.loket", SECRET, key, Work())
    assert await sums(there) == before
    file = elsewhere(here, tmp_path / "file", "sqlite", "folder")
    await restore(file, tmp_path / "b.loket", SECRET, key, Work())
    for config in (there, file):
        (await open_desk(config)).db.close()


def older(path: Path, vault: Vault, version: str) -> None:
    """Make the database of an office as an older Loket left it."""
    migrating.make_file(path, version)
    with closing(sqlite3.connect(path)) as connection, connection:
        put = "INSERT INTO setting (name, value) VALUES ('key-check', ?)"
        connection.execute(put, (vault.check_value(),))
        connection.execute("INSERT INTO audit (at, what, ref) VALUES (1, 'x', '')")


@pytest.mark.parametrize("engine", ["postgres", "sqlite"])
async def test_backups_of_older_versions_come_back(engine: str, tmp_path: Path) -> None:
    key, path = tmp_path / "kept.key", tmp_path / "old.db"
    key.write_text("ab" * 32)
    older(path, Vault(read_key(key)), "0003")
    made = archive.Manifest("2026-01-01", "x", "0003", snapshot.counts(path))
    archive.write(tmp_path / "a.loket", SECRET, path, [], lambda name: b"", made)
    there = elsewhere(configured(tmp_path), tmp_path / "there", engine, "folder")
    await restore(there, tmp_path / "a.loket", SECRET, key, Work())
    assert (await sums(there))["audit"].rows == 1
    (await open_desk(there)).db.close()


async def test_a_server_of_another_version_is_backed_up_as_it_is_or_refused(
    tmp_path: Path,
) -> None:
    """What looks does not migrate; columns that it does not know would be left behind."""
    there = elsewhere(configured(tmp_path), tmp_path, "sqlite", "folder")
    url = postgres.empty_database()
    here = structs.replace(there, database_url=url)
    before = f"{int(HEAD) - 1:04}"
    migrating._upgrade(create_engine(migrating._for_sqlalchemy(url)), before)
    link = Link(url, "tests")
    link.simple("INSERT INTO setting (name, value) VALUES ('key-check', 'x')")
    made = await back_up(here, tmp_path / "a.loket", SECRET, Work())
    assert made.version == before
    assert link.simple("SELECT version_num FROM alembic_version").get_value(0, 0) == (
        before.encode()
    )
    link.simple(f"UPDATE alembic_version SET version_num = '{int(HEAD) + 1:04}'")
    link.close()
    with pytest.raises(StorageUnavailable, match="newer"):
        await back_up(here, tmp_path / "b.loket", SECRET, Work())
    assert not [name for name in names_in(tmp_path) if name.startswith("snapshot-")]


@pytest.mark.parametrize("engine", ["postgres", "sqlite"])
async def test_half_an_office_is_not_backed_up(engine: str, tmp_path: Path) -> None:
    config = elsewhere(configured(tmp_path), tmp_path, engine, "folder")
    with pytest.raises(Refused, match="no office"):
        await back_up(config, tmp_path / "a.loket", SECRET, Work())
    desk = await open_desk(config)
    desk.db.close()
    for mark, kind in ((MOVING_IN, StorageUnavailable), ("key-rotation", WrongKey)):
        async with database(config) as db:
            await db.write(lambda tx, mark=mark: settings.put(tx, mark, "{}"))  # type: ignore[misc]
        with pytest.raises(kind, match="again"):
            await back_up(config, tmp_path / "a.loket", SECRET, Work())
        async with database(config) as db:
            await db.write(lambda tx: tx.run("DELETE FROM setting WHERE name <> 'key-check'"))
    await back_up(config, tmp_path / "a.loket", SECRET, Work())
    assert not [name for name in names_in(tmp_path) if name.startswith("snapshot-")]


async def test_a_key_that_is_there_already_may_be_given_again_but_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await office(tmp_path / "here")
    key, file = here.data_dir / "master.key", tmp_path / "a.loket"
    await back_up(here, file, SECRET, Work())
    there = configured(tmp_path / "there")

    def crash(*_: object) -> None:
        raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(restoring._File, "_take", crash)
        with pytest.raises(Interrupted):
            await restore(there, file, SECRET, key, Work())
    (tmp_path / "other.key").write_text("cd" * 32)
    with pytest.raises(Refused, match="another master key"):
        await restore(there, file, SECRET, tmp_path / "other.key", Work())
    await restore(there, file, SECRET, key, Work())
    (await open_desk(there)).db.close()
