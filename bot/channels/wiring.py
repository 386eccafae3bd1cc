"""WhatsApp and SMS, as the configuration wants them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bot import outgoing
from bot.channels.gateway import Gateway
from bot.channels.protocol import Channel
from bot.channels.sms import SmsChannel
from bot.channels.twilio_account import TwilioAccount
from bot.channels.twilio_sms import TwilioSms
from bot.channels.whatsapp import WhatsAppChannel
from bot.settings import Config

if TYPE_CHECKING:
    from bot.desk import Desk


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
            account, twilio.whatsapp_from, twilio.rate, templates, publish
        )
    if twilio.sms:
        channels["sms"] = SmsChannel(TwilioSms(account, twilio.sms_from), twilio.sms_rate)
    return channels


def gateway_channel(config: Config) -> SmsChannel:
    """Return SMS through the office's own gateway, which hears as well as it speaks."""
    gateway = Gateway(config.sms_gateway.url, config.sms_gateway.secret.reveal())
    return SmsChannel(gateway, config.twilio.sms_rate)
