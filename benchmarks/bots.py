"""The contenders as processes on one core: started, asked for their CPU and memory, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process, create_subprocess_exec
from collections.abc import Mapping
from pathlib import Path

from benchmarks import contenders

ROOT = Path(__file__).resolve().parent.parent
PATH, SECRET, TOKEN = contenders.PATH, contenders.SECRET, contenders.TOKEN
_TICK = os.sysconf("SC_CLK_TCK")
_OTHERS = ROOT / ".venv-bench" / "bin" / "python"


class Bot:
    """One contender; ``name`` is what the table calls it."""

    def __init__(self, name: str, command: list[str], env: Mapping[str, str], port: int) -> None:
        self.name = name
        self.port = port
        self.command = command
        self.env = env
        self._process: Process | None = None

    async def start(self, core: int, log: Path) -> None:
        """Start on that core and wait until it listens."""
        with log.open("wb") as out:
            self._process = await create_subprocess_exec(
                *self.command,
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], **self.env},
                stdin=DEVNULL,
                stdout=out,
                stderr=out,
                preexec_fn=lambda: os.sched_setaffinity(0, {core}),
            )
        for _ in range(1200):
            if self._process.returncode is not None:
                raise RuntimeError(f"{self.name} stopped: see its log in {log}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            await asyncio.sleep(0.05)
        raise RuntimeError(f"{self.name} does not listen")

    async def stop(self) -> None:
        """End the process."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), 15)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    def cpu(self) -> float:
        """Return the CPU seconds that all its threads have used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def memory(self) -> float:
        """Return its resident memory in MB."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def desk(folder: Path, api: str) -> Bot:
    """``loket serve`` as an office runs it, but for opened rates and no pause for more words."""
    port = free_port()
    written = (ROOT / "config.yaml").read_text(encoding="utf-8")
    config = folder / "config.yaml"
    config.write_text(
        written.replace("settle_ms: 1500", "settle_ms: 0").replace(
            "messages_per_minute: 30", "messages_per_minute: 100000"
        ),
        encoding="utf-8",
    )
    env = {
        "LOKET_CONFIG": str(config),
        "LOKET_DATA_DIR": str(folder / "data"),
        "LOKET_PORT": str(port),
        "LOKET_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_SECRET_TOKEN": SECRET,
        "TELEGRAM_API_BASE": api,
        "TELEGRAM_MODE": "webhook",
        "TELEGRAM_RATE": "1000000",
        "TELEGRAM_CHAT_RATE": "1000000",
        "TELEGRAM_GROUP_RATE": "1000000",
    }
    serve = "from bot.cli import main; main()"
    return Bot("Loket", [sys.executable, "-c", serve, "serve"], env, port)


def other(name: str, module: str, folder: Path, api: str, *, ours: bool = False) -> Bot:
    """A program of ``benchmarks.contenders``; those of others run in their own environment."""
    port = free_port()
    python = sys.executable if ours else str(_OTHERS)
    command = [python, "-m", f"benchmarks.contenders.{module}", "--port", str(port), "--api", api]
    return Bot(name, [*command, "--data", str(folder)], {}, port)


def contender(which: str, folder: Path, api: str) -> Bot:
    """Return a contender by its short name."""
    match which:
        case "ptb":
            return other("python-telegram-bot", "telegram_bot", folder, api)
        case "aiogram":
            return other("aiogram", "aiogram_bot", folder, api)
        case "bound":
            return other("durable bound", "bound", folder, api, ours=True)
        case _:
            return desk(folder, api)


WHICH = ("ptb", "aiogram", "bound", "loket")
