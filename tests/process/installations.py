"""Several processes of one office at a PostgreSQL of their own: as one installation is used."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.database import Tx
from storage.postgres import PostgresTx
from storage.postgres_link import Link
from storage.vault import Vault
from tests.postgres import Server
from tests.process.installation import Installation

_KEY = "a secret that all processes of an office share"


class Installations:
    """So many processes, each with a folder of its own; files lie where all reach them.

    ``kill`` takes one after the other away, and every ``restarts``-th time the database too.
    """

    def __init__(
        self, folder: Path, telegram: str, count: int, restarts: int = 0, **extra: str
    ) -> None:
        self.files = folder / "files"
        self.server = Server(hasty=False)
        self._restarts = restarts
        self._kills = 0
        env = {
            "LOKET_DATABASE_URL": self.server.url(),
            "LOKET_FILES_URL": self.files.as_uri(),
            "LOKET_SECRET_KEY": _KEY,
            "LOKET_PUBLIC_URL": "http://127.0.0.1:9",
            **extra,
        }
        self.all = [Installation(folder / f"data{n}", telegram, **env) for n in range(count)]
        self._doors = itertools.cycle(self.all)
        self._next = itertools.cycle(self.all)

    @property
    def url(self) -> str:
        """The address of the next process that is there, as a load balancer chooses."""
        for _ in self.all:
            door = next(self._doors)
            if door.runs:
                break
        return door.url

    async def start(self) -> float:
        """Start those that are not there; return the seconds that the slowest took."""
        return max([await one.start() for one in self.all if not one.runs], default=0.0)

    async def kill(self) -> None:
        """Take a process away without a word."""
        self._kills += 1
        await next(self._next).kill()
        if self._restarts and self._kills % self._restarts == 0:
            await asyncio.to_thread(self.server.restart)

    async def stop_one(self) -> int:
        """Tell one process to stop; return its exit code."""
        return await next(self._next).stop()

    async def stop(self) -> int:
        """Tell all to stop; return the sum of their exit codes."""
        return sum(await asyncio.gather(*(one.stop() for one in self.all)))

    def memory(self) -> float:
        """Return the resident memory of all of them in megabytes."""
        return sum(one.memory() for one in self.all)

    async def close(self) -> None:
        """Make sure that no process runs on; the database is still there to be looked at."""
        for one in self.all:
            await one.close()

    def text(self) -> str:
        """Return what all of them printed."""
        return "\n".join(one.text() for one in self.all)

    def invite(self) -> str:
        """Return the code that makes the first officer: the newest is the one that counts."""
        return self.all[-1].invite()

    async def run(self, *words: str) -> tuple[int, str]:
        """Run another command of ``loket`` beside the first process."""
        return await self.all[0].run(*words)

    def code_in(self, text: str) -> str:
        """Return the invite code of a text."""
        return self.all[0].code_in(text)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Read the database beside the running processes."""
        with self.data() as tx:
            return [tuple(row) for row in tx.all(sql)]

    def vault(self) -> Vault:
        """Return what opens the data."""
        return Vault.load(self.files.parent, _KEY)

    @contextmanager
    def data(self) -> Iterator[Tx]:
        """Look into the database."""
        link = Link(self.server.url(), "tests")
        try:
            yield PostgresTx(link)
        finally:
            link.close()
