"""Small facts of the installation."""

from __future__ import annotations

from storage.database import Tx
from storage.vault import Vault, WrongKey

_KEY_CHECK = "key-check"
_NEW_KEY = "key-rotation"


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


def demand_key(tx: Tx, vault: Vault) -> None:
    """Remember the master key's check value at first; later raise if the key is another one."""
    if get(tx, _NEW_KEY) is not None:
        raise WrongKey("the change of the master key is not finished: run `loket rotate-key` again")
    known = get(tx, _KEY_CHECK)
    if known is None:
        put(tx, _KEY_CHECK, vault.check_value())
    else:
        vault.demand(known)


def begin_new_key(tx: Tx, old: Vault, new: Vault) -> bool:
    """Note that values are being sealed anew; False when that was finished before.

    Raises WrongKey where the data belongs to another key, or another new key was begun with.
    """
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
