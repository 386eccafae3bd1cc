"""One-time links and codes: given out once, kept only as a keyed hash, used up by one person."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from storage.database import Tx
from storage.instant import to_ms
from storage.vault import Vault

# Copied by hand, these letters are taken for digits; the vault's codes never contain them.
_ALIKE = str.maketrans("oil", "011", "- \t\r\n")


class LinkRow(NamedTuple):
    """What a code that is still good leads to, and for whom it was made."""

    ref: str
    officer_id: int | None
    expires_at: int


def make(
    tx: Tx, vault: Vault, kind: str, ref: str, officer_id: int | None, expires: datetime
) -> str:
    """Return a new code for ``ref``; it cannot be shown again. ``kind`` keeps uses apart."""
    code = vault.new_code()
    tx.run(
        "INSERT INTO link (digest, kind, ref, officer_id, expires_at) VALUES (?, ?, ?, ?, ?)",
        _digest(vault, kind, code),
        kind,
        ref,
        officer_id,
        to_ms(expires),
    )
    return code


def look(tx: Tx, vault: Vault, code: str, kind: str, now: datetime) -> LinkRow | None:
    """Return where a good code leads without using it up (a chat's preview looks too)."""
    row = tx.one(
        "SELECT ref, officer_id, expires_at FROM link"
        " WHERE digest = ? AND kind = ? AND used_at IS NULL AND expires_at > ?",
        _digest(vault, kind, code),
        kind,
        to_ms(now),
    )
    return LinkRow(*row) if row else None


def use(tx: Tx, vault: Vault, code: str, kind: str, now: datetime) -> str | None:
    """Use a code up and return its ``ref``; None when it is unknown, used or too old."""
    found = look(tx, vault, code, kind, now)
    # The update is the claim: of two who use one code at once, one gets through.
    used = tx.run(
        "UPDATE link SET used_at = ? WHERE digest = ? AND kind = ? AND used_at IS NULL"
        " AND expires_at > ?",
        to_ms(now),
        _digest(vault, kind, code),
        kind,
        to_ms(now),
    )
    return found.ref if found and used == 1 else None


def withdraw(tx: Tx, officer_id: int, now: datetime) -> int:
    """Make an officer's open codes useless, as when they are suspended; return how many."""
    sql = "UPDATE link SET used_at = ? WHERE officer_id = ? AND used_at IS NULL"
    return tx.run(sql, to_ms(now), officer_id)


def _digest(vault: Vault, kind: str, code: str) -> str:
    return vault.digest(f"link:{kind}", code.lower().translate(_ALIKE))
