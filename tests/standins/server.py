"""What both stand-ins share: a port of their own, planned refusals, a journal, remote control."""

from __future__ import annotations

import asyncio
import signal
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from aiohttp import web
from msgspec import Struct, field

S = TypeVar("S", bound="Standin")
_BODY = 64 * 1024 * 1024


class Refusal(Struct):
    """What happens to the next ``times`` calls that match, in place of success.

    ``to`` is a chat or number, ``method`` a Bot API method or ``Messages``; empty matches any.
    ``done`` lets the call take effect first; ``drop`` then cuts the connection; ``slow`` is
    seconds of waiting before anything. A refusal that is only slow succeeds in the end.
    """

    status: int = 200
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    to: str = ""
    method: str = ""
    times: int = 1
    done: bool = False
    drop: bool = False
    slow: float = 0.0


class Standin(ABC):
    """A server on a loopback port. Use ``async with``, or ``start`` and ``stop``.

    ``journal`` gets one JSON line for every message that took effect.
    """

    name = "standin"

    def __init__(self, journal: Path | None = None) -> None:
        self.refusals: list[Refusal] = []
        self.sent: list[Any] = []
        self.url = ""
        self._journal = journal.open("ab", buffering=0) if journal else None
        self._runner: web.AppRunner | None = None
        self._arrived = asyncio.Event()

    async def __aenter__(self: S) -> S:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        """Listen; ``url`` is the base to configure."""
        app = web.Application(client_max_size=_BODY)
        app.router.add_post("/_standin/refuse", self._refuse)
        app.router.add_get("/_standin/sent", self._tell)
        self.add_routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, backlog=1024)
        await site.start()
        taken = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{taken}"

    async def stop(self) -> None:
        """Stop listening and let waiting calls go."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    @abstractmethod
    def add_routes(self, app: web.Application) -> None:
        """Add the platform's own routes."""

    def refuse(self, **plan: Any) -> None:
        """Plan a refusal; plans are used up in the order in which they match."""
        self.refusals.append(Refusal(**plan))

    def record(self, message: Any) -> None:
        """Keep a message that took effect."""
        self.sent.append(message)
        if self._journal is not None:
            self._journal.write(msgspec.json.encode(message) + b"\n")
        self._arrived.set()

    async def wait_for(self, count: int, seconds: float = 10.0) -> list[Any]:
        """Wait until so many messages were sent and return all."""
        async with asyncio.timeout(seconds):
            while len(self.sent) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return self.sent

    async def answer(
        self,
        request: web.Request,
        method: str,
        to: str,
        effect: Callable[[], web.StreamResponse],
    ) -> web.StreamResponse:
        """Let a call take effect, unless a plan says otherwise."""
        plan = self._plan(method, to)
        if plan is None:
            return effect()
        if plan.slow:
            await asyncio.sleep(plan.slow)
        plain = plan.status == 200 and not plan.body
        result = effect() if plan.done or (plain and not plan.drop) else None
        if plan.drop:
            if request.transport is not None:
                request.transport.close()
            return web.Response(status=500)
        if plain and result is not None:
            return result
        return web.Response(
            status=plan.status,
            body=msgspec.json.encode(plan.body),
            content_type="application/json",
            headers=plan.headers,
        )

    def _plan(self, method: str, to: str) -> Refusal | None:
        for plan in self.refusals:
            if plan.method in ("", method) and plan.to in ("", to):
                plan.times -= 1
                if plan.times <= 0:
                    self.refusals.remove(plan)
                return plan
        return None

    async def _refuse(self, request: web.Request) -> web.Response:
        self.refusals.append(msgspec.json.decode(await request.read(), type=Refusal))
        return web.Response()

    async def _tell(self, request: web.Request) -> web.Response:
        start = int(request.query.get("from", "0"))
        body = msgspec.json.encode(self.sent[start:])
        return web.Response(body=body, content_type="application/json")


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until a condition holds, looking often."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def as_json(value: object, status: int = 200) -> web.Response:
    """Answer with JSON."""
    body = msgspec.json.encode(value)
    return web.Response(body=body, status=status, content_type="application/json")


async def serve(standin: Standin, port: int) -> None:
    """Run a stand-in by itself until it is told to stop; the first line printed is its address."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await standin.start(port)
    print(standin.url, flush=True)  # noqa: T201
    await stopped.wait()
    await standin.stop()
