"""The writer: durable when it returns, a failing unit undoes only itself."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database, StorageUnavailable, Tx
from storage.sqlite import SqliteDatabase


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = SqliteDatabase(tmp_path / "desk.db")
    found.open()
    yield found
    found.close()


def _table(tx: Tx) -> None:
    tx.run("CREATE TABLE note (id INTEGER PRIMARY KEY, word TEXT UNIQUE)")


async def test_what_was_written_is_seen_by_a_reader(database: Database) -> None:
    await database.write(_table)
    assert await database.write(lambda tx: tx.add("INSERT INTO note (word) VALUES ('a')")) == 1
    assert await database.read(lambda tx: tx.all("SELECT word FROM note")) == [("a",)]


async def test_a_failing_unit_undoes_only_itself(database: Database) -> None:
    await database.write(_table)

    def bad(tx: Tx) -> None:
        tx.run("INSERT INTO note (word) VALUES ('bad')")
        raise ValueError("on purpose")

    good = [
        database.write(lambda tx, n=n: tx.add("INSERT INTO note (word) VALUES (?)", f"good {n}"))
        for n in range(20)
    ]
    results = await asyncio.gather(*good, database.write(bad), return_exceptions=True)
    assert isinstance(results[-1], ValueError)
    assert await database.read(lambda tx: tx.one("SELECT COUNT(*) FROM note")) == (20,)


async def test_a_wrong_statement_fails_alone(database: Database) -> None:
    await database.write(_table)
    results = await asyncio.gather(
        database.write(lambda tx: tx.run("INSERT INTO nowhere VALUES (1)")),
        database.write(lambda tx: tx.run("INSERT INTO note (word) VALUES ('here')")),
        return_exceptions=True,
    )
    assert isinstance(results[0], sqlite3.OperationalError)
    assert results[1] == 1


async def test_callbacks_run_only_after_the_commit(database: Database) -> None:
    await database.write(_table)
    called: list[str] = []

    def unit(tx: Tx) -> None:
        tx.run("INSERT INTO note (word) VALUES ('x')")
        tx.then(lambda: called.append("committed"))

    def failing(tx: Tx) -> None:
        tx.then(lambda: called.append("never"))
        raise LookupError

    await asyncio.gather(database.write(unit), database.write(failing), return_exceptions=True)
    assert called == ["committed"]


async def test_readers_cannot_write(database: Database) -> None:
    await database.write(_table)
    with pytest.raises(sqlite3.OperationalError):
        await database.read(lambda tx: tx.run("INSERT INTO note (word) VALUES ('x')"))


async def test_a_full_disk_says_so_and_the_writer_goes_on(database: Database) -> None:
    await database.write(_table)
    await database.write(lambda tx: tx.run("INSERT INTO note (word) VALUES ('kept')"))
    pages = (await database.read(lambda tx: tx.one("PRAGMA page_count")) or [0])[0]
    await database.write(lambda tx: tx.all(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(StorageUnavailable, match="full"):
        await database.write(lambda tx: tx.run("INSERT INTO note (word) VALUES (?)", "x" * 200_000))
    await database.write(lambda tx: tx.all("PRAGMA max_page_count = 100000"))
    await database.write(lambda tx: tx.run("INSERT INTO note (word) VALUES (?)", "y" * 200_000))
    assert await database.read(lambda tx: tx.one("SELECT COUNT(*) FROM note")) == (2,)


async def test_a_closed_database_says_so(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable):
        await SqliteDatabase(tmp_path / "never.db").write(_table)
