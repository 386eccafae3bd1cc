"""Bringing a database to this version's tables, step by step.

What SQLAlchemy and Alembic need to start is only spent when there is a step to take.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from storage.database import StorageUnavailable

HEAD = "0004"


def bring_up_to_date(path: Path) -> bool:
    """Create or migrate the SQLite file; return whether anything was done.

    Raises StorageUnavailable where it cannot be opened or belongs to a newer version.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        current = _version(path)
    except (OSError, sqlite3.Error) as error:
        raise StorageUnavailable(f"cannot open the database: {error}") from error
    if current == HEAD:
        return False
    if current is not None and current > HEAD:
        raise StorageUnavailable("this database was made by a newer Loket: install that version")
    _upgrade(path)
    return True


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


def _upgrade(path: Path) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()
    path.chmod(0o600)
