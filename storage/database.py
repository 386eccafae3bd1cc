"""The port to the database: what a transaction and an engine are, whichever engine it is.

``storage.sqlite`` is a file with one writer; ``storage.postgres`` serves any number of processes.
"""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

T = TypeVar("T")
Row = Sequence[Any]


class StorageUnavailable(Exception):
    """The database cannot be written now: disk full, read-only or closed."""


class Tx(Protocol):
    """An open transaction. SQL is written with ``?`` and stays within what both engines know."""

    @property
    def shared(self) -> bool:
        """Whether other transactions write at the same time."""

    @property
    def owner(self) -> int:
        """The number under which this process claims rows, 0 where it is the only one."""

    def all(self, sql: str, *params: Any) -> list[Row]:
        """Run a statement and return its rows."""

    def one(self, sql: str, *params: Any) -> Row | None:
        """Run a statement and return its first row, if any."""

    def run(self, sql: str, *params: Any) -> int:
        """Run a statement and return the number of rows it changed."""

    def add(self, sql: str, *params: Any) -> int:
        """Run an INSERT and return the new row's id."""

    def then(self, callback: Callable[[], None]) -> None:
        """Call this on the event loop once the transaction is durable."""

    def lock(self, name: int | str) -> bool:
        """Hold a lane, or what has that name, to the end of the transaction.

        Returns whether another may have written there meanwhile: what was read before must be
        read again. Where all writing is one after another nothing is to be held.
        """


class Database(Protocol):
    """An engine at work: ``write`` and ``read`` run a function of a transaction."""

    @property
    def shared(self) -> bool:
        """Whether other processes may write to it beside this one."""

    def open(self) -> None:
        """Begin; raises StorageUnavailable."""

    def close(self) -> None:
        """Finish what was handed in and stop."""

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` in a transaction; return once it is durable, or raise what it raised.

        It may be run again from the beginning, where another was in its way.
        """

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` on a snapshot that sees everything durable."""


class Unit:
    """A piece of work on its way to a transaction, and back to the loop where it is awaited."""

    __slots__ = ("callbacks", "error", "future", "loop", "result", "work")

    def __init__(self, work: Callable[[Any], Any], loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None
        self.callbacks: list[Callable[[], None]] = []

    def settle(self) -> None:
        """Tell the caller, on the loop; a caller who stopped waiting is not disturbed."""
        if self.error is not None:
            if not self.future.done():
                self.future.set_exception(self.error)
            return
        if not self.future.done():
            self.future.set_result(self.result)
        for callback in self.callbacks:
            callback()


Line: TypeAlias = "queue.SimpleQueue[Unit | None]"


async def hand_in(line: Line, work: Callable[[Tx], T], *, is_open: bool) -> T:
    """Put work into an engine's line and return its result; raises StorageUnavailable, or its own.

    ``None`` in a line ends the thread that takes it.
    """
    if not is_open:
        raise StorageUnavailable("the database is closed")
    unit = Unit(work, asyncio.get_running_loop())
    line.put(unit)
    result: T = await unit.future
    return result


def settle_all(batch: Sequence[Unit]) -> None:
    """Tell every caller, each on its own loop, in this order."""
    loops = {unit.loop for unit in batch}
    for loop in loops:
        mine = [unit for unit in batch if unit.loop is loop]
        try:
            loop.call_soon_threadsafe(_settle, mine)
        except RuntimeError:
            # The loop is gone: its callers are too, and what they wrote is durable.
            continue


def _settle(units: list[Unit]) -> None:
    for unit in units:
        unit.settle()
