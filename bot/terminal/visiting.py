"""How a command reaches the desk: through its private socket, or by opening the data itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from bot.terminal.socket import NotRunning, Visit
from storage.database import StorageUnavailable

if TYPE_CHECKING:
    from bot.setup.settings import Config

Ask = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
Session = Callable[[Ask], Coroutine[Any, Any, bool]]


async def visit(config: Config, session: Session, *, trial: bool) -> bool:
    """Run a session with the desk; raises DataLocked, StorageUnavailable."""
    folder = config.data_dir / "coba" if trial else config.data_dir
    try:
        running = await Visit.connect(folder)
    except NotRunning:
        async with _at_work(config, trial=trial) as ask:
            return await session(ask)
    try:
        return await session(running.ask)
    except NotRunning as error:
        raise StorageUnavailable("the desk was stopped") from error
    finally:
        await running.close()


@asynccontextmanager
async def _at_work(config: Config, *, trial: bool) -> AsyncIterator[Ask]:
    """Open the data for as long as the command runs; nobody else writes it meanwhile."""
    import os

    from bot.app import open_alone
    from bot.engine.opening import start_desk, stop_desk
    from bot.logs import configure_logs
    from bot.terminal.door import Door

    # What this command makes is for this system user alone; its own output is what counts here.
    os.umask(0o077)
    configure_logs(level="error")
    desk, lock = await open_alone(config, trial=trial)
    try:
        await start_desk(desk)
        door = Door(desk)
        try:
            yield door.ask
        finally:
            await door.close()
            await stop_desk(desk)
    finally:
        lock.release()
