"""Files that a platform fetches from us: for a few minutes, at an address nobody can guess.

Twilio takes no files, only addresses. What waits to be fetched lies sealed on the disk.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from bot.channels.protocol import File
from storage.files import FileMissing, Files
from storage.instant import to_ms
from storage.vault import Unreadable

if TYPE_CHECKING:
    from bot.engine.desk import Desk

PATH = "/kiriman"
_PLACE = "outgoing"
_KEPT = timedelta(minutes=30)


class _Waiting(Struct):
    """A file and the instant until which it may be fetched."""

    file: File
    until: int


async def publish(desk: Desk, file: File) -> str:
    """Keep a file to be fetched and return its address; raises StorageUnavailable."""
    code = desk.vault.new_code()
    waiting = _Waiting(file, to_ms(desk.now() + _KEPT))
    sealed = desk.vault.seal(_PLACE, msgspec.msgpack.encode(waiting))
    await _files(desk).put(desk.vault.index(_PLACE, code), sealed)
    return f"{desk.config.public_url.rstrip('/')}{PATH}/{code}"


async def fetched(desk: Desk, code: str) -> File | None:
    """Return the file at that address while it may be fetched, as often as the platform asks."""
    try:
        sealed = await _files(desk).get(desk.vault.index(_PLACE, code))
        waiting = msgspec.msgpack.decode(desk.vault.unseal(_PLACE, sealed), type=_Waiting)
    except (FileMissing, Unreadable):
        return None
    return waiting.file if to_ms(desk.now()) < waiting.until else None


async def sweep(desk: Desk) -> None:
    """Remove what nobody may fetch any more; raises StorageUnavailable."""
    await _files(desk).forget_older(_KEPT.total_seconds())


def _files(desk: Desk) -> Files:
    return desk.files.beside(_PLACE)
