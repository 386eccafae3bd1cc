"""The outbox: every message once, in order to each contact, until a platform took it.

Announcements (priority 1) have a line of their own (``storage/announcements.py``): nothing here
waits behind them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from flows.messages import Message
from storage.contacts import ContactRow
from storage.database import Row, Tx
from storage.vault import Unreadable, Vault

WAITING, HANDED, SENT, FAILED, REPLACED = 0, 1, 2, 3, 4
_PLACE = "outbox.body"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Message).decode
UNREADABLE = (Unreadable, msgspec.MsgspecError, UnicodeDecodeError)
HANDED_ROWS = (
    "SELECT o.id, o.contact_id, o.channel, o.tries, o.send_at, o.body,"
    " c.kind, c.state, c.address, c.heard_at, o.state, o.priority, o.unsure"
    " FROM outbox o JOIN contact c ON c.id = o.contact_id"
)


class Handed(NamedTuple):
    """A message that is being handed to a platform, and where to."""

    id: int
    contact_id: int
    tries: int
    kind: str
    contact_state: str
    address: str
    heard_at: int
    channel: str
    message: Message
    priority: int = 0
    unsure: int = 0


class Head(NamedTuple):
    """The message at the head of a contact's line; ``send_at`` is when it may go."""

    channel: str
    kind: str
    send_at: int


def add(
    tx: Tx,
    vault: Vault,
    contact_id: int,
    message: Message,
    now: int,
    *,
    key: str | None = None,
    prompt: bool = False,
    send_at: int = 0,
) -> int:
    """Put a message at the end of a contact's line and return its id; 0 when the key was used.

    A prompt takes the place of older prompts that were not handed over: the person is asked one
    thing at a time. The contact's lane is held: its messages are numbered in the order of commits.
    """
    tx.lock(contact_id)
    if key is not None and tx.one("SELECT 1 FROM outbox WHERE key = ?", key):
        return 0
    if prompt:
        tx.run(
            "UPDATE outbox SET state = 4 WHERE contact_id = ? AND state = 0 AND prompt = 1"
            " AND tries = 0",
            contact_id,
        )
    return tx.add(
        "INSERT INTO outbox (contact_id, channel, key, request_id, state, priority, prompt, tries,"
        " send_at, platform_id, status, error, body, created_at)"
        " VALUES (?, (SELECT channel FROM contact WHERE id = ?), ?, ?, 0, 0, ?, 0, ?, '', '', '',"
        " ?, ?)",
        contact_id,
        contact_id,
        key,
        message.request or None,
        int(prompt),
        send_at,
        sealed(vault, message),
        now,
    )


def is_clear(tx: Tx, contact_id: int) -> bool:
    """Does nothing wait for a contact, nor is on its way? Its lane is held from here on."""
    tx.lock(contact_id)
    return not tx.one(
        "SELECT 1 FROM outbox WHERE contact_id = ? AND state < 2 AND priority = 0 LIMIT 1",
        contact_id,
    )


def hand(
    tx: Tx,
    vault: Vault,
    contact: ContactRow,
    message: Message,
    now: int,
    *,
    prompt: bool,
    newest: int,
) -> Handed:
    """Put a message into a clear line and claim it in the same breath; ``newest`` is the event.

    It saves what ``add`` and ``claim`` would do to the same row one after the other.
    """
    body = _encode(message)
    row = tx.add(
        "INSERT INTO outbox (contact_id, channel, request_id, state, priority, prompt, tries,"
        " owner, handed_seq, send_at, platform_id, status, error, body, created_at)"
        " VALUES (?, ?, ?, 1, 0, ?, 1, ?, ?, 0, '', '', '', ?, ?)",
        contact.id,
        contact.channel,
        message.request or None,
        int(prompt),
        tx.owner,
        newest,
        vault.seal(_PLACE, body),
        now,
    )
    return Handed(
        id=row,
        contact_id=contact.id,
        tries=1,
        kind=contact.kind,
        contact_state=contact.state,
        address=vault.unseal("contact.address", contact.address or b"").decode(),
        heard_at=contact.heard_at or 0,
        channel=contact.channel,
        # As it will be read if it has to be sent again.
        message=_decode(body),
    )


def head(tx: Tx, contact_id: int) -> Head | None:
    """Return what is next for a contact and nobody hands over, without touching it."""
    row = tx.one(
        "SELECT c.channel, c.kind, o.send_at, o.state FROM outbox o"
        " JOIN contact c ON c.id = o.contact_id"
        " WHERE o.contact_id = ? AND o.state < 2 AND o.priority = 0 ORDER BY o.id LIMIT 1",
        contact_id,
    )
    return Head(row[0], row[1], row[2]) if row and row[3] == WAITING else None


def claim(tx: Tx, vault: Vault, contact_id: int, now: int) -> Handed | int:
    """Mark the contact's next message as handed over and return it.

    Returns 0 when nothing waits or one is being handed over, else when the next one may go. A row
    that cannot be read is given up, so that it holds up nothing.
    """
    row = tx.one(
        f"{HANDED_ROWS} WHERE o.contact_id = ? AND o.state < 2 AND o.priority = 0"
        " ORDER BY o.id LIMIT 1",
        contact_id,
    )
    if row is None or row[10] == HANDED:
        return 0
    if row[4] > now:
        return int(row[4])
    try:
        handed = opened(vault, row, row[3] + 1)
    except UNREADABLE:
        give_up(tx, row[0], "unreadable")
        return claim(tx, vault, contact_id, now)
    claimed = tx.run(
        "UPDATE outbox SET state = 1, tries = tries + 1, owner = ?,"
        " handed_seq = COALESCE(handed_seq, (SELECT MAX(seq) FROM inbox))"
        " WHERE id = ? AND state = 0",
        tx.owner,
        row[0],
    )
    # Another process was quicker, or the message was replaced.
    return handed if claimed else claim(tx, vault, contact_id, now)


