"""``loket backup``: an office in one file, without its master key, whatever it lies on.

The database comes as a moment of it, the same SQLite file from either engine; then the files that
its rows speak of. So what was backed up from one engine and store comes back on any other.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.engine.databases import database_path, is_shared
from bot.keeping.sides import Refused, key_check
from bot.setup.filestore import file_store
from storage import backup, settings, snapshot, tables
from storage.backup import Manifest
from storage.database import Tx
from storage.looking import look, look_at_server, note_at_server
from storage.vault import sync_folder

if TYPE_CHECKING:
    from bot.setup.settings import Config

LEAST_PASSPHRASE = 12
LAST = "last-backup"
"""The file whose age is that of the newest backup; who backs up by other means touches it."""

_STALE_SECONDS = 86_400.0


class Work:
    """How far it has come: ``begin`` is told the bytes to do, ``done`` those that were done."""

    def begin(self, total: int) -> None:
        """So many bytes are to be done."""

    def done(self, count: int) -> None:
        """So many more were done."""


def take_snapshot(database: Path) -> Path:
    """Copy a SQLite file as it is now into one beside it; raises StorageUnavailable."""
    target = _new_snapshot(database.parent)
    snapshot.take(database, target)
    return target


def _new_snapshot(folder: Path) -> Path:
    for old in folder.glob("snapshot-*.db"):
        if old.stat().st_mtime < time.time() - _STALE_SECONDS:
            old.unlink(missing_ok=True)
    return folder / f"snapshot-{secrets.token_hex(6)}.db"


async def back_up(config: Config, target: Path, passphrase: str, work: Work) -> Manifest:
    """Write a backup of the office's data, beside running desks or alone.

    Raises Refused, DataLocked, StorageUnavailable, WrongKey.
    """
    _demand_room(target, passphrase)
    key_check(config)
    async with _moment(config, work) as moment:
        files, loop = file_store(config), asyncio.get_running_loop()

        def fetch(name: str) -> bytes:
            return asyncio.run_coroutine_threadsafe(files.get(name), loop).result()

        try:
            made = await asyncio.to_thread(_write, config, moment, target, passphrase, fetch, work)
        finally:
            await files.close()
    (config.data_dir / LAST).touch()
    if is_shared(config):
        # Who serves it from another machine sees it too.
        note_at_server(config.database_url, lambda tx: settings.note_backup(tx, time.time()))
    return made


@asynccontextmanager
async def _moment(config: Config, work: Work) -> AsyncIterator[Path]:
    """Give the database as it is now as a SQLite file, which is gone afterwards."""
    with ExitStack() as held:
        if is_shared(config):
            config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            moment = _new_snapshot(config.data_dir)
            held.callback(lambda: moment.unlink(missing_ok=True))
            await asyncio.to_thread(_copy, config, moment, work)
        else:
            moment = await _snapshot_of_file(config, held)
            held.callback(lambda: moment.unlink(missing_ok=True))
            await asyncio.to_thread(look, moment, settings.demand_whole)
        yield moment


def _copy(config: Config, moment: Path, work: Work) -> None:
    """Copy what a PostgreSQL holds in one transaction, which nobody waits for."""

    def copy(tx: Tx) -> None:
        work.begin(tables.count(tx))
        snapshot.copy(tx, moment, work.done)

    look_at_server(config.database_url, copy)


async def _snapshot_of_file(config: Config, held: ExitStack) -> Path:
    """Let the desk that writes the file copy it; where none runs, none begins meanwhile."""
    from bot.engine.opening import Lock
    from bot.terminal.socket import NotRunning, Visit

    try:
        visit = await Visit.connect(config.data_dir)
    except NotRunning:
        held.callback(Lock.take(config.data_dir).release)
        return await asyncio.to_thread(take_snapshot, database_path(config))
    answer = await visit.ask({"do": "snapshot"})
    await visit.close()
    if "refused" in answer:
        raise Refused("the running desk could not copy its database: is the disk full?")
    return Path(answer["snapshot"])


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
        tables=snapshot.counts(moment),
    )
    # Only what rows speak of: a file without its key is nobody's.
    names = sorted(snapshot.files(moment))
    backup.write(target, passphrase, moment, names, fetch, manifest, work.done)
    sync_folder(target.absolute().parent)
    return manifest


def _demand_room(target: Path, passphrase: str) -> None:
    if len(passphrase) < LEAST_PASSPHRASE:
        raise Refused(f"the passphrase must have at least {LEAST_PASSPHRASE} characters")
    if target.exists():
        raise Refused(f"{target} exists already: choose another name")
    if not target.absolute().parent.is_dir():
        raise Refused(f"there is no folder {target.absolute().parent}")
