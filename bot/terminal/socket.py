"""The private socket of a running desk: JSON lines between this machine's commands and its desk."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from bot.terminal.door import Door
from storage import screens

if TYPE_CHECKING:
    from bot.engine.desk import Desk

log = structlog.get_logger()
_NAME = "desk.sock"
_MOST_LINE = 32_000_000
_MOST_PATH = 100
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def folder_of(desk: Desk) -> Path:
    """Return the folder in which a desk's data lies."""
    return desk.config.data_dir / "coba" if desk.trial else desk.config.data_dir


class NotRunning(Exception):
    """No desk answers at this socket."""


class PrivateSocket:
    """Listens at ``desk.sock`` (0600) in the desk's folder; each connection is one visitor."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._path = folder_of(desk) / _NAME
        self._server: asyncio.Server | None = None
        self._held: TextIOWrapper | None = None
        self._visits: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin to listen; what a crash left behind is taken away (the door's lock is ours).

        Of several processes that share the folder one listens; what it is told reaches them all.
        """
        self._held = _held(self._path.with_suffix(".lock"))
        if self._held is None:
            return
        if not self._desk.db.shared:
            await self._desk.db.write(lambda tx: screens.leave(tx, "terminal"))
        self._path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _reachable(self._path) as name:
            listening.bind(name)
        self._path.chmod(0o600)
        self._server = await asyncio.start_unix_server(
            self._visit, sock=listening, limit=_MOST_LINE
        )

    async def close(self) -> None:
        """Take no more visitors and let go of those who are here."""
        if self._server is not None:
            self._server.close()
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)
        if self._held is not None:
            self._path.unlink(missing_ok=True)
            self._held.close()
            self._held = None

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._visits.add(task)
        task.add_done_callback(self._visits.discard)
        door = Door(self._desk)
        asked: set[asyncio.Task[None]] = set()
        try:
            while line := await reader.readline():
                # Beside each other: a long look does not hold up what is said meanwhile.
                one = asyncio.create_task(_answer(door, line, writer))
                asked.add(one)
                one.add_done_callback(asked.discard)
        except (ConnectionError, ValueError) as error:
            log.debug("a visitor of the private socket went", reason=type(error).__name__)
        finally:
            for one in asked:
                one.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            writer.close()
            await door.close()


def _held(path: Path) -> TextIOWrapper | None:
    """Take the door's lock, None where another process has it."""
    handle = path.open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        return None
    return handle


async def _answer(door: Door, line: bytes, writer: asyncio.StreamWriter) -> None:
    try:
        request = _decode(line)
    except msgspec.MsgspecError:
        answer: dict[str, Any] = {"refused": "unknown"}
    else:
        answer = {**await door.ask(request), "n": request.get("n")}
    with contextlib.suppress(ConnectionError):
        writer.write(msgspec.json.encode(answer) + b"\n")
        await writer.drain()


class Visit:
    """A command's side of the socket: asks, and gets each answer to its own question."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._asked = 0
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def connect(cls, folder: Path) -> Visit:
        """Connect to the desk on that folder; raises NotRunning."""
        joining = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with _reachable(folder / _NAME) as name:
                joining.connect(name)
        except OSError as error:
            joining.close()
            raise NotRunning(str(folder)) from error
        joining.setblocking(False)
        return cls(*await asyncio.open_unix_connection(sock=joining, limit=_MOST_LINE))

    async def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Ask the desk; raises NotRunning when it stopped meanwhile."""
        if self._listening.done():
            raise NotRunning("the desk stopped")
        self._asked += 1
        answer = self._waiting[self._asked] = asyncio.get_running_loop().create_future()
        self._writer.write(msgspec.json.encode({**request, "n": self._asked}) + b"\n")
        found: dict[str, Any] = await answer
        return found

    async def close(self) -> None:
        """Go."""
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
        self._writer.close()

    async def _listen(self) -> None:
        try:
            while line := await self._reader.readline():
                answer = _decode(line)
                waiting = self._waiting.pop(answer.get("n") or 0, None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer)
        except ConnectionError as error:
            log.debug("the desk went", reason=type(error).__name__)
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(NotRunning("the desk stopped"))


@contextlib.contextmanager
def _reachable(path: Path) -> Iterator[str]:
    """Give a name for the socket that fits its 107 bytes, however deep the folder lies."""
    if len(str(path).encode()) <= _MOST_PATH:
        yield str(path)
        return
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{path.name}"
    finally:
        os.close(handle)
