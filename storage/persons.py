"""One person at several chats: joined, parted, and found where they were last heard from."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from storage import complaints, links
from storage.database import Tx
from storage.vault import Vault

PERSON, SLIP, SENDER = "person", "slip", "sender"
"""What a code is for: joining two chats, taking a request over, proving to read an SMS."""
_DIGITS = {PERSON: 8, SENDER: 6}
_SLIP_SIGNS = 10


class Chat(NamedTuple):
    """A chat of a person; ``heard_at`` in milliseconds, 0 for never."""

    id: int
    channel: str
    state: str
    doubt: str
    heard_at: int


def make_code(
    tx: Tx, vault: Vault, kind: str, ref: int, expires: datetime, officer_id: int | None = None
) -> str:
    """Return a new code; only its keyed hash is kept. An older one of the same kind ends."""
    tx.run("DELETE FROM link WHERE kind = ? AND ref = ? AND used_at IS NULL", kind, str(ref))
    code = _new_code(vault, kind)
    while links.is_taken(tx, vault, kind, code):
        code = _new_code(vault, kind)
    return links.make(tx, vault, kind, str(ref), officer_id, expires, code)


def use_code(tx: Tx, vault: Vault, kind: str, code: str, now: datetime, ref: int = 0) -> int:
    """Use a code up and return what it was made for; 0 when unknown, used or too old.

    With ``ref`` only a code that was made for it.
    """
    return int(links.use(tx, vault, code, kind, now, str(ref or "")) or 0)


def _new_code(vault: Vault, kind: str) -> str:
    digits = _DIGITS.get(kind)
    if digits is None:
        code = vault.new_code(_SLIP_SIGNS)
        # Without a digit it could be a word.
        return code if any(map(str.isdigit, code)) else _new_code(vault, kind)
    # Typed on an old phone's keys: digits alone, none of them in front that is lost when copied.
    return str(10 ** (digits - 1) + secrets.randbelow(9 * 10 ** (digits - 1)))


def chats(tx: Tx, citizen_id: int) -> list[Chat]:
    """Return the chats of a person, the one they were last heard from first."""
    rows = tx.all(
        "SELECT id, channel, state, doubt, COALESCE(heard_at, 0) FROM contact"
        " WHERE citizen_id = ? AND kind = 'citizen' AND officer_id IS NULL"
        " ORDER BY COALESCE(heard_at, 0) DESC, id DESC",
        citizen_id,
    )
    return [Chat(*row) for row in rows]


def reached(tx: Tx, request_id: int, channels: Collection[str]) -> int:
    """Return the chat in which a request's person is told of it; 0 where there is none.

    That is where they were heard from last; a blocked or doubted one, or one on a channel that
    this desk does not have, only where they have no other.
    """
    rows = tx.all(
        "SELECT c.id, c.channel, c.state, c.doubt FROM request r JOIN contact c"
        " ON c.citizen_id = r.citizen_id WHERE r.id = ? AND c.kind = 'citizen'"
        " AND c.officer_id IS NULL AND c.address IS NOT NULL"
        " ORDER BY COALESCE(c.heard_at, 0) DESC, c.id = r.contact_id DESC, c.id DESC",
        request_id,
    )
    best = sorted(rows, key=lambda row: (row[2] != "open", row[1] not in channels, row[3] != ""))
    if best:
        return int(best[0][0])
    row = tx.one(
        "SELECT c.id FROM request r JOIN contact c ON c.id = r.contact_id"
        " WHERE r.id = ? AND c.kind <> 'counter' AND c.address IS NOT NULL"
        " AND (c.citizen_id = r.citizen_id OR c.officer_id IS NOT NULL)",
        request_id,
    )
    return int(row[0]) if row else 0


def join(tx: Tx, vault: Vault, keep: int, other: int) -> None:
    """Make two citizens one person: chats, requests and complaints of both are theirs."""
    if keep == other:
        return
    for table in ("contact", "request"):
        tx.run(f"UPDATE {table} SET citizen_id = ? WHERE citizen_id = ?", keep, other)  # noqa: S608
    complaints.give(tx, vault, other, keep)
    tx.run("DELETE FROM citizen WHERE id = ?", other)


def part(tx: Tx, vault: Vault, contact_id: int, citizen_id: int, now: int) -> int:
    """Make a chat a person of its own again, with what was filed there; return the citizen."""
    new = tx.add("INSERT INTO citizen (created_at) VALUES (?)", now)
    tx.run("UPDATE contact SET citizen_id = ? WHERE id = ?", new, contact_id)
    tx.run("UPDATE request SET citizen_id = ? WHERE contact_id = ?", new, contact_id)
    complaints.give(tx, vault, citizen_id, new, contact_id)
    return new


def hand_over(tx: Tx, request_id: int, contact_id: int, citizen_id: int) -> None:
    """Make a request, filed for somebody at the counter, that of a chat: its papers with it."""
    tx.run(
        "UPDATE request SET contact_id = ?, citizen_id = ? WHERE id = ?",
        contact_id,
        citizen_id,
        request_id,
    )
    tx.run("UPDATE document SET contact_id = ? WHERE request_id = ?", contact_id, request_id)


def has_business(tx: Tx, vault: Vault, citizen_id: int) -> bool:
    """Say whether anything personal is held that this person could be shown."""
    if tx.one("SELECT 1 FROM request WHERE citizen_id = ? AND key IS NOT NULL", citizen_id):
        return True
    return bool(complaints.of_citizen(tx, vault, citizen_id))
