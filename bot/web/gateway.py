"""``POST /sms/webhook``: what the office's own SMS gateway tells."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response

from bot.channels import http
from bot.channels.gateway import RANK, Gateway, read_report
from bot.channels.twilio_reading import SMS
from bot.web.pages import plain
from bot.web.webhooks import accepted, read_body
from storage.database import StorageUnavailable

if TYPE_CHECKING:
    from bot.engine.desk import Desk

log = structlog.get_logger()
_SECONDS = 10.0
_MOST_BYTES = 256_000
_TIMESTAMP, _SIGNATURE = "x-timestamp", "x-signature"


class GatewayWebhook:
    """Takes signed reports: a text that came in, or what became of one that went out."""

    def __init__(self, desk: Desk, gateway: Gateway) -> None:
        self._desk = desk
        self._gateway = gateway

    async def take(self, request: Request) -> Response:
        """Keep what was told; acknowledged only when it is durable, or senseless."""
        body = await read_body(dict(request.scope["headers"]), request.receive, _MOST_BYTES)
        if body is None:
            return self._answer("large", 413)
        moment = request.headers.get(_TIMESTAMP, "")
        signature = request.headers.get(_SIGNATURE, "")
        if not self._gateway.is_genuine(body, moment, signature, time.time()):
            return self._answer("forbidden", 403)
        try:
            told = msgspec.json.decode(http.mended(body), type=dict[str, object])
        except (ValueError, msgspec.MsgspecError):
            return self._answer("unreadable", 200)
        report = read_report(told)
        if report is not None:
            try:
                await self._desk.delivered(
                    SMS, report.platform_id, report.status, RANK, report.error
                )
            except StorageUnavailable:
                return self._answer("not_kept", 503)
            return self._answer("status", 200)
        envelopes = self._gateway.read(told)
        if not envelopes:
            return self._answer("senseless", 200)
        if not await accepted(self._desk, envelopes, _SECONDS):
            return self._answer("not_kept", 503)
        return self._answer("kept", 200)

    def _answer(self, result: str, status: int) -> Response:
        self._desk.calls["sms_gateway", result] += 1
        if result in ("unreadable", "senseless"):
            log.info("the SMS gateway told what the desk has no use for", result=result)
        return plain("ok" if status == 200 else result, status)
