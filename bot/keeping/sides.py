"""The databases that keeping works on: of either engine, opened while no desk serves them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from msgspec import Struct

from bot.engine.databases import database_path, is_shared, open_database
from storage import settings
from storage.database import Database, Tx
from storage.looking import look, look_at_server
from storage.migrating import HEAD

if TYPE_CHECKING:
    from bot.setup.settings import Config
    from storage.seat import Watch

_SECRET = ("password", "sslpassword")


class Refused(Exception):
    """It cannot be done as things are; the message says why and what to do."""


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


@asynccontextmanager
async def side(config: Config) -> AsyncIterator[Side]:
    """Open a database, brought to this version's tables; raises Refused, StorageUnavailable."""
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
            raise Refused("a newer Loket made this database: use that version")
        yield Side(db, watch)


def key_check(config: Config) -> str:
    """Return the check value of the key that sealed the office's data; leaves no trace.

    Raises Refused where there is no office.
    """
    if is_shared(config):
        check = look_at_server(config.database_url, _check_if_there)
    elif database_path(config).exists():
        check = look(database_path(config), settings.key_check)
    else:
        check = ""
    if not check:
        raise Refused(f"there is no office in {place(config)}")
    return check


def place(config: Config) -> str:
    """Return where the office's database is, to be shown."""
    return shown(config.database_url) if is_shared(config) else str(database_path(config))


def _check_if_there(tx: Tx) -> str:
    made = tx.all("SELECT to_regclass('setting') IS NOT NULL")[0][0]
    return settings.key_check(tx) if made else ""
