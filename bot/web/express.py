"""Telegram's updates, taken right off the connection: a general server costs more than a turn.

A call that came whole, in one piece and with the right secret is taken here. Everything else, also
a webhook call that looks odd in any way, goes through uvicorn and the site as ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import structlog

from bot.web.patience import PatientProtocol
from bot.web.webhooks import SECRET_HEADER, TELEGRAM_PATH, Taken

log = structlog.get_logger()
_START = f"POST {TELEGRAM_PATH} HTTP/1.1\r\n".encode()
_ODD = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"connection", b"content-encoding"})
_ANSWERS = {
    200: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    503: b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
}
_BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"


class Taker(Protocol):
    """Who takes an office's updates."""

    def is_genuine(self, secret: bytes) -> bool:
        """Is this header's value the secret that only Telegram was told?"""

    async def take(self, body: bytes) -> Taken:
        """Take a genuine call's body and return what to answer with."""


def express(taker: Taker | None) -> type[PatientProtocol]:
    """Return what speaks HTTP on each connection of an office that is alone."""
    if taker is None:
        return PatientProtocol
    return type("Express", (_Express,), {"taker": taker})


def express_to(find: Callable[[bytes], Taker | None]) -> type[PatientProtocol]:
    """Return the same for several offices; ``find`` knows them by their ``Host``."""
    return type("ExpressTo", (_ExpressTo,), {"find": staticmethod(find)})


class _Express(PatientProtocol):
    """One connection."""

    taker: Taker | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._between = True
        self._taking: asyncio.Task[None] | None = None
        self._taken = False
        self._last = False

    def data_received(self, data: bytes) -> None:
        call = self._call_in(data) if data.startswith(_START) else None
        if call is None:
            super().data_received(data)
            return
        self._unset_keepalive_if_required()
        # Whatever comes before this one is answered has to wait for its turn.
        self.transport.pause_reading()
        self._taken = True
        self._taking = self.loop.create_task(self._take(*call))

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

    def _taker(self, host: bytes) -> Taker | None:
        return self.taker

    def _call_in(self, data: bytes) -> tuple[Taker, bytes] | None:
        """Return whose update: one whole call, genuine and plain, while nothing is open."""
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
        taker = self._taker(headers.get(b"host", b""))
        if taker is None or not taker.is_genuine(headers.get(SECRET_HEADER, b"")):
            return None
        return taker, body

    async def _take(self, taker: Taker, body: bytes) -> None:
        try:
            taken = await taker.take(body)
            answer = _with(taken.reply) if taken.reply else _ANSWERS[taken.status]
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


def _with(reply: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        len(reply),
        reply,
    )


class _ExpressTo(_Express):
    """One connection to several offices."""

    find: Callable[[bytes], Taker | None]

    def _taker(self, host: bytes) -> Taker | None:
        return self.find(host)
