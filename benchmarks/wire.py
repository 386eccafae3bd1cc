"""HTTP/1.1 as thin as it goes, so that the measuring side is never what is measured."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import msgspec

_LENGTH = b"content-length:"


class Button(msgspec.Struct):
    """``callback_data`` is what a press sends back."""

    callback_data: str = ""


class Keyboard(msgspec.Struct):
    """The buttons under a message, in rows."""

    inline_keyboard: list[list[Button]] = []


class Call(msgspec.Struct):
    """What the stand-in reads of a call to the Bot API."""

    chat_id: int | str = 0
    reply_markup: Keyboard | None = None
    file_id: str = ""


class Reply(msgspec.Struct):
    """A call within the answer of a webhook; some answer with an object that is none."""

    method: str = ""


_reply = msgspec.json.Decoder(Reply).decode
_call = msgspec.json.Decoder(Call).decode
_keyboard = msgspec.json.Decoder(Keyboard).decode
Answer = Callable[[str, Call], bytes]


class Whole:
    """Collects one message; ``feed`` returns its head and body once they are there."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> tuple[bytes, bytes] | None:
        data = self._buffer + data if self._buffer else data
        end = data.find(b"\r\n\r\n")
        if end >= 0:
            head = data[:end].lower()
            at = head.find(_LENGTH)
            length = int(head[at + len(_LENGTH) :].split(b"\r", 1)[0]) if at >= 0 else 0
            if len(data) >= end + 4 + length:
                self._buffer = b""
                return data[:end], data[end + 4 :]
        self._buffer = data
        return None


class BotApi(asyncio.Protocol):
    """The Bot API's side of a connection; ``answer`` gives the JSON result of a method."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._whole = Whole()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        found = self._whole.feed(data)
        if found is None:
            return
        head, body = found
        path = head[: head.index(b"\r\n")].split(b" ", 2)[1].decode()
        content = self._answer(path.rsplit("/", 1)[1], _read(body))
        start = b'{"ok":true,"result":' if not path.startswith("/file/") else b""
        end = b"}" if start else b""
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b%b%b"
            % (len(start) + len(content) + len(end), start, content, end)
        )


def _read(body: bytes) -> Call:
    if body[:1] == b"{":
        return _call(body)
    if not body or body[:2] == b"--":
        return Call()
    form = parse_qs(body.decode())
    markup = form.get("reply_markup")
    return Call(
        chat_id=form.get("chat_id", ["0"])[0],
        reply_markup=_keyboard(markup[0].encode()) if markup else None,
    )


class Poster(asyncio.Protocol):
    """Telegram's side of a webhook connection: posts an update, waits for its acknowledgement.

    A call to the Bot API may come with it: ``called`` gets its method, as Telegram would do it.
    """

    def __init__(self, head: bytes, called: Callable[[str], None] | None = None) -> None:
        self._head = head
        self._called = called
        self._whole = Whole()
        self._done: Callable[[int], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def post(self, body: bytes, done: Callable[[int], None]) -> None:
        """Post one update; ``done`` gets the status."""
        self._done = done
        self._transport.write(b"%bContent-Length: %d\r\n\r\n%b" % (self._head, len(body), body))

    def data_received(self, data: bytes) -> None:
        found = self._whole.feed(data)
        if found is not None and self._done is not None:
            done, self._done = self._done, None
            if self._called is not None and found[1][:1] == b"{":
                method = _reply(found[1]).method
                if method:
                    self._called(method)
            done(int(found[0].split(b" ", 2)[1]))

    def connection_lost(self, error: Exception | None) -> None:
        if self._done is not None:
            self._done(0)


def head_of(port: int, path: str, secret: str) -> bytes:
    """Return the head of a webhook call, all but its length."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"X-Telegram-Bot-Api-Secret-Token: {secret}\r\n"
    ).encode()
