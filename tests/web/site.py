"""A whole site over two real desks, asked without a network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import structs

from bot import trial
from bot.app import trial_channels
from bot.engine import opening
from bot.engine.desk import Desk
from bot.engine.opening import open_desk, start_desk, stop_desk
from bot.setup.config import load_config
from bot.setup.services import ROOT, read_services
from bot.setup.settings import Config
from bot.web.site import make_site
from flows.definition import Definition
from tests.flows.walking import the_wording
from tests.office import Clock, Kept, configured

TOKEN = "sekali-pakai"
HOME = "http://127.0.0.1:8080"


@dataclass
class Site:
    """The application, its desks, and a browser on the same machine."""

    desk: Desk
    trial: Desk
    app: Any
    clock: Clock
    browser: httpx.AsyncClient

    def visitor(self, peer: str = "127.0.0.1", base: str = HOME) -> httpx.AsyncClient:
        """Another browser, at that address."""
        transport = httpx.ASGITransport(app=self.app, client=(peer, 50000))
        return httpx.AsyncClient(transport=transport, base_url=base)

    async def enter(self) -> None:
        """Open the trial page with its token."""
        answer = await self.browser.get(f"/coba?token={TOKEN}")
        assert answer.status_code == 303

    async def say(self, key: str, text: str, **more: str) -> httpx.Response:
        """Post words as the page does."""
        return await self.browser.post("/coba/kirim", json={"id": key, "text": text, **more})

    async def settle(self) -> None:
        """Wait until both desks rest."""
        for desk in (self.desk, self.trial):
            for _ in range(3):
                await desk.worker.idle()
                await desk.sender.idle()

    async def read(self, after: str = "", acting: str = "") -> dict[str, Any]:
        """Look at the chat as the page does."""
        await self.settle()
        asked = {"after": after, "sebagai": acting, "tunggu": "0"}
        answer = await self.browser.get("/coba/pesan", params=asked)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@cache
def _services() -> dict[str, Definition]:
    return dict(read_services(load_config(ROOT / "config.yaml", {})))


@asynccontextmanager
async def site(
    folder: Path, *, channels: dict[str, Any] | None = None, **changes: Any
) -> AsyncIterator[Site]:
    """Open both desks and the site; close them at the end."""
    clock = Clock()
    config: Config = configured(folder, **changes)
    with pytest.MonkeyPatch.context() as patch:
        # Words and services are files of the program, not state: they are read once.
        patch.setattr(opening, "Wording", lambda *_: the_wording())
        desk = await open_desk(config, now=clock, services=_services())
        practice = await open_desk(
            structs.replace(config, database_url=""), trial=True, now=clock, services=_services()
        )
    desk.channels = channels if channels is not None else {"telegram": Kept()}
    practice.channels = trial_channels(practice)
    await practice.db.write(lambda tx: trial.seed(tx, practice.vault, config, clock()))
    for one in (desk, practice):
        await start_desk(one)
    app = make_site(desk, practice, TOKEN)
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 50000))
    try:
        async with httpx.AsyncClient(transport=transport, base_url=HOME) as browser:
            yield Site(desk, practice, app, clock, browser)
    finally:
        for one in (desk, practice):
            await stop_desk(one)
