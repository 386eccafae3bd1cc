"""What reached Twilio while no webhook reached the desk, read through Twilio's own client."""

from __future__ import annotations

import asyncio
import importlib
import logging
from datetime import datetime
from typing import Any

from bot.channels import http
from bot.channels.protocol import SendError
from bot.channels.twilio_errors import refusal


class _Login:
    """Hands Twilio's client a ready header: its own way of signing in is deprecated by aiohttp."""

    def __init__(self, header: str) -> None:
        self._header = header

    def to_auth_strategy(self) -> _Login:
        """Return itself: there is nothing to renew."""
        return self

    def get_auth_string(self) -> str:
        """Return the Authorization header."""
        return self._header


async def missed_messages(
    sid: str, login: str, api_base: str, to: str, since: datetime
) -> list[dict[str, str]]:
    """Return inbound messages since then, oldest first, as the forms a webhook would have had.

    ``login`` is the Authorization header. Buttons come as their words. Raises SendError.
    """
    client = await _client(sid, login, api_base)
    try:
        found = await client.messages.list_async(to=to, date_sent_after=since)
        received = [message for message in found if message.direction == "inbound"]
        received.sort(key=lambda message: message.date_sent or message.date_created or since)
        return [await _as_form(client, api_base, message) for message in received]
    except http.FAILURES as error:
        raise http.unreachable("Twilio", error) from None
    except importlib.import_module("twilio.base.exceptions").TwilioException as error:
        raise _refusal(error) from None
    finally:
        await client.http_client.close()


async def _client(sid: str, login: str, api_base: str) -> Any:
    # In a thread: the import takes a quarter of a second.
    rest = await asyncio.to_thread(importlib.import_module, "twilio.rest")
    transport = importlib.import_module("twilio.http.async_http_client")
    # It writes what it sends and gets into its log: numbers and words.
    logging.getLogger("twilio").setLevel(logging.WARNING)
    client = rest.Client(
        account_sid=sid,
        credential_provider=_Login(login),
        http_client=transport.AsyncTwilioHttpClient(),
        # Not the process's own: a region named there would lead past ``api_base``.
        environment={"TWILIO_REGION": ""},
    )
    client.api.base_url = api_base
    return client


async def _as_form(client: Any, api_base: str, message: Any) -> dict[str, str]:
    form = {
        "MessageSid": str(message.sid),
        "From": str(message.from_ or ""),
        "To": str(message.to or ""),
        "Body": str(message.body or ""),
        "NumMedia": str(message.num_media or "0"),
        "SmsStatus": "received",
    }
    if form["NumMedia"] != "0":
        media = await client.messages(form["MessageSid"]).media.list_async()
        for place, item in enumerate(media):
            form[f"MediaUrl{place}"] = api_base + str(item.uri).removesuffix(".json")
            form[f"MediaContentType{place}"] = str(item.content_type or "")
    return form


def _refusal(error: Exception) -> SendError:
    return refusal(getattr(error, "code", None) or 0, getattr(error, "status", None) or 500)
