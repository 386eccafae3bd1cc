"""Figures and pauses on both engines: the same rows, the same answers."""

from __future__ import annotations

from datetime import UTC, datetime

from flows.events import Text
from flows.messages import Message
from storage import contacts, figures, inbox, jobs, outbox, waits
from storage.database import Database, Tx
from storage.instant import to_ms
from storage.vault import Vault

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
VAULT = Vault(bytes(32))


def fill(tx: Tx) -> None:
    """Let one of each wait since a minute before, and one of each be put off for an hour."""
    then, later = to_ms(NOW) - 60_000, to_ms(NOW) + 3_600_000
    contact = contacts.meet(tx, VAULT, "telegram", "1", then)
    inbox.put(tx, VAULT, contact, Text("halo"), "a", then)
    inbox.put(tx, VAULT, contact, Text("halo"), "b", then)
    outbox.add(tx, VAULT, contact, Message([]), then)
    outbox.add(tx, VAULT, contact, Message([]), then, send_at=later)
    jobs.add(tx, VAULT, "fetch", "a", {}, then)
    jobs.add(tx, VAULT, "fetch", "b", {}, later)
    tx.run("UPDATE inbox SET retry_at = ? WHERE seq = (SELECT max(seq) FROM inbox)", later)


async def test_what_waits_is_counted(database: Database) -> None:
    await database.write(fill)
    found = await database.read(lambda tx: figures.look(tx, NOW))
    assert found.inbox == figures.Queue(2, 60.0)
    assert found.answers == {"telegram": figures.Queue(2, 60.0)}
    assert found.announcements == {}
    assert found.jobs == figures.Queue(2, 60.0)
    assert found.failed == {"inbox": 0, "outbox": 0, "jobs": 0}
    assert found.requests == []
    assert found.database_bytes > 100_000


async def test_what_was_put_off_is_let_go(database: Database) -> None:
    await database.write(fill)
    assert await database.write(lambda tx: waits.let_go(tx, to_ms(NOW))) == 3
    assert await database.write(lambda tx: waits.let_go(tx, to_ms(NOW))) == 0
    due = await database.read(
        lambda tx: tx.one("SELECT count(*) FROM job WHERE run_at <= ?", to_ms(NOW))
    )
    assert due is not None
    assert due[0] == 2
