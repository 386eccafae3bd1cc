"""``loket restore``: a backup's data where there is none, on whatever engine and store it will be.

All is unpacked beside the data and verified first. Then the files go into the store, the key into
its folder and the rows into the database, which makes the data whole. Cut off in between, the same
command goes on: what lies there already must be the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import shutil
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bot.engine.databases import database_path, is_shared
from bot.keeping.backup import Work
from bot.keeping.sides import Refused, Side, side
from bot.setup.filestore import file_store
from storage import backup, moving, snapshot, tables
from storage.backup import BadBackup, Manifest
from storage.files import FileMissing, Files, put_in_place
from storage.migrating import HEAD, bring_up_to_date
from storage.moving import Arriving, Move
from storage.settings import Leaving
from storage.sqlite import SqliteDatabase
from storage.vault import Vault, WrongKey, put_key, read_key, sync_folder

if TYPE_CHECKING:
    from bot.setup.settings import Config

_KEY = "master.key"
_TIMES = 3
"""A row is copied once, and read again on both sides."""


class Target(Protocol):
    """The database that is to hold the data."""

    async def demand_free(self, vault: Vault) -> None:
        """Raise unless it holds nothing, or what this office's restore began to put there."""

    async def begin(self, manifest: Manifest, vault: Vault) -> None:
        """Let no desk serve what will not be whole for a while."""

    async def take(self, database: Path, work: Work) -> None:
        """Take over the rows of a backup's database; from now on the data is whole."""


async def restore(
    config: Config, source: Path, passphrase: str, key: Path | None, work: Work
) -> Manifest:
    """Put a backup's data in place where there is none, once all of it was verified.

    The master key comes separately: as a file, from the environment, or lying in the data's folder.
    Raises Refused, MoveRefused, BadBackup, WrongKey, DataLocked, StorageUnavailable.
    """
    from bot.engine.opening import Lock

    folder = config.data_dir
    lock, files = Lock.take(folder), file_store(config)
    staging = folder / f".restore-{secrets.token_hex(6)}"
    try:
        _clear(folder, source)
        async with AsyncExitStack() as held:
            target = await _target(config, held)
            vault = _vault(config, key)
            await target.demand_free(vault)
            manifest = await asyncio.to_thread(_unpack, source, passphrase, staging, vault, work)
            await _demand_own(files, manifest, config.files_url)
            await target.begin(manifest, vault)
            await files.adopt(staging / "files")
            if key is not None:
                put_key(folder / _KEY, read_key(key))
            await target.take(staging / backup.DATABASE, work)
    finally:
        await files.close()
        shutil.rmtree(staging, ignore_errors=True)
        lock.release()
    return manifest


async def _target(config: Config, held: AsyncExitStack) -> Target:
    if is_shared(config):
        return _Server(await held.enter_async_context(side(config)))
    return _File(database_path(config))


class _File:
    """A SQLite file that is not there yet."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def demand_free(self, vault: Vault) -> None:
        if self._path.exists():
            raise Refused(
                f"{self._path} exists: nothing is overwritten; restore into an empty folder"
            )

    async def begin(self, manifest: Manifest, vault: Vault) -> None:
        """Where there is no file there is no desk."""

    async def take(self, database: Path, work: Work) -> None:
        await asyncio.to_thread(self._take, database)

    def _take(self, database: Path) -> None:
        snapshot.forget_marks(database)
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        put_in_place(database, self._path)
        sync_folder(self._path.parent)


class _Server:
    """A PostgreSQL without data; it is marked until all rows are there and were compared."""

    def __init__(self, office: Side) -> None:
        self._side = office
        self._way = Leaving("", "")
        self._mark = Arriving("", "")

    async def demand_free(self, vault: Vault) -> None:
        self._side.demand_rest()
        check = vault.check_value()
        await self._side.db.read(lambda tx: moving.demand_free(tx, None, check))

    async def begin(self, manifest: Manifest, vault: Vault) -> None:
        way = self._way = Leaving("", manifest.files[backup.DATABASE])
        check = vault.check_value()
        self._mark = await self._side.db.write(lambda tx: moving.arrive(tx, way, check))

    async def take(self, database: Path, work: Work) -> None:
        await asyncio.to_thread(bring_up_to_date, database)
        source = SqliteDatabase(database)
        source.open()
        try:
            work.begin(_TIMES * await source.read(tables.count))
            work.done(await self._side.db.read(tables.count))
            move = Move(source, self._side.db, self._mark, work.done)
            await move.copy()
            await move.compare()
            self._side.demand_rest()
            await move.finish(self._way)
        finally:
            source.close()


def _clear(folder: Path, source: Path) -> None:
    """Remove what a restore that was killed had unpacked; the lock says that none is at work."""
    if not source.is_file():
        raise Refused(f"there is no file {source}")
    for old in folder.glob(".restore-*"):
        shutil.rmtree(old, ignore_errors=True)


def _vault(config: Config, key: Path | None) -> Vault:
    secret, here = config.secret_key.reveal(), config.data_dir / _KEY
    if key is not None:
        if not key.is_file():
            raise Refused(f"there is no file {key}")
        if secret or (here.exists() and read_key(here) != read_key(key)):
            raise Refused("there is another master key already: leave --key out, or that key")
        return Vault(read_key(key))
    if not secret and not here.exists():
        raise Refused("the master key is not in a backup: give its copy with --key FILE")
    return Vault.load(config.data_dir, secret or None)


def _unpack(source: Path, passphrase: str, staging: Path, vault: Vault, work: Work) -> Manifest:
    staging.mkdir(mode=0o700)
    work.begin(source.stat().st_size)
    manifest = backup.read(source, passphrase, staging, work.done)
    _verify(staging, manifest, vault)
    return manifest


def _verify(staging: Path, manifest: Manifest, vault: Vault) -> None:
    """Hold what was unpacked against the manifest; hashes were checked while unpacking."""
    database = staging / backup.DATABASE
    if manifest.version > HEAD:
        raise Refused("this backup was made by a newer Loket: install that version")
    if not snapshot.is_sound(database) or snapshot.counts(database) != manifest.tables:
        raise BadBackup("the database in the backup is not what was written into it")
    named = snapshot.files(database) - set(manifest.absent)
    if {backup.FILES + name for name in named} != manifest.files.keys() - {backup.DATABASE}:
        raise BadBackup("the backup lacks files that its database speaks of")
    if check := snapshot.key_check(database):
        try:
            vault.demand(check)
        except WrongKey:
            raise WrongKey(
                "this master key is not the one that the backup was sealed with"
            ) from None


async def _demand_own(files: Files, manifest: Manifest, url: str) -> None:
    """Raise Refused where the store holds what this backup does not; a restore was cut off else."""
    async for name in files.names():
        try:
            content = await files.get(name)
        except FileMissing:
            content = b""
        if manifest.files.get(backup.FILES + name) != hashlib.sha256(content).hexdigest():
            raise Refused(f"{url} holds other files: nothing is overwritten; choose another place")
