"""Contacts: the chats that the desk can write to, found by a blind index of their addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from storage.database import Tx
from storage.vault import Vault

_CLOSE_MS = 10_000
_FIELDS = "id, channel, kind, citizen_id, officer_id, language, state, address, profile, heard_at"


class ContactRow(NamedTuple):
    """One chat; ``address`` and ``profile`` are sealed."""

    id: int
    channel: str
    kind: str
    citizen_id: int | None
    officer_id: int | None
    language: str
    state: str
    address: bytes | None
    profile: bytes | None
    heard_at: int | None


def find(tx: Tx, vault: Vault, channel: str, address: str) -> int | None:
    """Return the contact's id at that address, if the desk knows it."""
    row = tx.one(
        "SELECT contact_id FROM address WHERE channel = ? AND digest = ?",
        channel,
        vault.index(channel, address),
    )
    return row[0] if row else None


def meet(
    tx: Tx,
    vault: Vault,
    channel: str,
    address: str,
    now: int,
    *,
    aliases: tuple[str, ...] = (),
    profile: str = "",
    kind: str = "citizen",
) -> int:
    """Return the contact at that address or one of its aliases, making it at the first meeting.

    A person who arrives under a number and under an id, in either order, is one contact.
    """
    known = find(tx, vault, channel, address)
    if known is None and _hold(tx, vault, channel, (address, *aliases)):
        known = find(tx, vault, channel, address)
    if known is None:
        known = next((c for a in aliases if (c := find(tx, vault, channel, a)) is not None), None)
        if known is None:
            known = _add(tx, vault, channel, address, now, profile, kind)
        _lead(tx, vault, channel, address, known)
    for alias in aliases:
        _lead(tx, vault, channel, alias, known)
    return known


def _hold(tx: Tx, vault: Vault, channel: str, names: Sequence[str]) -> bool:
    """Let nobody else make a contact of these addresses; True where somebody may just have."""
    if not tx.shared:
        return False
    return any([tx.lock(f"{channel}:{vault.index(channel, name)}") for name in sorted(names)])


def _add(
    tx: Tx, vault: Vault, channel: str, address: str, now: int, profile: str, kind: str
) -> int:
    citizen = None
    if kind == "citizen":
        citizen = tx.add("INSERT INTO citizen (created_at) VALUES (?)", now)
    return tx.add(
        "INSERT INTO contact (channel, kind, citizen_id, language, state, address, profile,"
        " created_at) VALUES (?, ?, ?, 'id', 'open', ?, ?, ?)",
        channel,
        kind,
        citizen,
        vault.seal("contact.address", address.encode()),
        vault.seal("contact.profile", profile.encode("utf-8", "replace")) if profile else None,
        now,
    )


def _lead(tx: Tx, vault: Vault, channel: str, address: str, contact_id: int) -> None:
    tx.run(
        "INSERT INTO address (channel, digest, contact_id, value) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (channel, digest) DO NOTHING",
        channel,
        vault.index(channel, address),
        contact_id,
        vault.seal("address.value", address.encode()),
    )


def load(tx: Tx, contact_id: int) -> ContactRow:
    """Return a contact that exists; raises LookupError."""
    row = tx.one(f"SELECT {_FIELDS} FROM contact WHERE id = ?", contact_id)  # noqa: S608
    if row is None:
        raise LookupError(f"no contact {contact_id}")
    return ContactRow(*row)


def heard(tx: Tx, contact: ContactRow, at: int) -> None:
    """The person wrote: the channel's window opens, and a lost contact is open again.

    Who writes much is noted every few seconds: no window is counted that closely.
    """
    lost = contact.state in ("blocked", "invalid")
    if not lost and contact.heard_at is not None and 0 <= at - contact.heard_at < _CLOSE_MS:
        return
    tx.run(
        "UPDATE contact SET heard_at = ?,"
        " state = CASE WHEN state IN ('blocked', 'invalid') THEN 'open' ELSE state END"
        " WHERE id = ?",
        at,
        contact.id,
    )


def set_state(tx: Tx, contact_id: int, state: str) -> None:
    """Record that the contact is open, blocked, optedout or invalid."""
    tx.run("UPDATE contact SET state = ? WHERE id = ?", state, contact_id)


def set_language(tx: Tx, contact_id: int, language: str) -> None:
    """Remember the language in which this contact is written to."""
    tx.run("UPDATE contact SET language = ? WHERE id = ?", language, contact_id)


def move(tx: Tx, vault: Vault, contact_id: int, channel: str, address: str) -> None:
    """A chat got a new address (a group became a supergroup)."""
    tx.run(
        "UPDATE contact SET address = ? WHERE id = ?",
        vault.seal("contact.address", address.encode()),
        contact_id,
    )
    _lead(tx, vault, channel, address, contact_id)


def profile_of(vault: Vault, contact: ContactRow) -> str:
    """Return how a person calls themselves in their chat, empty where that is not known."""
    if contact.profile is None:
        return ""
    return vault.unseal("contact.profile", contact.profile).decode("utf-8", "replace")


def address_of(vault: Vault, contact: ContactRow) -> str:
    """Return the address in plain, for the channel alone."""
    return vault.unseal("contact.address", contact.address or b"").decode()
