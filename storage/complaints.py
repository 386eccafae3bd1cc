"""Complaints: what was said and by whom, sealed by a key of each one's own; open ones by limit."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from storage.database import Row, Tx
from storage.instant import from_ms, to_ms
from storage.vault import Vault

OPEN, ANSWERED, CLOSED = "open", "answered", "closed"
_BODY, _NOTE, _INDEX = "complaint.body", "complaint.note", "complaint"
_FIELDS = (
    "id, number, kind, state, nameless, visit, version, filed_at, answer_by, close_by, closed_at,"
    " key, body"
)
_SELECT = f"SELECT {_FIELDS} FROM complaint"  # noqa: S608 - a constant
_TAIL = re.compile(r"#?(?:[A-Za-z]{2,5}[-/.]?)?(\d{1,6})")


class Body(Struct, frozen=True):
    """What was said; ``contact`` is where answers go, ``name`` empty for the nameless."""

    text: str
    contact: int
    citizen: int
    name: str = ""


class ComplaintRow(Struct, frozen=True):
    """A complaint as it was read; ``body`` is sealed by ``key``, both None once purged."""

    id: int
    number: str
    kind: str
    state: str
    nameless: bool
    visit: bool
    version: int
    filed_at: datetime
    answer_by: datetime
    close_by: datetime
    closed_at: datetime | None
    key: bytes | None
    body: bytes | None

    @property
    def due(self) -> datetime:
        """The time limit that counts now."""
        return self.answer_by if self.state == OPEN else self.close_by


class New(Struct, frozen=True):
    """A complaint to be taken down."""

    number: str
    sequence: int
    kind: str
    nameless: bool
    filed_at: datetime
    answer_by: datetime
    close_by: datetime
    wake_at: datetime
    body: Body


class Step(Struct, frozen=True):
    """What was done: ``kind`` is answered, closed or visit; ``note`` what was said."""

    at: datetime
    officer: int
    kind: str
    note: str


def create(tx: Tx, vault: Vault, new: New) -> ComplaintRow:
    """Take a complaint down under a key of its own."""
    key, sealed = vault.new_key()
    complaint_id = tx.add(
        "INSERT INTO complaint (number, sequence, kind, state, nameless, visit, sender, version,"
        " reminders, filed_at, answer_by, close_by, wake_at, key, body)"
        " VALUES (?, ?, ?, 'open', ?, 0, ?, 1, 0, ?, ?, ?, ?, ?, ?)",
        new.number,
        new.sequence,
        new.kind,
        int(new.nameless),
        sender_of(vault, new.body.citizen),
        to_ms(new.filed_at),
        to_ms(new.answer_by),
        to_ms(new.close_by),
        to_ms(new.wake_at),
        sealed,
        vault.seal_with(key, _BODY, msgspec.json.encode(new.body)),
    )
    row = load(tx, complaint_id)
    assert row is not None
    return row


def sender_of(vault: Vault, citizen_id: int) -> str:
    """Return the blind index by which a citizen's own complaints are found."""
    return vault.index(_INDEX, str(citizen_id))


def load(tx: Tx, complaint_id: int) -> ComplaintRow | None:
    """Return the complaint with that id."""
    row = tx.one(f"{_SELECT} WHERE id = ?", complaint_id)
    return _row(row) if row else None


def find(tx: Tx, said: str) -> ComplaintRow | None:
    """Return the complaint of a number or its tail (the newest of several), None for none."""
    row = tx.one(f"{_SELECT} WHERE upper(number) = upper(?)", said.lstrip("#"))
    if row is None and (tail := _TAIL.fullmatch(said)):
        row = tx.one(f"{_SELECT} WHERE sequence = ? ORDER BY id DESC LIMIT 1", int(tail[1]))
    return _row(row) if row else None


def still_open(tx: Tx, limit: int = 100) -> list[ComplaintRow]:
    """Return what is not closed, what must be answered first at the top."""
    sql = (
        f"{_SELECT} WHERE state <> 'closed'"
        " ORDER BY CASE state WHEN 'open' THEN answer_by ELSE close_by END, id LIMIT ?"
    )
    return [_row(row) for row in tx.all(sql, limit)]


def of_citizen(tx: Tx, vault: Vault, citizen_id: int) -> list[ComplaintRow]:
    """Return a person's own complaints, newest first."""
    sql = f"{_SELECT} WHERE sender = ? ORDER BY id DESC"
    return [_row(row) for row in tx.all(sql, sender_of(vault, citizen_id))]


def give(tx: Tx, vault: Vault, citizen_id: int, to: int, contact_id: int = 0) -> None:
    """Make a person's complaints another's; with ``contact_id`` only those sent from there."""
    for row in of_citizen(tx, vault, citizen_id):
        body = body_of(vault, row)
        if body is None or row.key is None or (contact_id and body.contact != contact_id):
            continue
        moved = msgspec.json.encode(replace(body, citizen=to))
        tx.run(
            "UPDATE complaint SET sender = ?, body = ? WHERE id = ?",
            sender_of(vault, to),
            vault.seal_with(vault.open_key(row.key), _BODY, moved),
            row.id,
        )


