"""Migrations: replayed from nothing they give the tables that the program expects."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlmodel import SQLModel

import storage.schema
from storage.database import StorageUnavailable
from storage.migrating import HEAD, bring_up_to_date
from tests import postgres


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


def pg_shape(url: str) -> dict[str, object]:
    """Return the columns and indexes of a PostgreSQL."""
    engine = create_engine(f"postgresql+psycopg://{url.partition('://')[2]}")
    with engine.connect() as connection:
        columns = connection.execute(
            text(
                "SELECT table_name, column_name, data_type, is_nullable, collation_name,"
                " column_default IS NOT NULL FROM information_schema.columns"
                " WHERE table_schema = 'public' AND table_name <> 'alembic_version' ORDER BY 1, 2"
            )
        ).all()
        indexes = connection.execute(
            text(
                "SELECT indexname, indexdef FROM pg_indexes"
                " WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1"
            )
        ).all()
    engine.dispose()
    return {"columns": columns, "indexes": indexes}


def test_migrations_replayed_equal_the_schema_on_postgresql() -> None:
    migrated, created = postgres.empty_database(), postgres.empty_database()
    bring_up_to_date(migrated)
    engine = create_engine(f"postgresql+psycopg://{created.partition('://')[2]}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    assert pg_shape(migrated) == pg_shape(created)
    assert not bring_up_to_date(migrated)


def test_of_processes_that_start_at_once_one_migrates() -> None:
    url = postgres.empty_database()
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(lambda _: bring_up_to_date(url), range(4))) == [False] * 3 + [True]


def test_a_server_may_be_one_step_ahead_and_not_more() -> None:
    url = postgres.new_database()
    name = url.partition("?")[0].rpartition("/")[2]
    ahead = f"UPDATE alembic_version SET version_num = '{int(HEAD) + 1:04}'"
    postgres.server().run(ahead, database=name)
    assert not bring_up_to_date(url)
    postgres.server().run("UPDATE alembic_version SET version_num = '9999'", database=name)
    with pytest.raises(StorageUnavailable, match="newer"):
        bring_up_to_date(url)


def test_a_step_only_adds() -> None:
    """The version before works on beside the new one while processes are exchanged."""
    for step in sorted(
        (Path(storage.schema.__file__).parent / "migrations" / "versions").glob("0*.py")
    ):
        upgrade = step.read_text("utf-8").partition("def upgrade")[2].partition("def downgrade")[0]
        for taking in ("drop_column", "drop_table", "rename", "alter_column"):
            assert taking not in upgrade, step.name


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
