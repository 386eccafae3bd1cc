"""A process's seat at a PostgreSQL: locks of one connection say that it lives, and who leads.

The server lets go of a connection's locks the moment the connection ends, however the process
ended. So a number is alive exactly as long as its process is, and there is at most one leader.
"""

from __future__ import annotations

from typing import NamedTuple

from storage.database import StorageUnavailable, Tx
from storage.postgres_link import Link, Lost

_LIVING, _LEADING, _MOVING = 731_001, 731_002, 731_003
"""Spaces of advisory locks: the numbers of those who live, the leader's one seat, a mover's."""
_KNOWN = (
    "SELECT p.id, l.objid IS NOT NULL, now() - pg_postmaster_start_time() < interval '4 s'"
    " FROM process p LEFT JOIN pg_locks l"
    " ON l.locktype = 'advisory' AND l.classid = ?::bigint AND l.objid = p.id AND l.objsubid = 2"
    " AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname ="
    " current_database())"
)


class Standing(NamedTuple):
    """Who we are among the others: our number, who lives, who is written down and has gone.

    A ``fresh`` server was just started: those who live may not have found back to it yet.
    """

    owner: int
    leads: bool
    living: frozenset[int]
    gone: frozenset[int]
    fresh: bool = False


class Seat:
    """Looks from time to time; a lost connection loses the lead, and is made anew by a look.

    ``candidate`` says whether this process would lead (a command of the terminal would not).
    """

    def __init__(self, url: str, *, candidate: bool) -> None:
        self._url = url
        self._candidate = candidate
        self._link: Link | None = None
        self._owner = 0
        self._leads = False

    def look(self) -> Standing:
        """Return how things stand; waits for the server. Raises Lost."""
        try:
            link = self._link or self._sit()
            if self._candidate and not self._leads:
                taken = link.rows("SELECT pg_try_advisory_lock(?::int, 1)", (_LEADING,))
                self._leads = bool(taken[0][0])
            rows = link.rows(_KNOWN, (_LIVING,))
        except Lost:
            self._drop()
            raise
        living = frozenset(row[0] for row in rows if row[1])
        gone = frozenset(row[0] for row in rows if not row[1])
        return Standing(self._owner, self._leads, living, gone, fresh=any(row[2] for row in rows))

    def leave(self) -> None:
        """Stand up in good order: the others need not wait to see that we have gone."""
        try:
            if self._link is not None:
                self._link.rows("DELETE FROM process WHERE id = ?", (self._owner,))
        except Lost:
            return
        finally:
            self._drop()

    def _sit(self) -> Link:
        """Take our number again, or a new one where the others have given it up."""
        link = self._link = Link(self._url, "loket-seat")
        link.simple("BEGIN")
        if not link.rows("SELECT 1 FROM process WHERE id = ?", (self._owner,)):
            sql = (
                "INSERT INTO process (started_at)"
                " VALUES ((extract(epoch FROM now()) * 1000)::bigint) RETURNING id"
            )
            self._owner = link.rows(sql, ())[0][0]
        # Nobody sees the number before it is alive.
        link.rows("SELECT pg_advisory_lock(?::int, ?::int)", (_LIVING, self._owner))
        link.simple("COMMIT")
        return link

    def _drop(self) -> None:
        if self._link is not None:
            self._link.close()
        self._link, self._leads = None, False


class Watch:
    """For who moves an office or changes its key: one at a time, and whether a desk serves it."""

    def __init__(self, url: str) -> None:
        """Take hold of it; raises StorageUnavailable."""
        try:
            self._link = Link(url, "loket-moving")
            if not self._link.rows("SELECT pg_try_advisory_lock(?::int, 1)", (_MOVING,))[0][0]:
                self._link.close()
                raise StorageUnavailable(
                    "another `loket migrate`, `restore` or `rotate-key` is at work on this database"
                )
        except Lost as error:
            raise StorageUnavailable(f"cannot open the database: {error}") from error

    def served(self) -> bool:
        """Tell whether a desk lives there; raises StorageUnavailable."""
        try:
            return any(row[1] for row in self._link.rows(_KNOWN, (_LIVING,)))
        except Lost as error:
            raise StorageUnavailable(f"the database cannot be used: {error}") from error

    def close(self) -> None:
        """Let go of it."""
        self._link.close()


def bury(tx: Tx, owner: int) -> None:
    """Strike out a process that has gone."""
    tx.run("DELETE FROM process WHERE id = ?", owner)
