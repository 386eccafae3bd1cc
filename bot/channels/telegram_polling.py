"""Long polling: the offset moves only once the events are durable."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NoReturn

import structlog

from bot.channels.protocol import Fault, SendError
from bot.channels.telegram import TelegramChannel
from flows.events import Envelope
from storage.database import StorageUnavailable

log = structlog.get_logger()

Accept = Callable[[Sequence[Envelope]], Awaitable[None]]
_WAIT = 50
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_CONFLICT = "409"


class Poller:
    """Fetches updates for ever and hands them to ``accept``; cancel ``run`` to stop it.

    ``seconds`` is how long Telegram holds a call while nothing happens. What was accepted but not
    yet confirmed is fetched again after a restart; the inbox knows it by its key.
    """

    def __init__(self, channel: TelegramChannel, accept: Accept, seconds: int = _WAIT) -> None:
        self._channel = channel
        self._accept = accept
        self._seconds = seconds
        self._offset = 0
        self._pause = _FIRST_PAUSE
        self._acknowledging: set[asyncio.Task[None]] = set()

    async def run(self) -> NoReturn:
        """Poll until cancelled; whatever goes wrong is logged with what to do, and tried again."""
        while not await self._tried(self._channel.drop_webhook):
            continue
        while True:
            await self._tried(self.step)

    async def step(self) -> None:
        """Fetch once; raises SendError, or what ``accept`` raises, and then nothing has moved."""
        updates = await self._channel.updates(self._offset, self._seconds)
        if not updates:
            return
        await self._accept([event for update in updates for event in self._channel.read(update)])
        self._offset = max(map(_id_of, updates)) + 1
        for update in updates:
            if "callback_query" in update:
                task = asyncio.create_task(self._channel.acknowledge(update))
                self._acknowledging.add(task)
                task.add_done_callback(self._acknowledging.discard)

    async def _tried(self, work: Callable[[], Awaitable[None]]) -> bool:
        try:
            await work()
        except SendError as error:
            await self._rest(_advice(error), error.retry_after)
            return False
        except StorageUnavailable as error:
            await self._rest(f"events cannot be stored: {error}")
            return False
        except Exception as error:
            # The loop outlives any fault behind it: nothing was confirmed, so nothing is lost.
            await self._rest(f"events cannot be taken in ({type(error).__name__})")
            return False
        self._pause = _FIRST_PAUSE
        return True

    async def _rest(self, reason: str, at_least: float = 0.0) -> None:
        pause = max(self._pause, at_least)
        log.warning("Telegram is not being read", reason=reason, again_in_seconds=pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        await asyncio.sleep(pause)


def _id_of(update: dict[str, object]) -> int:
    found = update.get("update_id")
    return found if isinstance(found, int) else 0


def _advice(error: SendError) -> str:
    if error.code == _CONFLICT:
        return (
            "another desk reads this bot's messages (a second polling process, or a webhook): "
            "stop it, or give this desk a bot of its own"
        )
    if error.fault is Fault.LATER:
        return f"{error.reason}; check the network if this goes on"
    return error.reason
