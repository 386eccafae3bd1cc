"""Requests: filed once, changed only by who read them last, found by number, name or NIK."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from flows.standing import State
from storage.database import Row, Tx
from storage.instant import from_ms, to_ms
from storage.vault import Vault

_PLACE = "request.data"
_IDENTITY = (
    "id",
    "number",
    "sequence",
    "code",
    "contact_id",
    "citizen_id",
    "service",
    "digest",
    "name",
    "village",
    "program",
    "topic",
    "closed_at",
)
_TIMES = ("filed_at", "promised_at", "stage_at", "stage_due_at", "stopped_at", "wake_at")
_COUNTS = ("late", "reminders", "letter", "made")
_STATE = ("stage", "role", "status", "asked_by", "officer_id", "returned", *_TIMES, *_COUNTS)
_COLUMNS = ", ".join((*_IDENTITY, *_STATE, "version"))
# Only the names of columns above are put into statements; values always travel as parameters.
SELECT = f"SELECT {_COLUMNS} FROM request"  # noqa: S608
_SET = ", ".join(f"{column} = ?" for column in _STATE)


class Changed(Exception):
    """The request was changed by somebody else since it was read; nothing was written."""


class Purged(Exception):
    """The request's answers were destroyed with its key."""


class Given(Struct):
    """What the citizen gave: answers by path, and the marks put on doubtful ones."""

    answers: dict[str, str] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)


class New(Struct, frozen=True):
    """A request to be filed; ``code`` cannot be guessed, ``nik`` is only indexed."""

    number: str
    sequence: int
    code: str
    contact_id: int
    citizen_id: int
    service: str
    digest: str
    name: str
    village: str
    nik: str
    given: Given
    program: str = ""


class RequestRow(Struct, frozen=True):
    """A request as it was read: whose it is, what it is, and where it stands."""

    id: int
    number: str
    sequence: int
    code: str
    contact_id: int
    citizen_id: int
    service: str
    digest: str
    name: str
    village: str
    program: str
    topic: int
    closed_at: datetime | None
    state: State


def create(tx: Tx, vault: Vault, new: New, state: State) -> RequestRow:
    """File a request under a key of its own."""
    key, sealed = vault.new_key()
    values: dict[str, Any] = {
        "number": new.number,
        "sequence": new.sequence,
        "code": new.code,
        "contact_id": new.contact_id,
        "citizen_id": new.citizen_id,
        "service": new.service,
        "digest": new.digest,
        "name": new.name,
        "village": new.village,
        "program": new.program,
        "nik": vault.index("nik", new.nik) if new.nik else "",
        "key": sealed,
        "data": vault.seal_with(key, _PLACE, msgspec.json.encode(new.given)),
        "version": state.version,
        **dict(zip(_STATE, _values(state), strict=True)),
    }
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    sql = f"INSERT INTO request ({names}) VALUES ({marks})"  # noqa: S608
    request_id = tx.add(sql, *values.values())
    row = load(tx, request_id)
    assert row is not None
    return row


def load(tx: Tx, request_id: int) -> RequestRow | None:
    """Return the request with that id."""
    row = tx.one(f"{SELECT} WHERE id = ?", request_id)
    return row_of(row) if row else None


def by_code(tx: Tx, code: str) -> RequestRow | None:
    """Return the request of a tracking link."""
    row = tx.one(f"{SELECT} WHERE code = ?", code)
    return row_of(row) if row else None


def save(tx: Tx, row: RequestRow, state: State, now: datetime) -> RequestRow:
    """Write a new state over the one that was read; raises Changed."""
    closed_at = now if state.closed else None
    changed = tx.run(
        f"UPDATE request SET {_SET}, version = ?, closed_at = ? WHERE id = ? AND version = ?",  # noqa: S608
        *_values(state),
        state.version,
        _ms(closed_at),
        row.id,
        row.state.version,
    )
    if changed != 1:
        raise Changed(row.number)
    return replace(row, state=state, closed_at=closed_at)


