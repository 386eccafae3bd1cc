"""The database that the configuration names: a SQLite file of one process, or a PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot.engine.company import Alone, Company
from storage.database import Database, StorageUnavailable
from storage.migrating import bring_up_to_date
from storage.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from bot.engine.desk import Desk
    from bot.setup.settings import Config

_SQLITE = "sqlite:///"
_POSTGRES = ("postgresql://", "postgresql+psycopg://")


def is_shared(config: Config) -> bool:
    """Whether several processes may serve this office."""
    return config.database_url.startswith(_POSTGRES)


def database_path(config: Config) -> Path:
    """Return the SQLite file of an office that is not shared; raises StorageUnavailable."""
    url = config.database_url
    if not url:
        return config.data_dir / "loket.db"
    if url.startswith(_SQLITE):
        return Path(url.removeprefix(_SQLITE))
    raise StorageUnavailable("LOKET_DATABASE_URL must begin with sqlite:/// or postgresql://")


def open_database(config: Config, *, trial: bool) -> Database:
    """Bring the database to this version's tables and open it; raises StorageUnavailable.

    The trial has a file of its own, whatever the office has.
    """
    if is_shared(config) and not trial:
        # Only who has a PostgreSQL waits for its client to be imported.
        from storage.postgres import PostgresDatabase

        bring_up_to_date(config.database_url)
        db: Database = PostgresDatabase(config.database_url)
    else:
        path = config.data_dir / "coba" / "loket.db" if trial else database_path(config)
        bring_up_to_date(path)
        db = SqliteDatabase(path)
    db.open()
    return db


def company_of(desk: Desk, *, candidate: bool) -> Company:
    """Return who serves the desk beside this process; a ``candidate`` may lead."""
    if not desk.db.shared:
        return Alone()
    from bot.engine.several import Several
    from storage.postgres import PostgresDatabase

    assert isinstance(desk.db, PostgresDatabase)
    return Several(desk, desk.db, candidate=candidate)
