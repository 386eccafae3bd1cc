"""SMS through Twilio. In Indonesia it sends; it does not receive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.channels.twilio_account import TwilioAccount
from bot.channels.twilio_reading import SMS, read_form
from flows.events import Envelope


class TwilioSms:
    """A port at Twilio; ``sender`` is our number or a messaging service (MG…)."""

    def __init__(self, account: TwilioAccount, sender: str) -> None:
        self._account = account
        self._sender = sender

    async def send(self, number: str, text: str) -> str:
        """Hand over one text and return its sid; raises SendError."""
        origin = "MessagingServiceSid" if self._sender.startswith("MG") else "From"
        return await self._account.send({"To": number, origin: self._sender, "Body": text})

    def read(self, payload: Mapping[str, object]) -> list[Envelope]:
        """Turn the form of a webhook into events; the key is the MessageSid."""
        return [event for event in read_form(payload) if event.channel == SMS]

    async def missed(self, since: datetime) -> list[Envelope]:
        """Return the events since then that may not have reached us; raises SendError."""
        forms = await self._account.missed(self._sender, since)
        return [event for form in forms for event in self.read(form)]

    async def close(self) -> None:
        """Let go of connections."""
        await self._account.close()
