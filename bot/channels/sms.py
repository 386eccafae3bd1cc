"""SMS: words and numbers only, cut to what a phone joins, through whichever port the office has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import structlog

from bot.channels import gsm7
from bot.channels.cost import Cost
from bot.channels.parts import Parts, Step
from bot.channels.pieces import pieces_of
from bot.channels.protocol import Fault, FetchError, Receipt, Rendered, SendError
from bot.channels.twilio_reading import SMS
from bot.papers.uploads import Uploads
from bot.setup.settings import Prices
from flows.events import Envelope

log = structlog.get_logger()

_FREE = Prices()
_MOST_JOINED = 8
"""Pieces that go out as one text: phones of every age join so many."""


class SmsPort(Protocol):
    """A way into the telephone network."""

    async def send(self, number: str, text: str) -> str:
        """Hand over one text and return the port's id of it; raises SendError."""

    def read(self, payload: Mapping[str, object]) -> list[Envelope]:
        """Turn what the port tells into events."""

    async def missed(self, since: datetime) -> list[Envelope]:
        """Return the events since then that may not have reached us; raises SendError."""

    async def close(self) -> None:
        """Let go of connections."""


class SmsChannel:
    """The desk by SMS; ``rate`` in texts per second. Files come by ``uploads``' page."""

    name = SMS
    window_hours = 0.0
    takes_media = False

    def __init__(
        self,
        port: SmsPort,
        rate: float = 1.0,
        chat_rate: float = 1.0,
        uploads: Uploads | None = None,
        prices: Prices = _FREE,
        cost: Cost | None = None,
    ) -> None:
        self.rate = rate
        self.chat_rate = chat_rate
        self.group_rate = chat_rate
        self.port = port
        self._uploads = uploads
        self._price = prices.sms
        self._cost = cost or Cost()
        self._parts = Parts()

    def read(self, payload: Mapping[str, object]) -> list[Envelope]:
        """Turn what the port tells into events."""
        return self.port.read(payload)

    async def missed(self, since: datetime) -> list[Envelope]:
        """Return the events since then that may not have reached us; raises SendError."""
        return await self.port.missed(since)

    async def send(self, address: str, message: Rendered) -> Receipt:
        """Send plain words with the choices as numbers; files stay behind."""
        texts = pieces_of(message, gsm7.room(_MOST_JOINED), gsm7.SMS, numbered=True)
        if not texts:
            raise SendError(Fault.CONTENT, "an SMS carries words only")
        if message.files:
            log.info("files stay behind: an SMS carries words only", files=len(message.files))
        return await self._parts.send(address, message, [self._step(address, t) for t in texts])

    async def fetch(self, ref: str, limit: int) -> bytes:
        """Return a file that its sender put on the upload page; raises FetchError."""
        if self._uploads is None:
            raise FetchError("an SMS carries no files", gone=True)
        return await self._uploads.fetch(ref, limit)

    async def forget(self, ref: str) -> None:
        """Remove such a file, now that the desk keeps it; raises StorageUnavailable."""
        if self._uploads is not None:
            await self._uploads.forget(ref)

    async def open(self) -> None:
        """Nothing is held open: each message is a call of its own."""

    async def close(self) -> None:
        """Let go of connections."""
        await self.port.close()

    def _step(self, address: str, text: str) -> Step:
        async def step() -> str:
            handed = await self.port.send(address, text)
            self._cost.pieces += gsm7.pieces(text)
            self._cost.charge(self.name, self._price * gsm7.pieces(text))
            return handed

        return step
