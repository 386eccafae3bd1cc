"""Offices that are backed up, and places without data where they go on; each made in an instant."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

from msgspec import structs

from bot.keeping.backup import Work, back_up
from bot.keeping.restoring import restore
from bot.setup.settings import Config
from storage import tables
from storage.database import Tx
from tests import postgres
from tests.bot.moves import (
    bucket_of,
    database,
    served,
    sums,
)
from tests.office import configured
from tests.standins import seaweed

SECRET = "kata sandi yang panjang"


def elsewhere(config: Config, folder: Path, engine: str, store: str) -> Config:
    """Return the office's configuration on a machine, a server and a store without data."""
    files = (folder / "files").as_uri()
    if store == "bucket":
        files = f"s3://{seaweed.BUCKET}/{folder.parent.name}-{folder.name}"
    url = postgres.new_database() if engine == "postgres" else f"sqlite:///{folder}/loket.db"
    return structs.replace(config, data_dir=folder, database_url=url, files_url=files)


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
