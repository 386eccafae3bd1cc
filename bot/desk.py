"""One office at work: its parts, and the door through which every event comes in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from bot.channels.protocol import Channel
from flows.events import Envelope
from flows.office import Office
from storage import inbox, outbox
from storage.database import Database
from storage.files import Files
from storage.instant import to_ms
from storage.vault import Vault

if TYPE_CHECKING:
    import asyncio

    from bot.config import Config
    from bot.jobs import Jobs
    from bot.sender import Sender
    from bot.wording import Wording
    from bot.worker import Worker


@dataclass
class Desk:
    """Everything that turns, jobs, channels and pages share. ``now`` is the clock."""

    config: Config
    office: Office
    db: Database
    vault: Vault
    files: Files
    wording: Wording
    now: Callable[[], datetime]
    trial: bool = False
    channels: dict[str, Channel] = field(default_factory=dict)
    worker: Worker = field(init=False)
    sender: Sender = field(init=False)
    jobs: Jobs = field(init=False)
    _listeners: dict[int, set[asyncio.Event]] = field(default_factory=lambda: defaultdict(set))

    async def accept(self, envelopes: Sequence[Envelope]) -> None:
        """Store these events; they are durable when this returns.

        Repeated ones are known by their key and change nothing. Raises StorageUnavailable.
        """
        if not envelopes:
            return
        instant = to_ms(self.now())
        lanes = await self.db.write(
            lambda tx: [inbox.accept(tx, self.vault, envelope, instant) for envelope in envelopes]
        )
        for lane in lanes:
            if lane is not None:
                self.worker.wake(lane)

    async def delivered(
        self, channel: str, platform_id: str, status: str, rank: dict[str, int], error: str = ""
    ) -> None:
        """Record a platform's word on a message; a late lesser one changes nothing."""
        await self.db.write(
            lambda tx: outbox.record_status(tx, channel, platform_id, status, rank, error)
        )

    def listen(self, contact_id: int, event: asyncio.Event) -> Callable[[], None]:
        """Set ``event`` whenever that contact is sent something; call the result to stop."""
        self._listeners[contact_id].add(event)

        def stop() -> None:
            self._listeners[contact_id].discard(event)
            if not self._listeners[contact_id]:
                del self._listeners[contact_id]

        return stop

    def announce(self, contact_id: int) -> None:
        """Wake those who listen for that contact."""
        for event in self._listeners.get(contact_id, ()):
            event.set()
