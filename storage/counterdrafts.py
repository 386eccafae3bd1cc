"""What officers fill in for who stands at the counter: sealed, one draft an officer and chat."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from flows.session import Session
from storage.database import Row, Tx
from storage.vault import Vault

KIND = "counter"
"""Channel and kind of a contact for somebody who has no chat (yet)."""
_PLACE = "counterdraft.body"
_SELECT = "SELECT contact_id, officer_id, chat_id, body FROM counterdraft"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Session).decode


class Draft(NamedTuple):
    """A draft: ``contact_id`` stands for the person, ``chat_id`` is where the officer writes."""

    contact_id: int
    officer_id: int
    chat_id: int
    session: Session


def begin(tx: Tx, vault: Vault, officer_id: int, chat_id: int, session: Session, now: int) -> Draft:
    """Begin a draft for a person of whom no chat is known."""
    citizen = tx.add("INSERT INTO citizen (created_at) VALUES (?)", now)
    contact_id = tx.add(
        "INSERT INTO contact (channel, kind, citizen_id, language, state, created_at)"
        " VALUES (?, ?, ?, 'id', 'open', ?)",
        KIND,
        KIND,
        citizen,
        now,
    )
    draft = Draft(contact_id, officer_id, chat_id, session)
    tx.run(
        "INSERT INTO counterdraft (contact_id, officer_id, chat_id, body, updated_at)"
        " VALUES (?, ?, ?, ?, ?)",
        contact_id,
        officer_id,
        chat_id,
        vault.seal(_PLACE, _encode(session)),
        now,
    )
    return draft


def open_one(tx: Tx, vault: Vault, officer_id: int, chat_id: int) -> Draft | None:
    """Return what this officer is filling in in this chat."""
    row = tx.one(f"{_SELECT} WHERE officer_id = ? AND chat_id = ?", officer_id, chat_id)
    return _draft(vault, row) if row else None


def of_contact(tx: Tx, vault: Vault, contact_id: int) -> Draft | None:
    """Return the draft for that person."""
    row = tx.one(f"{_SELECT} WHERE contact_id = ?", contact_id)
    return _draft(vault, row) if row else None


def save(tx: Tx, vault: Vault, draft: Draft, now: int) -> None:
    """Keep what was filled in."""
    tx.run(
        "UPDATE counterdraft SET body = ?, updated_at = ? WHERE contact_id = ?",
        vault.seal(_PLACE, _encode(draft.session)),
        now,
        draft.contact_id,
    )


def drop(tx: Tx, contact_id: int, *, filed: bool) -> None:
    """End a draft; the person stays where a request is theirs now."""
    tx.run("DELETE FROM counterdraft WHERE contact_id = ?", contact_id)
    if filed:
        return
    tx.run(
        "DELETE FROM citizen WHERE id = (SELECT citizen_id FROM contact WHERE id = ?)", contact_id
    )
    tx.run("DELETE FROM contact WHERE id = ?", contact_id)


def stale(tx: Tx, before: int, limit: int = 100) -> list[int]:
    """Return the persons whose draft nobody touched since that instant."""
    rows = tx.all(
        "SELECT contact_id FROM counterdraft WHERE updated_at < ? ORDER BY contact_id LIMIT ?",
        before,
        limit,
    )
    return [row[0] for row in rows]


def _draft(vault: Vault, row: Row) -> Draft:
    return Draft(row[0], row[1], row[2], _decode(vault.unseal(_PLACE, row[3])))
