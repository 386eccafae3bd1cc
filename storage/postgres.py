"""PostgreSQL: any number of processes write beside each other, order is kept lane by lane.

A few threads have a connection each; each unit of work is a transaction of its own. What belongs
to a lane is written under the lane's lock (``Tx.lock``), which is held to the commit: nobody sees
a later event before an earlier one. Locks are waited for in ascending order only; where one is
wanted out of order and is not free, the unit gives way and begins again with all of them in order:
no two units wait for each other.
"""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, TypeVar

from storage.database import Line, Row, StorageUnavailable, Tx, Unit, hand_in, settle_all
from storage.postgres_link import READ_ONLY, Link, Lost, Met, StatementFailed

T = TypeVar("T")
_WRITERS, _READERS = 4, 2
_TRIES = 12
_PAUSE = 0.002
_RETURNING = " RETURNING id"
_NAMED = 1 << 62
_LANES = 1 << 48
_LOCK = "SELECT pg_advisory_xact_lock(?)"
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(?)"
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_current_xact_id()"
_RECOVERED = "SELECT next_xid FROM pg_control_checkpoint()"
LOOK = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class PostgresTx:
    """A transaction on a PostgreSQL connection."""

    __slots__ = ("_link", "callbacks", "locks", "owner", "wanted")
    shared = True

    def __init__(self, link: Link, owner: int = 0) -> None:
        self._link = link
        self.owner = owner
        self.callbacks: list[Callable[[], None]] = []
        self.locks: set[int] = set()
        self.wanted: set[int] = set()

    def all(self, sql: str, *params: Any) -> list[Row]:
        return self._link.rows(sql, params)

    def one(self, sql: str, *params: Any) -> Row | None:
        rows = self._link.rows(sql, params)
        return rows[0] if rows else None

    def run(self, sql: str, *params: Any) -> int:
        return self._link.execute(sql, params).command_tuples or 0

    def add(self, sql: str, *params: Any) -> int:
        return int(self._link.rows(sql + _RETURNING, params)[0][0])

    def then(self, callback: Callable[[], None]) -> None:
        self.callbacks.append(callback)

    def lock(self, name: int | str) -> bool:
        key = lock_key(name)
        if key in self.locks:
            return False
        if self.locks and key < max(self.locks):
            if not self._link.rows(_TRY_LOCK, (key,))[0][0]:
                self.wanted = {*self.locks, key}
                raise Met
        else:
            self._link.execute(_LOCK, (key,))
        self.locks.add(key)
        return True

    def lock_first(self, keys: set[int]) -> None:
        """Hold these before the work begins: a try before this one met somebody at one of them."""
        for key in sorted(keys):
            self._link.execute(_LOCK, (key,))
            self.locks.add(key)


def lock_key(name: int | str) -> int:
    """Return the number by which the server knows a lane or a name."""
    if isinstance(name, int):
        return _LANES + name
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=7).digest()
    return _NAMED + int.from_bytes(digest, "big")


def ended(link: Link, number: int, *, restarted: bool) -> str:
    """Return what became of a transaction: committed, aborted or in progress.

    A server that crashed gives the numbers again of which its log knew nothing: those from where
    its recovery ended, which it has written down.
    """
    if restarted:
        epoch, _, low = link.rows(_RECOVERED, ())[0][0].partition(":")
        if number >= (int(epoch) << 32) + int(low):
            return "aborted"
    return str(link.rows("SELECT pg_xact_status(?::text::xid8)", (str(number),))[0][0])