def sealed(vault: Vault, message: Message) -> bytes:
    """Return a message as its row holds it."""
    return vault.seal(_PLACE, _encode(message))


def opened(vault: Vault, row: Row, tries: int) -> Handed:
    """Return one of ``HANDED_ROWS``; raises whatever makes it ``UNREADABLE``."""
    return Handed(
        id=row[0],
        contact_id=row[1],
        tries=tries,
        kind=row[6],
        contact_state=row[7],
        address=vault.unseal("contact.address", row[8]).decode(),
        heard_at=row[9] or 0,
        channel=row[2],
        message=_decode(vault.unseal(_PLACE, row[5])),
        priority=row[11],
        unsure=row[12],
    )


def sent(tx: Tx, outbox_id: int, platform_id: str, now: int) -> None:
    """The platform took it."""
    tx.run(
        "UPDATE outbox SET state = 2, platform_id = ?, status = 'sent', sent_at = ?, error = ''"
        " WHERE id = ?",
        platform_id,
        now,
        outbox_id,
    )


def later(tx: Tx, outbox_id: int, send_at: int, error: str) -> None:
    """Try again at that instant; it keeps its place.

    Where it may have arrived, what the person writes from now on may answer it.
    """
    tx.run(
        "UPDATE outbox SET state = 0, send_at = ?, error = ?,"
        " handed_seq = CASE WHEN unsure > 0 THEN handed_seq END WHERE id = ?",
        send_at,
        error,
        outbox_id,
    )


def doubt(tx: Tx, outbox_id: int) -> None:
    """Nobody knows whether it arrived: the connection broke after it was handed over."""
    tx.run("UPDATE outbox SET unsure = unsure + 1 WHERE id = ?", outbox_id)


def give_up(tx: Tx, outbox_id: int, error: str) -> None:
    """It will not be sent; an officer sees why."""
    tx.run(
        "UPDATE outbox SET state = 3, status = 'failed', error = ? WHERE id = ?", error, outbox_id
    )


def waiting(tx: Tx, vault: Vault, contact_id: int) -> list[tuple[int, Message]]:
    """Return (id, message) of what waits for a contact, oldest first; what is unreadable is not."""
    rows = tx.all(
        "SELECT id, body FROM outbox WHERE contact_id = ? AND state < 2 AND priority = 0"
        " ORDER BY id",
        contact_id,
    )
    found = []
    for outbox_id, body in rows:
        try:
            found.append((int(outbox_id), _decode(vault.unseal(_PLACE, body))))
        except UNREADABLE:
            continue
    return found


def give_up_all(tx: Tx, contact_id: int, error: str) -> int:
    """Nothing more can reach this contact: give up all that waits for it."""
    return tx.run(
        "UPDATE outbox SET state = 3, status = 'failed', error = ?"
        " WHERE contact_id = ? AND state < 2",
        error,
        contact_id,
    )


def again(tx: Tx, outbox_id: int) -> int | None:
    """Try a message that was given up once more; return its contact."""
    if not tx.run(
        "UPDATE outbox SET state = 0, tries = 0, send_at = 0 WHERE id = ? AND state = 3", outbox_id
    ):
        return None
    row = tx.one("SELECT contact_id FROM outbox WHERE id = ?", outbox_id)
    return row[0] if row else None


def left_behind(tx: Tx, before: int, limit: int = 1000) -> list[int]:
    """Return contacts for whom something waits that could have gone before that instant."""
    rows = tx.all(
        "SELECT DISTINCT contact_id FROM outbox WHERE state < 2 AND state = 0 AND priority = 0"
        " AND send_at < ? AND created_at < ? LIMIT ?",
        before,
        before,
        limit,
    )
    return [row[0] for row in rows]


def free(tx: Tx) -> int:
    """What a process that has gone was handing over goes again; return how many it were."""
    return tx.run(
        "UPDATE outbox SET state = 0 WHERE state < 2 AND state = 1"
        " AND (owner IS NULL OR owner NOT IN (SELECT id FROM process))"
    )


def recover(tx: Tx) -> list[int]:
    """Free what those who have gone were handing over; return all for whom something waits."""
    free(tx)
    rows = tx.all(
        "SELECT contact_id FROM outbox WHERE state < 2 AND state = 0 AND priority = 0"
        " GROUP BY contact_id ORDER BY MIN(id)"
    )
    return [row[0] for row in rows]


def record_status(
    tx: Tx, channel: str, platform_id: str, status: str, rank: Mapping[str, int]
) -> int | None:
    """Keep the platform's furthest word on a message; words arrive late and twice.

    Returns the message, 0 when that word is no news, None when the message is not known (yet).
    """
    row = tx.one(
        "SELECT id, status FROM outbox WHERE channel = ? AND platform_id = ? AND platform_id <> ''",
        channel,
        platform_id,
    )
    if row is None:
        return None
    if rank.get(status, -1) <= rank.get(row[1], -1):
        return 0
    tx.run("UPDATE outbox SET status = ? WHERE id = ?", status, row[0])
    return int(row[0])


def handed(tx: Tx, vault: Vault, outbox_id: int) -> Handed:
    """Return a message that was handed to a platform before; raises LookupError."""
    row = tx.one(f"{HANDED_ROWS} WHERE o.id = ?", outbox_id)
    if row is None:
        raise LookupError(f"no message {outbox_id}")
    return opened(vault, row, row[3])
