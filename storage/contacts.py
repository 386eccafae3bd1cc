"""Contacts: the chats that the desk can write to, found by a blind index of their addresses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from storage.database import Tx
from storage.vault import Vault

_CLOSE_MS = 10_000
_FIELDS = (
    "id, channel, kind, citizen_id, officer_id, language, state, address, profile, heard_at,"
    " doubt, confirmed_at"
)
_NUMBER = re.compile(r"(?:\w+:)?\+?\d+")
"""An address that is a telephone number: it may change hands, which an id never does."""
CHANGED = "changed"
"""Why a contact is doubted: its number seems to be somebody else's by now."""


class ContactRow(NamedTuple):
    """One chat; ``address`` and ``profile`` are sealed.

    ``doubt`` says why its number may be somebody else's by now, empty for no doubt.
    """

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
    doubt: str = ""
    confirmed_at: int | None = None


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

    A person who arrives under a number and under an id, in either order, is one contact. A number
    under which another id writes than before has changed hands: its contact is doubted.
    """
    known = find(tx, vault, channel, address)
    if known is None and _hold(tx, vault, channel, (address, *aliases)):
        known = find(tx, vault, channel, address)
    if not aliases:
        if known is None:
            known = _add(tx, vault, channel, address, now, profile, kind)
            lead(tx, vault, channel, address, known)
        return known
    names = dict.fromkeys((address, *aliases))
    led = {name: known if name == address else find(tx, vault, channel, name) for name in names}
    leads = set(led.values())
    if len(leads) == 1 and known is not None:
        return known
    owner = _owner(tx, vault, led)
    if owner is None:
        owner = _add(tx, vault, channel, address, now, profile, kind)
    for name, contact_id in led.items():
        if contact_id is None:
            if _is_number(name):
                _leave_numbers(tx, vault, owner, name)
            lead(tx, vault, channel, name, owner)
        elif contact_id != owner and _is_number(name) and _ids(tx, vault, contact_id):
            take_over(tx, vault, channel, [name], contact_id, owner)
    return owner


def _owner(tx: Tx, vault: Vault, led: dict[str, int | None]) -> int | None:
    """Return whose these names are: an id proves a person, a number only where nothing speaks
    against it.
    """
    ids = [name for name in led if not _is_number(name)]
    by_number = next((one for name, one in led.items() if one and _is_number(name)), None)
    by_id = next((one for name in ids if (one := led[name])), None)
    if by_number is None or by_id is not None:
        hands = by_number is not None and by_number != by_id and not _ids(tx, vault, by_number)
        # Somebody met under the number alone before: nothing says that it is another person.
        return by_number if hands else by_id
    if ids and _ids(tx, vault, by_number):
        set_doubt(tx, by_number, CHANGED)
    return by_number


def _is_number(address: str) -> bool:
    return _NUMBER.fullmatch(address) is not None


def _names(tx: Tx, vault: Vault, contact_id: int) -> list[str]:
    rows = tx.all("SELECT value FROM address WHERE contact_id = ?", contact_id)
    return [vault.unseal("address.value", row[0]).decode() for row in rows if row[0] is not None]


def _ids(tx: Tx, vault: Vault, contact_id: int) -> list[str]:
    return [name for name in _names(tx, vault, contact_id) if not _is_number(name)]


def _leave_numbers(tx: Tx, vault: Vault, contact_id: int, new: str) -> None:
    """A person known by their id has a new number: the old one will be somebody else's."""
    old = [name for name in _names(tx, vault, contact_id) if _is_number(name)]
    if not old:
        return
    contact = load(tx, contact_id)
    for name in old:
        tx.run(
            "DELETE FROM address WHERE channel = ? AND digest = ?",
            contact.channel,
            vault.index(contact.channel, name),
        )
    if contact.address is not None and address_of(vault, contact) in old:
        _write_to(tx, vault, contact_id, new)


def take_over(tx: Tx, vault: Vault, channel: str, names: Sequence[str], old: int, new: int) -> None:
    """Let these addresses lead to another contact; the old one keeps what else leads to it."""
    for name in names:
        tx.run(
            "UPDATE address SET contact_id = ? WHERE channel = ? AND digest = ? AND contact_id = ?",
            new,
            channel,
            vault.index(channel, name),
            old,
        )
    rest = _names(tx, vault, old)
    if not rest:
        tx.run("UPDATE contact SET address = NULL, state = 'invalid' WHERE id = ?", old)
    elif address_of(vault, load(tx, old)) not in rest:
        _write_to(tx, vault, old, rest[0])


