"""Updates taken right off the connection: only whole, plain and genuine ones; the rest as ever."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn

from bot.web.express import express
from bot.web.webhooks import Taken

SECRET = "rahasia"
OK = b"HTTP/1.1 200"


class Webhook:
    """Takes what it is given, as slowly as it is told; ``site`` is what came the long way."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.site: list[str] = []
        self.pause = 0.0

    def is_genuine(self, secret: bytes) -> bool:
        return secret == SECRET.encode()

    async def take(self, body: bytes) -> Taken:
        await asyncio.sleep(self.pause)
        if body == b"broken":
            raise ValueError("a fault")
        self.taken.append(body)
        if body == b"button":
            return Taken(200, b'{"method":"answerCallbackQuery"}')
        return Taken(503 if body == b"full" else 200)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.site.append(f"{scope['method']} {scope['path']} {body.decode()}")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"site"})


class Served:
    """A server with that webhook."""

    def __init__(self, webhook: Webhook, server: uvicorn.Server) -> None:
        self.webhook = webhook
        self.server = server
        self.port: int = server.servers[0].sockets[0].getsockname()[1]

    async def said(self, *pieces: bytes, until: int = 1) -> bytes:
        """Send pieces one after another and return what came back, with so many answers."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        found = b""
        try:
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0.03)
            while found.count(b"HTTP/1.1 ") < until:
                found += await asyncio.wait_for(reader.read(65536), 5)
            return found
        finally:
            writer.close()


def call(body: bytes, secret: str = SECRET, more: str = "") -> bytes:
    head = f"X-Telegram-Bot-Api-Secret-Token: {secret}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    return b"POST /telegram/webhook HTTP/1.1\r\nHost: desk\r\n" + head.encode() + body


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    webhook = Webhook()
    kind: Any = express(webhook)  # type: ignore[arg-type]
    config = uvicorn.Config(
        webhook, port=0, http=kind, lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign]
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield Served(webhook, server)
    server.should_exit = True
    await serving


async def test_a_whole_call_is_taken_and_the_connection_stays(served: Served) -> None:
    found = await served.said(
        call(b"one"), call(b"two"), b"GET / HTTP/1.1\r\nHost: d\r\n\r\n", until=3
    )
    assert found.count(OK) == 3
    assert served.webhook.taken == [b"one", b"two"]
    assert served.webhook.site == ["GET / "]


async def test_what_telegram_is_to_do_comes_with_the_answer(served: Served) -> None:
    found = await served.said(call(b"button"), call(b"one"), until=2)
    head, _, rest = found.partition(b"\r\n\r\n")
    assert head.startswith(OK)
    assert b"Content-Type: application/json\r\nContent-Length: 32" in head
    assert rest.startswith(b'{"method":"answerCallbackQuery"}' + OK)


@pytest.mark.parametrize(
    "odd",
    [
        call(b"x", secret="wrong"),
        call(b"x", more="Expect: 100-continue\r\n"),
        call(b"x", more="Connection: close\r\n"),
        call(b"x", more=f"X-Telegram-Bot-Api-Secret-Token: {SECRET}\r\n"),
    ],
)
async def test_what_looks_odd_goes_the_long_way(served: Served, odd: bytes) -> None:
    await served.said(odd)
    assert served.webhook.taken == []
    assert served.webhook.site == ["POST /telegram/webhook x"]


async def test_a_call_in_pieces_goes_the_long_way(served: Served) -> None:
    whole = call(b"in pieces")
    await served.said(whole[:60], whole[60:-3], whole[-3:])
    assert served.webhook.site == ["POST /telegram/webhook in pieces"]


async def test_a_call_inside_another_body_is_none(served: Served) -> None:
    inner = call(b"smuggled")
    outer = f"POST /other HTTP/1.1\r\nHost: d\r\nContent-Length: {len(inner)}\r\n\r\n".encode()
    await served.said(outer, inner)
    assert served.webhook.taken == []
    assert served.webhook.site == [f"POST /other {inner.decode()}"]


async def test_calls_in_a_row_are_answered_in_their_order(served: Served) -> None:
    served.webhook.pause = 0.05
    slow = call(b"one")
    found = await served.said(
        slow, b"GET /two HTTP/1.1\r\nHost: d\r\n\r\n", call(b"three"), until=3
    )
    assert found.index(b"site") > found.index(OK)
    assert served.webhook.taken == [b"one", b"three"]
    assert served.webhook.site == ["GET /two "]


async def test_what_was_not_kept_or_broke_is_never_acknowledged(served: Served) -> None:
    assert (await served.said(call(b"full"))).startswith(b"HTTP/1.1 503")
    assert (await served.said(call(b"broken"))).startswith(b"HTTP/1.1 500")


async def test_a_call_under_way_is_answered_before_the_server_stops(served: Served) -> None:
    served.webhook.pause = 0.3
    asking = asyncio.create_task(served.said(call(b"last")))
    await asyncio.sleep(0.1)
    served.server.should_exit = True
    assert (await asking).startswith(OK)
    assert served.webhook.taken == [b"last"]


async def test_a_connection_that_brings_updates_is_not_hung_up_on(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web.patience.PatientProtocol.seconds", 0.1)
    found = await served.said(*(call(str(n).encode()) for n in range(12)), until=12)
    assert found.count(OK) == 12
