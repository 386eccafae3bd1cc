"""Telegram's updates, taken right off the connection: a general server costs more than a turn.

A call that came whole, in one piece and with the right secret is taken here. Everything else, also
a webhook call that looks odd in any way, goes through uvicorn and the site as ever.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

from bot.web.patience import PatientProtocol
from bot.web.webhooks import SECRET_HEADER, TELEGRAM_PATH

if TYPE_CHECKING:
    from bot.web.webhooks import TelegramWebhook

log = structlog.get_logger()
_START = f"POST {TELEGRAM_PATH} HTTP/1.1\r\n".encode()
_ODD = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"connection", b"content-encoding"})
_ANSWERS = {
    200: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    503: b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
}
_BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"


def express(webhook: TelegramWebhook | None) -> type[PatientProtocol]:
    """Return what speaks HTTP on each connection."""
    if webhook is None:
        return PatientProtocol
    return type("Express", (_Express,), {"webhook": webhook})


class _Express(PatientProtocol):
    """One connection."""

    webhook: TelegramWebhook

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._between = True
        self._taking: asyncio.Task[None] | None = None
        self._taken = False
        self._last = False

    def data_received(self, data: bytes) -> None:
        body = self._update_in(data) if data.startswith(_START) else None
        if body is None:
            super().data_received(data)
            return
        self._unset_keepalive_if_required()
        # Whatever comes before this one is answered has to wait for its turn.
        self.transport.pause_reading()
        self._taken = True
        self._taking = self.loop.create_task(self._take(body))

    def on_message_begin(self) -> None:
        self._between = False
        super().on_message_begin()

    def on_message_complete(self) -> None:
        self._between = True
        super().on_message_complete()

    def _look(self, answered: Any) -> None:
        if self._taken or self._taking is not None:
            self._taken = False
            self._look_later(answered)
        else:
            super()._look(answered)

    def shutdown(self) -> None:
        if self._taking is None:
            super().shutdown()
        self._last = True

    def _update_in(self, data: bytes) -> bytes | None:
        """Return the body where this is one whole call, genuine and plain, and nothing is open."""
        busy = self.cycle is not None and not self.cycle.response_complete
        end = data.find(b"\r\n\r\n")
        if busy or not self._between or end < 0:
            return None
        headers: dict[bytes, bytes] = {}
        for line in data[len(_START) : end].split(b"\r\n"):
            name, _, value = line.partition(b":")
            name = name.lower()
            if name in headers or name in _ODD:
                return None
            headers[name] = value.strip()
        body = data[end + 4 :]
        if headers.get(b"content-length") != b"%d" % len(body):
            return None
        return body if self.webhook.is_genuine(headers.get(SECRET_HEADER, b"")) else None

    async def _take(self, body: bytes) -> None:
        try:
            answer = _ANSWERS[await self.webhook.take(body)]
        except Exception:
            log.exception("an update could not be taken")
            answer = _BROKEN
        self._taking = None
        if self.transport.is_closing():
            return
        self.transport.write(answer)
        self.transport.resume_reading()
        self.on_response_complete()
        if self._last:
            self.transport.close()
