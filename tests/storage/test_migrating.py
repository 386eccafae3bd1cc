"""Migrations: replayed from nothing they give the tables that the program expects."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlmodel import SQLModel

import storage.schema  # noqa: F401
from storage.database import StorageUnavailable
from storage.migrating import HEAD, bring_up_to_date


def shape(path: Path) -> dict[str, object]:
    """Return tables with their columns, and indexes with what they are over."""
    connection = sqlite3.connect(path)
    tables = [
        row[0]
        for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if not row[0].startswith(("sqlite_", "alembic_"))
    ]
    found: dict[str, object] = {}
    for table in tables:
        found[table] = sorted(
            tuple(row[1:]) for row in connection.execute(f"PRAGMA table_info({table})")
        )
    for name, sql in connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index'"):
        if "alembic" in name:
            continue
        found[name] = " ".join((sql or "").replace('"', "").split())
    connection.close()
    return found


def test_migrations_replayed_equal_the_schema(tmp_path: Path) -> None:
    bring_up_to_date(tmp_path / "migrated.db")
    engine = create_engine(f"sqlite:///{tmp_path / 'created.db'}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    assert shape(tmp_path / "migrated.db") == shape(tmp_path / "created.db")


def test_a_database_that_is_up_to_date_is_left_alone(tmp_path: Path) -> None:
    assert bring_up_to_date(tmp_path / "desk.db")
    assert not bring_up_to_date(tmp_path / "desk.db")


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    bring_up_to_date(path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(StorageUnavailable, match="newer"):
        bring_up_to_date(path)
    assert HEAD < "9999"
