"""The writer: durable when it returns, a failing unit undoes only itself."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from storage.database import Database, StorageUnavailable, Tx
from storage.postgres_link import StatementFailed
from storage.sqlite import SqliteDatabase
from tests.blank import new_database

_ADD = "INSERT INTO officer (name, role, state) VALUES (?, 'counter', 'active')"
_COUNT = "SELECT COUNT(*) FROM officer"


async def test_what_was_written_is_seen_by_a_reader(database: Database) -> None:
    assert await database.write(lambda tx: tx.add(_ADD, "a")) == 1
    assert await database.read(lambda tx: tx.all("SELECT name FROM officer")) == [("a",)]


async def test_a_failing_unit_undoes_only_itself(database: Database) -> None:
    def bad(tx: Tx) -> None:
        tx.run(_ADD, "bad")
        raise ValueError("on purpose")

    good = [database.write(lambda tx, n=n: tx.add(_ADD, f"good {n}")) for n in range(20)]
    results = await asyncio.gather(*good, database.write(bad), return_exceptions=True)
    assert isinstance(results[-1], ValueError)
    assert await database.read(lambda tx: tx.one(_COUNT)) == (20,)


async def test_a_wrong_statement_fails_alone(database: Database) -> None:
    results = await asyncio.gather(
        database.write(lambda tx: tx.run("INSERT INTO nowhere VALUES (1)")),
        database.write(lambda tx: tx.run(_ADD, "here")),
        return_exceptions=True,
    )
    assert isinstance(results[0], sqlite3.OperationalError | StatementFailed)
    assert results[1] == 1


async def test_callbacks_run_only_after_the_commit(database: Database) -> None:
    called: list[str] = []

    def unit(tx: Tx) -> None:
        tx.run(_ADD, "x")
        tx.then(lambda: called.append("committed"))

    def failing(tx: Tx) -> None:
        tx.then(lambda: called.append("never"))
        raise LookupError

    await asyncio.gather(database.write(unit), database.write(failing), return_exceptions=True)
    assert called == ["committed"]


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises((sqlite3.OperationalError, StatementFailed)):
        await database.read(lambda tx: tx.run(_ADD, "x"))


async def test_every_kind_of_value_comes_back(database: Database) -> None:
    sql = "INSERT INTO inbox (channel, key, lane, state, tries, received_at, body, error)"
    values = ("telegram", "?$1 % 'é\U0001f600", -5, 0, 0, 1_800_000_000_000, b"\x00\xff", "")
    await database.write(lambda tx: tx.run(f"{sql} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *values))
    found = await database.read(
        lambda tx: tx.one(
            "SELECT channel, key, lane, state, tries, received_at, body, error, retry_at FROM inbox"
        )
    )
    assert found == (*values, None)


async def test_a_full_disk_says_so_and_the_writer_goes_on(tmp_path: Path) -> None:
    new_database(tmp_path / "desk.db")
    database = SqliteDatabase(tmp_path / "desk.db")
    database.open()
    await database.write(lambda tx: tx.run(_ADD, "kept"))
    pages = (await database.read(lambda tx: tx.one("PRAGMA page_count")) or [0])[0]
    await database.write(lambda tx: tx.all(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(StorageUnavailable, match="full"):
        await database.write(lambda tx: tx.run(_ADD, "x" * 200_000))
    await database.write(lambda tx: tx.all("PRAGMA max_page_count = 100000"))
    await database.write(lambda tx: tx.run(_ADD, "y" * 200_000))
    assert await database.read(lambda tx: tx.one(_COUNT)) == (2,)
    database.close()


async def test_a_closed_database_says_so(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable):
        await SqliteDatabase(tmp_path / "never.db").write(lambda tx: None)
