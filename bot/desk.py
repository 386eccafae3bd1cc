"""One office at work: its parts, and the door through which every event comes in."""

from __future__ import annotations

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
    from bot.clock import Clock
    from bot.jobs import Jobs
    from bot.limits import PersonLimits
    from bot.sender import Sender
    from bot.settings import Config
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
    clock: Clock = field(init=False)
    limits: PersonLimits = field(init=False)

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
