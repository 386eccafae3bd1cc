"""An office's rows from one database to another, whichever engines they are; none is changed.

Tables are copied in the order of their keys, a portion in each transaction, which also writes down
how far it has come: after a crash it goes on there. Both sides are marked until all is compared, so
that no desk serves the one meanwhile or the other too soon (``settings.demand_here``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct, field

from storage import settings, tables
from storage.database import Database, Row, Tx
from storage.settings import MOVING_IN, Leaving
from storage.tables import Progress, Table


class MoveRefused(Exception):
    """It cannot be moved as things are; the message says why and what to do."""


class Arriving(Struct):
    """The target's mark: whose move it is, which tables are ``done``, how far ``table`` is."""

    token: str
    check: str
    done: list[str] = field(default_factory=list)
    table: str = ""
    after: list[Any] = field(default_factory=list)


# --- both sides' marks ---------------------------------------------------------------------------


def demand_free(tx: Tx, leaving: Leaving | None, check: str) -> None:
    """Raise MoveRefused unless the target is empty, or holds what this office began to move."""
    mark = _arriving(tx)
    if mark is None:
        if leaving is not None and leaving.done:
            raise MoveRefused(
                f"this office moved to {leaving.to} already: set LOKET_DATABASE_URL to it"
            )
        if any(tx.one(f'SELECT 1 FROM "{table.name}" LIMIT 1') for table in tables.known()):  # noqa: S608
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
        for table in tables.known() if mark else ():
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
        for table in tables.carried():
            if table.name not in self._mark.done:
                await self._copy(table)

    async def _copy(self, table: Table) -> None:
        mark = self._mark
        after = mark.after if mark.table == table.name else []
        whole = False
        while not whole:
            rows = await self._source.read(partial(tables.page, table=table, after=after))
            whole = len(rows) < tables.PORTION
            after = tables.key_of(table, rows[-1]) if rows else after
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
        for table in tables.carried():
            here = await tables.sum_of(self._source, table, self._progress)
            there = await tables.sum_of(self._target, table, self._progress)
            if here != there:
                await self._target.write(partial(self._again, table=table))
                raise MoveRefused(
                    f"the table {table.name} is not the same on both sides ({here.rows} and"
                    f" {there.rows} rows): run the same command again, it is copied anew"
                )
            counts[table.name] = here.rows
        return counts

    def _again(self, tx: Tx, table: Table) -> None:
        tx.run(f'DELETE FROM "{table.name}" WHERE {tables.ours(table)}')  # noqa: S608
        done = [name for name in self._mark.done if name != table.name]
        _put(tx, Arriving(self._mark.token, self._mark.check, done))

    async def finish(self, leaving: Leaving) -> None:
        """Let the target draw numbers where the source stopped, and the office be there.

        The source first: a crash in between leaves none that would be served by mistake.
        """
        last = await self._source.read(
            lambda tx: {
                table: tables.last_drawn(tx, table) for table in tables.known() if table.drawn
            }
        )

        def settle(tx: Tx) -> None:
            for table, number in last.items():
                tables.draw_on(tx, table, number)
            tx.run("DELETE FROM setting WHERE name = ?", MOVING_IN)

        await self._source.write(lambda tx: settings.leave(tx, leaving, done=True))
        await self._target.write(settle)


def _take(tx: Tx, table: Table, rows: Sequence[Row], mark: Arriving) -> None:
    tables.put_in(tx, table, rows)
    _put(tx, mark)
