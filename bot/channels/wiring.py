"""WhatsApp and SMS, as the configuration wants them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bot.channels.gateway import Gateway
from bot.channels.protocol import Channel
from bot.channels.sms import SmsChannel, SmsPort
from bot.channels.twilio_account import TwilioAccount
from bot.channels.twilio_sms import TwilioSms
from bot.channels.whatsapp import WhatsAppChannel
from bot.papers import outgoing
from bot.papers.uploads import Uploads
from bot.setup.settings import Config
from storage import settings as facts

if TYPE_CHECKING:
    from bot.engine.desk import Desk


def twilio_channels(config: Config, desk: Desk) -> dict[str, Channel]:
    """Return WhatsApp and SMS, those of them that have a sender; they share one account."""
    twilio = config.twilio
    account = TwilioAccount(
        twilio.sid.reveal(), twilio.token.reveal(), twilio.api_base, config.public_url
    )
    channels: dict[str, Channel] = {}
    if twilio.whatsapp:
        templates = {name: template.content_sid for name, template in twilio.templates.items()}
        # Files are fetched from us: where Twilio cannot reach us, words go alone.
        publish = partial(outgoing.publish, desk) if account.reaches_us else None
        channels["whatsapp"] = WhatsAppChannel(
            account,
            twilio.whatsapp_from,
            twilio.rate,
            templates,
            publish,
            memory=_Memory(desk),
            prices=config.broadcast.prices,
            cost=desk.cost,
        )
    if twilio.sms:
        port = TwilioSms(account, twilio.sms_from)
        channels["sms"] = _sms(desk, port)
    return channels


class _Memory:
    """Remembers ContentSids among the facts of the installation."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def recall(self, name: str) -> str:
        return await self._desk.db.read(lambda tx: facts.get(tx, name)) or ""

    async def remember(self, name: str, value: str) -> None:
        await self._desk.db.write(lambda tx: facts.put(tx, name, value))


def _sms(desk: Desk, port: SmsPort) -> SmsChannel:
    rate = desk.config.twilio.sms_rate
    uploads = Uploads(desk.vault, desk.files)
    prices = desk.config.broadcast.prices
    return SmsChannel(port, rate, uploads=uploads, prices=prices, cost=desk.cost)


def gateway_channel(desk: Desk) -> SmsChannel:
    """Return SMS through the office's own gateway, which hears as well as it speaks."""
    settings = desk.config.sms_gateway
    return _sms(desk, Gateway(settings.url, settings.secret.reveal()))
