"""The file store: whole files under keyed names, and nothing that was not sealed.

Its promises are kept by a folder and by a bucket of a real S3 server alike.
"""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import StorageUnavailable
from storage.files import FileMissing, Files, FilesUnavailable, LocalFiles
from storage.s3 import BucketFiles
from storage.vault import Vault
from tests.standins.seaweed import (
    KEY_ID,
    READER,
    READER_SECRET,
    SECRET,
    Seaweed,
    address,
)

NAME = "0123456789abcdef" * 4
SEALED = Vault(bytes(32)).seal("document.file", b"photo")
OTHER = Vault(bytes(32)).seal("document.file", b"other")


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


@pytest.fixture(params=["folder", "bucket"])
async def files(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Files]:
    if request.param == "folder":
        yield LocalFiles(tmp_path / "files")
        return
    store = BucketFiles.at(address(secrets.token_hex(8)))
    yield store
    await store.close()


async def stored(files: Files) -> set[str]:
    """Return the names of all files that lie there."""
    return {name async for name in files.names()}


async def test_a_file_is_read_back_as_it_was(files: Files) -> None:
    assert await stored(files) == set()
    await files.put(NAME, SEALED)
    assert await files.get(NAME) == SEALED
    assert await files.exists(NAME)
    assert await stored(files) == {NAME}
    await files.check()


async def test_a_large_file_is_read_back_as_it_was(files: Files) -> None:
    large = Vault(bytes(32)).seal("document.file", os.urandom(16_000_000))
    await files.put(NAME, large)
    assert await files.get(NAME) == large


async def test_putting_it_again_replaces_it(files: Files) -> None:
    await files.put(NAME, SEALED)
    await asyncio.gather(*(files.put(NAME, OTHER) for _ in range(8)))
    assert await files.get(NAME) == OTHER
    await files.delete(NAME)
    assert await stored(files) == set()


async def test_a_deleted_file_is_missing(files: Files) -> None:
    await files.put(NAME, SEALED)
    await files.delete(NAME)
    await files.delete(NAME)
    assert not await files.exists(NAME)
    with pytest.raises(FileMissing):
        await files.get(NAME)


@pytest.mark.parametrize("name", ["", "../etc/passwd", "A" * 64, "0" * 31, "0" * 65, NAME + "\n"])
async def test_a_name_that_is_not_hex_reaches_no_store(files: Files, name: str) -> None:
    with pytest.raises(ValueError, match="hex"):
        await files.put(name, SEALED)
    with pytest.raises(ValueError, match="hex"):
        await files.get(name)
    with pytest.raises(ValueError, match="hex"):
        await files.delete(name)


async def test_plain_content_is_refused(files: Files) -> None:
    with pytest.raises(ValueError, match="sealed"):
        await files.put(NAME, b"\xff\xd8\xff\xe0" + b"a photo" * 20)
    assert await stored(files) == set()


async def test_what_lies_beside_is_another_store(files: Files) -> None:
    waiting = files.beside("outgoing")
    await waiting.put(NAME, OTHER)
    assert not await files.exists(NAME)
    await files.put(NAME, SEALED)
    assert await waiting.get(NAME) == OTHER
    assert await waiting.forget_older(-5.0) == 1
    assert await stored(waiting) == set()
    assert await files.get(NAME) == SEALED


