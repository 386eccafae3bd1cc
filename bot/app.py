"""The only place where all parts are wired together: desks, channels, pages, server, clock."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import secrets
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType

import structlog
import uvicorn

from bot.channels.protocol import Channel
from bot.channels.screen import Screen
from bot.channels.terminal import Terminal
from bot.channels.trial import Trial
from bot.engine.catching_up import CatchUp
from bot.engine.company import Errand
from bot.engine.databases import is_shared
from bot.engine.desk import Desk
from bot.engine.opening import DataLocked, Lock, open_desk, start_desk, stop_desk
from bot.logs import configure_logs, note_lost
from bot.setup.settings import Config
from bot.terminal.socket import PrivateSocket
from bot.trial import seed
from bot.web.express import express
from bot.web.guards import is_loopback_url
from bot.web.site import make_site
from bot.web.webhooks import TelegramWebhook

log = structlog.get_logger()
_TRIAL_TOKEN_BYTES = 18


@dataclass
class App:
    """A running installation: the office's desk, the trial desk beside it, and the server."""

    config: Config
    desk: Desk
    trial: Desk | None
    token: str
    locks: list[Lock] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    doors: list[PrivateSocket] = field(default_factory=list)

    @property
    def desks(self) -> list[Desk]:
        """The desks of this installation."""
        return [self.desk, *([self.trial] if self.trial else [])]

    async def start(self) -> None:
        """Set everything to work but the web server."""
        for desk in self.desks:
            await start_desk(desk)
            door = PrivateSocket(desk)
            await door.open()
            self.doors.append(door)
        await self._receive_telegram()
        missed = CatchUp(self.desk)
        if missed.needed:
            await self.desk.company.lead(Errand(missed.run))

    async def _receive_telegram(self) -> None:
        from bot.channels.telegram import TelegramChannel

        channel = self.desk.channels.get("telegram")
        if not isinstance(channel, TelegramChannel):
            return
        if self.config.telegram.mode == "webhook":
            work = channel.set_webhook(self.config.public_url)
            self.tasks.append(asyncio.get_running_loop().create_task(work))
        else:
            from bot.channels.telegram_polling import Poller

            await self.desk.company.lead(Errand(Poller(channel, self.desk.accept).run))

    async def stop(self) -> None:
        """Take nothing more in, finish what is under way, let go of the data."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for door in self.doors:
            await door.close()
        for desk in self.desks:
            await stop_desk(desk)
        for lock in self.locks:
            lock.release()


async def build(config: Config) -> App:
    """Open the data and wire the parts; raises DataLocked, StorageUnavailable."""
    shared = is_shared(config)
    locks = [Lock.take(config.data_dir, shared=shared)]
    desk = await open_desk(config)
    desk.channels = real_channels(config, desk)
    trial = None
    if has_trial(config):
        # Where several processes share a folder, one of them has the trial that lies in it.
        with contextlib.suppress(*[DataLocked] if shared else []):
            locks.append(Lock.take(config.data_dir / "coba"))
            trial = await _open_trial(config)
    return App(config, desk, trial, secrets.token_urlsafe(_TRIAL_TOKEN_BYTES), locks)


async def open_alone(config: Config, *, trial: bool) -> tuple[Desk, Lock]:
    """Open one desk for a command while none is running; raises DataLocked, StorageUnavailable.

    On a PostgreSQL others may be running elsewhere: the command works beside them.
    """
    shared = is_shared(config) and not trial
    lock = Lock.take(config.data_dir / "coba" if trial else config.data_dir, shared=shared)
    try:
        if trial:
            return await _open_trial(config), lock
        desk = await open_desk(config, candidate=False)
    except BaseException:
        lock.release()
        raise
    desk.channels = real_channels(config, desk)
    return desk, lock


async def _open_trial(config: Config) -> Desk:
    desk = await open_desk(config, trial=True)
    desk.channels = trial_channels(desk)
    await desk.db.write(lambda tx: seed(tx, desk.vault, config, desk.now()))
    return desk


def has_trial(config: Config) -> bool:
    """Is there a trial chat? By itself only where the public address is this machine's own."""
    if config.trial == "auto":
        return is_loopback_url(config.public_url)
    return config.trial == "on"


def real_channels(config: Config, desk: Desk) -> dict[str, Channel]:
    """Return the channels that the configuration has the keys for, and the terminal."""
    channels: dict[str, Channel] = {"terminal": Terminal(desk.vault, desk.files)}
    if config.telegram.enabled:
        from bot.channels.telegram import TelegramChannel
        from bot.commands.menu import command_menu

        telegram = config.telegram
        channels["telegram"] = TelegramChannel(
            telegram.token.reveal(),
            telegram.api_base,
            telegram.secret_token.reveal(),
            telegram.rate,
            telegram.chat_rate,
            telegram.group_rate,
            command_menu(desk),
        )
    if config.twilio.enabled:
        from bot.channels.wiring import twilio_channels

        channels.update(twilio_channels(config, desk))
    if config.sms_gateway.enabled:
        from bot.channels.wiring import gateway_channel

        channels["sms"] = gateway_channel(desk)
    return channels


def trial_channels(desk: Desk) -> dict[str, Channel]:
    """Return the channels of trial data: the page and the terminal."""
    return {
        "coba": Trial(desk.vault, desk.files),
        "terminal": Terminal(desk.vault, desk.files),
    }


class PortTaken(Exception):
    """Another program listens where the desk should."""


_SIGNS = (signal.SIGTERM, signal.SIGINT)


class _Server(uvicorn.Server):
    """Tells those who wait for messages to let go, so that stopping need not wait for them."""

    def __init__(self, config: uvicorn.Config, app: App) -> None:
        super().__init__(config)
        self._app = app

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
        for desk in self._app.desks:
            for channel in desk.channels.values():
                if isinstance(channel, Screen):
                    channel.release()


Announce = Callable[[App], Awaitable[None]]


async def serve(app: App, announce: Announce | None = None) -> None:
    """Serve until the process is told to stop (SIGTERM, Ctrl-C); then stop in order.

    ``announce`` runs once everything is at work. Raises PortTaken.
    """
    listening = _listen(app.config)
    config = uvicorn.Config(
        make_site(app.desk, app.trial, app.token),
        http=express(TelegramWebhook.of(app.desk)),
        log_config=None,
        access_log=False,
        lifespan="off",
        loop="none",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    try:
        await app.start()
        _spare_the_collector()
        if announce is not None:
            await announce(app)
        await _Server(config, app).serve(sockets=[listening])
    finally:
        await app.stop()


def _spare_the_collector() -> None:
    """Look for rubbish in circles less often, and never through what stays: a fifth of a turn."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _listen(config: Config) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    try:
        return socket.create_server((config.host, config.port), family=family, backlog=2048)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        place = f"{config.host}:{config.port}"
        raise PortTaken(f"cannot listen at {place} ({reason}): set LOKET_PORT") from error


def run(config: Config, announce: Announce | None = None) -> None:
    """Build and serve on uvloop where the machine has it; raises DataLocked, PortTaken."""
    with contextlib.suppress(ImportError):
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    os.umask(0o077)

    configure_logs()

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(note_lost)
        await serve(await build(config), announce)

    asyncio.run(main())