def body_of(vault: Vault, row: ComplaintRow) -> Body | None:
    """Return what was said, None where it was purged."""
    if row.key is None or row.body is None:
        return None
    plain = vault.unseal_with(vault.open_key(row.key), _BODY, row.body)
    return msgspec.json.decode(plain, type=Body)


def change(
    tx: Tx,
    row: ComplaintRow,
    *,
    state: str,
    close_by: datetime,
    wake_at: datetime | None,
    at: datetime,
) -> bool:
    """Write a new state over the one that was read; False when it changed meanwhile."""
    changed = tx.run(
        "UPDATE complaint SET state = ?, close_by = ?, wake_at = ?, version = version + 1,"
        " answered_at = CASE WHEN ? <> 'open' THEN COALESCE(answered_at, ?) END,"
        " closed_at = CASE WHEN ? = 'closed' THEN ? END WHERE id = ? AND version = ?",
        state,
        to_ms(close_by),
        to_ms(wake_at) if wake_at else None,
        state,
        to_ms(at),
        state,
        to_ms(at),
        row.id,
        row.version,
    )
    return changed == 1


def mark_visit(tx: Tx, complaint_id: int) -> None:
    """Something must be looked at on the spot."""
    tx.run("UPDATE complaint SET visit = 1 WHERE id = ?", complaint_id)


def record(
    tx: Tx, vault: Vault, row: ComplaintRow, at: datetime, officer: int, kind: str, note: str = ""
) -> int:
    """Write down what was done; ``note`` is sealed by the complaint's own key."""
    sealed = None
    if note and row.key is not None:
        plain = note.encode("utf-8", "surrogatepass")
        sealed = vault.seal_with(vault.open_key(row.key), _NOTE, plain)
    return tx.add(
        "INSERT INTO complaintstep (complaint_id, at, officer_id, kind, note)"
        " VALUES (?, ?, ?, ?, ?)",
        row.id,
        to_ms(at),
        officer or None,
        kind,
        sealed,
    )


def steps(tx: Tx, vault: Vault, row: ComplaintRow) -> list[Step]:
    """Return what was done, in order; notes of a purged complaint are empty."""
    key = vault.open_key(row.key) if row.key is not None else b""
    rows = tx.all(
        "SELECT at, officer_id, kind, note FROM complaintstep WHERE complaint_id = ? ORDER BY id",
        row.id,
    )

    def note(sealed: bytes | None) -> str:
        if sealed is None or not key:
            return ""
        return vault.unseal_with(key, _NOTE, sealed).decode("utf-8", "surrogatepass")

    return [Step(from_ms(r[0]), r[1] or 0, r[2], note(r[3])) for r in rows]


def due(tx: Tx, now: int, limit: int = 100) -> list[tuple[int, int]]:
    """Return (id, version) of the complaints somebody must be reminded of."""
    rows = tx.all(
        "SELECT id, version FROM complaint WHERE wake_at <= ? ORDER BY wake_at, id LIMIT ?",
        now,
        limit,
    )
    return [(row[0], row[1]) for row in rows]


def woken(tx: Tx, complaint_id: int, version: int) -> None:
    """The clock has put its event into the office's lane."""
    tx.run(
        "UPDATE complaint SET wake_at = NULL WHERE id = ? AND version = ?", complaint_id, version
    )


def reminded(tx: Tx, complaint_id: int, wake_at: datetime) -> None:
    """Officers were reminded; look again then."""
    tx.run(
        "UPDATE complaint SET wake_at = ?, reminders = reminders + 1, version = version + 1"
        " WHERE id = ?",
        to_ms(wake_at),
        complaint_id,
    )


def purge(tx: Tx, complaint_id: int) -> None:
    """Destroy what was said and who said it; number, kind and dates stay for the statistics."""
    tx.run("UPDATE complaintstep SET note = NULL WHERE complaint_id = ?", complaint_id)
    tx.run("UPDATE complaint SET key = NULL, body = NULL, sender = '' WHERE id = ?", complaint_id)


def purge_closed(tx: Tx, before: int, limit: int = 200) -> int:
    """Purge what was closed before that instant; return how many."""
    rows = tx.all(
        "SELECT id FROM complaint WHERE closed_at < ? AND key IS NOT NULL ORDER BY id LIMIT ?",
        before,
        limit,
    )
    for (complaint_id,) in rows:
        purge(tx, complaint_id)
    return len(rows)


def _row(row: Row) -> ComplaintRow:
    return ComplaintRow(
        id=row[0],
        number=row[1],
        kind=row[2],
        state=row[3],
        nameless=bool(row[4]),
        visit=bool(row[5]),
        version=row[6],
        filed_at=from_ms(row[7]),
        answer_by=from_ms(row[8]),
        close_by=from_ms(row[9]),
        closed_at=from_ms(row[10]) if row[10] is not None else None,
        key=row[11],
        body=row[12],
    )
