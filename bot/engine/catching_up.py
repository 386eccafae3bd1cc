"""Fetching what people sent while no webhook could reach the desk.

At the start, and every few minutes: the line may have been down while the desk was not. What is
known already is known by its key.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from bot.channels.protocol import Recalls, SendError
from storage.database import StorageUnavailable, Tx
from storage.instant import from_ms

if TYPE_CHECKING:
    from bot.engine.desk import Desk

log = structlog.get_logger()
_EVERY_SECONDS = 600.0
_AGAIN_SECONDS = 60.0
_OVERLAP = timedelta(minutes=15)
_LONGEST = timedelta(days=7)


class CatchUp:
    """Asks the platforms that keep what they could not deliver."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._until: dict[str, datetime] = {}

    @property
    def needed(self) -> bool:
        """Whether there is a channel that can be asked."""
        return any(isinstance(one, Recalls) for one in self._desk.channels.values())

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            fine = await self.look()
            await asyncio.sleep(_EVERY_SECONDS if fine else _AGAIN_SECONDS)

    async def look(self) -> bool:
        """Take in what was missed; False when a platform could not be asked."""
        fine = True
        for channel in self._desk.channels.values():
            if not isinstance(channel, Recalls):
                continue
            now = self._desk.now()
            try:
                since = await self._since(channel.name, now)
                await self._desk.accept(await channel.missed(since))
            except (SendError, StorageUnavailable) as error:
                log.warning(
                    "what was missed cannot be fetched", channel=channel.name, why=str(error)
                )
                fine = False
            else:
                self._until[channel.name] = now
        return fine

    async def _since(self, channel: str, now: datetime) -> datetime:
        """Return when it was last certain that nothing was missed."""
        known = self._until.get(channel)
        if known is None:
            heard = await self._desk.db.read(lambda tx: _last_heard(tx, channel))
            known = from_ms(heard) if heard else now - timedelta(days=1)
        return max(known - _OVERLAP, now - _LONGEST)


def _last_heard(tx: Tx, channel: str) -> int:
    row = tx.one("SELECT MAX(heard_at) FROM contact WHERE channel = ?", channel)
    return int(row[0]) if row and row[0] else 0
