"""A channel whose reader sits at a screen of this machine: the outbox row is the message.

Nothing is handed to a platform. Sending wakes whoever waits for that address; they read their
messages from the outbox. What they upload is sealed at once and staged until the desk fetches it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bot.channels.protocol import FetchError, Receipt, Rendered
from flows.events import Envelope
from storage.files import FileMissing, Files
from storage.vault import Unreadable, Vault

_PLACE = "staged"
_SCHEME = "staged:"
_KEPT_SECONDS = 86_400.0


class Screen:
    """The common half of the trial page and the terminal; a subclass gives the ``name``."""

    name = ""
    rate = 1000.0
    chat_rate = 1000.0
    group_rate = 1000.0
    window_hours = 0.0
    takes_media = True

    def __init__(self, vault: Vault, files: Files) -> None:
        self._vault = vault
        self._files = files.beside(_PLACE)
        self._rung: dict[str, asyncio.Event] = {}
        self.closed = False

    def listen(self, address: str) -> asyncio.Event:
        """Return what is set at the next message to ``address``: listen first, then read."""
        return self._rung.setdefault(address, asyncio.Event())

    def read(self, payload: Mapping[str, object]) -> list[Envelope]:
        """Give nothing: screens make their own envelopes."""
        return []

    async def send(self, address: str, message: Rendered) -> Receipt:
        """Wake whoever looks at this address."""
        rung = self._rung.pop(address, None)
        if rung is not None:
            rung.set()
        return Receipt()

    async def stage(self, address: str, key: str, content: bytes) -> str:
        """Seal and keep an upload; return the reference by which the desk fetches it."""
        name = self._vault.index(_PLACE, f"{self.name}:{address}:{key}")
        await self._files.put(name, self._vault.seal(_PLACE, content))
        return _SCHEME + name

    async def fetch(self, ref: str, limit: int) -> bytes:
        """Return a staged upload; raises FetchError."""
        name = ref.removeprefix(_SCHEME)
        if name == ref:
            raise FetchError("not a staged file", gone=True)
        try:
            content = self._vault.unseal(_PLACE, await self._files.get(name))
        except (FileMissing, Unreadable) as error:
            raise FetchError("the staged file is gone", gone=True) from error
        if len(content) > limit:
            raise FetchError("the staged file is too large", gone=True)
        return content

    async def open(self) -> None:
        """Let people wait for messages."""
        self.closed = False

    async def forget(self, ref: str) -> None:
        """Remove a staged upload: what the desk keeps of it lies in its own files."""
        name = ref.removeprefix(_SCHEME)
        if name != ref:
            await self._files.delete(name)

    async def sweep(self) -> None:
        """Remove uploads of past days, which nobody asked for."""
        await self._files.forget_older(_KEPT_SECONDS)

    async def close(self) -> None:
        """Let nobody wait for a desk that has gone."""
        self.release()

    def release(self) -> None:
        """Let everybody who waits go, now and from now on."""
        self.closed = True
        for rung in self._rung.values():
            rung.set()
        self._rung.clear()