class PostgresDatabase:
    """A PostgreSQL at ``url``; ``owner`` is the number under which this process claims rows."""

    shared = True

    def __init__(self, url: str) -> None:
        self.url = url
        self.owner = 0
        self._units: Line = queue.SimpleQueue()
        self._reads: Line = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._closing = threading.Event()

    def open(self) -> None:
        """Start the threads; raises StorageUnavailable."""
        try:
            Link(self.url, "loket").close()
        except Lost as error:
            raise StorageUnavailable(f"cannot open the database: {error}") from error
        writers = [(self._units, self._written)] * _WRITERS
        readers = [(self._reads, self._looked)] * _READERS
        for number, (line, run) in enumerate([*writers, *readers]):
            # What is logged and begun from here belongs to whoever opened this.
            thread = threading.Thread(
                target=copy_context().run,
                args=(self._work, line, run),
                name=f"database-{number}",
                daemon=True,
            )
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """Finish what was handed in and stop."""
        self._closing.set()
        for line, count in ((self._units, _WRITERS), (self._reads, _READERS)):
            for _ in range(count):
                line.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` in a transaction; return once it is durable, or raise what it raised.

        Where others were in the way it is run again from the beginning.
        """
        return await hand_in(self._units, work, is_open=bool(self._threads))

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` on a snapshot that sees everything durable."""
        return await hand_in(self._reads, work, is_open=bool(self._threads))

    def _work(self, line: Line, run: Callable[[Link, Unit], None]) -> None:
        link: Link | None = None
        while (unit := line.get()) is not None:
            for fresh in (False, True):
                try:
                    if link is None or not link.works:
                        link = Link(self.url, "loket")
                    run(link, unit)
                except Lost as error:
                    # An old connection may be dead while the server is well: one new one is tried.
                    if link is not None:
                        link.close()
                        link = None
                    if fresh:
                        unit.error = StorageUnavailable(f"the database cannot be used: {error}")
                except Exception as error:
                    unit.error = error
                    break
                else:
                    break
            settle_all([unit])
        if link is not None:
            link.close()

    def _written(self, link: Link, unit: Unit) -> None:
        """Run a unit in a transaction of its own, again where another was in its way."""
        first: set[int] = set()
        for left in reversed(range(_TRIES)):
            number = (link.simple(_BEGIN).get_value(0, 0) or b"").decode()
            tx = PostgresTx(link, self.owner)
            try:
                tx.lock_first(first)
                unit.result = unit.work(tx)
                self._commit(link, number)
            except Met as met:
                link.simple("ROLLBACK")
                first |= tx.wanted or tx.locks
                unit.error = None if left else _refusal(met)
                time.sleep(_PAUSE * (_TRIES - left) if met.code else 0)
            except Exception as error:
                link.simple("ROLLBACK")
                unit.error = error
                return
            else:
                unit.callbacks = tx.callbacks
                return

    def _commit(self, link: Link, number: str) -> None:
        """Commit; where the connection breaks just then, ask the server what became of it."""
        try:
            done = link.simple("COMMIT").command_status
        except Lost:
            if not self._was_committed(link, int(number)):
                raise
        else:
            if done != b"COMMIT":
                # A statement had failed, and the work went on as if it had not.
                raise StatementFailed("25P02", "the transaction had failed")

    def _was_committed(self, link: Link, number: int) -> bool:
        """Wait until the server is back and tells how a transaction ended."""
        while not self._closing.wait(0.1):
            try:
                asked = Link(self.url, "loket")
            except Lost:
                continue
            try:
                found = ended(asked, number, restarted=asked.server != link.server)
            except Lost:
                continue
            finally:
                asked.close()
            if found != "in progress":
                return found == "committed"
        return False

    @staticmethod
    def _looked(link: Link, unit: Unit) -> None:
        """Run a unit on one snapshot."""
        link.simple(LOOK)
        unit.error = None
        try:
            unit.result = unit.work(PostgresTx(link))
        except Exception as error:
            unit.error = error
        except Met as met:
            unit.error = _refusal(met)
        except Lost as lost:
            if lost.code != READ_ONLY:
                raise
            unit.error = StatementFailed(lost.code, str(lost))
        link.simple("ROLLBACK")


def _refusal(met: Met) -> Exception:
    if met.code == "23505":
        return StatementFailed(met.code, "there is such a row already")
    return StorageUnavailable("the database is too busy")
