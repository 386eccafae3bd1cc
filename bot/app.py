"""The only place where an office's parts are wired together: desks, channels, pages, clock."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.channels.protocol import Channel
from bot.channels.terminal import Terminal
from bot.channels.trial import Trial
from bot.engine.catching_up import CatchUp
from bot.engine.company import Errand
from bot.engine.databases import is_shared
from bot.engine.desk import Desk
from bot.engine.opening import DataLocked, Lock, open_desk, start_desk, stop_desk
from bot.setup.hosts import is_loopback_url
from bot.setup.settings import Config
from bot.terminal.socket import PrivateSocket
from bot.trial import seed
from bot.web.express import express
from bot.web.site import make_site
from bot.web.webhooks import TelegramWebhook

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from bot.web.patience import PatientProtocol

_TRIAL_TOKEN_BYTES = 18


@dataclass
class App:
    """A running office: its desk, and the trial desk beside it."""

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

    @property
    def address(self) -> tuple[str, int]:
        """Where to listen."""
        return self.config.host, self.config.port

    def site(self, *, alone: bool = True) -> ASGIApp:
        """Return the pages and webhooks, those of an office that is ``alone`` on its machine."""
        return make_site(self.desk, self.trial, self.token, alone=alone)

    def front(self) -> tuple[ASGIApp, type[PatientProtocol]]:
        """Return the pages and webhooks, and what speaks HTTP on each connection."""
        return self.site(), express(TelegramWebhook.of(self.desk))

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
    try:
        desk = await open_desk(config)
    except BaseException:
        locks[0].release()
        raise
    app = App(config, desk, None, secrets.token_urlsafe(_TRIAL_TOKEN_BYTES), locks)
    try:
        desk.channels = real_channels(config, desk)
        if has_trial(config):
            # Where several processes share a folder, one of them has the trial that lies in it.
            with contextlib.suppress(*[DataLocked] if shared else []):
                locks.append(Lock.take(config.data_dir / "coba"))
                app.trial = await _open_trial(config)
    except BaseException:
        await app.stop()
        raise
    return app


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
