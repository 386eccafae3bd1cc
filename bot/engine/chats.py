"""How often each platform, and each chat on it, may be written to."""

from __future__ import annotations

import asyncio
import time
from threading import Lock

from bot.channels.protocol import Channel
from bot.engine.pacing import Pace

_MOST_CHATS = 10_000
_PERSONS = ("citizen", "officer")


class Chats:
    """The pace of every channel and of the chats that were lately written to.

    A ``kind`` is the contact's: persons may be written to more often than groups. Of several
    processes each has its share of what the platforms allow. Turns ask in threads of their own.
    """

    def __init__(self) -> None:
        self._channels: dict[str, Pace] = {}
        self._chats: dict[int, Pace] = {}
        self._lock = Lock()
        self._processes = 1
        self._fresh_at = 0.0

    def share(self, processes: int) -> None:
        """So many processes write to the platforms: what we had used counts for a second more."""
        if processes == self._processes:
            return
        with self._lock:
            self._processes = processes
            if self._channels:
                self._fresh_at = time.monotonic() + 1.0
            self._channels.clear()
            self._chats.clear()

    def pace(self, channel: Channel) -> Pace:
        """Return the pace of a channel."""
        pace = self._channels.get(channel.name)
        if pace is None:
            rate = channel.rate / self._processes
            pace = self._channels[channel.name] = Pace(rate, window=True)
            pace.hold(self._fresh_at)
        return pace

    def take_chat(self, channel: Channel, contact_id: int, kind: str) -> bool:
        """Take the chat's own place where it is free at once."""
        with self._lock:
            chat = self._chat(channel, contact_id, kind)
            now = time.monotonic()
            if not chat.is_free(now):
                return False
            chat.reserve(now)
            return True

    def take(self, channel: Channel, contact_id: int, kind: str) -> bool:
        """Take a place on the channel and in the chat where both are free at once."""
        with self._lock:
            pace, chat = self.pace(channel), self._chat(channel, contact_id, kind)
            now = time.monotonic()
            if not (pace.is_free(now) and chat.is_free(now)):
                return False
            pace.reserve(now)
            chat.reserve(now)
            return True

    async def wait(self, channel: Channel, contact_id: int, kind: str) -> None:
        """Take a place, and wait until it comes."""
        # First the chat's own place, so that a person who must wait takes no place of others.
        for whole in (False, True):
            with self._lock:
                one = self.pace(channel) if whole else self._chat(channel, contact_id, kind)
                wait = one.reserve(time.monotonic())
            if wait > 0:
                await asyncio.sleep(wait)

    def forget(self) -> None:
        """Begin anew, as if nobody had been written to."""
        self._channels.clear()
        self._chats.clear()

    def _chat(self, channel: Channel, contact_id: int, kind: str) -> Pace:
        chat = self._chats.get(contact_id)
        if chat is None:
            self._forget_rested(time.monotonic())
            # A person hears one process at a time, a group hears all of them.
            group_rate = channel.group_rate / self._processes
            rate = channel.chat_rate if kind in _PERSONS else group_rate
            chat = self._chats[contact_id] = Pace(rate)
        return chat

    def _forget_rested(self, now: float) -> None:
        if len(self._chats) >= _MOST_CHATS:
            self._chats = {c: p for c, p in self._chats.items() if not p.rested(now)}
