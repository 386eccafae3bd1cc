"""Files that people send by a page, because their channel carries words only.

A page's address is made of the contact and a keyed mark: nothing is kept for it. What arrives is
sealed at once, piece by piece, and staged until the desk fetches it like any platform's file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.channels.protocol import FetchError
from storage.files import FileMissing, Files
from storage.vault import Unreadable, Vault

if TYPE_CHECKING:
    from bot.engine.desk import Desk

PATH = "/unggah"
_PLACE = "upload"
_SCHEME = "upload:"
_MARK = 20
# Longer than an unfinished conversation lasts (reminders.expire_hours).
_KEPT_SECONDS = 8 * 86_400.0


def link(desk: Desk, contact_id: int) -> str:
    """Return the address at which this contact sends files."""
    return f"{desk.config.public_url.rstrip('/')}{PATH}/{code_of(desk.vault, contact_id)}"


def code_of(vault: Vault, contact_id: int) -> str:
    """Return the page's code: 80 bits of it cannot be guessed."""
    return f"{contact_id:x}-{vault.index('upload.page', str(contact_id))[:_MARK]}"


def contact_of(vault: Vault, code: str) -> int | None:
    """Return whose page has that code."""
    number = code.partition("-")[0]
    if not 0 < len(number) < 16 or set(number) - set("0123456789abcdef"):
        return None
    contact_id = int(number, 16)
    return contact_id if code == code_of(vault, contact_id) else None


async def sweep(desk: Desk) -> None:
    """Remove what nobody finished or fetched; raises StorageUnavailable."""
    await desk.files.beside(_PLACE).forget_older(_KEPT_SECONDS)


class Uploads:
    """The store of what was sent by a page; ``key`` names one upload of a contact."""

    def __init__(self, vault: Vault, files: Files) -> None:
        self._vault = vault
        self._files = files.beside(_PLACE)

    async def keep_piece(self, contact: int, key: str, place: int, content: bytes) -> None:
        """Keep one piece of a file, sealed; raises StorageUnavailable."""
        await self._put(self._name(contact, key, place), content)

    async def drop(self, contact: int, key: str, most: int) -> None:
        """Remove all pieces of a file that was not finished; raises StorageUnavailable."""
        for place in range(most):
            await self._files.delete(self._name(contact, key, place))

    async def pieces(self, contact: int, key: str, most: int) -> int:
        """Return how many pieces are there, from the first one on without a gap."""
        for place in range(most):
            if not await self._files.exists(self._name(contact, key, place)):
                return place
        return most

    async def joined(self, contact: int, key: str, count: int) -> bytes:
        """Return the whole of so many pieces, in memory; raises FetchError."""
        names = [self._name(contact, key, place) for place in range(count)]
        return b"".join([await self._get(name) for name in names])

    async def stage(self, contact: int, key: str, content: bytes, pieces: int = 0) -> str:
        """Keep a whole file until it is fetched; return the reference for that.

        The pieces it was made of go. Raises StorageUnavailable.
        """
        name = self._name(contact, key, -1)
        await self._put(name, content)
        for place in range(pieces):
            await self._files.delete(self._name(contact, key, place))
        return _SCHEME + name

    async def fetch(self, ref: str, limit: int) -> bytes:
        """Return a staged file of at most ``limit`` bytes; raises FetchError."""
        if not ref.startswith(_SCHEME):
            raise FetchError("not an upload", gone=True)
        content = await self._get(ref.removeprefix(_SCHEME))
        if len(content) > limit:
            raise FetchError("the upload is too large", gone=True)
        return content

    async def forget(self, ref: str) -> None:
        """Remove a staged file; raises StorageUnavailable."""
        if ref.startswith(_SCHEME):
            await self._files.delete(ref.removeprefix(_SCHEME))

    def _name(self, contact: int, key: str, place: int) -> str:
        return self._vault.index(_PLACE, f"{contact}:{key}:{place}")

    async def _put(self, name: str, content: bytes) -> None:
        await self._files.put(name, self._vault.seal(_PLACE, content))

    async def _get(self, name: str) -> bytes:
        try:
            return self._vault.unseal(_PLACE, await self._files.get(name))
        except (FileMissing, Unreadable) as error:
            raise FetchError("the upload is gone", gone=True) from error
