"""``loket rotate-key``: a new master key for the office's data, taken up again after a crash."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from bot.keeping.sides import Refused, Side, key_check, side
from bot.setup.filestore import file_store
from storage.files import Files, LocalFiles
from storage.migrating import bring_up_to_date
from storage.rotation import FOLDERS, Rotation
from storage.sqlite import SqliteDatabase
from storage.vault import NEXT_KEY_FILE, Vault, make_key, read_key, sync_folder

if TYPE_CHECKING:
    from bot.setup.settings import Config

NEW_SECRET = "LOKET_NEW_SECRET_KEY"  # noqa: S105 - the name of a variable
_KEY, _BEFORE = "master.key", "master.key.old"
_NEXT = NEXT_KEY_FILE


class NoNewKey(Exception):
    """The key comes from the environment, and no new one was given there."""


class Rotated(Struct):
    """What was done: ``kept`` is where the old key lies, empty where it came from elsewhere.

    ``unreadable`` values are opened by neither key; ``unindexed`` are found again only once their
    owners write.
    """

    kept: str
    unreadable: int
    unindexed: int


async def rotate(
    config: Config, environ: Mapping[str, str], progress: Callable[[int], None]
) -> Rotated:
    """Seal all data with a new master key.

    Raises DataLocked, NoNewKey, Refused, StorageUnavailable, WrongKey.
    """
    from bot.engine.opening import Lock

    folder = config.data_dir
    lock = Lock.take(folder)
    try:
        check = key_check(config)
        async with side(config) as office:
            # Nothing is begun, no key made, while others serve it.
            office.demand_rest()
            secret = config.secret_key.reveal()
            if secret:
                old, new = Vault.load(folder, secret), Vault.load(folder, _new_secret(environ))
            else:
                old, new = _key_files(folder, check)
            done = await _seal(office, file_store(config), old, new, progress)
        if secret:
            await _seal_trial(folder / "coba", old, new, progress)
        kept = "" if secret else str(_exchange(folder))
    finally:
        lock.release()
    return Rotated(kept, done.unreadable, done.unindexed)


async def _seal(
    office: Side, files: Files, old: Vault, new: Vault, progress: Callable[[int], None]
) -> Rotation:
    rotation = Rotation(office.db, old, new, progress, office.demand_rest)
    try:
        for place in FOLDERS:
            await rotation.seal_files(files.beside(place), place)
    finally:
        await files.close()
    await rotation.run()
    return rotation


async def _seal_trial(
    folder: Path, old: Vault, new: Vault, progress: Callable[[int], None]
) -> None:
    """Seal what was tried out on this machine: a key of the environment is the trial's too."""
    path = folder / "loket.db"
    if not path.exists():
        return
    bring_up_to_date(path)
    db = SqliteDatabase(path)
    db.open()
    try:
        await _seal(Side(db, None), LocalFiles(folder / "files"), old, new, progress)
    finally:
        db.close()


def _new_secret(environ: Mapping[str, str]) -> str:
    file = environ.get(f"{NEW_SECRET}_FILE", "")
    secret = Path(file).read_text("utf-8").strip() if file else environ.get(NEW_SECRET, "")
    if not secret:
        raise NoNewKey(f"the key comes from LOKET_SECRET_KEY: put the new one into {NEW_SECRET}")
    return secret


def _key_files(folder: Path, check: str) -> tuple[Vault, Vault]:
    """Return the vaults of the key in use and of the next one, made now unless it is there."""
    if not (folder / _KEY).exists():
        raise Refused(f"the master key is not in {folder}: put it there first")
    old = Vault(read_key(folder / _KEY))
    if not (folder / _NEXT).exists():
        old.demand(check)
        make_key(folder / _NEXT)
    return old, Vault(read_key(folder / _NEXT))


def _exchange(folder: Path) -> Path:
    """Put the new key into the old one's place; at no moment is there none."""
    count = 0
    kept = folder / _BEFORE
    while kept.exists():
        count += 1
        kept = folder / f"{_BEFORE}.{count}"
    os.link(folder / _KEY, kept)
    (folder / _NEXT).replace(folder / _KEY)
    sync_folder(folder)
    return kept
