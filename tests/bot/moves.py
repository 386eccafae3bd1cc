"""An office that is moved in tests: where to, how it is interrupted, what it holds."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import structs

from bot.engine.databases import open_database
from bot.keeping.backup import Work
from bot.setup.settings import Bucket, Config, Secret
from storage import tables
from storage.database import Database
from storage.tables import Sum
from tests import postgres
from tests.blank import new_database
from tests.conversations.runner import act
from tests.security.desk import happy, opened, say
from tests.standins import seaweed

_numbers = itertools.count(1)


class Interrupted(Exception):
    """The move was cut off."""


class Broken(Work):
    """Work that is interrupted after so many portions."""

    def __init__(self, left: int) -> None:
        self.left = left

    def done(self, count: int) -> None:
        self.left -= 1
        if self.left < 0:
            raise Interrupted


def fresh(folder: Path, engine: str) -> str:
    """Return the address of an empty database."""
    if engine == "postgres":
        return postgres.new_database()
    path = folder / f"moved-{next(_numbers)}.db"
    new_database(path)
    return f"sqlite:///{path}"


def moved_to(config: Config, to: str = "", files: str = "") -> Config:
    """Return the configuration of the office where it is now."""
    return structs.replace(
        config, database_url=to or config.database_url, files_url=files or config.files_url
    )


@asynccontextmanager
async def database(config: Config) -> AsyncIterator[Database]:
    db = open_database(config, trial=False)
    try:
        yield db
    finally:
        db.close()


async def sums(config: Config) -> dict[str, Sum]:
    """Return what every table holds."""
    async with database(config) as db:
        return {table.name: await tables.sum_of(db, table) for table in tables.carried()}


async def served(folder: Path, **changes: object) -> Config:
    """A desk that served one person to the end, and another halfway; it is closed now."""
    script = happy("domisili")
    stage = await opened(folder, script, **changes)
    try:
        for step in script.steps:
            await act(stage, step)
        stage.people["Wati"] = (stage.telegram, "3001")
        await say(stage, "halo", "surat domisili", "setuju", "Wati binti Amin", who="Wati")
    finally:
        await stage.close()
    return stage.config


def bucket_of(config: Config) -> Config:
    """Let the office know the key of the tests' S3 server."""
    known = Bucket(seaweed.seaweed().url, "us-east-1", seaweed.KEY_ID, Secret(seaweed.SECRET))
    return structs.replace(config, bucket=known)
