"""Keeping nothing longer than it is needed (UU 27/2022): what the retention ends, goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from bot.channels.screen import Screen
from bot.engine.turn import Turn
from bot.papers import documents, outgoing
from storage import audit, complaints, conversations, retention
from storage.database import Tx
from storage.instant import to_ms

if TYPE_CHECKING:
    from bot.engine.desk import Desk

# Platforms repeat what they sent for a day: for longer than that a repetition must be known.
_LEAST_MESSAGES = timedelta(days=3)
_CODES = timedelta(days=1)


async def tidy(desk: Desk) -> None:
    """Remove all that is past its time, in portions; raises StorageUnavailable."""
    kept, now = desk.config.retention, desk.now()

    def ago(days: float, least: timedelta = timedelta(0)) -> int:
        return to_ms(now - max(timedelta(days=days), least))

    messages = ago(kept.messages_days, _LEAST_MESSAGES)
    units: dict[str, Callable[[Tx], int]] = {
        "messages": lambda tx: retention.forget_messages(tx, messages),
        "codes": lambda tx: retention.forget_codes(tx, to_ms(now - _CODES)),
        "audit": lambda tx: retention.forget_audit(tx, ago(365.25 * kept.audit_years)),
        "documents": lambda tx: _discard(desk, tx, ago(kept.documents_days)),
        "requests": lambda tx: retention.purge_requests(tx, ago(kept.answers_days)),
        "complaints": lambda tx: complaints.purge_closed(tx, ago(kept.answers_days)),
        "letters": lambda tx: _purge_letters(desk, tx, ago(365.25 * kept.letters_years)),
    }
    for what, unit in units.items():
        while await desk.db.write(partial(_noted, what, unit, to_ms(now))):
            pass
    await _discard_forgotten(desk, to_ms(now - _draft(desk)))
    for channel in desk.channels.values():
        if isinstance(channel, Screen):
            await channel.sweep()
    await outgoing.sweep(desk)


def _noted(what: str, unit: Callable[[Tx], int], now: int, tx: Tx) -> int:
    """Purge a portion and write into the audit how many it were: a protocol without a name."""
    count = unit(tx)
    if count:
        audit.note(tx, now, None, f"purged.{what}", str(count))
    return count


def _draft(desk: Desk) -> timedelta:
    """After this long what is half-finished has ended, or somebody still writes."""
    return timedelta(hours=desk.office.limits.expire_after)


def _discard(desk: Desk, tx: Tx, before: int) -> int:
    found = retention.papers_of_closed(tx, before)
    documents.discard(Turn(desk, tx, desk.now()), found)
    return len(found)


def _purge_letters(desk: Desk, tx: Tx, before: int) -> int:
    turn = Turn(desk, tx, desk.now())
    found = retention.purge_letters(tx, before)
    for letter_id, file in found:
        turn.job("delete", f"delete-letter:{letter_id}", {"files": [file]})
    return len(found)


async def _discard_forgotten(desk: Desk, before: int) -> None:
    """Discard papers that no conversation needs any more, as after a crash in between."""
    reached = 0

    def portion(tx: Tx) -> int:
        turn = Turn(desk, tx, desk.now())
        found = retention.papers_of_nobody(tx, before, reached)
        needed = {contact: _needed(desk, tx, contact) for contact in {one[1] for one in found}}
        documents.discard(turn, [paper for paper, contact in found if paper not in needed[contact]])
        return found[-1][0] if found else 0

    while last := await desk.db.write(portion):
        reached = last


def _needed(desk: Desk, tx: Tx, contact_id: int) -> set[int]:
    session = conversations.load(tx, desk.vault, contact_id).session
    return {page.id for pages in session.documents.values() for page in pages}
