"""An office's files from one store to another: sealed as they are, each read back and compared."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from msgspec import Struct

from storage.files import FileMissing, Files, FilesUnavailable
from storage.moving import MoveRefused
from storage.rotation import FOLDERS

_AT_ONCE = 8


class Carried(Struct):
    """How many files lie there now, their bytes, and how many were not in the old store."""

    files: int = 0
    bytes: int = 0
    absent: int = 0


async def demand_own(target: Files, names: Collection[str]) -> None:
    """Raise MoveRefused where the store holds a file that none of our rows speaks of."""
    async for name in target.names():
        if name not in names:
            raise MoveRefused(
                "the file store holds files that are not this office's: choose another place"
            )


async def carry(
    source: Files, target: Files, names: Collection[str], progress: Callable[[int], None]
) -> Carried:
    """Copy these files, and those that wait beside them to be fetched; the old ones stay.

    What lies there already is compared and left: after a crash it goes on.
    """
    done = Carried()
    await _all(source, target, names, done, progress)
    for place in FOLDERS:
        here = source.beside(place)
        waiting = [name async for name in here.names()]
        await _all(here, target.beside(place), waiting, Carried(), lambda count: None)
    return done


async def _all(
    source: Files,
    target: Files,
    names: Collection[str],
    done: Carried,
    progress: Callable[[int], None],
) -> None:
    left = iter(sorted(names))

    async def one_after_another() -> None:
        for name in left:
            await _one(source, target, name, done)
            progress(1)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(one_after_another())
    except* (FilesUnavailable, MoveRefused) as troubles:
        raise _first(troubles) from None


async def _one(source: Files, target: Files, name: str, done: Carried) -> None:
    try:
        content = await source.get(name)
    except FileMissing:
        done.absent += 1
        return
    if not await _has(target, name, content):
        try:
            await target.put(name, content)
        except ValueError:
            raise MoveRefused(f"the file {name} is damaged: nobody sealed it so") from None
        if not await _has(target, name, content):
            raise MoveRefused(f"the file store does not give {name} back as it was stored")
    done.files += 1
    done.bytes += len(content)


async def _has(target: Files, name: str, content: bytes) -> bool:
    """Is it there, with the same bytes?"""
    try:
        return await target.get(name) == content
    except FileMissing:
        return False


def _first(troubles: BaseExceptionGroup[Exception]) -> Exception:
    found: BaseException = troubles
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    assert isinstance(found, Exception)
    return found