def given(tx: Tx, vault: Vault, request_id: int) -> Given:
    """Return what the citizen gave; raises Purged."""
    sealed = tx.one("SELECT key, data FROM request WHERE id = ?", request_id)
    if sealed is None or sealed[0] is None or sealed[1] is None:
        raise Purged(f"request {request_id}")
    plain = vault.unseal_with(vault.open_key(sealed[0]), _PLACE, sealed[1])
    return msgspec.json.decode(plain, type=Given)


def give(
    tx: Tx, vault: Vault, request_id: int, given: Given, name: str, village: str, nik: str
) -> None:
    """Replace what the citizen gave, and what of it is searched for."""
    tx.run(
        "UPDATE request SET data = ?, name = ?, village = ?, nik = ? WHERE id = ?",
        vault.seal_with(key_of(tx, vault, request_id), _PLACE, msgspec.json.encode(given)),
        name,
        village,
        vault.index("nik", nik) if nik else "",
        request_id,
    )


def key_of(tx: Tx, vault: Vault, request_id: int) -> bytes:
    """Return the request's own key; raises Purged."""
    row = tx.one("SELECT key FROM request WHERE id = ?", request_id)
    if row is None or row[0] is None:
        raise Purged(f"request {request_id}")
    return vault.open_key(row[0])


def of_citizen(tx: Tx, citizen_id: int, limit: int = 10) -> list[RequestRow]:
    """Return a person's own requests, newest first."""
    sql = f"{SELECT} WHERE citizen_id = ? ORDER BY id DESC LIMIT ?"
    return [row_of(row) for row in tx.all(sql, citizen_id, limit)]


def open_of_citizen(tx: Tx, citizen_id: int) -> int:
    """Return how many requests of a person are not closed."""
    row = tx.one(
        "SELECT count(*) FROM request WHERE citizen_id = ? AND status IN ('open', 'returned')",
        citizen_id,
    )
    return int(row[0]) if row else 0


def due(tx: Tx, now: int, limit: int = 100) -> list[tuple[int, int]]:
    """Return (id, version) of the requests whose time came, the earliest first."""
    rows = tx.all(
        "SELECT id, version FROM request WHERE wake_at <= ? ORDER BY wake_at, id LIMIT ?",
        now,
        limit,
    )
    return [(row[0], row[1]) for row in rows]


def woken(tx: Tx, request_id: int, version: int) -> None:
    """The clock has put its event into the request's lane; the machine asks for the next."""
    tx.run("UPDATE request SET wake_at = NULL WHERE id = ? AND version = ?", request_id, version)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)


def _values(state: State) -> list[Any]:
    """Return the state's columns, in the order of ``_STATE``."""
    return [
        state.stage,
        state.role,
        state.status,
        state.asked_by,
        state.officer or None,
        msgspec.json.encode(state.returned).decode() if state.returned else "",
        *(_ms(getattr(state, name)) for name in _TIMES),
        *(int(getattr(state, name)) for name in _COUNTS),
    ]


def row_of(row: Row) -> RequestRow:
    """Make a request of a row that ``SELECT`` read."""
    columns = dict(zip((*_IDENTITY, *_STATE, "version"), row, strict=True))
    times = {name: from_ms(columns[name]) for name in _TIMES if columns[name] is not None}
    paths = columns["returned"]
    state = State(
        stage=columns["stage"],
        role=columns["role"],
        status=columns["status"],
        asked_by=columns["asked_by"],
        officer=columns["officer_id"] or 0,
        returned=tuple(msgspec.json.decode(paths)) if paths else (),
        late=columns["late"],
        reminders=columns["reminders"],
        letter=bool(columns["letter"]),
        made=bool(columns["made"]),
        version=columns["version"],
        **times,
    )
    identity = {name: columns[name] for name in _IDENTITY}
    identity["topic"] = identity["topic"] or 0
    closed = identity["closed_at"]
    identity["closed_at"] = None if closed is None else from_ms(closed)
    return RequestRow(**identity, state=state)
