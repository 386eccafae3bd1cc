"""The inbox: every event once, in the order of its arrival, until its turn has been taken."""

from __future__ import annotations

import json
from typing import NamedTuple

import msgspec

from flows.events import AnyEvent, Envelope
from storage import contacts
from storage.database import Tx
from storage.vault import Unreadable, Vault

WAITING, DONE, ASIDE = 0, 1, 2
TRIES = 3
_PLACE = "inbox.body"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Envelope).decode


class Damaged(Exception):
    """An event's row cannot be read; ``seq`` is the row."""

    def __init__(self, seq: int) -> None:
        super().__init__(f"event {seq}")
        self.seq = seq


class Waiting(NamedTuple):
    """The next event of a lane; ``retry_at`` is when it may be tried (again)."""

    seq: int
    lane: int
    tries: int
    retry_at: int
    envelope: Envelope


class Accepted(NamedTuple):
    """A new event; ``turn`` is the event itself where it counts as done and is to be taken now."""

    lane: int
    seq: int
    turn: Waiting | None


def accept(
    tx: Tx, vault: Vault, envelope: Envelope, now: int, *, at_once: bool = False
) -> Accepted | None:
    """Store an event from outside; None when it is known already.

    ``at_once`` says that this transaction takes the event's turn or undoes all: where nothing
    older waits in its lane, it is stored as done.
    """
    lane = contacts.meet(
        tx,
        vault,
        envelope.channel,
        envelope.address,
        now,
        aliases=envelope.aliases,
        profile="" if envelope.group else envelope.profile,
        kind="group" if envelope.group else "citizen",
    )
    body = _written(envelope)
    tx.lock(lane)
    next_one = at_once and not tx.one("SELECT 1 FROM inbox WHERE lane = ? AND state = 0", lane)
    seq = _store(tx, vault, envelope, body, lane, now, DONE if next_one else WAITING)
    if not seq:
        return None
    return Accepted(lane, seq, Waiting(seq, lane, 0, 0, _decode(body)) if next_one else None)


def put(tx: Tx, vault: Vault, lane: int, event: AnyEvent, key: str, now: int) -> bool:
    """Store an event of the desk itself; False when that key happened already."""
    envelope = Envelope("desk", key, "", event)
    tx.lock(lane)
    return _store(tx, vault, envelope, _written(envelope), lane, now, WAITING) > 0


def _store(
    tx: Tx, vault: Vault, envelope: Envelope, body: bytes, lane: int, now: int, state: int
) -> int:
    row = tx.one(
        "INSERT INTO inbox (channel, key, lane, state, tries, received_at, body, error)"
        " VALUES (?, ?, ?, ?, 0, ?, ?, '') ON CONFLICT (channel, key) DO NOTHING RETURNING seq",
        envelope.channel,
        envelope.key,
        lane,
        state,
        now,
        vault.seal(_PLACE, body),
    )
    return int(row[0]) if row else 0


def _written(envelope: Envelope) -> bytes:
    """Return an event as JSON; halves of signs, which nothing can keep, become question marks."""
    try:
        return _encode(envelope)
    except UnicodeEncodeError:
        whole = json.dumps(msgspec.to_builtins(envelope), ensure_ascii=False)
        return whole.encode("utf-8", "replace")


def following(tx: Tx, vault: Vault, lane: int) -> Waiting | None:
    """Return the oldest event of the lane whose turn has not been taken; raises Damaged.

    The lane is held: whoever looks, takes its turn.
    """
    tx.lock(lane)
    row = tx.one(
        "SELECT seq, tries, COALESCE(retry_at, 0), body FROM inbox"
        " WHERE lane = ? AND state = 0 ORDER BY seq LIMIT 1",
        lane,
    )
    if row is None:
        return None
    try:
        envelope = _decode(vault.unseal(_PLACE, row[3] or b""))
    except (Unreadable, msgspec.MsgspecError, UnicodeDecodeError):
        raise Damaged(row[0]) from None
    return Waiting(row[0], lane, row[1], row[2], envelope)


def done(tx: Tx, seq: int) -> None:
    """The event's turn was taken; its row stays, so that a repetition is known."""
    tx.run("UPDATE inbox SET state = 1 WHERE seq = ?", seq)


def failed(tx: Tx, seq: int, error: str, retry_at: int) -> bool:
    """Count a failed turn; True when the event is set aside for an officer to see."""
    tx.run(
        "UPDATE inbox SET tries = tries + 1, retry_at = ?, error = ?,"
        " state = CASE WHEN tries + 1 >= ? THEN 2 ELSE 0 END WHERE seq = ?",
        retry_at,
        error,
        TRIES,
        seq,
    )
    row = tx.one("SELECT state FROM inbox WHERE seq = ?", seq)
    return row is not None and row[0] == ASIDE


def waiting_lanes(tx: Tx) -> list[int]:
    """Return the lanes in which something waits, oldest first (at start)."""
    rows = tx.all("SELECT lane FROM inbox WHERE state = 0 GROUP BY lane ORDER BY MIN(seq)")
    return [row[0] for row in rows]


def left_behind(tx: Tx, before: int, limit: int = 1000) -> list[int]:
    """Return lanes in which something waits that came before that instant."""
    rows = tx.all(
        "SELECT DISTINCT lane FROM inbox WHERE state = 0 AND received_at < ? LIMIT ?", before, limit
    )
    return [row[0] for row in rows]


def aside(tx: Tx, limit: int = 20) -> list[tuple[int, int, int, str]]:
    """Return (seq, lane, received_at, error) of events that were set aside, newest first."""
    rows = tx.all(
        "SELECT seq, lane, received_at, error FROM inbox WHERE state = 2 ORDER BY seq DESC LIMIT ?",
        limit,
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def again(tx: Tx, seq: int) -> int | None:
    """Let an event that was set aside be tried once more; return its lane."""
    if not tx.run(
        "UPDATE inbox SET state = 0, tries = 0, retry_at = 0 WHERE seq = ? AND state = 2", seq
    ):
        return None
    row = tx.one("SELECT lane FROM inbox WHERE seq = ?", seq)
    return row[0] if row else None
