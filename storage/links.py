"""One-time links and codes: given out once, kept only as a keyed hash, used up by one person."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from storage.database import Tx
from storage.instant import to_ms
from storage.vault import Vault

# Copied by hand, these letters are taken for digits; the vault's codes never contain them.
_ALIKE = str.maketrans("oil", "011", "- \t\r\n.")


class LinkRow(NamedTuple):
    """What a code that is still good leads to, and for whom it was made."""

    ref: str
    officer_id: int | None
    expires_at: int


def make(
    tx: Tx,
    vault: Vault,
    kind: str,
    ref: str,
    officer_id: int | None,
    expires: datetime,
    code: str = "",
) -> str:
    """Return a new code for ``ref``; it cannot be shown again. ``kind`` keeps uses apart.

    ``code`` is one of the caller's own choice, which must not be taken.
    """
    code = code or vault.new_code()
    tx.run(
        "INSERT INTO link (digest, kind, ref, officer_id, expires_at) VALUES (?, ?, ?, ?, ?)",
        _digest(vault, kind, code),
        kind,
        ref,
        officer_id,
        to_ms(expires),
    )
    return code


def is_taken(tx: Tx, vault: Vault, kind: str, code: str) -> bool:
    """Say whether there was such a code of that kind."""
    return bool(tx.one("SELECT 1 FROM link WHERE digest = ?", _digest(vault, kind, code)))


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


def use(tx: Tx, vault: Vault, code: str, kind: str, now: datetime, ref: str = "") -> str | None:
    """Use a code up and return its ``ref``; None when it is unknown, used or too old.

    With ``ref`` only a code that was made for it. Of two who use one at once, one gets through.
    """
    row = tx.one(
        "UPDATE link SET used_at = ? WHERE digest = ? AND kind = ? AND used_at IS NULL"
        " AND expires_at > ? AND (? = '' OR ref = ?) RETURNING ref",
        to_ms(now),
        _digest(vault, kind, code),
        kind,
        to_ms(now),
        ref,
        ref,
    )
    return str(row[0]) if row else None


def withdraw(tx: Tx, officer_id: int, now: datetime) -> int:
    """Make an officer's open codes useless, as when they are suspended; return how many."""
    sql = "UPDATE link SET used_at = ? WHERE officer_id = ? AND used_at IS NULL"
    return tx.run(sql, to_ms(now), officer_id)


def _digest(vault: Vault, kind: str, code: str) -> str:
    return vault.digest(f"link:{kind}", code.lower().translate(_ALIKE))
