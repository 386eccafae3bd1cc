"""A new, migrated database for a test: once on SQLite, once on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database
from storage.postgres import PostgresDatabase
from storage.sqlite import SqliteDatabase
from tests import blank, postgres


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Every test of a table runs on both engines."""
    found: Database
    if request.param == "sqlite":
        blank.new_database(tmp_path / "desk.db")
        found = SqliteDatabase(tmp_path / "desk.db")
    else:
        found = PostgresDatabase(postgres.new_database())
    found.open()
    yield found
    found.close()
