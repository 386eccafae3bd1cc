"""``loket backup`` and ``loket restore``: an office in one file, without its master key."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from bot.keeping.sides import Refused
from bot.setup.filestore import file_store
from storage import backup, snapshot
from storage.backup import BadBackup, Manifest
from storage.migrating import HEAD
from storage.vault import Vault, WrongKey, read_key, sync_folder

if TYPE_CHECKING:
    from bot.setup.settings import Config

LEAST_PASSPHRASE = 12
LAST = "last-backup"
"""The file whose age is that of the newest backup; who backs up by other means touches it."""

_KEY = "master.key"
_STALE_SECONDS = 86_400.0


class Work:
    """How far it has come: ``begin`` is told the bytes to do, ``done`` those that were done."""

    def begin(self, total: int) -> None:
        """So many bytes are to be done."""

    def done(self, count: int) -> None:
        """So many more were done."""


def take_snapshot(database: Path) -> Path:
    """Copy a database as it is now into a file beside it; raises StorageUnavailable."""
    for old in database.parent.glob("snapshot-*.db"):
        if old.stat().st_mtime < time.time() - _STALE_SECONDS:
            old.unlink(missing_ok=True)
    target = database.parent / f"snapshot-{secrets.token_hex(6)}.db"
    snapshot.take(database, target)
    return target


async def back_up(config: Config, target: Path, passphrase: str, work: Work) -> Manifest:
    """Write a backup of the office's data, beside a running desk or alone.

    Raises Refused, DataLocked, StorageUnavailable.
    """
    from bot.engine.databases import database_path
    from bot.engine.opening import Lock
    from bot.terminal.socket import NotRunning, Visit

    database = database_path(config)
    _demand_room(database, target, passphrase)
    with ExitStack() as held:
        try:
            visit = await Visit.connect(config.data_dir)
        except NotRunning:
            held.callback(Lock.take(config.data_dir).release)
            moment = await asyncio.to_thread(take_snapshot, database)
        else:
            answer = await visit.ask({"do": "snapshot"})
            await visit.close()
            if "refused" in answer:
                raise Refused("the running desk could not copy its database: is the disk full?")
            moment = Path(answer["snapshot"])
        held.callback(lambda: moment.unlink(missing_ok=True))
        files, loop = file_store(config), asyncio.get_running_loop()

        def fetch(name: str) -> bytes:
            return asyncio.run_coroutine_threadsafe(files.get(name), loop).result()

        try:
            return await asyncio.to_thread(_write, config, moment, target, passphrase, fetch, work)
        finally:
            await files.close()


def _write(
    config: Config,
    moment: Path,
    target: Path,
    passphrase: str,
    fetch: Callable[[str], bytes],
    work: Work,
) -> Manifest:
    from bot.engine.opening import system_clock

    work.begin(moment.stat().st_size + snapshot.size_of_documents(moment))
    manifest = Manifest(
        made_at=system_clock().isoformat(timespec="seconds"),
        office=config.office.name,
        version=snapshot.version(moment),
        tables=snapshot.tables(moment),
    )
    # Only what rows speak of: a file without its key is nobody's.
    names = sorted(snapshot.files(moment))
    backup.write(target, passphrase, moment, names, fetch, manifest, work.done)
    sync_folder(target.absolute().parent)
    (config.data_dir / LAST).touch()
    return manifest


async def restore(
    config: Config, source: Path, passphrase: str, key: Path | None, work: Work
) -> Manifest:
    """Put a backup's data in place on a machine that has none, once all of it was verified.

    The master key comes separately: as a file, from the environment, or lying in the data's folder.
    Raises Refused, BadBackup, WrongKey, DataLocked, StorageUnavailable.
    """
    from bot.engine.databases import database_path
    from bot.engine.opening import Lock

    folder, database = config.data_dir, database_path(config)
    lock, files = Lock.take(folder), file_store(config)
    staging = folder / f".restore-{secrets.token_hex(6)}"
    try:
        _demand_data(source, database)
        if not await files.is_empty():
            raise Refused(f"{config.files_url} is not empty: nothing is overwritten")
        vault = _vault(config, key)
        manifest = await asyncio.to_thread(_unpack, source, passphrase, staging, vault, work)
        # The database last: it is what makes the data whole.
        await files.adopt(staging / "files")
        _put(staging, folder, database, key)
    finally:
        await files.close()
        shutil.rmtree(staging, ignore_errors=True)
        lock.release()
    return manifest


def _demand_room(database: Path, target: Path, passphrase: str) -> None:
    if len(passphrase) < LEAST_PASSPHRASE:
        raise Refused(f"the passphrase must have at least {LEAST_PASSPHRASE} characters")
    if target.exists():
        raise Refused(f"{target} exists already: choose another name")
    if not target.absolute().parent.is_dir():
        raise Refused(f"there is no folder {target.absolute().parent}")
    if not database.exists():
        raise Refused(f"there is no database at {database} to back up")


def _demand_data(source: Path, database: Path) -> None:
    if not source.is_file():
        raise Refused(f"there is no file {source}")
    if database.exists():
        raise Refused(f"{database} exists: nothing is overwritten; restore into an empty folder")


def _unpack(source: Path, passphrase: str, staging: Path, vault: Vault, work: Work) -> Manifest:
    staging.mkdir(mode=0o700)
    work.begin(source.stat().st_size)
    manifest = backup.read(source, passphrase, staging, work.done)
    _verify(staging, manifest, vault)
    return manifest


def _vault(config: Config, key: Path | None) -> Vault:
    secret, here = config.secret_key.reveal(), config.data_dir / _KEY
    if key is not None:
        if secret or here.exists():
            raise Refused("there is a master key already: leave --key out, or that key")
        if not key.is_file():
            raise Refused(f"there is no file {key}")
        return Vault(read_key(key))
    if not secret and not here.exists():
        raise Refused("the master key is not in a backup: give its copy with --key FILE")
    return Vault.load(config.data_dir, secret or None)


def _verify(staging: Path, manifest: Manifest, vault: Vault) -> None:
    """Hold what was unpacked against the manifest; hashes were checked while unpacking."""
    database = staging / backup.DATABASE
    if manifest.version > HEAD:
        raise Refused("this backup was made by a newer Loket: install that version")
    if not snapshot.is_sound(database) or snapshot.tables(database) != manifest.tables:
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


def _put(staging: Path, folder: Path, database: Path, key: Path | None) -> None:
    """Move the key and the database into place."""
    if key is not None:
        handle = os.open(folder / _KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(read_key(key).hex() + "\n")
            out.flush()
            os.fsync(out.fileno())
    sync_folder(folder)
    database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.move(staging / backup.DATABASE, database)
    sync_folder(database.parent)
