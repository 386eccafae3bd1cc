"""How an officer gets a file alone: attached where the channel carries files, else by one link."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from storage import links

if TYPE_CHECKING:
    from bot.engine.turn import Turn

_NO_FILES = ("terminal", "sms")


def carries_files(channel: str) -> bool:
    """Whether a file sent over this channel can be opened there."""
    return channel not in _NO_FILES


def one_time(turn: Turn, kind: str, ref: int, officer_id: int, lasting: timedelta) -> str:
    """Return an address that opens once, for so long; its opening is recorded as that officer's."""
    desk = turn.desk
    code = links.make(turn.tx, desk.vault, kind, str(ref), officer_id, turn.now + lasting)
    return f"{desk.config.public_url.rstrip('/')}/berkas/{code}"
