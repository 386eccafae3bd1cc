"""``loket migrate``: an office, its rows and its files, to another database or file store."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from msgspec import Struct, field, structs

from bot.engine.databases import database_path, is_shared, open_database
from bot.keeping.backup import Refused, Work
from bot.setup.filestore import file_store
from storage import carrying, moving, settings, snapshot
from storage.carrying import Carried
from storage.database import Database, Tx
from storage.looking import look, look_at_server
from storage.migrating import HEAD
from storage.moving import Move
from storage.settings import Leaving
from storage.vault import Vault

if TYPE_CHECKING:
    from bot.setup.settings import Config
    from storage.seat import Watch

DATABASES = ("sqlite:///", "postgresql://", "postgresql+psycopg://")
STORES = ("file:///", "s3://")
_KEY = "master.key"
_SECRET = ("password", "sslpassword")
_TIMES = 3
"""A row is copied once, and read again on both sides."""


class Moved(Struct):
    """What was moved, and what is to be set now; ``database`` and ``store`` are empty for no."""

    database: str = ""
    store: str = ""
    rows: dict[str, int] = field(default_factory=dict)
    files: Carried = field(default_factory=Carried)


class Side(Struct):
    """A database that takes part, and the watch over it where it is a PostgreSQL."""

    db: Database
    watch: Watch | None

    def demand_rest(self) -> None:
        """Raise Refused where a desk serves it."""
        if self.watch is not None and self.watch.served():
            raise Refused("a desk is running on this database: stop all its processes first")


def shown(url: str) -> str:
    """Return a database's address without what is secret in it."""
    parts = urlsplit(url)
    words = parse_qsl(parts.query)
    if not parts.password and not any(name in _SECRET for name, _ in words):
        return url
    user, at, place = parts.netloc.rpartition("@")
    rest = urlencode([(name, value) for name, value in words if name not in _SECRET], safe="/")
    where = f"{parts.scheme}://{user.partition(':')[0]}{at}{place}{parts.path}"
    return f"{where}?{rest}" if rest else where


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
        check = _demand_office(config)
        vault = _vault(config)
        async with _side(config) as source:
            source.demand_rest()
            vault.demand(check)
            done = Moved(shown(to), files)
            if to:
                async with _side(there) as target:
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
        _demand_office(config)
        async with _side(config) as source:
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
    work.begin(_TIMES * await source.db.read(moving.count))
    work.done(await target.db.read(moving.count))
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


@asynccontextmanager
async def _side(config: Config) -> AsyncIterator[Side]:
    """Open a database, brought to this version's tables."""
    async with AsyncExitStack() as held:
        watch = None
        if is_shared(config):
            from storage.seat import Watch

            watch = await asyncio.to_thread(Watch, config.database_url)
            held.callback(watch.close)
        else:
            database_path(config).absolute().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        db = await asyncio.to_thread(open_database, config, trial=False)
        held.callback(db.close)
        found = await db.read(lambda tx: tx.all("SELECT version_num FROM alembic_version"))
        if found[0][0] != HEAD:
            # A desk serves one that is a step ahead; what was added there would be left behind.
            raise Refused("a newer Loket made this database: move it with that version")
        yield Side(db, watch)


def _demand_elsewhere(config: Config, there: Config, to: str, files: str) -> None:
    if to and _place(config) == _place(there):
        raise Refused(f"the office's data is in {shown(to)} already")
    if files and config.files_url.rstrip("/") == files.rstrip("/"):
        raise Refused(f"the office's files are in {files} already")


def _place(config: Config) -> str:
    if is_shared(config):
        return config.database_url
    return str(database_path(config).resolve())


def _demand_office(config: Config) -> str:
    """Return the check value of the key that sealed the office's data; leaves no trace."""
    if is_shared(config):
        check = look_at_server(config.database_url, _check_if_there)
    elif database_path(config).exists():
        check = look(database_path(config), settings.key_check)
    else:
        check = ""
    if not check:
        raise Refused(f"there is no office in {shown(config.database_url)} to move")
    return check


def _check_if_there(tx: Tx) -> str:
    made = tx.all("SELECT to_regclass('setting') IS NOT NULL")[0][0]
    return settings.key_check(tx) if made else ""


def _vault(config: Config) -> Vault:
    secret = config.secret_key.reveal()
    if not secret and not (config.data_dir / _KEY).exists():
        raise Refused(f"the master key is not in {config.data_dir}: put it there first")
    return Vault.load(config.data_dir, secret or None)
