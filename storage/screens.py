"""What a person at a screen said and was told, in order: the whole chat, or what is new."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from flows.events import AnyEvent, Envelope
from flows.messages import Message
from storage.database import Tx
from storage.vault import Vault

_MOST = 300
_read_event = msgspec.json.Decoder(Envelope).decode
_read_message = msgspec.json.Decoder(Message).decode


class Said(NamedTuple):
    """An event that came from the screen; ``key`` is its own name for it, ``at`` milliseconds."""

    seq: int
    key: str
    at: int
    event: AnyEvent


class Told(NamedTuple):
    """A message that was handed to the screen."""

    id: int
    at: int
    message: Message


class Place(NamedTuple):
    """How far a screen has read: its newest outbox and inbox row."""

    told: int = 0
    said: int = 0


def lines(
    tx: Tx, vault: Vault, contact_id: int, channel: str, after: Place
) -> tuple[list[Said | Told], Place]:
    """Return what follows ``after`` in order, and how far that is.

    A message stands after every event that had arrived when it was handed over: the order is
    that of the rows, never of the clock.
    """
    said = tx.all(
        "SELECT seq, key, received_at, body FROM inbox"
        " WHERE lane = ? AND channel = ? AND seq > ? AND body IS NOT NULL ORDER BY seq LIMIT ?",
        contact_id,
        channel,
        after.said,
        _MOST,
    )
    told = tx.all(
        "SELECT id, COALESCE(handed_seq, 0), COALESCE(sent_at, created_at), body FROM outbox"
        " WHERE contact_id = ? AND id > ? AND state IN (1, 2) ORDER BY id LIMIT ?",
        contact_id,
        after.told,
        _MOST,
    )
    merged: list[tuple[tuple[int, int, int], Said | Told]] = []
    for seq, key, at, body in said:
        event = _read_event(vault.unseal("inbox.body", body)).event
        merged.append(((seq, 0, 0), Said(seq, key, at, event)))
    for row, handed, at, body in told:
        message = _read_message(vault.unseal("outbox.body", body))
        merged.append(((handed, 1, row), Told(row, at, message)))
    merged.sort(key=lambda line: line[0])
    place = Place(told[-1][0] if told else after.told, said[-1][0] if said else after.said)
    return [line for _, line in merged], place


def one_told(tx: Tx, vault: Vault, contact_id: int, row: int) -> Message | None:
    """Return a single message of this contact, None where it is not theirs."""
    found = tx.one("SELECT body FROM outbox WHERE id = ? AND contact_id = ?", row, contact_id)
    return _read_message(vault.unseal("outbox.body", found[0])) if found else None


def one_said(tx: Tx, vault: Vault, contact_id: int, channel: str, key: str) -> AnyEvent | None:
    """Return a single event of this contact, None where it is not theirs."""
    found = tx.one(
        "SELECT body FROM inbox WHERE channel = ? AND key = ? AND lane = ? AND body IS NOT NULL",
        channel,
        key,
        contact_id,
    )
    return _read_event(vault.unseal("inbox.body", found[0])).event if found else None


def busy(tx: Tx, contact_id: int) -> bool:
    """Tell whether something this contact said, or is to be told, is still under way."""
    row = tx.one(
        "SELECT EXISTS (SELECT 1 FROM inbox WHERE lane = ? AND state = 0)"
        " OR EXISTS (SELECT 1 FROM outbox WHERE contact_id = ? AND state = 0)"
        " OR EXISTS (SELECT 1 FROM document WHERE contact_id = ? AND state = 'fetching')",
        contact_id,
        contact_id,
        contact_id,
    )
    return bool(row and row[0])


def seat(tx: Tx, contact_id: int, officer_id: int) -> None:
    """An officer works at this screen from now on."""
    tx.run(
        "UPDATE contact SET kind = 'officer', officer_id = ?, state = 'open' WHERE id = ?",
        officer_id,
        contact_id,
    )


def leave(tx: Tx, channel: str, contact_id: int | None = None) -> None:
    """Nobody looks at this screen any more, or at any screen of the channel: tell it nothing."""
    if contact_id is None:
        tx.run("UPDATE contact SET state = 'blocked' WHERE channel = ?", channel)
    else:
        tx.run("UPDATE contact SET state = 'blocked' WHERE id = ?", contact_id)