def succeed(
    tx: Tx, vault: Vault, contact: ContactRow, names: Sequence[str], now: int
) -> ContactRow:
    """Give these addresses of a contact to somebody new and return their contact.

    All that was said and filed stays with the old one, whom nothing more reaches at them.
    """
    own = [name for name in names if find(tx, vault, contact.channel, name) == contact.id]
    new = _add(tx, vault, contact.channel, own[0], now, "", "citizen")
    take_over(tx, vault, contact.channel, own, contact.id, new)
    set_doubt(tx, contact.id, "")
    tx.run("UPDATE outbox SET state = 4 WHERE contact_id = ? AND state = 0", contact.id)
    tx.run(
        "UPDATE inbox SET lane = ? WHERE lane = ? AND state = 0 AND channel <> 'desk'",
        new,
        contact.id,
    )
    tx.run("UPDATE contact SET heard_at = ?, language = ? WHERE id = ?", now, contact.language, new)
    return load(tx, new)


def _write_to(tx: Tx, vault: Vault, contact_id: int, address: str) -> None:
    tx.run(
        "UPDATE contact SET address = ? WHERE id = ?",
        vault.seal("contact.address", address.encode()),
        contact_id,
    )


def set_doubt(tx: Tx, contact_id: int, why: str) -> None:
    """Record why the contact's number may be somebody else's by now, or that it is not."""
    tx.run("UPDATE contact SET doubt = ? WHERE id = ?", why, contact_id)


def confirm(tx: Tx, contact_id: int, now: int) -> None:
    """Record that the person proved to read what is sent to that address."""
    tx.run("UPDATE contact SET confirmed_at = ? WHERE id = ?", now, contact_id)


def _hold(tx: Tx, vault: Vault, channel: str, names: Sequence[str]) -> bool:
    """Let nobody else make a contact of these addresses; True where somebody may just have."""
    if not tx.shared:
        return False
    held = [tx.lock(f"{channel}:{vault.index(channel, name)}") for name in sorted(names)]
    return any(held)


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


def lead(tx: Tx, vault: Vault, channel: str, address: str, contact_id: int) -> None:
    """Let an address lead to a contact, unless it leads to one already."""
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


def heard(tx: Tx, contact: ContactRow, at: int) -> ContactRow:
    """The person wrote: the channel's window opens, and a lost contact is open again.

    Returns the contact as it is now. Who writes much is noted every few seconds: no window is
    counted that closely.
    """
    lost = contact.state in ("blocked", "invalid")
    if not lost and contact.heard_at is not None and 0 <= at - contact.heard_at < _CLOSE_MS:
        return contact
    now = contact._replace(heard_at=at, state="open" if lost else contact.state)
    tx.run("UPDATE contact SET heard_at = ?, state = ? WHERE id = ?", at, now.state, contact.id)
    return now


def set_state(tx: Tx, contact_id: int, state: str) -> None:
    """Record that the contact is open, blocked, optedout or invalid."""
    tx.run("UPDATE contact SET state = ? WHERE id = ?", state, contact_id)


def set_language(tx: Tx, contact_id: int, language: str) -> None:
    """Remember the language in which this contact is written to."""
    tx.run("UPDATE contact SET language = ? WHERE id = ?", language, contact_id)


def move(tx: Tx, vault: Vault, contact_id: int, channel: str, address: str) -> None:
    """A chat got a new address (a group became a supergroup)."""
    _write_to(tx, vault, contact_id, address)
    lead(tx, vault, channel, address, contact_id)


def profile_of(vault: Vault, contact: ContactRow) -> str:
    """Return how a person calls themselves in their chat, empty where that is not known."""
    if contact.profile is None:
        return ""
    return vault.unseal("contact.profile", contact.profile).decode("utf-8", "replace")


def address_of(vault: Vault, contact: ContactRow) -> str:
    """Return the address in plain, for the channel alone."""
    return vault.unseal("contact.address", contact.address or b"").decode()
