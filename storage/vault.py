"""The vault: everything secret is derived from one master key and bound to its place.

A sealed value is one version byte, a random 96-bit nonce and the AES-256-GCM ciphertext; the place
("outbox.body") is authenticated with it, so that a value cannot be moved to another column. Each
use (sealing, keys, index, names, links) has its own HKDF-SHA256 subkey.
"""

from __future__ import annotations

import hmac
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = b"\x01"
_NONCE = 12
_LEAST_SEALED = 1 + _NONCE + 16
_KEY = 32
_LEAST_SECRET = 16
_KEY_FILE = "master.key"
NEXT_KEY_FILE = "master.key.new"
"""The key that a rotation under way seals with."""
_CODE_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"

log = structlog.get_logger()


class Unreadable(Exception):
    """A sealed value cannot be opened: damaged, moved to another place, or of another key."""


class WrongKey(Exception):
    """The master key is missing, malformed, or not the one this data was sealed with."""


class Vault:
    """Seals and opens values, names files and digests codes, all by keys that never leave it.

    ``master`` is 32 bytes or more of secret; ``random`` gives that many random bytes.
    """

    def __init__(self, master: bytes, random: Callable[[int], bytes] = os.urandom) -> None:
        if len(master) < _LEAST_SECRET:
            raise WrongKey(f"the master key must have at least {_LEAST_SECRET} bytes")
        self._random = random
        self._cipher = AESGCM(_derive(master, "seal"))
        self._keys = AESGCM(_derive(master, "keys"))
        self._index = _Keyed(_derive(master, "index"))
        self._names = _derive(master, "names")
        self._links = _Keyed(_derive(master, "links"))
        self._check = _derive(master, "check").hex()[:32]

    @classmethod
    def load(cls, data_dir: Path, secret: str | None) -> Vault:
        """Return the vault of ``secret``, else of ``master.key``, made at the first start.

        Raises WrongKey where the secret is too short or the file is no key.
        """
        if secret:
            if len(secret) < _LEAST_SECRET:
                raise WrongKey(f"LOKET_SECRET_KEY must have at least {_LEAST_SECRET} characters")
            return cls(secret.encode("utf-8", "surrogatepass"))
        path = data_dir / _KEY_FILE
        if path.with_name(NEXT_KEY_FILE).exists():
            raise WrongKey("the change of the master key is not finished: run `loket rotate-key`")
        if not path.exists():
            make_key(path)
        return cls(read_key(path))

    def check_value(self) -> str:
        """Return what the database keeps to recognise this key; it reveals nothing of it."""
        return self._check

    def demand(self, check: str) -> None:
        """Raise WrongKey unless ``check`` is this key's own check value."""
        if not hmac.compare_digest(check.encode(), self._check.encode()):
            raise WrongKey(
                "the master key is not the one this data was sealed with; put back the copy of"
                f" {_KEY_FILE} or the LOKET_SECRET_KEY that was in use"
            )

    def seal(self, place: str, plain: bytes) -> bytes:
        """Encrypt a value for one place, such as ``outbox.body``."""
        return self._seal(self._cipher, place, plain)

    def unseal(self, place: str, sealed: bytes) -> bytes:
        """Decrypt a value of that place; raises Unreadable."""
        return _open(self._cipher, place, sealed)

    def new_key(self) -> tuple[bytes, bytes]:
        """Return a new key of 32 bytes and its sealed form, to be kept in a ``key`` column."""
        key = self._random(_KEY)
        return key, self._seal(self._keys, "key", key)

    def keep_key(self, key: bytes) -> bytes:
        """Return the sealed form of a key that exists, as when the master key changes."""
        return self._seal(self._keys, "key", key)

    def open_key(self, sealed: bytes) -> bytes:
        """Return the key that ``new_key`` sealed; raises Unreadable."""
        return _open(self._keys, "key", sealed)

    def seal_with(self, key: bytes, place: str, plain: bytes) -> bytes:
        """Encrypt by a key of its own; a destroyed key is kept in no cache."""
        return self._seal(AESGCM(key), place, plain)

    def unseal_with(self, key: bytes, place: str, sealed: bytes) -> bytes:
        """Decrypt what ``seal_with`` encrypted by that key; raises Unreadable."""
        return _open(AESGCM(key), place, sealed)

    def index(self, what: str, value: str) -> str:
        """Return the blind index of a value: 32 hex characters, equal for equal values."""
        return self._index(what, value)[:32]

    def digest(self, what: str, code: str) -> str:
        """Return what is kept of a one-time code: 64 hex characters."""
        return self._links(what, code)

    def name_of(self, content: bytes) -> str:
        """Return the name of a file by its content: 64 hex characters, meaningless outside."""
        return hmac.digest(self._names, content, "sha256").hex()

    def new_code(self, length: int = 26) -> str:
        """Return a random code of 5 bits a character, safe in links and easy to read aloud."""
        return "".join(_CODE_LETTERS[byte & 31] for byte in self._random(length))

    def _seal(self, cipher: AESGCM, place: str, plain: bytes) -> bytes:
        nonce = self._random(_NONCE)
        return _VERSION + nonce + cipher.encrypt(nonce, plain, _VERSION + place.encode())


def is_sealed(content: bytes) -> bool:
    """Tell whether these bytes look as the vault seals them, before they touch a disk."""
    return len(content) >= _LEAST_SEALED and content[:1] == _VERSION


def _open(cipher: AESGCM, place: str, sealed: bytes) -> bytes:
    if not is_sealed(sealed):
        raise Unreadable(f"what is stored at {place} was not sealed by this vault")
    try:
        return cipher.decrypt(sealed[1:13], sealed[13:], _VERSION + place.encode())
    except InvalidTag:
        raise Unreadable(f"what is stored at {place} cannot be opened by this key") from None


class _Keyed:
    """HMAC-SHA256 by one key, prepared once: finding the algorithm costs more than using it."""

    def __init__(self, key: bytes) -> None:
        self._prepared = hmac.new(key, digestmod="sha256")

    def __call__(self, what: str, value: str) -> str:
        mac = self._prepared.copy()
        mac.update(f"{what}\0{value}".encode("utf-8", "surrogatepass"))
        return mac.hexdigest()


def _derive(master: bytes, use: str) -> bytes:
    info = f"loket 1 {use}".encode()
    return HKDF(algorithm=SHA256(), length=_KEY, salt=None, info=info).derive(master)


def read_key(path: Path) -> bytes:
    """Return the key in this file, readable by its owner alone from now on; raises WrongKey."""
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != _KEY:
        raise WrongKey(f"{path} is not a master key; put back the copy that was kept of it")
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
        log.warning("the master key could be read by others; it no longer can", path=str(path))
    return key


def make_key(path: Path) -> None:
    """Write a new key, unless there is one; two starts agree on one."""
    if put_key(path, os.urandom(_KEY)):
        log.warning(
            "a master key was made; without it nothing stored here can be read",
            path=str(path),
            do="keep a copy of it outside this machine",
        )


def put_key(path: Path, key: bytes) -> bool:
    """Write a key so that a crash leaves all of it or nothing; False where there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".master-", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
    finally:
        temporary.unlink()
    sync_folder(path.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
