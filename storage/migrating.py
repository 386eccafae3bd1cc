"""Bringing a database to this version's tables, step by step.

What SQLAlchemy and Alembic need to start is only spent when there is a step to take. A step only
ever adds, so that a process of the version before works on beside those of this one.
"""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storage.database import StorageUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Engine

HEAD = "0009"
_LOCK = 7_310_000_000_000_000_001
"""The advisory lock of who migrates."""
_ONE_AT_A_TIME = threading.Lock()
"""Alembic keeps what it is working on in its module: two threads would write into one database."""
_NEWER = "this database was made by a newer Loket: install that version"


def bring_up_to_date(place: Path | str) -> bool:
    """Create or migrate a SQLite file or the PostgreSQL at that URL; return whether it was done.

    Raises StorageUnavailable where it cannot be opened or belongs to a newer version.
    """
    return _migrate_file(place) if isinstance(place, Path) else _migrate_server(place)


def make_file(path: Path, version: str) -> None:
    """Make a SQLite file with the tables of a version; raises StorageUnavailable."""
    if version > HEAD:
        raise StorageUnavailable(_NEWER)
    from sqlalchemy import create_engine

    path.touch(mode=0o600)
    _upgrade(create_engine(f"sqlite:///{path}"), version)


def _migrate_file(path: Path) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        current = _version(path)
    except (OSError, sqlite3.Error) as error:
        raise StorageUnavailable(f"cannot open the database: {error}") from error
    if current == HEAD:
        return False
    if current is not None and current > HEAD:
        raise StorageUnavailable(_NEWER)
    from sqlalchemy import create_engine

    _upgrade(create_engine(f"sqlite:///{path}"))
    path.chmod(0o600)
    return True


def _migrate_server(url: str) -> bool:
    """One process migrates; those who start at the same time wait for it.

    A database that is one step ahead is served: it is migrated while older processes still work.
    """
    from storage.postgres_link import Link, Lost, StatementFailed

    try:
        link = Link(url, "loket-migrating")
        try:
            link.rows("SELECT pg_advisory_lock(?)", (_LOCK,))
            known = link.rows("SELECT to_regclass('alembic_version') IS NOT NULL", ())[0][0]
            rows = link.rows("SELECT version_num FROM alembic_version", ()) if known else []
            current = rows[0][0] if rows else "0"
            if current == HEAD or int(current) == int(HEAD) + 1:
                return False
            if current > HEAD:
                raise StorageUnavailable(_NEWER)
            from sqlalchemy import create_engine

            _upgrade(create_engine(_for_sqlalchemy(url)))
        finally:
            link.close()
    except (Lost, StatementFailed) as error:
        raise StorageUnavailable(f"cannot open the database: {error}") from error
    return True


def _for_sqlalchemy(url: str) -> str:
    return f"postgresql+psycopg://{url.partition('://')[2]}"


def _version(path: Path) -> str | None:
    if not path.exists():
        return None
    connection = sqlite3.connect(path)
    try:
        known = connection.execute(
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"
        ).fetchone()
        if known is None:
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return row[0] if row else None
    finally:
        connection.close()


def _upgrade(engine: Engine, version: str = "head") -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy.exc import SQLAlchemyError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    attributes: dict[str, Any] = config.attributes
    try:
        with _ONE_AT_A_TIME, engine.begin() as connection:
            attributes["connection"] = connection
            command.upgrade(config, version)
    except SQLAlchemyError as error:
        raise StorageUnavailable(f"the database cannot be migrated: {error}") from error
    finally:
        engine.dispose()
