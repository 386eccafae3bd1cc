"""The platforms' webhooks: acknowledged only when durable, held a few seconds, then 503."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import structlog

from bot.channels import http
from bot.channels.telegram_reading import acknowledgement
from bot.web import patience
from flows.events import Envelope
from storage.database import StorageUnavailable

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from bot.channels.telegram import TelegramChannel
    from bot.engine.desk import Desk

log = structlog.get_logger()
TELEGRAM_PATH = "/telegram/webhook"
_TELEGRAM_SECONDS = 5.0
_MOST_BYTES = 1_000_000
SECRET_HEADER = b"x-telegram-bot-api-secret-token"
_read = msgspec.json.Decoder(dict[str, Any]).decode


class Taken(NamedTuple):
    """What to answer a platform: the status, and JSON that it is to do something with."""

    status: int
    reply: bytes = b""


class TelegramWebhook:
    """``POST /telegram/webhook`` as a plain ASGI function: every update passes here."""

    def __init__(self, desk: Desk, channel: TelegramChannel) -> None:
        self._desk = desk
        self._channel = channel

    @classmethod
    def of(cls, desk: Desk) -> TelegramWebhook | None:
        """Return the webhook of a desk that speaks Telegram."""
        from bot.channels.telegram import TelegramChannel

        channel = desk.channels.get("telegram")
        return cls(desk, channel) if isinstance(channel, TelegramChannel) else None

    def is_genuine(self, secret: bytes) -> bool:
        """Is this header's value the secret that only Telegram was told?"""
        return self._channel.is_genuine(secret.decode("latin-1"))

    async def take(self, body: bytes) -> Taken:
        """Take a genuine call's body and return what to answer with."""
        taken, result = await self._kept(body)
        self._desk.calls["telegram", result] += 1
        return taken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, reply = await self._checked(scope, receive)
        await answer(send, status, reply, b"application/json" if reply else b"text/plain")

    async def _checked(self, scope: Scope, receive: Receive) -> Taken:
        headers = dict(scope["headers"])
        if scope["method"] != "POST":
            return self._refused(405, "method")
        if not self.is_genuine(headers.get(SECRET_HEADER, b"")):
            return self._refused(403, "forbidden")
        body = await read_body(headers, receive, _MOST_BYTES)
        return self._refused(413, "large") if body is None else await self.take(body)

    def _refused(self, status: int, result: str) -> Taken:
        self._desk.calls["telegram", result] += 1
        return Taken(status)

    async def _kept(self, body: bytes) -> tuple[Taken, str]:
        update = _decoded(body)
        if update is None:
            # It will not become readable by being sent again, and what follows it must not wait.
            log.warning("telegram sent what cannot be read", bytes=len(body))
            return Taken(200), "unreadable"
        if not await accepted(self._desk, self._channel.read(update), _TELEGRAM_SECONDS):
            return Taken(503), "not_kept"
        return Taken(200, acknowledgement(update)), "kept"


def _decoded(body: bytes) -> dict[str, Any] | None:
    """Read an update, without lone halves of signs if need be; None for what is none."""
    try:
        return _read(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    try:
        return _read(http.mended(body))
    except (msgspec.MsgspecError, ValueError):
        return None


async def accepted(desk: Desk, envelopes: Sequence[Envelope], seconds: float) -> bool:
    """Make events durable within so many seconds; tell whether they are.

    What becomes durable after that is known by its key when the platform repeats it.
    """
    try:
        async with asyncio.timeout(seconds):
            await desk.accept(envelopes)
    except (StorageUnavailable, TimeoutError) as error:
        log.error("an event could not be kept: the platform repeats it", error=str(error))
        return False
    return True


async def read_body(headers: dict[bytes, bytes], receive: Receive, limit: int) -> bytes | None:
    """Read a body of at most ``limit`` bytes; None when it is larger.

    None too when its sender went away, or is so slow that nobody can be waiting for the answer.
    """
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or int(length) > limit:
        return None
    try:
        async with asyncio.timeout(patience.for_body(limit)):
            return await _received(receive, limit)
    except TimeoutError:
        return None


async def _received(receive: Receive, limit: int) -> bytes | None:
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > limit:
            return None
        if not message.get("more_body", False):
            return b"".join(pieces)


async def answer(send: Send, status: int, body: bytes = b"", mime: bytes = b"text/plain") -> None:
    """Answer a platform."""
    headers = [(b"content-length", str(len(body)).encode()), (b"content-type", mime)]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
