"""The file store: sealed bytes under keyed names in sharded folders, each written whole or not."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from pathlib import Path

from storage.database import StorageUnavailable
from storage.vault import is_sealed, sync_folder

_NAME = re.compile(r"[0-9a-f]{32,64}")
_UNFINISHED = ".part"


class FileMissing(Exception):
    """No file has this name; it was deleted or never finished."""


class Files:
    """Encrypted files on the local disk; a name is 32 to 64 hex characters (``Vault.name_of``)."""

    def __init__(self, root: Path) -> None:
        self.root = root

    async def put(self, name: str, sealed: bytes) -> None:
        """Store durably, replacing what had the name; raises StorageUnavailable.

        What the vault did not seal is refused with ValueError.
        """
        path = self._path(name)
        if not is_sealed(sealed):
            raise ValueError("only what the vault sealed may be stored")
        try:
            await asyncio.to_thread(self._write, path, sealed)
        except OSError as error:
            raise StorageUnavailable(f"the file store cannot be written: {error}") from error

    async def get(self, name: str) -> bytes:
        """Return the sealed bytes; raises FileMissing or StorageUnavailable."""
        path = self._path(name)
        try:
            return await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:
            raise FileMissing(f"no stored file is named {name}") from None
        except OSError as error:
            raise StorageUnavailable(f"the file store cannot be read: {error}") from error

    async def delete(self, name: str) -> None:
        """Remove a file; one that is not there is no error. Raises StorageUnavailable."""
        path = self._path(name)
        try:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        except OSError as error:
            raise StorageUnavailable(f"the file store cannot be written: {error}") from error

    async def exists(self, name: str) -> bool:
        """Tell whether a finished file has this name."""
        return await asyncio.to_thread(self._path(name).is_file)

    async def sweep(self) -> int:
        """Remove what a crash left half written, at the start; return how many."""
        return await asyncio.to_thread(self._sweep)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError("a file's name is 32 to 64 hex characters")
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

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # A new shard is only durable when its own name is, up to the root.
        for parent in (folder.parent, folder.parent.parent, self.root.parent):
            sync_folder(parent)

    def _sweep(self) -> int:
        left = list(self.root.glob(f"*/*/*{_UNFINISHED}"))
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)
