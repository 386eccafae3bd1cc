"""The announcements' line of the outbox: behind everything that a person waits for.

Their rows are the outbox's, with priority 1; ``storage/broadcasts.py`` holds what they announce.
"""

from __future__ import annotations

from collections.abc import Sequence

from flows.messages import Message
from storage import outbox
from storage.database import Tx
from storage.vault import Vault


def add(
    tx: Tx,
    vault: Vault,
    broadcast_id: int,
    contact_ids: Sequence[int],
    message: Message,
    now: int,
) -> int:
    """Put an announcement into the line of its own for these contacts; return how many are new.

    Each contact gets a broadcast once, however often this is done. All rows share one sealed body.
    """
    body = outbox.sealed(vault, message)
    return sum(
        tx.run(
            "INSERT INTO outbox (contact_id, channel, key, state, priority, prompt, tries, send_at,"
            " platform_id, status, error, body, created_at, broadcast_id)"
            " SELECT id, channel, ?, 0, 1, 0, 0, 0, '', '', '', ?, ?, ? FROM contact WHERE id = ?"
            " ON CONFLICT (key) DO NOTHING",
            f"broadcast:{broadcast_id}:{contact_id}",
            body,
            now,
            broadcast_id,
            contact_id,
        )
        for contact_id in contact_ids
    )


def claim(tx: Tx, vault: Vault, channel: str, now: int, limit: int) -> list[outbox.Handed] | int:
    """Mark the channel's next announcements as handed over and return them, oldest first.

    Those of a paused broadcast wait. Returns 0 where none is left, else when the next may go.
    """
    rows = tx.all(
        f"{outbox.HANDED_ROWS} JOIN broadcast b ON b.id = o.broadcast_id AND b.state = 'running'"
        " WHERE o.state < 2 AND o.priority = 1 AND o.channel = ? AND o.state = 0 AND o.send_at <= ?"
        " ORDER BY o.id LIMIT ?",
        channel,
        now,
        limit,
    )
    found = []
    for row in rows:
        try:
            handed = outbox.opened(vault, row, row[3] + 1)
        except outbox.UNREADABLE:
            outbox.give_up(tx, row[0], "unreadable")
            continue
        sql = "UPDATE outbox SET state = 1, tries = tries + 1, owner = ? WHERE id = ? AND state = 0"
        if tx.run(sql, tx.owner, row[0]):
            found.append(handed)
    if found or rows:
        return found
    later = tx.one(
        "SELECT MIN(o.send_at) FROM outbox o"
        " JOIN broadcast b ON b.id = o.broadcast_id AND b.state = 'running'"
        " WHERE o.state < 2 AND o.priority = 1 AND o.channel = ? AND o.state = 0",
        channel,
    )
    return (later and later[0]) or 0


def release(tx: Tx, outbox_id: int, send_at: int = 0) -> None:
    """What was claimed was not handed over after all: it keeps its place."""
    tx.run(
        "UPDATE outbox SET state = 0, tries = tries - 1, send_at = ?, handed_seq = NULL"
        " WHERE id = ? AND state = 1",
        send_at,
        outbox_id,
    )
