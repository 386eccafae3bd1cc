"""A backup is one file: the database and the files of an office, encrypted by a passphrase.

Layout: a head (magic, scrypt's cost and salt, a nonce prefix), then chunks of a tar, each sealed by
AES-256-GCM. A chunk's nonce holds its number and whether it is the last one, so that none can be
left out, repeated or cut off; the head is authenticated with every chunk. The tar ends with a
manifest: rows by table, and the SHA-256 of every file.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from msgspec import Struct, field

from storage.files import FileMissing

_MAGIC = b"LOKET-BACKUP-1\n"
_SALT, _PREFIX, _TAG = 16, 7, 16
_HEAD = struct.Struct(f">{len(_MAGIC)}sBBB{_SALT}s{_PREFIX}s")
_COST = (15, 8, 1)
"""scrypt's log2(n), r and p: 32 MB and about a tenth of a second for each guess."""
_DEAREST = (20, 16, 4)
_CHUNK = 1 << 20
DATABASE, FILES, MANIFEST = "loket.db", "files/", "manifest.json"

Progress = Callable[[int], None]


class BadBackup(Exception):
    """The file is no backup, is damaged, or the passphrase is another one."""


class Manifest(Struct):
    """What the backup holds: rows by table, files by name with their SHA-256.

    ``absent`` names files that a row speaks of and that were not in the store.
    """

    made_at: str
    office: str
    version: str
    tables: dict[str, int]
    files: dict[str, str] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)


class _Writer(io.RawIOBase):
    """Encrypts what is written to it; ``finish`` seals the last chunk."""

    def __init__(self, out: BinaryIO, passphrase: str) -> None:
        salt, prefix = os.urandom(_SALT), os.urandom(_PREFIX)
        self._out = out
        self._prefix = prefix
        self._head = _HEAD.pack(_MAGIC, *_COST, salt, prefix)
        self._cipher = AESGCM(_derive(passphrase, salt, *_COST))
        self._waiting = bytearray()
        self._number = 0
        out.write(self._head)

    def writable(self) -> bool:
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override]
        self._waiting += content
        while len(self._waiting) > _CHUNK:
            self._seal(bytes(self._waiting[:_CHUNK]), last=False)
            del self._waiting[:_CHUNK]
        return len(content)

    def finish(self) -> None:
        """Seal what is left as the last chunk."""
        self._seal(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _seal(self, plain: bytes, *, last: bool) -> None:
        nonce = _nonce(self._prefix, self._number, last=last)
        self._out.write(self._cipher.encrypt(nonce, plain, self._head))
        self._number += 1


class _Reader(io.RawIOBase):
    """Decrypts a backup chunk by chunk; raises BadBackup."""

    def __init__(self, source: BinaryIO, passphrase: str, progress: Progress) -> None:
        self._source, self._progress = source, progress
        self._head = source.read(_HEAD.size)
        if len(self._head) != _HEAD.size or not self._head.startswith(_MAGIC):
            raise BadBackup("this file is no backup of Loket")
        _, log_n, r, p, salt, self._prefix = _HEAD.unpack(self._head)
        if any(cost > most for cost, most in zip((log_n, r, p), _DEAREST, strict=True)):
            raise BadBackup("this file is no backup of Loket")
        self._cipher = AESGCM(_derive(passphrase, salt, log_n, r, p))
        self._number = 0
        self._ready = b""
        self._next = source.read(_CHUNK + _TAG)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while self._next and (size < 0 or len(self._ready) < size):
            self._ready += self._open()
        if size < 0:
            size = len(self._ready)
        found, self._ready = self._ready[:size], self._ready[size:]
        return found

    def _open(self) -> bytes:
        sealed, self._next = self._next, self._source.read(_CHUNK + _TAG)
        nonce = _nonce(self._prefix, self._number, last=not self._next)
        try:
            plain = self._cipher.decrypt(nonce, sealed, self._head)
        except InvalidTag:
            why = "the passphrase is wrong" if self._number == 0 else "the backup is damaged"
            raise BadBackup(f"{why}, or the file was changed") from None
        self._number += 1
        self._progress(len(sealed))
        return plain


def write(
    path: Path,
    passphrase: str,
    database: Path,
    files: Iterable[str],
    fetch: Callable[[str], bytes],
    manifest: Manifest,
    progress: Progress = lambda done: None,
) -> None:
    """Write a backup of this snapshot and these files; all of it is durable, or nothing.

    A file that vanished since it was listed (``fetch`` raises FileMissing) was purged meanwhile: it
    is noted as absent.
    """
    part = path.with_name(path.name + ".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            writer = _Writer(out, passphrase)
            with tarfile.open(fileobj=writer, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                manifest.files[DATABASE] = _add(tar, DATABASE, database, progress)
                for name in files:
                    try:
                        content = fetch(name)
                    except FileMissing:
                        manifest.absent.append(name)
                        continue
                    manifest.files[FILES + name] = _add_bytes(tar, FILES + name, content)
                    progress(len(content))
                _add_bytes(tar, MANIFEST, msgspec.json.encode(manifest))
            writer.finish()
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def read(
    path: Path, passphrase: str, folder: Path, progress: Progress = lambda done: None
) -> Manifest:
    """Unpack a backup into an empty folder and check every file's hash; raises BadBackup."""
    found: dict[str, str] = {}
    manifest: Manifest | None = None
    with path.open("rb") as source:
        reader = _Reader(source, passphrase, progress)
        try:
            with tarfile.open(fileobj=reader, mode="r|") as tar:
                for member in tar:
                    if member.name == MANIFEST:
                        content = tar.extractfile(member)
                        manifest = msgspec.json.decode(
                            content.read() if content else b"", type=Manifest
                        )
                    else:
                        found[member.name] = _unpack(tar, member, folder)
        except (tarfile.TarError, msgspec.MsgspecError) as error:
            raise BadBackup("the backup is damaged") from error
        reader.read()
    if manifest is None or manifest.files != found or DATABASE not in found:
        raise BadBackup("the backup is not complete")
    return manifest


def _add(tar: tarfile.TarFile, name: str, file: Path, progress: Progress) -> str:
    with file.open("rb") as content:
        info = tarfile.TarInfo(name)
        info.size, info.mode = os.fstat(content.fileno()).st_size, 0o600
        hashed = _Hashed(content, progress)
        tar.addfile(info, hashed)
    return hashed.sha256.hexdigest()


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> str:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    tar.addfile(info, io.BytesIO(content))
    return hashlib.sha256(content).hexdigest()


class _Hashed(io.RawIOBase):
    """Hashes what is read through it."""

    def __init__(self, source: BinaryIO, progress: Progress) -> None:
        self._source, self._progress = source, progress
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        content = self._source.read(size)
        self.sha256.update(content)
        self._progress(len(content))
        return content


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> str:
    """Write one file and return its hash; only names that a backup has are taken."""
    name = member.name.removeprefix(FILES)
    known = member.name == DATABASE or (member.name != name and name.isalnum())
    content = tar.extractfile(member) if member.isreg() and known else None
    if content is None:
        raise BadBackup("the backup holds what none should hold")
    target = folder / DATABASE
    if member.name != DATABASE:
        target = folder / "files" / name[:2] / name[2:4] / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    sha256 = hashlib.sha256()
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        while piece := content.read(_CHUNK):
            sha256.update(piece)
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    return sha256.hexdigest()


def _derive(passphrase: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=1 << log_n, r=r, p=p).derive(passphrase.encode())


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])
