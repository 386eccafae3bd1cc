"""Several offices at work in one process: one that cannot be opened keeps no other from it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import structlog
from structlog.contextvars import bind_contextvars

from bot.app import App, build
from bot.engine.opening import DataLocked
from bot.logs import describe
from bot.setup.config import ConfigError
from bot.setup.offices import OfficeSetup, read_offices
from bot.setup.settings import Config
from bot.setup.walls import shared_between
from bot.web.express import express_to
from bot.web.houses import House, Houses
from flows.loader import BadDefinitions
from storage.database import StorageUnavailable
from storage.vault import WrongKey

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from bot.engine.desk import Desk
    from bot.web.patience import PatientProtocol

log = structlog.get_logger()
_SAYABLE = (BadDefinitions, DataLocked, StorageUnavailable, WrongKey)
"""Errors whose words are made for the log; others may hold anything."""

_AGAIN_SECONDS = 30.0
_AGAIN = "correct it (loket check says how); it is tried again twice a minute"
_PATIENCE_SECONDS = 10.0
_THREADS, _THREADS_EACH = 8, 4


class NoOffice(Exception):
    """None of the offices could be opened."""


class Installation:
    """All offices of ``LOKET_OFFICES``; raises ConfigError for what no two of them may share."""

    def __init__(self, offices: Sequence[OfficeSetup], address: tuple[str, int]) -> None:
        if problems := shared_between(offices):
            raise ConfigError(problems)
        self.address = address
        self.houses = [House(one.name, one.host) for one in offices]
        self._setups = {one.name: one for one in offices}
        self._opening: list[asyncio.Task[None]] = []

    @property
    def apps(self) -> dict[str, App]:
        """The offices that are open, by name."""
        return {house.name: house.app for house in self.houses if house.app is not None}

    @property
    def closed(self) -> dict[str, str]:
        """The names of the others, with what keeps them from work."""
        return {house.name: house.trouble for house in self.houses if house.app is None}

    @property
    def desks(self) -> list[Desk]:
        """The desks that are open."""
        return [desk for app in self.apps.values() for desk in app.desks]

    def front(self) -> tuple[ASGIApp, type[PatientProtocol]]:
        """Return the pages and webhooks, and what speaks HTTP on each connection."""
        houses = Houses(self.houses)
        return houses, express_to(houses.find)

    async def start(self) -> None:
        """Open every office and wait until each was tried; raises NoOffice."""
        loop = asyncio.get_running_loop()
        # One whose server is away may keep a few threads waiting: the others have their own.
        loop.set_default_executor(ThreadPoolExecutor(_THREADS + _THREADS_EACH * len(self.houses)))
        tried = []
        for house in self.houses:
            first = loop.create_future()
            tried.append(first)
            self._opening.append(loop.create_task(self._keep_trying(house, first)))
        trying = set(tried)
        while trying:
            # As long as others get on: one that hangs is waited for no longer.
            done, trying = await asyncio.wait(
                trying, timeout=_PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                break
        if not trying and not self.apps:
            raise NoOffice("; ".join(f"{name}: {why}" for name, why in self.closed.items()))

    async def stop(self) -> None:
        """Stop all offices beside each other."""
        for task in self._opening:
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)
        done = await asyncio.gather(
            *(app.stop() for app in self.apps.values()), return_exceptions=True
        )
        for error in done:
            if isinstance(error, BaseException):
                log.error("an office did not stop in order", exc_info=error)

    async def _keep_trying(self, house: House, first: asyncio.Future[None]) -> None:
        """Open an office, again and again where that fails; all it does is logged under its name.

        ``first`` is told when it was tried once.
        """
        bind_contextvars(office=house.name)
        setup = self._setups[house.name]
        try:
            if setup.config is None:
                self._left_out(
                    house, "; ".join(map(str, setup.problems)), "correct it, then restart"
                )
                return
            while not await self._opened(house, setup.config):
                if not first.done():
                    first.set_result(None)
                await asyncio.sleep(_AGAIN_SECONDS)
        finally:
            if not first.done():
                first.set_result(None)

    async def _opened(self, house: House, config: Config) -> bool:
        try:
            app = await build(config)
            try:
                await app.start()
            except BaseException:
                await app.stop()
                raise
        except _SAYABLE as error:
            self._left_out(house, str(error), _AGAIN)
        except Exception as error:
            self._left_out(house, describe(error), _AGAIN)
        else:
            house.open(app)
            log.info("the office is open")
            return True
        return False

    def _left_out(self, house: House, why: str, do: str) -> None:
        if why != house.trouble:
            log.error("an office is left out, the others are served", why=why, do=do)
        house.trouble = why


async def installed(environ: Mapping[str, str]) -> Installation:
    """Return the installation that the environment describes; raises ConfigError."""
    offices = read_offices(environ)
    listening = [one.config for one in offices if one.config is not None]
    if not listening:
        raise ConfigError([problem for one in offices for problem in one.problems])
    # All have it from the installation's own environment.
    return Installation(offices, (listening[0].host, listening[0].port))
