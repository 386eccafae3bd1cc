"""SQLite. One writer, group-committed: every unit of work is durable before its caller goes on.

SQLite serialises writers anyway, so one thread owns the writing connection, takes all units that
wait and commits them together with full synchronisation. A unit that raises undoes only itself: the
others of its batch are run again without it.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable
from contextvars import copy_context
from pathlib import Path
from typing import Any, TypeVar

from storage.database import Line, Row, StorageUnavailable, Tx, Unit, hand_in, settle_all

T = TypeVar("T")
_BATCH = 200
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=10000",
    "PRAGMA cache_size=-16000",
    "PRAGMA temp_store=MEMORY",
    # What was deleted, and keys that were destroyed, are overwritten in the file.
    "PRAGMA secure_delete=ON",
)
_OF_THE_DISK = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_NOMEM,
    }
)


class SqliteTx:
    """A transaction on a SQLite connection."""

    __slots__ = ("_connection", "callbacks")
    shared = False
    owner = 0

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.callbacks: list[Callable[[], None]] = []

    def all(self, sql: str, *params: Any) -> list[Row]:
        return self._connection.execute(sql, params).fetchall()

    def one(self, sql: str, *params: Any) -> Row | None:
        row: Row | None = self._connection.execute(sql, params).fetchone()
        return row

    def run(self, sql: str, *params: Any) -> int:
        return self._connection.execute(sql, params).rowcount

    def add(self, sql: str, *params: Any) -> int:
        return self._connection.execute(sql, params).lastrowid or 0

    def then(self, callback: Callable[[], None]) -> None:
        self.callbacks.append(callback)

    def lock(self, name: int | str) -> bool:
        return False


class SqliteDatabase:
    """A SQLite file: ``write`` and ``read`` run a function of a transaction."""

    shared = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self._units: Line = queue.SimpleQueue()
        self._reads: Line = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def open(self) -> None:
        """Start the writing and the reading thread; raises StorageUnavailable."""
        self._connect().close()
        for name, run in (("writer", self._write_all), ("reader", self._read_all)):
            # What is logged and begun from here belongs to whoever opened this.
            thread = threading.Thread(
                target=copy_context().run, args=(run,), name=f"database-{name}", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """Finish what was handed in and stop."""
        self._units.put(None)
        self._reads.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` in a transaction; return once it is durable, or raise what it raised."""
        return await hand_in(self._units, work, is_open=bool(self._threads))

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` on a snapshot that sees everything durable."""
        return await hand_in(self._reads, work, is_open=bool(self._threads))

    def _connect(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self.path, isolation_level=None, check_same_thread=False, cached_statements=512
            )
            for pragma in _PRAGMAS:
                connection.execute(pragma)
        except sqlite3.Error as error:
            raise StorageUnavailable(f"cannot open the database: {error}") from error
        return connection

    def _write_all(self) -> None:
        connection = self._connect()
        closing = False
        while not closing:
            first = self._units.get()
            batch = [] if first is None else [first]
            closing = first is None
            while not closing and len(batch) < _BATCH and not self._units.empty():
                unit = self._units.get()
                if unit is None:
                    closing = True
                else:
                    batch.append(unit)
            if batch:
                self._commit(connection, batch)
        connection.close()

    @staticmethod
    def _commit(connection: sqlite3.Connection, batch: list[Unit]) -> None:
        left = list(batch)
        try:
            connection.execute("BEGIN IMMEDIATE")
            while (failed := _run(connection, left)) is not None:
                # It alone is undone: the others begin anew. A savepoint for each, which nearly none
                # ever needs, would cost more than all units together.
                connection.execute("ROLLBACK")
                left.remove(failed)
                connection.execute("BEGIN IMMEDIATE")
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for unit in left:
                unit.error = StorageUnavailable(f"the database cannot be written: {error}")
        settle_all(batch)

    def _read_all(self) -> None:
        connection = self._connect()
        connection.execute("PRAGMA query_only=ON")
        while (unit := self._reads.get()) is not None:
            try:
                connection.execute("BEGIN")
                unit.result = unit.work(SqliteTx(connection))
            except Exception as error:
                unit.error = error
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            settle_all([unit])
        connection.close()


def _run(connection: sqlite3.Connection, units: list[Unit]) -> Unit | None:
    """Run units one after another; return the one that raised, if any, with its error."""
    for unit in units:
        tx = SqliteTx(connection)
        unit.callbacks = tx.callbacks
        try:
            unit.result = unit.work(tx)
        except Exception as error:
            if _is_of_the_disk(error):
                raise
            unit.error = error
            return unit
    return None


def _is_of_the_disk(error: Exception) -> bool:
    """Did the whole transaction fail, rather than one unit's own statement?"""
    code: int = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in _OF_THE_DISK
