"""The web server in front of one office or of many, until the process is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Protocol, TypeVar

import uvicorn

from bot.channels.screen import Screen
from bot.logs import configure_logs, note_lost

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from bot.engine.desk import Desk
    from bot.web.patience import PatientProtocol

_SIGNS = (signal.SIGTERM, signal.SIGINT)


class PortTaken(Exception):
    """Another program listens where the desk should."""


class Served(Protocol):
    """What is served at one address."""

    @property
    def address(self) -> tuple[str, int]:
        """Where to listen."""

    @property
    def desks(self) -> list[Desk]:
        """The desks that are open."""

    def front(self) -> tuple[ASGIApp, type[PatientProtocol]]:
        """Return the pages and webhooks, and what speaks HTTP on each connection."""

    async def start(self) -> None:
        """Set everything to work but the web server."""

    async def stop(self) -> None:
        """Take nothing more in, finish what is under way, let go of the data."""


S = TypeVar("S", bound=Served)


class _Server(uvicorn.Server):
    """Tells those who wait for messages to let go, so that stopping need not wait for them."""

    def __init__(self, config: uvicorn.Config, served: Served) -> None:
        super().__init__(config)
        self._served = served

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop in order at a signal; uvicorn's own way raises it again, and the desks would die."""
        loop = asyncio.get_running_loop()
        for sign in _SIGNS:
            loop.add_signal_handler(sign, self.handle_exit, sign, None)
        try:
            yield
        finally:
            for sign in _SIGNS:
                loop.remove_signal_handler(sign)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        for desk in self._served.desks:
            for channel in desk.channels.values():
                if isinstance(channel, Screen):
                    channel.release()


async def serve(served: S, announce: Callable[[S], Awaitable[None]] | None = None) -> None:
    """Serve until the process is told to stop (SIGTERM, Ctrl-C); then stop in order.

    ``announce`` runs once everything is at work. Raises PortTaken.
    """
    listening = _listen(*served.address)
    site, protocol = served.front()
    config = uvicorn.Config(
        site,
        http=protocol,
        log_config=None,
        access_log=False,
        lifespan="off",
        loop="none",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    try:
        await served.start()
        _spare_the_collector()
        if announce is not None:
            await announce(served)
        await _Server(config, served).serve(sockets=[listening])
    finally:
        await served.stop()


def _spare_the_collector() -> None:
    """Look for rubbish in circles less often, and never through what stays: a fifth of a turn."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        place = f"{host}:{port}"
        raise PortTaken(f"cannot listen at {place} ({reason}): set LOKET_PORT") from error


def run(
    build: Callable[[], Awaitable[S]], announce: Callable[[S], Awaitable[None]] | None = None
) -> None:
    """Build and serve on uvloop where the machine has it; raises DataLocked, PortTaken."""
    with contextlib.suppress(ImportError):
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    os.umask(0o077)

    configure_logs()

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(note_lost)
        await serve(await build(), announce)

    asyncio.run(main())
