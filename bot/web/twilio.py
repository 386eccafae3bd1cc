"""Twilio's webhooks: WhatsApp and SMS that came in, and what became of what went out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import structlog
from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import Response

from bot.channels.twilio_reading import RANK, channel_of, read_status
from bot.channels.whatsapp import WhatsAppChannel
from bot.web.pages import plain
from bot.web.webhooks import accepted, read_body
from storage.database import StorageUnavailable

if TYPE_CHECKING:
    from bot.channels.twilio_account import TwilioAccount
    from bot.engine.desk import Desk

log = structlog.get_logger()
_SECONDS = 10.0
_MOST_BYTES = 256_000
_MOST_FIELDS = 500
_EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
Form = ImmutableMultiDict[str, str]


class TwilioWebhooks:
    """``POST /twilio/webhook`` and ``POST /twilio/status`` of one account."""

    def __init__(self, desk: Desk, account: TwilioAccount) -> None:
        self._desk = desk
        self._account = account

    async def inbound(self, request: Request) -> Response:
        """Keep what a citizen sent; an empty TwiML answers."""
        form = await self._form(request)
        if isinstance(form, Response):
            return form
        name = channel_of(_plain(form))
        channel = self._desk.channels.get(name)
        envelopes = channel.read(_plain(form)) if channel is not None else []
        if not envelopes:
            log.warning("twilio sent what the desk has no use for", fields=len(form))
            self._desk.calls[name, "senseless"] += 1
            return _twiml()
        if not await accepted(self._desk, envelopes, _SECONDS):
            self._desk.calls[name, "not_kept"] += 1
            return plain("try again", 503)
        self._desk.calls[name, "kept"] += 1
        return _twiml()

    async def status(self, request: Request) -> Response:
        """Record what became of a message."""
        form = await self._form(request)
        if isinstance(form, Response):
            return form
        status = read_status(_plain(form))
        if status is None:
            self._desk.calls["twilio", "senseless"] += 1
            return _twiml()
        name = channel_of(_plain(form))
        channel, fault = self._desk.channels.get(name), status.error()
        if isinstance(channel, WhatsAppChannel):
            fault = channel.menus.reconsidered(status.platform_id, fault)
        try:
            await self._desk.delivered(name, status.platform_id, status.status, RANK, fault)
        except StorageUnavailable:
            return plain("try again", 503)
        self._desk.calls["twilio", "status"] += 1
        return _twiml()

    async def _form(self, request: Request) -> Form | Response:
        body = await read_body(dict(request.scope["headers"]), request.receive, _MOST_BYTES)
        if body is None:
            self._desk.calls["twilio", "large"] += 1
            return plain("too large", 413)
        words = body.decode("utf-8", "replace")
        is_json = request.headers.get("content-type", "").startswith("application/json")
        form = Form([] if is_json else _fields(words))
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        signature = request.headers.get("x-twilio-signature")
        if not self._account.is_genuine(path, words if is_json else form, signature):
            self._desk.calls["twilio", "forbidden"] += 1
            return plain("forbidden", 403)
        return form


def _fields(words: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(words, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return []


def _plain(form: Form) -> Mapping[str, object]:
    return dict(form.items())


def _twiml() -> Response:
    return Response(_EMPTY, media_type="text/xml")