async def test_files_of_another_disk_are_taken_over_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of another disk cannot be renamed into place; a copy cut off has no name yet."""
    other, files = tmp_path / "other", LocalFiles(tmp_path / "files")
    other.mkdir()
    (other / NAME).write_bytes(SEALED)
    shard = tmp_path / "files" / NAME[:2] / NAME[2:4]
    shard.mkdir(parents=True)
    rename = os.replace

    def across(here: Path, there: Path) -> None:
        if Path(here).parent != Path(there).parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        rename(here, there)

    monkeypatch.setattr(os, "replace", across)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _fail)
        with pytest.raises(FilesUnavailable):
            await files.adopt(other)
    assert names(shard) == []
    await files.adopt(other)
    assert await files.get(NAME) == SEALED
    assert names(shard) == [NAME]


def _fail(handle: int) -> None:
    raise OSError(errno.EIO, "Input/output error")


async def test_what_is_young_is_not_forgotten(files: Files) -> None:
    await files.put(NAME, SEALED)
    assert await files.forget_older(60.0) == 0
    assert await files.sweep() == 0
    assert await files.exists(NAME)


# --- in a folder ---------------------------------------------------------------------------------


async def test_a_folder_is_sharded(tmp_path: Path) -> None:
    await LocalFiles(tmp_path / "files").put(NAME, SEALED)
    assert (tmp_path / "files" / "01" / "23" / NAME).read_bytes() == SEALED


async def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = LocalFiles(tmp_path)
    await files.put(NAME, SEALED)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageUnavailable):
        await files.put(NAME, OTHER)
    assert await files.get(NAME) == SEALED
    assert names(tmp_path) == [NAME]


async def test_what_a_crash_left_is_swept(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    await files.put(NAME, SEALED)
    left = tmp_path / "01" / "23" / "tmpabc.part"
    left.write_bytes(SEALED[:9])
    assert await files.sweep() == 0, "another process may be writing it"
    long_ago = time.time() - 7200
    os.utime(left, (long_ago, long_ago))
    assert await files.sweep() == 1
    assert await files.sweep() == 0
    assert await files.exists(NAME)


# --- in a bucket ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key_id", "secret", "told"),
    [
        (KEY_ID, "salah-sekali", "AWS_SECRET_ACCESS_KEY is not that"),
        ("SALAHSEKALI", SECRET, "does not know the key AWS_ACCESS_KEY_ID"),
        (READER, READER_SECRET, "does not let this key into the bucket"),
    ],
)
async def test_a_wrong_key_is_a_clear_sentence_without_the_key(
    key_id: str, secret: str, told: str
) -> None:
    files = BucketFiles.at(address("x", key_id=key_id, secret=secret))
    try:
        with pytest.raises(FilesUnavailable, match=told) as caught:
            await files.put(NAME, SEALED)
    finally:
        await files.close()
    words = f"{caught.value!r} {address('x', secret=secret)!r}"
    assert secret not in words
    assert key_id not in words


async def test_a_bucket_that_is_not_there_is_named() -> None:
    files = BucketFiles.at(address("x", bucket="tidak-ada"))
    try:
        for asked in (files.check(), files.get(NAME)):
            with pytest.raises(FilesUnavailable, match=r"tidak-ada at .* no such bucket: make it"):
                await asked
    finally:
        await files.close()


async def test_many_objects_are_all_forgotten() -> None:
    files = BucketFiles.at(address(secrets.token_hex(8)))
    try:
        for _ in range(5):
            await asyncio.gather(*(files.put(secrets.token_hex(32), SEALED) for _ in range(210)))
        assert await files.forget_older(-5.0) == 1050
        assert await stored(files) == set()
    finally:
        await files.close()


async def test_a_server_that_stumbles_is_asked_again(tmp_path: Path) -> None:
    server = Seaweed(tmp_path)
    server.start()
    files = BucketFiles.at(address("x", url=server.url))
    try:
        await files.put(NAME, SEALED)
        server.stop()
        with pytest.raises(FilesUnavailable, match="does not answer"):
            await files.get(NAME)
        with pytest.raises(FilesUnavailable, match="does not answer"):
            await files.check()
        await asyncio.to_thread(server.start)
        assert await files.get(NAME) == SEALED
    finally:
        await files.close()
        server.stop()


def test_a_local_desk_does_not_wait_for_the_client_of_buckets() -> None:

    code = "import bot.app, sys; sys.exit('aiohttp_s3_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
