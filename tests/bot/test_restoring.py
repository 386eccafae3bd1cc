"""Nothing is overwritten by a restore, nothing half is backed up, and older backups come back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import structs
from sqlalchemy import create_engine

from bot.engine.opening import open_desk
from bot.keeping import restoring
from bot.keeping.backup import Work, back_up
from bot.keeping.restoring import restore
from bot.keeping.sides import Refused
from bot.setup.filestore import file_store
from storage import backup as archive
from storage import migrating, settings, snapshot
from storage.database import StorageUnavailable
from storage.migrating import HEAD
from storage.moving import MoveRefused
from storage.postgres_link import Link
from storage.settings import MOVING_IN, Leaving
from storage.vault import Vault, WrongKey, read_key
from tests import postgres
from tests.bot.fires import SECRET, elsewhere, names_in, office
from tests.bot.moves import (
    Broken,
    Interrupted,
    database,
    sums,
)
from tests.office import configured


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
