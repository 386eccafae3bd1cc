"""Small facts of the installation."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from storage.database import StorageUnavailable, Tx
from storage.vault import Vault, WrongKey

MOVING_OUT, MOVING_IN = "moving-out", "moving-in"
"""Marks of a database that an office leaves, and of one that it has not wholly arrived in."""
_KEY_CHECK = "key-check"
_NEW_KEY = "key-rotation"
_LAST_BACKUP = "last-backup"


class Leaving(Struct):
    """Where an office moves to (without a password), which move it is, whether it is there."""

    to: str
    token: str
    done: bool = False


def get(tx: Tx, name: str) -> str | None:
    """Return a fact, if it is known."""
    row = tx.one("SELECT value FROM setting WHERE name = ?", name)
    return row[0] if row else None


def put(tx: Tx, name: str, value: str) -> None:
    """Remember a fact."""
    tx.run(
        "INSERT INTO setting (name, value) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        name,
        value,
    )


def leaving(tx: Tx) -> Leaving | None:
    """Return where the office moves to, if it does."""
    known = get(tx, MOVING_OUT)
    return msgspec.json.decode(known, type=Leaving) if known else None


def leave(tx: Tx, where: Leaving, *, done: bool = False) -> None:
    """Note that the office moves there, or is there."""
    mark = Leaving(where.to, where.token, done)
    put(tx, MOVING_OUT, msgspec.json.encode(mark).decode())


def stay(tx: Tx) -> None:
    """Let the office move nowhere."""
    tx.run("DELETE FROM setting WHERE name = ?", MOVING_OUT)


def note_backup(tx: Tx, at: float) -> None:
    """Remember when the newest backup was made, in seconds since 1970."""
    put(tx, _LAST_BACKUP, str(at))


def last_backup(tx: Tx) -> float:
    """Return when the newest backup was made as far as the database knows, 0 for never."""
    return float(get(tx, _LAST_BACKUP) or 0)


def demand_whole(tx: Tx) -> None:
    """Raise where a copy of this could not be used: it is half of an office, or of two keys.

    Raises StorageUnavailable, WrongKey.
    """
    _demand_arrived(tx)
    _demand_one_key(tx)


def _demand_arrived(tx: Tx) -> None:
    if get(tx, MOVING_IN) is not None:
        raise StorageUnavailable(
            "the office has not wholly arrived here: run the same `loket migrate` or"
            " `loket restore` again"
        )


def _demand_one_key(tx: Tx) -> None:
    if get(tx, _NEW_KEY) is not None:
        raise WrongKey("the change of the master key is not finished: run `loket rotate-key` again")


def demand_here(tx: Tx) -> None:
    """Raise StorageUnavailable where the office has left, or has not wholly arrived."""
    _demand_arrived(tx)
    where = leaving(tx)
    if where is not None:
        way = (
            f"moved to {where.to}: set LOKET_DATABASE_URL to it"
            if where.done
            else f"is on its way to {where.to}: run the same `loket migrate` again"
        )
        raise StorageUnavailable(
            f"this office {way}, or `loket migrate --stay` to serve what is here"
        )


def key_check(tx: Tx) -> str:
    """Return the check value of the key that sealed this data, empty where no desk ever began."""
    return get(tx, _KEY_CHECK) or ""


def demand_key(tx: Tx, vault: Vault) -> None:
    """Remember the master key's check value at first; later raise if the key is another one.

    Raises StorageUnavailable where the office is elsewhere.
    """
    demand_here(tx)
    demand_same_key(tx, vault)


def demand_same_key(tx: Tx, vault: Vault) -> None:
    """The same, wherever the office is."""
    _demand_one_key(tx)
    known = get(tx, _KEY_CHECK)
    if known is None:
        put(tx, _KEY_CHECK, vault.check_value())
    else:
        vault.demand(known)


def begin_new_key(tx: Tx, old: Vault, new: Vault) -> bool:
    """Note that values are being sealed anew; False when that was finished before.

    Raises WrongKey where the data belongs to another key, or another new key was begun with.
    """
    demand_here(tx)
    known = get(tx, _KEY_CHECK)
    if known == new.check_value():
        return False
    if known is not None:
        old.demand(known)
    begun = get(tx, _NEW_KEY)
    if begun is not None and begun != new.check_value():
        raise WrongKey("the change was begun with another new key: use that one to finish it")
    put(tx, _NEW_KEY, new.check_value())
    return True


def end_new_key(tx: Tx, new: Vault) -> None:
    """All is sealed anew: from now on the data belongs to the new key."""
    put(tx, _KEY_CHECK, new.check_value())
    tx.run("DELETE FROM setting WHERE name = ?", _NEW_KEY)
