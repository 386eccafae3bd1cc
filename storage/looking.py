"""Using a desk's database for a moment from another process, leaving no trace in its folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from storage.database import StorageUnavailable, Tx
from storage.sqlite import SqliteTx

T = TypeVar("T")


def look_at_server(url: str, work: Callable[[Tx], T]) -> T:
    """Run ``work`` on one moment of a PostgreSQL, left as it is; raises StorageUnavailable."""
    from storage.postgres import LOOK

    return _at_server(url, LOOK, work)


def note_at_server(url: str, work: Callable[[Tx], T]) -> T:
    """Run ``work`` once in a transaction of its own; raises StorageUnavailable."""
    return _at_server(url, "BEGIN", work)


def _at_server(url: str, begin: str, work: Callable[[Tx], T]) -> T:
    from storage.postgres import PostgresTx
    from storage.postgres_link import Link, Lost, Met, StatementFailed

    try:
        link = Link(url, "loket-looking")
        try:
            link.simple(begin)
            found = work(PostgresTx(link))
            link.simple("COMMIT")
        finally:
            link.close()
    except (Lost, Met, StatementFailed) as error:
        raise StorageUnavailable(f"the database cannot be used: {error}") from error
    return found


def look(path: Path, work: Callable[[Tx], T]) -> T:
    """Run ``work`` on a SQLite file, also while a desk writes it; raises StorageUnavailable."""
    # Without a log nobody has the file open. Then it is read as it is: a reader that joined in
    # would make files of its own beside it, which the desk's system user might not open.
    alone = not path.with_name(f"{path.name}-wal").exists()
    address = f"file:{quote(str(path))}?mode=ro{'&immutable=1' if alone else ''}"
    try:
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
            connection.execute("PRAGMA busy_timeout=5000")
            connection.execute("BEGIN")
            return work(SqliteTx(connection))
    except sqlite3.Error as error:
        raise StorageUnavailable(f"the database cannot be read: {error}") from error
