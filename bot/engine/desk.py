"""One office at work: its parts, and the door through which every event comes in."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from bot.channels.cost import Cost
from bot.channels.protocol import Channel, SendError
from bot.engine.worker import TurnFailed
from flows.events import Envelope
from flows.office import Office
from storage import inbox, outbox
from storage.database import Database, Tx
from storage.files import Files
from storage.instant import to_ms
from storage.vault import Vault

if TYPE_CHECKING:
    from bot.engine.clock import Clock
    from bot.engine.company import Company
    from bot.engine.jobs import Jobs
    from bot.engine.limits import PersonLimits
    from bot.engine.sender import Sender
    from bot.engine.worker import Worker
    from bot.setup.settings import Config
    from bot.words.wording import Wording

log = structlog.get_logger()
_STATUS_TRIES = 5
_STATUS_PAUSE = 0.2


@dataclass
class Desk:
    """Everything that turns, jobs, channels and pages share. ``now`` is the clock.

    ``calls`` counts what platforms told, by who did and what became of it.
    """

    config: Config
    office: Office
    db: Database
    vault: Vault
    files: Files
    wording: Wording
    now: Callable[[], datetime]
    trial: bool = False
    channels: dict[str, Channel] = field(default_factory=dict)
    cost: Cost = field(default_factory=Cost)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    worker: Worker = field(init=False)
    sender: Sender = field(init=False)
    jobs: Jobs = field(init=False)
    clock: Clock = field(init=False)
    limits: PersonLimits = field(init=False)
    company: Company = field(init=False)

    async def accept(self, envelopes: Sequence[Envelope]) -> None:
        """Store these events; they are durable when this returns.

        Repeated ones are known by their key and change nothing. Raises StorageUnavailable.
        """
        if not envelopes:
            return
        instant = to_ms(self.now())
        stored: list[inbox.Accepted | None] = []

        def unit(tx: Tx) -> None:
            # All are stored before the first turn is taken: what a person wrote in one go arrived
            # before the answer to its first piece.
            at_once = self.worker.takes_at_once
            stored[:] = [
                inbox.accept(tx, self.vault, envelope, instant, at_once=at_once)
                for envelope in envelopes
            ]
            # One commit for both: turns are taken in the transaction that stores their events.
            self.worker.take_at_once(tx, [new for new in stored if new is not None])

        try:
            await self.db.write(unit)
        except TurnFailed as failure:
            first = failure
            failed = [new is not None and new.seq == failure.seq for new in stored]
            await self.db.write(lambda tx: self._keep(tx, envelopes, failed, first))

    def _keep(
        self, tx: Tx, envelopes: Sequence[Envelope], failed: Sequence[bool], failure: TurnFailed
    ) -> None:
        """Store events without their turns, one of which has failed; their lanes take them."""
        for envelope, was_it in zip(envelopes, failed, strict=True):
            new = inbox.accept(tx, self.vault, envelope, to_ms(self.now()))
            if new is not None:
                self.worker.take_later(tx, new, failure if was_it else None)

    async def delivered(
        self,
        channel: str,
        platform_id: str,
        status: str,
        rank: Mapping[str, int],
        fault: SendError | None = None,
    ) -> None:
        """Record a platform's word on a message; a late lesser one changes nothing.

        A ``fault`` is what a refusal at once would have been: the message is tried again or given
        up, and an officer sees it. The word may come before we have noted the message's own id.
        """

        def record(tx: Tx) -> int | None:
            known = outbox.record_status(tx, channel, platform_id, status, rank)
            if known and fault is not None:
                self.sender.refused_later(tx, outbox.handed(tx, self.vault, known), fault)
            return known

        for _ in range(_STATUS_TRIES):
            if await self.db.write(record) is not None:
                return
            await asyncio.sleep(_STATUS_PAUSE)
        log.warning("a status belongs to no message of ours", channel=channel, status=status)
