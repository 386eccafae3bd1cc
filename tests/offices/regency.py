"""Offices of a regency side by side: their folders, an installation of them, and their citizens."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec

from bot.app import App
from bot.engine.desk import Desk
from bot.installation import Installation, installed
from bot.setup.services import ROOT
from bot.terminal.banner import first_role
from storage import officers
from tests.blank import new_database
from tests.process.people import OnTelegram
from tests.standins.telegram import TelegramStandin
from tests.standins.twilio import SID

NAMES = ("benai", "toar")
HEADER = "X-Telegram-Bot-Api-Secret-Token"
PORT = 8080
_EXAMPLE = (ROOT / "config.yaml").read_text(encoding="utf-8")


def token_of(name: str) -> str:
    """Return the token of an office's bot."""
    return f"{NAMES.index(name) + 100}:standin"


def write_office(offices: Path, name: str, **env: str) -> Path:
    """Make an office's folder: the example office under another name, with this environment."""
    folder = offices / name
    folder.mkdir(parents=True, exist_ok=True)
    text = _EXAMPLE.replace("Gunung Toar", name.title()).replace("KEC-GT", f"KEC-{name.upper()}")
    text = text.replace("settle_ms: 1500", "settle_ms: 0")
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    settings = {"LOKET_PUBLIC_URL": f"http://{name}.localhost:{PORT}", **env}
    path = folder / "env"
    path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    path.chmod(0o600)
    return folder


def at_telegram(name: str, base: str) -> dict[str, str]:
    """Return what an office's environment says of its bot."""
    return {
        "TELEGRAM_BOT_TOKEN": token_of(name),
        "TELEGRAM_SECRET_TOKEN": f"secret-of-{name}",
        "TELEGRAM_API_BASE": base,
        "TELEGRAM_MODE": "webhook",
        "TELEGRAM_CHAT_RATE": "1000",
    }


def at_others(name: str) -> dict[str, str]:
    """Return the same of Twilio and of an SMS gateway that nobody answers at."""
    number = NAMES.index(name)
    return {
        "TWILIO_ACCOUNT_SID": SID,
        "TWILIO_AUTH_TOKEN": f"token-of-{name}",
        "TWILIO_API_BASE": "http://127.0.0.1:9",
        "TWILIO_WHATSAPP_FROM": f"+62855500000{number}",
        "SMS_GATEWAY_URL": "http://127.0.0.1:9",
        "SMS_GATEWAY_SECRET": f"gateway-of-{name}",
    }


class Citizen(OnTelegram):
    """A Telegram account that writes to one office's bot."""

    def __init__(self, door: httpx.AsyncClient, name: str, bot: TelegramStandin, chat: int) -> None:
        super().__init__(None, bot, chat)  # type: ignore[arg-type]
        self._door, self._name = door, name

    async def send(self, content: dict[str, Any]) -> None:
        """Let Telegram deliver this to the office."""
        update = msgspec.json.encode(self.update(content))
        answer = await self._door.post(
            "/telegram/webhook", content=update, headers={HEADER: f"secret-of-{self._name}"}
        )
        assert answer.status_code == 200, answer.text


@dataclass
class Regency:
    """An installation at work in this process, its platforms, and browsers on the same machine."""

    installation: Installation
    site: Any
    bots: dict[str, TelegramStandin]

    def app(self, name: str) -> App:
        return self.installation.apps[name]

    def desk(self, name: str) -> Desk:
        return self.app(name).desk

    def browser(self, host: str, peer: str = "127.0.0.1") -> httpx.AsyncClient:
        """A browser at that host, or at the office of that name."""
        host = f"{host}.localhost" if host in NAMES else host
        transport = httpx.ASGITransport(app=self.site, client=(peer, 50000))
        return httpx.AsyncClient(transport=transport, base_url=f"http://{host}:{PORT}")

    def citizen(self, name: str, chat: int) -> Citizen:
        return Citizen(self.browser(name), name, self.bots[name], chat)

    async def invited(self, name: str) -> str:
        """Return a code that makes somebody an officer of an office, with all rights."""
        desk = self.desk(name)
        role = first_role(desk.config)
        return await desk.db.write(lambda tx: officers.invite(tx, desk.vault, "", role, desk.now()))

    async def settle(self) -> None:
        """Wait until all desks rest."""
        for desk in self.installation.desks:
            for _ in range(3):
                await desk.worker.idle()
                await desk.sender.idle()


@asynccontextmanager
async def regency(folder: Path, **more: dict[str, str]) -> AsyncIterator[Regency]:
    """Open the offices in this process; ``more`` adds to an office's environment."""
    async with AsyncExitStack() as open_now:
        bots = {name: TelegramStandin(token_of(name)) for name in NAMES}
        for name, bot in bots.items():
            await open_now.enter_async_context(bot)
            env = {**at_telegram(name, bot.url), **at_others(name), **more.get(name, {})}
            write_office(folder / "offices", name, **env)
            for place in ("", "coba"):
                new_database(folder / "data" / name / place / "loket.db")
        environ = {
            "PATH": os.environ["PATH"],
            "LOKET_OFFICES": str(folder / "offices"),
            "LOKET_DATA_DIR": str(folder / "data"),
        }
        installation = await installed(environ)
        open_now.push_async_callback(installation.stop)
        await installation.start()
        assert set(installation.apps) == set(NAMES), installation.closed
        yield Regency(installation, installation.front()[0], bots)
