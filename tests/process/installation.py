"""The desk as a real process, beside stand-ins of the platforms; started, stopped and killed."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sqlite3
import sys
import time
from asyncio.subprocess import PIPE, STDOUT, Process, create_subprocess_exec
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import aiohttp

from bot.setup.services import ROOT
from storage.database import Tx
from storage.sqlite import SqliteTx
from storage.vault import Vault
from tests.standins.twilio import SID
from tests.standins.twilio import TOKEN as TWILIO_TOKEN

TOKEN = "100:standin"
SECRET = "webhook-secret"
FROM = "whatsapp:+6285550000001"
LOKET = str(Path(sys.executable).parent / "loket")
_CODE = re.compile(r"/gabung (\S+)")


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def config_with(folder: Path, **settings: str) -> Path:
    """Write the example office with other values for some settings; return the file."""
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    for name, value in settings.items():
        text, found = re.subn(rf"(?m)^(\s*{name}:) \S+", rf"\1 {value}", text)
        assert found == 1, name
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


class Installation:
    """One data folder and the process that works on it; ``output`` keeps all it ever printed."""

    def __init__(self, folder: Path, telegram: str, twilio: str = "", **extra: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = b""
        self.process: Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self.env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "LOKET_CONFIG": str(ROOT / "config.yaml"),
            "LOKET_DATA_DIR": str(folder),
            "LOKET_PORT": str(self.port),
            "LOKET_PUBLIC_URL": self.url,
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_BASE": telegram,
            "TELEGRAM_SECRET_TOKEN": SECRET,
            "TELEGRAM_RATE": "10000",
            "TELEGRAM_CHAT_RATE": "1000",
            "TELEGRAM_GROUP_RATE": "60000",
            **extra,
        }
        if twilio:
            self.env |= {
                "TWILIO_ACCOUNT_SID": SID,
                "TWILIO_AUTH_TOKEN": TWILIO_TOKEN,
                "TWILIO_API_BASE": twilio,
                "TWILIO_WHATSAPP_FROM": FROM,
                "TWILIO_RATE": "1000",
            }

    @property
    def runs(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.returncode is None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    async def start(self, seconds: float = 60.0, asked: str = "/readyz") -> float:
        """Start the process and wait until it is ready; return the seconds that it took.

        ``asked`` is what has to answer then.
        """
        began = time.monotonic()
        self.process = await create_subprocess_exec(
            LOKET, "serve", cwd=ROOT, env=self.env, stdout=PIPE, stderr=STDOUT
        )
        self._reading = asyncio.create_task(self._read(self.process))
        async with aiohttp.ClientSession() as http:
            while time.monotonic() - began < seconds:
                if self.process.returncode is not None:
                    raise AssertionError(f"the desk stopped: {self.text()[-2000:]}")
                try:
                    async with http.get(f"{self.url}{asked}") as response:
                        if response.status == 200:
                            return time.monotonic() - began
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.02)
        raise AssertionError(f"the desk is not ready: {self.text()[-2000:]}")

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None
        while piece := await process.stdout.read(65536):
            self.output += piece

    async def stop(self, how: int = signal.SIGTERM, seconds: float = 20.0) -> int:
        """End the process by this signal and return its exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            os.kill(self.process.pid, how)
        code = await asyncio.wait_for(self.process.wait(), seconds)
        if self._reading is not None:
            await self._reading
        return code

    async def kill(self) -> None:
        """Take the process away without a word, as a power cut does."""
        await self.stop(signal.SIGKILL)

    async def close(self) -> None:
        """Make sure that nothing of it runs on."""
        if self.process is not None and self.process.returncode is None:
            await self.kill()

    def text(self) -> str:
        """Return all that was printed and logged."""
        return self.output.decode("utf-8", "replace")

    def invite(self) -> str:
        """Return the code that makes the first officer."""
        return self.code_in(self.text())

    def code_in(self, text: str) -> str:
        """Return the invite code of a text."""
        found = _CODE.search(text)
        assert found is not None, text
        return found[1]

    def memory(self) -> float:
        """Return the resident memory of the process in megabytes."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(next(x for x in status.splitlines() if x.startswith("VmRSS:")).split()[1]) / 1024

    async def stop_one(self) -> int:
        """Stop the process that there is."""
        return await self.stop()

    @property
    def files(self) -> Path:
        """Where files are kept."""
        return self.folder / "files"

    def vault(self) -> Vault:
        """Return what opens the data."""
        return Vault.load(self.folder, None)

    @contextmanager
    def data(self) -> Iterator[Tx]:
        """Look into the database of a desk that has stopped: it is sound."""
        with closing(sqlite3.connect(self.folder / "loket.db")) as database:
            tx = SqliteTx(database)
            assert tx.all("PRAGMA integrity_check") == [("ok",)]
            yield tx

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Read the database beside the running process."""
        with sqlite3.connect(f"file:{self.folder / 'loket.db'}?mode=ro", uri=True) as database:
            return database.execute(sql).fetchall()

    async def run(self, *words: str, given: str = "") -> tuple[int, str]:
        """Run another ``loket`` command on the same data; return its exit code and output."""
        process = await create_subprocess_exec(
            LOKET,
            *words,
            cwd=ROOT,
            env=self.env,
            stdin=PIPE,
            stdout=PIPE,
            stderr=STDOUT,
        )
        out, _ = await asyncio.wait_for(process.communicate(given.encode()), 60)
        assert process.returncode is not None
        return process.returncode, out.decode()
