"""An office's rows from one database to another, whichever engines they are; none is changed.

Tables are copied in the order of their keys, a portion in each transaction, which also writes down
how far it has come: after a crash it goes on there. Both sides are marked until all is compared, so
that no desk serves the one meanwhile or the other too soon (``settings.demand_here``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct, field

from storage import settings
from storage.database import Database, Row, Tx
from storage.settings import MOVING_IN, MOVING_OUT, Leaving

PORTION = 500
"""Rows in one transaction."""
_TOGETHER = 25
"""Rows in one statement: it travels once."""
_MASK = (1 << 256) - 1
_OF_THE_MOMENT = "process"
"""Who serves a PostgreSQL now. Nobody does: what they had claimed is free, their numbers stay."""

Progress = Callable[[int], None]


class MoveRefused(Exception):
    """It cannot be moved as things are; the message says why and what to do."""


class Table(NamedTuple):
    """A table; ``drawn`` tells that its key is a number drawn from a series of its own.

    ``kept`` tells that SQLite, too, never draws a number again whose row was deleted.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    drawn: bool
    kept: bool


class Arriving(Struct):
    """The target's mark: whose move it is, which tables are ``done``, how far ``table`` is."""

    token: str
    check: str
    done: list[str] = field(default_factory=list)
    table: str = ""
    after: list[Any] = field(default_factory=list)


class Sum(NamedTuple):
    """What a table holds, in whatever order: how many rows, and the sum of their hashes."""

    rows: int
    hashes: int


@cache
def tables() -> tuple[Table, ...]:
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
    return [table for table in tables() if table.name != _OF_THE_MOMENT]


# --- both sides' marks ---------------------------------------------------------------------------


def demand_free(tx: Tx, leaving: Leaving | None, check: str) -> None:
    """Raise MoveRefused unless the target is empty, or holds what this office began to move."""
    mark = _arriving(tx)
    if mark is None:
        if leaving is not None and leaving.done:
            raise MoveRefused(
                f"this office moved to {leaving.to} already: set LOKET_DATABASE_URL to it"
            )
        if any(tx.one(f'SELECT 1 FROM "{table.name}" LIMIT 1') for table in tables()):  # noqa: S608
            raise MoveRefused("the target holds data already: nothing is overwritten")
    elif mark.check != check:
        raise MoveRefused("another office is on its way into the target: nothing is overwritten")


def arrive(tx: Tx, leaving: Leaving, check: str) -> Arriving:
    """Mark the target, and return how far the move has come; raises MoveRefused.

    What an earlier move of this office left there, which was given up since, is removed.
    """
    # Somebody may have begun to use it since it was seen to be free.
    demand_free(tx, leaving, check)
    mark = _arriving(tx)
    if mark is None or mark.token != leaving.token:
        for table in tables() if mark else ():
            tx.run(f'DELETE FROM "{table.name}"')  # noqa: S608
        mark = Arriving(leaving.token, check)
        _put(tx, mark)
    return mark


def _arriving(tx: Tx) -> Arriving | None:
    known = settings.get(tx, MOVING_IN)
    return msgspec.json.decode(known, type=Arriving) if known else None


def _put(tx: Tx, mark: Arriving) -> None:
    settings.put(tx, MOVING_IN, msgspec.json.encode(mark).decode())


# --- rows ----------------------------------------------------------------------------------------


