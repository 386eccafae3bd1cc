"""``loket migrate``: an office, its rows and its files, to another database or file store."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from msgspec import Struct, field, structs

from bot.engine.databases import database_path, is_shared
from bot.keeping.backup import Work
from bot.keeping.sides import Refused, Side, key_check, shown, side
from bot.setup.filestore import file_store
from storage import carrying, moving, settings, snapshot, tables
from storage.carrying import Carried
from storage.database import Database, Tx
from storage.moving import Move
from storage.settings import Leaving
from storage.vault import Vault

if TYPE_CHECKING:
    from bot.setup.settings import Config

DATABASES = ("sqlite:///", "postgresql://", "postgresql+psycopg://")
STORES = ("file:///", "s3://")
_KEY = "master.key"
_TIMES = 3
"""A row is copied once, and read again on both sides."""


class Moved(Struct):
    """What was moved, and what is to be set now; ``database`` and ``store`` are empty for no."""

    database: str = ""
    store: str = ""
    rows: dict[str, int] = field(default_factory=dict)
    files: Carried = field(default_factory=Carried)


async def move(config: Config, to: str, files: str, work: Work) -> Moved:
    """Move the office's rows to the database ``to`` and its files to the store ``files``.

    Empty stays as it is. An interrupted move goes on where it was.
    Raises Refused, MoveRefused, DataLocked, StorageUnavailable, WrongKey.
    """
    from bot.engine.opening import Lock

    there = structs.replace(
        config, database_url=to or config.database_url, files_url=files or config.files_url
    )
    _demand_elsewhere(config, there, to, files)
    lock = Lock.take(config.data_dir)
    try:
        check = key_check(config)
        vault = _vault(config)
        async with side(config) as source:
            source.demand_rest()
            vault.demand(check)
            done = Moved(shown(to), files)
            if to:
                async with side(there) as target:
                    await _move_all(config, there, source, target, check, done, work)
            else:
                await source.db.read(settings.demand_here)
                done.files = await _carry(source.db, config, there, work)
                source.demand_rest()
    finally:
        lock.release()
    return done


async def stay(config: Config) -> str:
    """Let desks serve this database again; return where the office had been going, if anywhere.

    Raises Refused, DataLocked, StorageUnavailable.
    """
    from bot.engine.opening import Lock

    lock = Lock.take(config.data_dir)
    try:
        key_check(config)
        async with side(config) as source:
            where = await source.db.read(settings.leaving)
            await source.db.write(settings.stay)
    finally:
        lock.release()
    return where.to if where else ""


async def _move_all(
    config: Config,
    there: Config,
    source: Side,
    target: Side,
    check: str,
    done: Moved,
    work: Work,
) -> None:
    leaving = await _depart(source, target, done.database, check)
    mark = await target.db.write(lambda tx: moving.arrive(tx, leaving, check))
    work.begin(_TIMES * await source.db.read(tables.count))
    work.done(await target.db.read(tables.count))
    way = Move(source.db, target.db, mark, work.done)
    await way.copy()
    done.rows = await way.compare()
    if done.store:
        done.files = await _carry(source.db, config, there, work)
    source.demand_rest()
    await way.finish(leaving)


async def _depart(source: Side, target: Side, to: str, check: str) -> Leaving:
    """Mark the source once the target is seen to be free; nothing is marked for a refusal."""
    if await source.db.read(lambda tx: settings.get(tx, settings.MOVING_IN)):
        await source.db.read(settings.demand_here)
    known = await source.db.read(settings.leaving)
    await target.db.read(lambda tx: moving.demand_free(tx, known, check))
    if known is not None:
        if known.to != to:
            raise Refused(
                f"the office is on its way to {known.to}: finish that, or `loket migrate --stay`"
            )
        return known
    leaving = Leaving(to, secrets.token_hex(16))

    def mark(tx: Tx) -> None:
        settings.leave(tx, leaving)

    await source.db.write(mark)
    try:
        # A desk may have begun while nothing was marked.
        source.demand_rest()
    except Refused:
        await source.db.write(settings.stay)
        raise
    return leaving


async def _carry(db: Database, config: Config, there: Config, work: Work) -> Carried:
    names = await db.read(lambda tx: {row[0] for row in tx.all(snapshot.FILES)})
    here, target = file_store(config), file_store(there)
    try:
        await target.check()
        await carrying.demand_own(target, names)
        work.begin(len(names))
        return await carrying.carry(here, target, names, work.done)
    finally:
        await here.close()
        await target.close()


def _demand_elsewhere(config: Config, there: Config, to: str, files: str) -> None:
    if to and _place(config) == _place(there):
        raise Refused(f"the office's data is in {shown(to)} already")
    if files and config.files_url.rstrip("/") == files.rstrip("/"):
        raise Refused(f"the office's files are in {files} already")


def _place(config: Config) -> str:
    if is_shared(config):
        return config.database_url
    return str(database_path(config).resolve())


def _vault(config: Config) -> Vault:
    secret = config.secret_key.reveal()
    if not secret and not (config.data_dir / _KEY).exists():
        raise Refused(f"the master key is not in {config.data_dir}: put it there first")
    return Vault.load(config.data_dir, secret or None)
