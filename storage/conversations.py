"""Conversations: a citizen's session, sealed, one row a contact."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from flows.session import Session
from storage.database import Tx
from storage.instant import to_ms
from storage.vault import Vault

_PLACE = "conversation.session"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Session).decode


class Stored(NamedTuple):
    """A session as it was left, the officer who speaks with the person, and the last prompt.

    ``handed_seq`` is the newest event when that prompt was handed to the platform.
    """

    session: Session
    talking_to: int | None = None
    prompt_id: int | None = None
    handed_seq: int | None = None

    def was_early(self, seq: int) -> bool:
        """Did that event arrive before the last prompt was handed to the platform?"""
        if self.prompt_id is None:
            return False
        return self.handed_seq is None or seq <= self.handed_seq


def load(tx: Tx, vault: Vault, contact_id: int) -> Stored:
    """Return where the conversation stands; a new one for a contact that never wrote."""
    row = tx.one(
        "SELECT c.session, c.talking_to, o.id, o.handed_seq FROM conversation c"
        " LEFT JOIN outbox o ON o.id = c.prompt_id WHERE c.contact_id = ?",
        contact_id,
    )
    if row is None:
        return Stored(Session())
    return Stored(_decode(vault.unseal(_PLACE, row[0])), row[1], row[2], row[3])


def save(
    tx: Tx, vault: Vault, contact_id: int, session: Session, prompt_id: int | None, now: int
) -> None:
    """Keep where the conversation stands."""
    tx.run(
        "INSERT INTO conversation (contact_id, session, service, digest, place, turn, prompt_id,"
        " wake_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (contact_id) DO UPDATE SET session = excluded.session,"
        " service = excluded.service, digest = excluded.digest, place = excluded.place,"
        " turn = excluded.turn, prompt_id = excluded.prompt_id, wake_at = excluded.wake_at,"
        " updated_at = excluded.updated_at",
        contact_id,
        vault.seal(_PLACE, _encode(session)),
        session.service,
        session.digest,
        session.place,
        session.turn,
        prompt_id,
        to_ms(session.wake_at) if session.wake_at else None,
        now,
    )


def set_talking(tx: Tx, contact_id: int, officer_id: int | None) -> None:
    """Record which officer speaks with the person."""
    tx.run("UPDATE conversation SET talking_to = ? WHERE contact_id = ?", officer_id, contact_id)


def due(tx: Tx, now: int, limit: int = 200) -> list[tuple[int, int]]:
    """Return (contact_id, turn) of conversations whose time has come, longest waiting first."""
    rows = tx.all(
        "SELECT contact_id, turn FROM conversation WHERE wake_at <= ? ORDER BY wake_at LIMIT ?",
        now,
        limit,
    )
    return [(row[0], row[1]) for row in rows]


def woken(tx: Tx, contact_id: int, turn: int) -> None:
    """The clock has told it; it will ask again, unless it went on meanwhile."""
    tx.run(
        "UPDATE conversation SET wake_at = NULL WHERE contact_id = ? AND turn = ?", contact_id, turn
    )