class Move:
    """Copies and compares; ``progress`` hears of every row copied, and read again on each side."""

    def __init__(self, source: Database, target: Database, mark: Arriving, progress: Progress):
        self._source, self._target, self._progress = source, target, progress
        self._mark = mark

    async def copy(self) -> None:
        """Copy all that is not there yet."""
        for table in carried():
            if table.name not in self._mark.done:
                await self._copy(table)

    async def _copy(self, table: Table) -> None:
        mark = self._mark
        after = mark.after if mark.table == table.name else []
        whole = False
        while not whole:
            rows = await self._source.read(partial(page, table=table, after=after))
            whole = len(rows) < PORTION
            after = _key(table, rows[-1]) if rows else after
            mark = (
                Arriving(mark.token, mark.check, [*mark.done, table.name])
                if whole
                else Arriving(mark.token, mark.check, mark.done, table.name, after)
            )
            await self._target.write(partial(_take, table=table, rows=rows, mark=mark))
            self._mark = mark
            self._progress(len(rows))

    async def compare(self) -> dict[str, int]:
        """Read both sides again; return the rows by table, or raise MoveRefused.

        A table that differs is emptied: the next run copies it anew.
        """
        counts = {}
        for table in carried():
            here = await sum_of(self._source, table, self._progress)
            there = await sum_of(self._target, table, self._progress)
            if here != there:
                await self._target.write(partial(self._again, table=table))
                raise MoveRefused(
                    f"the table {table.name} is not the same on both sides ({here.rows} and"
                    f" {there.rows} rows): run the same command again, it is copied anew"
                )
            counts[table.name] = here.rows
        return counts

    def _again(self, tx: Tx, table: Table) -> None:
        tx.run(f'DELETE FROM "{table.name}" WHERE {_ours(table)}')  # noqa: S608
        done = [name for name in self._mark.done if name != table.name]
        _put(tx, Arriving(self._mark.token, self._mark.check, done))

    async def finish(self, leaving: Leaving) -> None:
        """Let the target draw numbers where the source stopped, and the office be there.

        The source first: a crash in between leaves none that would be served by mistake.
        """
        last = await self._source.read(
            lambda tx: {table: _last(tx, table) for table in tables() if table.drawn}
        )

        def settle(tx: Tx) -> None:
            for table, number in last.items():
                _continue(tx, table, number)
            tx.run("DELETE FROM setting WHERE name = ?", MOVING_IN)

        await self._source.write(lambda tx: settings.leave(tx, leaving, done=True))
        await self._target.write(settle)


def page(tx: Tx, table: Table, after: Sequence[Any]) -> list[Row]:
    """Return the next portion of rows behind a key; an empty key is before the first."""
    columns, key = _names(table.columns), _names(table.key)
    behind = f"({key}) > ({_marks(len(table.key))})" if after else "1 = 1"
    return tx.all(
        f'SELECT {columns} FROM "{table.name}" WHERE {behind} AND {_ours(table)}'  # noqa: S608
        f" ORDER BY {key} LIMIT ?",
        *after,
        PORTION,
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
        after = _key(table, rows[-1])


def count(tx: Tx) -> int:
    """Return how many rows there are to move."""
    return sum(
        tx.all(f'SELECT COUNT(*) FROM "{table.name}" WHERE {_ours(table)}')[0][0]  # noqa: S608
        for table in carried()
    )


def _take(tx: Tx, table: Table, rows: Sequence[Row], mark: Arriving) -> None:
    head = f'INSERT INTO "{table.name}" ({_names(table.columns)}) VALUES '  # noqa: S608
    row_of = f"({_marks(len(table.columns))})"
    whole = len(rows) - len(rows) % _TOGETHER
    for start in range(0, whole, _TOGETHER):
        values = [value for row in rows[start : start + _TOGETHER] for value in row]
        tx.run(head + ", ".join([row_of] * _TOGETHER), *values)
    for row in rows[whole:]:
        tx.run(head + row_of, *row)
    _put(tx, mark)


def _ours(table: Table) -> str:
    """The marks of a move belong to a database, not to the office."""
    marks = f"name NOT IN ('{MOVING_IN}', '{MOVING_OUT}')"
    return marks if table.name == "setting" else "1 = 1"


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _key(table: Table, row: Row) -> list[Any]:
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
    raise MoveRefused(f"a value of the kind {type(value).__name__} stands where none should")


# --- numbers that are drawn ----------------------------------------------------------------------


def _last(tx: Tx, table: Table) -> int:
    """Return the highest number that was ever drawn, as far as the engine knows."""
    key = table.key[0]
    found = tx.all(f'SELECT coalesce(max("{key}"), 0) FROM "{table.name}"')  # noqa: S608
    if tx.shared:
        drawn = "CASE WHEN is_called THEN last_value ELSE 0 END"
        found += tx.all(f"SELECT {drawn} FROM {_series(tx, table)}")  # noqa: S608
    else:
        found += tx.all("SELECT seq FROM sqlite_sequence WHERE name = ?", table.name)
    return max(int(row[0]) for row in found)


def _continue(tx: Tx, table: Table, number: int) -> None:
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
