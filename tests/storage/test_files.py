"""The file store: whole files under keyed names, and nothing that was not sealed."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from storage.database import StorageUnavailable
from storage.files import FileMissing, Files
from storage.vault import Vault

NAME = "0123456789abcdef" * 4
SEALED = Vault(bytes(32)).seal("document.file", b"photo")


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


async def test_a_file_is_read_back_as_it_was(tmp_path: Path) -> None:
    files = Files(tmp_path / "files")
    await files.put(NAME, SEALED)
    assert await files.get(NAME) == SEALED
    assert await files.exists(NAME)
    assert (tmp_path / "files" / "01" / "23" / NAME).read_bytes() == SEALED


async def test_putting_it_again_replaces_it(tmp_path: Path) -> None:
    files = Files(tmp_path)
    other = Vault(bytes(32)).seal("document.file", b"other")
    await files.put(NAME, SEALED)
    await asyncio.gather(*(files.put(NAME, other) for _ in range(8)))
    assert await files.get(NAME) == other
    assert names(tmp_path) == [NAME]


async def test_a_deleted_file_is_missing(tmp_path: Path) -> None:
    files = Files(tmp_path)
    await files.put(NAME, SEALED)
    await files.delete(NAME)
    await files.delete(NAME)
    assert not await files.exists(NAME)
    with pytest.raises(FileMissing):
        await files.get(NAME)


@pytest.mark.parametrize("name", ["", "../etc/passwd", "A" * 64, "0" * 31, "0" * 65, NAME + "\n"])
async def test_a_name_that_is_not_hex_reaches_no_disk(tmp_path: Path, name: str) -> None:
    files = Files(tmp_path)
    with pytest.raises(ValueError, match="hex"):
        await files.put(name, SEALED)
    with pytest.raises(ValueError, match="hex"):
        await files.get(name)


async def test_plain_content_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="sealed"):
        await Files(tmp_path).put(NAME, b"\xff\xd8\xff\xe0" + b"a photo" * 20)
    assert names(tmp_path) == []


async def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Files(tmp_path)
    await files.put(NAME, SEALED)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageUnavailable):
        await files.put(NAME, Vault(bytes(32)).seal("document.file", b"other"))
    assert await files.get(NAME) == SEALED
    assert names(tmp_path) == [NAME]


async def test_what_a_crash_left_is_swept(tmp_path: Path) -> None:
    files = Files(tmp_path)
    await files.put(NAME, SEALED)
    (tmp_path / "01" / "23" / "tmpabc.part").write_bytes(SEALED[:9])
    assert await files.sweep() == 1
    assert await files.sweep() == 0
    assert await files.exists(NAME)
