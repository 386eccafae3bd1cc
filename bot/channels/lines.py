"""Kept connections to one platform: JSON out, an answer back, and nothing that costs more.

A general client costs more than the whole turn that made the message. One request at a time goes
over a connection; one that broke while it was idle is not used again.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from contextlib import suppress
from time import monotonic
from typing import cast

import httptools
from yarl import URL

_MOST_LINES = 100
_MOST_BYTES = 32_000_000
# Shorter than the platforms': a connection they are about to close is not used again.
_KEEP_ALIVE = 25.0
_CONNECT_SECONDS = 10.0


class NotConnected(OSError):
    """The platform could not be reached: nothing was sent."""


class Lines:
    """Connections to the host of ``base``, made when they are needed."""

    def __init__(self, base: str) -> None:
        url = URL(base)
        self._host, self._port = url.host or "", url.port or 443
        self._secure = ssl.create_default_context() if url.scheme == "https" else None
        authority = url.raw_authority.rpartition("@")[2]
        self._head = f"Host: {authority}\r\nContent-Type: application/json\r\nContent-Length: "
        self._idle: list[_Line] = []
        self._count = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def post(self, path: str, body: bytes, seconds: float = 30.0) -> tuple[int, bytes]:
        """Return status and body of the answer; raises NotConnected, OSError or TimeoutError."""
        head = f"POST {path} HTTP/1.1\r\n{self._head}{len(body)}\r\n\r\n"
        line = await self._line()
        try:
            return await line.ask(head.encode("ascii") + body, seconds)
        finally:
            self._give_back(line)

    async def close(self) -> None:
        """Let go of all connections that nobody uses."""
        while self._idle:
            self._idle.pop().hang_up()
            self._count -= 1

    async def _line(self) -> _Line:
        while self._count >= _MOST_LINES and not self._idle:
            await self._turn()
        while self._idle:
            line = self._idle.pop()
            if line.fresh(monotonic()):
                return line
            line.hang_up()
            self._count -= 1
        self._count += 1
        try:
            return await self._connect()
        except BaseException:
            self._left()
            raise

    async def _turn(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._call_next()
            raise

    async def _connect(self) -> _Line:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                _, line = await loop.create_connection(
                    _Line, self._host, self._port, ssl=self._secure
                )
        except OSError as error:
            raise NotConnected(type(error).__name__) from None
        return line

    def _give_back(self, line: _Line) -> None:
        if line.fresh(monotonic()):
            self._idle.append(line)
            self._call_next()
        else:
            line.hang_up()
            self._left()

    def _left(self) -> None:
        self._count -= 1
        self._call_next()

    def _call_next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return


class _Line(asyncio.Protocol):
    """One connection; httptools reads what comes back."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._size = 0
        self._used = monotonic()

    def fresh(self, now: float) -> bool:
        """May another request go over it?"""
        idle = self._transport is not None and self._answer is None
        return idle and now - self._used < _KEEP_ALIVE

    async def ask(self, request: bytes, seconds: float) -> tuple[int, bytes]:
        """Send a request and wait for its answer, so long at most."""
        if self._transport is None:
            raise NotConnected("closed")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[tuple[int, bytes]] = loop.create_future()
        self._answer = answer
        self._transport.write(request)
        patience = loop.call_later(seconds, self._fail, TimeoutError())
        try:
            return await answer
        finally:
            patience.cancel()
            if not answer.done() or answer.cancelled():
                # Whoever asked is gone: the answer that comes belongs to nobody.
                self.hang_up()

    def hang_up(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    # --- what the loop tells ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not inherit from asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._fail(ConnectionResetError("the platform hung up"))

    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            # Nobody asked: whatever this is, it answers nothing.
            self.hang_up()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._fail(ConnectionError("the platform does not speak HTTP"))

    # --- what the parser tells --------------------------------------------------------------------

    def on_body(self, body: bytes) -> None:
        self._body.append(body)
        self._size += len(body)
        if self._size > _MOST_BYTES:
            self._fail(ConnectionError("the answer has no end"))

    def on_message_complete(self) -> None:
        answer, self._answer = self._answer, None
        status, body = self._parser.get_status_code(), b"".join(self._body)
        self._body, self._size, self._used = [], 0, monotonic()
        if not self._parser.should_keep_alive():
            self.hang_up()
        if answer is not None and not answer.done():
            answer.set_result((status, body))

    def _fail(self, error: Exception) -> None:
        answer, self._answer = self._answer, None
        self.hang_up()
        if answer is not None:
            with suppress(asyncio.InvalidStateError):
                answer.set_exception(error)
