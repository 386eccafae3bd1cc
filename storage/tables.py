"""All tables as rows under keys, on either engine: read in portions, put in, counted, compared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

from storage.database import Database, Row, StorageUnavailable, Tx
from storage.settings import MOVING_IN, MOVING_OUT

PORTION = 500
"""Rows in one transaction."""
_TOGETHER = 25
"""Rows in one statement: it travels once."""
_MASK = (1 << 256) - 1
OF_THE_MOMENT = "process"
"""Who serves a PostgreSQL now. Nobody does: what they had claimed is free, their numbers stay."""

Progress = Callable[[int], None]


class Table(NamedTuple):
    """A table; ``drawn`` tells that its key is a number drawn from a series of its own.

    ``kept`` tells that SQLite, too, never draws a number again whose row was deleted.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    drawn: bool
    kept: bool


class Sum(NamedTuple):
    """What a table holds, in whatever order: how many rows, and the sum of their hashes."""

    rows: int
    hashes: int


@cache
def known() -> tuple[Table, ...]:
    """Return all tables of this version by name."""
    from sqlmodel import SQLModel

    import storage.schema  # noqa: F401 - the tables enter themselves

    found = SQLModel.metadata.tables
    return tuple(
        Table(
            name,
            tuple(column.name for column in found[name].columns),
            tuple(column.name for column in found[name].primary_key),
            found[name].autoincrement_column is not None,
            bool(found[name].dialect_options["sqlite"]["autoincrement"]),
        )
        for name in sorted(found)
    )


def carried() -> list[Table]:
    """Return the tables whose rows are moved."""
    return [table for table in known() if table.name != OF_THE_MOMENT]


def narrowed(name: str, *columns: str) -> Table:
    """Return a table of which only the key and these columns are read."""
    table = next(one for one in known() if one.name == name)
    return table._replace(columns=(*table.key, *columns))


def in_file(tx: Tx) -> list[Table]:
    """Return what of them a SQLite file has, which a version before this one may have made."""
    columns = "SELECT name FROM pragma_table_info(?)"
    found = [(table, {row[0] for row in tx.all(columns, table.name)}) for table in known()]
    return [
        table._replace(columns=tuple(one for one in table.columns if one in there))
        for table, there in found
        if there
    ]


def page(tx: Tx, table: Table, after: Sequence[Any]) -> list[Row]:
    """Return the next portion of rows behind a key; an empty key is before the first."""
    columns, key = _names(table.columns), _names(table.key)
    behind = f"({key}) > ({_marks(len(table.key))})" if after else "1 = 1"
    return tx.all(
        f'SELECT {columns} FROM "{table.name}" WHERE {behind} AND {ours(table)}'  # noqa: S608
        f" ORDER BY {key} LIMIT ?",
        *after,
        PORTION,
    )


def pages(tx: Tx, table: Table) -> Iterator[list[Row]]:
    """Give all rows of a table, a portion at a time."""
    after: list[Any] = []
    while rows := page(tx, table, after):
        yield rows
        after = key_of(table, rows[-1])


def put_in(tx: Tx, table: Table, rows: Sequence[Row]) -> None:
    """Write rows that are not there yet."""
    head = f'INSERT INTO "{table.name}" ({_names(table.columns)}) VALUES '  # noqa: S608
    row_of = f"({_marks(len(table.columns))})"
    whole = len(rows) - len(rows) % _TOGETHER
    for start in range(0, whole, _TOGETHER):
        values = [value for row in rows[start : start + _TOGETHER] for value in row]
        tx.run(head + ", ".join([row_of] * _TOGETHER), *values)
    for row in rows[whole:]:
        tx.run(head + row_of, *row)


def change(tx: Tx, table: Table, row: Row, column: str, value: Any) -> None:
    """Write another value into the row that was read as this one."""
    which = " AND ".join(f'"{one}" = ?' for one in table.key)
    sql = f'UPDATE "{table.name}" SET "{column}" = ? WHERE {which}'  # noqa: S608
    tx.run(sql, value, *key_of(table, row))


def count(tx: Tx) -> int:
    """Return how many rows there are to move."""
    return sum(
        tx.all(f'SELECT COUNT(*) FROM "{table.name}" WHERE {ours(table)}')[0][0]  # noqa: S608
        for table in carried()
    )


async def sum_of(db: Database, table: Table, progress: Progress = lambda done: None) -> Sum:
    """Return what a table holds."""
    found, after = Sum(0, 0), list[Any]()
    while True:
        rows = await db.read(partial(page, table=table, after=after))
        hashes = found.hashes + sum(_hash(row) for row in rows)
        found = Sum(found.rows + len(rows), hashes & _MASK)
        progress(len(rows))
        if len(rows) < PORTION:
            return found
        after = key_of(table, rows[-1])


def ours(table: Table) -> str:
    """The marks of a move belong to a database, not to the office."""
    marks = f"name NOT IN ('{MOVING_IN}', '{MOVING_OUT}')"
    return marks if table.name == "setting" else "1 = 1"


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def key_of(table: Table, row: Row) -> list[Any]:
    """Return where a row stands."""
    return [row[table.columns.index(column)] for column in table.key]


def _hash(row: Row) -> int:
    digest = hashlib.blake2b(digest_size=32)
    for value in row:
        kind, raw = _canonical(value)
        digest.update(b"%s%d:" % (kind, len(raw)))
        digest.update(raw)
    return int.from_bytes(digest.digest(), "big")


def _canonical(value: Any) -> tuple[bytes, bytes]:
    match value:
        case None:
            return b"n", b""
        case int():
            return b"i", b"%d" % value
        case str():
            # PostgreSQL has no sign of number 0 in its texts.
            return b"s", value.replace("\0", "").encode()
        case bytes():
            return b"b", value
    raise StorageUnavailable(f"the database holds a {type(value).__name__} where none should be")


# --- numbers that are drawn ----------------------------------------------------------------------


def last_drawn(tx: Tx, table: Table) -> int:
    """Return the highest number that was ever drawn, as far as the engine knows."""
    key = table.key[0]
    found = tx.all(f'SELECT coalesce(max("{key}"), 0) FROM "{table.name}"')  # noqa: S608
    if tx.shared:
        drawn = "CASE WHEN is_called THEN last_value ELSE 0 END"
        found += tx.all(f"SELECT {drawn} FROM {_series(tx, table)}")  # noqa: S608
    else:
        found += tx.all("SELECT seq FROM sqlite_sequence WHERE name = ?", table.name)
    return max(int(row[0]) for row in found)


def draw_on(tx: Tx, table: Table, number: int) -> None:
    """Let the next number be the one behind this."""
    if number == 0:
        return
    if tx.shared:
        tx.all("SELECT setval(?::text::regclass, ?)", _series(tx, table), number)
    elif table.kept:
        tx.run("DELETE FROM sqlite_sequence WHERE name = ?", table.name)
        tx.run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", table.name, number)


def _series(tx: Tx, table: Table) -> str:
    return str(tx.all("SELECT pg_get_serial_sequence(?, ?)", table.name, table.key[0])[0][0])
