"""The file store: sealed bytes under keyed names, each stored whole or not.

On the local disk (``LocalFiles``) or in a bucket (``storage.s3``); both keep the promises of
``Files``. What lies in either was sealed before it came.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

from storage.database import StorageUnavailable
from storage.vault import is_sealed, sync_folder

_NAME = re.compile(r"[0-9a-f]{32,64}")
_UNFINISHED = ".part"
_UNFINISHED_SECONDS = 3600.0


class FileMissing(Exception):
    """No file has this name; it was deleted or never finished."""


class FilesUnavailable(StorageUnavailable):
    """The file store does not take or give files now; the message says why and what to do."""


class Files(Protocol):
    """Encrypted files; a name is 32 to 64 hex characters (``Vault.name_of``).

    All but ``beside`` raise FilesUnavailable while the store cannot be used.
    """

    async def put(self, name: str, sealed: bytes) -> None:
        """Store durably, replacing what had the name.

        What the vault did not seal is refused with ValueError.
        """

    async def get(self, name: str) -> bytes:
        """Return the sealed bytes; raises FileMissing."""

    async def delete(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""

    async def exists(self, name: str) -> bool:
        """Tell whether a finished file has this name."""

    def names(self) -> AsyncIterator[str]:
        """Give the names of all finished files."""

    async def adopt(self, folder: Path) -> None:
        """Take over all files of a folder, at any depth; the folder may be empty afterwards."""

    async def sweep(self) -> int:
        """Remove what a crash left half written, at the start; return how many."""

    async def forget_older(self, seconds: float) -> int:
        """Remove what was stored longer ago than that; return how many."""

    async def check(self) -> None:
        """Ask, in a few seconds, whether the store can be used."""

    async def close(self) -> None:
        """Let go of connections, also of the stores beside this one."""

    def beside(self, place: str) -> Files:
        """Return the store of that name next to this one: for what waits a while to be fetched."""


def is_name(name: str) -> bool:
    """Tell whether a finished file may be named so."""
    return _NAME.fullmatch(name) is not None


def demand_name(name: str) -> str:
    """Return a name that a file may have; raises ValueError."""
    if not is_name(name):
        raise ValueError("a file's name is 32 to 64 hex characters")
    return name


def demand_sealed(sealed: bytes) -> bytes:
    """Return what the vault sealed; raises ValueError for anything else."""
    if not is_sealed(sealed):
        raise ValueError("only what the vault sealed may be stored")
    return sealed


def files_in(folder: Path) -> list[Path]:
    """Return all files of a folder, at any depth."""
    return [path for path in folder.rglob("*") if path.is_file()]


def put_in_place(path: Path, target: Path) -> None:
    """Move a durable file there, whole or not at all, also from another disk."""
    try:
        path.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        handle, name = tempfile.mkstemp(suffix=_UNFINISHED, dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as copy, path.open("rb") as source:
                shutil.copyfileobj(source, copy)
                copy.flush()
                os.fsync(copy.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


class LocalFiles:
    """Files in sharded folders of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    async def put(self, name: str, sealed: bytes) -> None:
        path = self._path(name)
        demand_sealed(sealed)
        try:
            await asyncio.to_thread(self._write, path, sealed)
        except OSError as error:
            raise FilesUnavailable(f"the file store cannot be written: {error}") from error

    async def get(self, name: str) -> bytes:
        path = self._path(name)
        try:
            return await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:
            raise FileMissing(f"no stored file is named {name}") from None
        except OSError as error:
            raise FilesUnavailable(f"the file store cannot be read: {error}") from error

    async def delete(self, name: str) -> None:
        path = self._path(name)
        try:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        except OSError as error:
            raise FilesUnavailable(f"the file store cannot be written: {error}") from error

    async def exists(self, name: str) -> bool:
        return await asyncio.to_thread(self._path(name).is_file)

    async def names(self) -> AsyncIterator[str]:
        try:
            found = await asyncio.to_thread(files_in, self.root)
        except OSError as error:
            raise FilesUnavailable(f"the file store cannot be read: {error}") from error
        for path in found:
            if is_name(path.name):
                yield path.name

    async def adopt(self, folder: Path) -> None:
        try:
            await asyncio.to_thread(self._adopt, folder)
        except OSError as error:
            raise FilesUnavailable(f"the file store cannot be written: {error}") from error

    async def sweep(self) -> int:
        # A fresh one may be another process's that is writing it.
        return await self._forget(f"*/*/*{_UNFINISHED}", _UNFINISHED_SECONDS)

    async def forget_older(self, seconds: float) -> int:
        return await self._forget("*/*/*", seconds)

    async def check(self) -> None:
        """Nothing can be known of a folder before it is written to: see the disk's room."""

    async def close(self) -> None:
        """There are no connections."""

    def beside(self, place: str) -> LocalFiles:
        return LocalFiles(self.root.parent / place)

    async def _forget(self, pattern: str, seconds: float) -> int:
        try:
            return await asyncio.to_thread(self._remove, pattern, time.time() - seconds)
        except OSError as error:
            raise FilesUnavailable(f"the file store cannot be swept: {error}") from error

    def _path(self, name: str) -> Path:
        demand_name(name)
        return self.root / name[:2] / name[2:4] / name

    def _write(self, path: Path, sealed: bytes) -> None:
        self._make_folder(path.parent)
        handle, temporary = tempfile.mkstemp(suffix=_UNFINISHED, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        sync_folder(path.parent)

    def _adopt(self, folder: Path) -> None:
        changed = set()
        for path in files_in(folder):
            target = self._path(path.name)
            self._make_folder(target.parent)
            put_in_place(path, target)
            changed.add(target.parent)
        for parent in changed:
            sync_folder(parent)

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # A new shard is only durable when its own name is, up to the root.
        for parent in (folder.parent, folder.parent.parent, self.root.parent):
            sync_folder(parent)

    def _remove(self, pattern: str, before: float) -> int:
        count = 0
        for path in self.root.glob(pattern):
            # Another process may be sweeping too.
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()
                    count += 1
        return count
