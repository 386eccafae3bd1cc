"""A moment of the database as a SQLite file of its own, taken while desks work; what is in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from storage import settings, tables
from storage.database import StorageUnavailable, Tx
from storage.migrating import make_file
from storage.sqlite import SqliteTx
from storage.tables import Progress

FILES = (
    "SELECT file FROM document WHERE key IS NOT NULL AND state = 'stored' AND file <> ''"
    " UNION SELECT thumbnail FROM document"
    " WHERE key IS NOT NULL AND state = 'stored' AND thumbnail <> ''"
    " UNION SELECT file FROM letter WHERE key IS NOT NULL AND file <> ''"
)
"""The names of all stored files that rows speak of, on either engine."""


def take(source: Path, target: Path) -> None:
    """Copy a database as it is at this moment; writers are not held up. Raises StorageUnavailable.

    One step of SQLite's own backup reads one snapshot of the write-ahead log.
    """
    target.unlink(missing_ok=True)
    target.touch(mode=0o600)
    try:
        with (
            closing(sqlite3.connect(source, timeout=30)) as here,
            closing(sqlite3.connect(target)) as there,
        ):
            here.backup(there)
            there.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        target.unlink(missing_ok=True)
        raise StorageUnavailable(f"the database cannot be copied: {error}") from error


def copy(tx: Tx, target: Path, progress: Progress = lambda done: None) -> None:
    """Copy a PostgreSQL as this transaction sees it into a file; ``progress`` hears of rows.

    Raises StorageUnavailable, WrongKey.
    """
    settings.demand_whole(tx)
    (version,) = tx.all("SELECT version_num FROM alembic_version")[0]
    try:
        make_file(target, version)
        with closing(sqlite3.connect(target, isolation_level=None)) as connection:
            # Whatever interrupts it, the file is of no use then.
            connection.execute("PRAGMA journal_mode=OFF")
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("BEGIN")
            _fill(tx, SqliteTx(connection), progress)
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise StorageUnavailable(f"the database cannot be copied: {error}") from error


def _fill(tx: Tx, there: Tx, progress: Progress) -> None:
    for table in tables.in_file(there):
        if table.name != tables.OF_THE_MOMENT:
            for rows in tables.pages(tx, table):
                tables.put_in(there, table, rows)
                progress(len(rows))
        if table.drawn:
            tables.draw_on(there, table, tables.last_drawn(tx, table))


def counts(path: Path) -> dict[str, int]:
    """Return how many rows each table has."""
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            " ORDER BY name"
        ).fetchall()
        return {
            name: connection.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0]  # noqa: S608
            for (name,) in names
        }


def forget_marks(path: Path) -> None:
    """Forget whether the office was leaving: those marks are of a database, not of the office."""
    with closing(sqlite3.connect(path)) as connection, connection:
        settings.stay(SqliteTx(connection))


def version(path: Path) -> str:
    """Return which migration the database is at."""
    with closing(sqlite3.connect(path)) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else ""


def files(path: Path) -> set[str]:
    """Return the names of all stored files that rows speak of."""
    with closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute(FILES)}


def size_of_documents(path: Path) -> int:
    """Return how many bytes citizens' stored documents have, without thumbnails and letters."""
    sql = "SELECT coalesce(sum(size), 0) FROM document WHERE key IS NOT NULL AND state = 'stored'"
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute(sql).fetchone()[0])


def is_sound(path: Path) -> bool:
    """Let SQLite check the whole database."""
    with closing(sqlite3.connect(path)) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok")


def key_check(path: Path) -> str:
    """Return the check value of the master key that sealed this database, empty for none."""
    with closing(sqlite3.connect(path)) as connection:
        row = connection.execute("SELECT value FROM setting WHERE name = 'key-check'").fetchone()
        return str(row[0]) if row else ""
