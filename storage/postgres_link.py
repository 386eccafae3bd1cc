"""One connection to a PostgreSQL, straight on libpq: a statement costs as little as it can.

Statements are prepared once a connection; values travel as text or bytes, results as binary.
"""

from __future__ import annotations

import select
import time
from functools import cache
from typing import Any

import psycopg
from psycopg import pq
from psycopg.pq import ExecStatus

from storage.database import Row

_INTEGER, _TEXT, _BYTES, _ANY = 20, 25, 17, 0
_CONNECT_SECONDS = 5.0
_BROKEN = "the connection to the database broke"
_BUSY = frozenset({"40001", "40P01", "55P03", "23505"})
"""Two met: a serialisation failure, a deadlock, a lock waited for too long, one unique row."""
READ_ONLY = "25006"
_AWAY = ("08", "53", "57", "58", READ_ONLY, "F0", "XX")
"""The server cannot work: connections, resources, shutting down, its disk, read-only, corrupt."""
_SETTINGS = (
    "SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s';"
    " SET client_min_messages = 'warning';"
    " SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') IN ('off', 'local')"
)


class Lost(BaseException):
    """The connection or the server is gone; ``code`` is what the server still said, if anything.

    No Exception: nobody on the way may take it for his.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Met(BaseException):
    """Another transaction was in the way: all is undone, and done again from the beginning.

    ``code`` is the server's, empty where we gave way ourselves.
    """

    def __init__(self, code: str = "") -> None:
        super().__init__(code)
        self.code = code


class StatementFailed(Exception):
    """The server refused a statement; ``code`` is its SQLSTATE. No values stand in it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Link:
    """A connection; every method raises Lost, Met or StatementFailed."""

    def __init__(self, url: str, name: str) -> None:
        self._pg = _connected(libpq_url(url), name)
        self._known: dict[str, bytes] = {}
        self.simple(_SETTINGS)
        self.server = self.simple("SELECT pg_postmaster_start_time()").get_value(0, 0)

    @property
    def works(self) -> bool:
        """Has nothing been seen that broke the connection?"""
        return bool(self._pg.status == pq.ConnStatus.OK)

    def close(self) -> None:
        """Let go of the connection."""
        self._pg.finish()

    def simple(self, sql: str) -> pq.abc.PGresult:
        """Run statements without values; return the last one's result."""
        try:
            return self._checked(self._pg.exec_(sql.encode()))
        except psycopg.Error as error:
            raise Lost(_BROKEN) from error

    def execute(self, sql: str, params: tuple[Any, ...]) -> pq.abc.PGresult:
        """Run a statement written with ``?``."""
        values: list[Any] = []
        kinds: list[int] = []
        formats: list[int] = []
        for one in params:
            value, kind = _written(one)
            values.append(value)
            kinds.append(kind)
            formats.append(kind == _BYTES)
        try:
            name = self._known.get(sql)
            if name is None:
                name = f"s{len(self._known)}".encode()
                self._checked(self._pg.prepare(name, numbered(sql).encode(), kinds))
                self._known[sql] = name
            return self._checked(self._pg.exec_prepared(name, values, formats, 1))
        except psycopg.Error as error:
            raise Lost(_BROKEN) from error

    def rows(self, sql: str, params: tuple[Any, ...]) -> list[Row]:
        """Run a statement and return its rows."""
        result = self.execute(sql, params)
        readers = [_reader(result.ftype(column)) for column in range(result.nfields)]
        return [
            tuple(
                None if (raw := result.get_value(row, column)) is None else read(raw)
                for column, read in enumerate(readers)
            )
            for row in range(result.ntuples)
        ]

    def _checked(self, result: pq.abc.PGresult) -> pq.abc.PGresult:
        if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            return result
        code = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
        message = (result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b"").decode()
        if not code or self._pg.status != pq.ConnStatus.OK or code.startswith(_AWAY):
            raise Lost(message or _BROKEN, code)
        if code in _BUSY:
            raise Met(code)
        raise StatementFailed(code, message)


def libpq_url(url: str) -> str:
    """Return a database's address as libpq wants it: SQLAlchemy also names the driver."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}{mark}{rest}"


def _connected(url: str, name: str) -> pq.abc.PGconn:
    """Connect within a few seconds; libpq's own waiting would hold all other threads up."""
    address = f"{url}{'&' if '?' in url else '?'}application_name={name}"
    pg = pq.PGconn.connect_start(address.encode())
    until = time.monotonic() + _CONNECT_SECONDS
    polled: int = pq.PollingStatus.WRITING
    while pg.status != pq.ConnStatus.BAD and polled != pq.PollingStatus.OK:
        left = until - time.monotonic()
        reading = [pg.socket] if polled == pq.PollingStatus.READING else []
        writing = [] if reading else [pg.socket]
        if left <= 0 or not any(select.select(reading, writing, [], left)):
            pg.finish()
            raise Lost("the database does not answer")
        polled = pg.connect_poll()
        if polled == pq.PollingStatus.FAILED:
            break
    if pg.status != pq.ConnStatus.OK:
        message = pg.error_message.decode("utf-8", "replace").strip()
        pg.finish()
        raise Lost(message or "the database does not answer")
    return pg


@cache
def numbered(sql: str) -> str:
    """Return a statement with ``$1, $2, …`` in place of ``?``; no statement of ours quotes one."""
    first, *others = sql.split("?")
    return first + "".join(f"${place}{other}" for place, other in enumerate(others, 1))


def _written(value: Any) -> tuple[bytes | None, int]:
    match value:
        case None:
            return None, _ANY
        case str():
            # PostgreSQL has no sign of number 0 in its texts.
            return value.replace("\0", "").encode(), _TEXT
        case int():
            return b"%d" % value, _INTEGER
        case bytes():
            return value, _BYTES
    raise TypeError(f"no value for the database: {type(value).__name__}")


def _integer(raw: bytes) -> int:
    return int.from_bytes(raw, "big", signed=True)


def _text(raw: bytes) -> str:
    return raw.decode()


def _truth(raw: bytes) -> bool:
    return raw == b"\x01"


_READERS = {
    16: _truth,
    17: bytes,
    18: _text,
    19: _text,
    20: _integer,
    21: _integer,
    23: _integer,
    25: _text,
    26: _integer,
    1043: _text,
    2278: _text,
}


def _reader(kind: int) -> Any:
    """Return what reads values of a type; sums of 64 bits are cast in the statement itself."""
    return _READERS[kind]
