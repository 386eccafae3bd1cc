"""What two databases hold is the same number, on either engine; whatever differs changes it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from storage import tables
from storage.database import Database, Tx
from storage.moving import Arriving, Move
from storage.postgres import PostgresDatabase
from storage.sqlite import SqliteDatabase
from storage.tables import Sum
from tests import postgres
from tests.blank import new_database

COLUMNS = ("id", "channel", "kind", "language", "state", "address", "announcements", "heard_at")
ROWS: tuple[tuple[Any, ...], ...] = (
    (1, "sms", "citizen", "id", "open", None, 1, None),
    (1, "sms", "citizen", "id", "open", b"", 1, None),
    (1, "sms", "citizen", "id", "open", b"\0\xff'\\", 1, None),
    (1, "sms", "citizen", "id", "open", None, 1, 0),
    (1, "sms", "citizen", "id", "open", None, 1, 1 << 62),
    (1, "sms", "citizen", "id", "open", None, 1, -1),
    (1, "smsc", "itizen", "id", "open", None, 1, None),
    (1, "", "smscitizen", "id", "open", None, 1, None),
    (1, "sms", "citizen", "id", "open", None, 11, None),
    (2, "sms", "citizen", "id", "open", None, 1, None),
    (1, "sms", "Nuñez أحمد 🙂 ' \" \\", "id", "open", None, 1, None),
)
CONTACT = next(table for table in tables.known() if table.name == "contact")
ADDRESS = next(table for table in tables.known() if table.name == "address")


def put(tx: Tx, row: tuple[Any, ...]) -> None:
    """Let this be the only contact."""
    tx.run("DELETE FROM contact")
    marks = ", ".join("?" * len(row))
    tx.run(f"INSERT INTO contact ({', '.join(COLUMNS)}) VALUES ({marks})", *row)


async def seen(db: Database) -> list[Sum]:
    """Return what is seen of each row."""
    found = []
    for row in ROWS:
        await db.write(partial(put, row=row))
        found.append(await tables.sum_of(db, CONTACT))
    return found


def both(folder: Path) -> tuple[SqliteDatabase, PostgresDatabase]:
    """Return an empty database of either engine, open."""
    new_database(folder / "desk.db")
    file, server = SqliteDatabase(folder / "desk.db"), PostgresDatabase(postgres.new_database())
    file.open()
    server.open()
    return file, server


async def test_every_difference_is_seen_and_the_engine_makes_none(tmp_path: Path) -> None:
    file, server = both(tmp_path)
    try:
        found = await seen(file)
        assert await seen(server) == found
    finally:
        file.close()
        server.close()
    assert len(set(found)) == len(ROWS)


async def test_keys_of_text_are_copied_whole_in_whatever_order(tmp_path: Path) -> None:
    """Portion by portion, although the engines may sort texts differently."""
    file, server = both(tmp_path)
    channels = ["a", "B", "ä", "Z", "_", "-", "10", "9", "é", "🙂"]

    def fill(tx: Tx) -> None:
        for number in range(3 * tables.PORTION + 7):
            sql = "INSERT INTO address (channel, digest, contact_id) VALUES (?, ?, ?)"
            tx.run(sql, channels[number % len(channels)], f"{number * 7919 % 10007:x}", number)

    try:
        await file.write(fill)
        here = await tables.sum_of(file, ADDRESS)
        assert here.rows == 3 * tables.PORTION + 7
        portions: list[int] = []
        way = Move(file, server, Arriving("token", "check"), portions.append)
        await way.copy()
        assert [count for count in portions if count] == [tables.PORTION] * 3 + [7]
        assert await tables.sum_of(server, ADDRESS) == here
        assert (await way.compare())["address"] == here.rows
    finally:
        file.close()
        server.close()
