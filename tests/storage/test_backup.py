"""Backups: everything comes back as it was; a changed, cut or foreign file is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storage import backup, snapshot
from storage.backup import BadBackup, Manifest
from storage.files import FileMissing
from tests.blank import new_database

SECRET = "kata sandi yang panjang"


def make(folder: Path, *contents: bytes) -> tuple[Path, Manifest]:
    """Write a backup of an empty database and these files."""
    database = folder / "desk.db"
    new_database(database)
    names = {f"{n:032x}": content for n, content in enumerate(contents)}
    manifest = Manifest("2026-11-23", "Kantor", "0003", snapshot.counts(database))
    backup.write(folder / "out.loket", SECRET, database, names, names.__getitem__, manifest)
    return folder / "out.loket", manifest


def unpacked(path: Path, folder: Path, secret: str = SECRET) -> Manifest:
    folder.mkdir()
    return backup.read(path, secret, folder)


def test_all_comes_back_byte_for_byte(tmp_path: Path) -> None:
    large = os.urandom(3_500_000)
    path, written = make(tmp_path, b"", b"x" * 17, large)
    manifest = unpacked(path, tmp_path / "back")
    assert manifest == written
    assert len(manifest.files) == 4
    found = sorted((tmp_path / "back" / "files").rglob("*"), key=lambda p: p.name)
    contents = [p.read_bytes() for p in found if p.is_file()]
    assert contents == [b"", b"x" * 17, large]
    assert snapshot.counts(tmp_path / "back" / "loket.db") == manifest.tables
    assert path.stat().st_mode & 0o077 == 0


def test_nothing_can_be_read_without_the_passphrase(tmp_path: Path) -> None:
    path, _ = make(tmp_path, b"NIK 1409074101800001")
    assert b"1409074101800001" not in path.read_bytes()
    assert b"SQLite format" not in path.read_bytes()
    with pytest.raises(BadBackup, match="passphrase"):
        unpacked(path, tmp_path / "back", "kata sandi yang lain")


@pytest.mark.parametrize("where", [0, 20, 60, 1_200_000, -1])
def test_one_changed_byte_is_noticed(tmp_path: Path, where: int) -> None:
    path, _ = make(tmp_path, os.urandom(2_000_000))
    content = bytearray(path.read_bytes())
    content[where] ^= 1
    path.write_bytes(content)
    with pytest.raises(BadBackup):
        unpacked(path, tmp_path / "back")


def test_a_file_cut_off_between_chunks_is_noticed(tmp_path: Path) -> None:
    path, _ = make(tmp_path, os.urandom(3_000_000))
    head, chunk = 41, (1 << 20) + 16
    for chunks in (0, 1, 2):
        cut = tmp_path / f"cut{chunks}"
        cut.write_bytes(path.read_bytes()[: head + chunks * chunk])
        with pytest.raises(BadBackup):
            unpacked(cut, tmp_path / f"back{chunks}")


def test_chunks_cannot_be_exchanged(tmp_path: Path) -> None:
    path, _ = make(tmp_path, os.urandom(3_000_000))
    content = path.read_bytes()
    head, chunk = 41, (1 << 20) + 16
    first, second = content[head : head + chunk], content[head + chunk : head + 2 * chunk]
    path.write_bytes(content[:head] + second + first + content[head + 2 * chunk :])
    with pytest.raises(BadBackup):
        unpacked(path, tmp_path / "back")


def test_a_costly_head_is_not_believed(tmp_path: Path) -> None:
    path, _ = make(tmp_path)
    content = bytearray(path.read_bytes())
    content[15] = 40
    path.write_bytes(content)
    with pytest.raises(BadBackup, match="no backup"):
        unpacked(path, tmp_path / "back")


def test_a_file_purged_meanwhile_is_noted(tmp_path: Path) -> None:
    database = tmp_path / "desk.db"
    new_database(database)
    manifest = Manifest("2026", "Kantor", "0003", {})

    def gone(name: str) -> bytes:
        raise FileMissing(name)

    backup.write(tmp_path / "out", SECRET, database, ["ab" * 16], gone, manifest)
    assert unpacked(tmp_path / "out", tmp_path / "back").absent == ["ab" * 16]


def test_a_failed_backup_leaves_nothing(tmp_path: Path) -> None:
    manifest = Manifest("2026", "Kantor", "0003", {})
    with pytest.raises(FileNotFoundError):
        backup.write(tmp_path / "out", SECRET, tmp_path / "no.db", [], lambda name: b"", manifest)
    assert list(tmp_path.iterdir()) == []
