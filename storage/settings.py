"""Small facts of the installation."""

from __future__ import annotations

from storage.database import Tx
from storage.vault import Vault

_KEY_CHECK = "key-check"


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
    known = get(tx, _KEY_CHECK)
    if known is None:
        put(tx, _KEY_CHECK, vault.check_value())
    else:
        vault.demand(known)
