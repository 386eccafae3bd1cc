"""SMS through Twilio: words and numbers only. In Indonesia it sends; it does not receive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import structlog

from bot import markup
from bot.channels.parts import Parts, Step
from bot.channels.pieces import pieces_of
from bot.channels.protocol import Fault, Receipt, Rendered, SendError
from bot.channels.twilio_account import TwilioAccount
from bot.channels.twilio_reading import SMS, read_form
from flows.events import Envelope

log = structlog.get_logger()

_TEXT = 1600


class SmsChannel:
    """The desk by SMS; ``sender`` is our number or a messaging service (MG…)."""

    name = SMS
    window_hours = 0.0

    def __init__(
        self, account: TwilioAccount, sender: str, rate: float = 1.0, chat_rate: float = 1.0
    ) -> None:
        self.rate = rate
        self.chat_rate = chat_rate
        self.group_rate = chat_rate
        self.account = account
        self._sender = sender
        self._parts = Parts()

    def read(self, payload: Mapping[str, object]) -> list[Envelope]:
        """Turn the form of a webhook into events; the key is the MessageSid."""
        return [event for event in read_form(payload) if event.channel == self.name]

    async def missed(self, since: datetime) -> list[Envelope]:
        """Return the events since then that may not have reached us; raises SendError."""
        forms = await self.account.missed(self._sender, since)
        return [event for form in forms for event in self.read(form)]

    async def send(self, address: str, message: Rendered) -> Receipt:
        """Send plain words with the choices as numbers; files stay behind."""
        pieces = pieces_of(message, _TEXT, markup.PLAIN, numbered=True)
        if not pieces:
            raise SendError(Fault.CONTENT, "an SMS carries words only")
        if message.files:
            log.warning("a message goes out without its files", reason="an SMS carries words only")
        steps = [self._step(address, piece) for piece in pieces]
        return await self._parts.send(address, message, steps)

    async def fetch(self, ref: str, limit: int) -> bytes:
        """Return a file by its MediaUrl, of at most ``limit`` bytes; raises FetchError."""
        return await self.account.media.fetch(ref, limit)

    async def open(self) -> None:
        """Nothing is needed before the first message."""

    async def close(self) -> None:
        """Let go of connections."""
        await self.account.close()

    def _step(self, address: str, piece: str) -> Step:
        origin = "MessagingServiceSid" if self._sender.startswith("MG") else "From"
        # Twilio swaps typographic signs for plain ones: 160 instead of 70 to a segment.
        params = {"To": address, origin: self._sender, "Body": piece, "SmartEncoded": "true"}

        async def step() -> str:
            return await self.account.send(params)

        return step
