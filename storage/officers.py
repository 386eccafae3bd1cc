"""Officers: who they are, where they are reached, and the codes by which they join."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from storage import contacts
from storage.database import Row, Tx
from storage.instant import to_ms
from storage.vault import Vault

INVITE_HOURS = 48
_LENGTH = 10


class NameTaken(Exception):
    """Another officer has this name already."""


class Officer(Struct, frozen=True):
    """A member of staff as the commands see them; ``state`` is active or suspended."""

    id: int
    name: str
    role: str
    state: str = "active"

    @property
    def active(self) -> bool:
        """Whether they may do anything at all."""
        return self.state == "active"


class Invited(Struct, frozen=True):
    """What a valid code promises: a role, and a name where the inviter gave one."""

    name: str
    role: str


def by_id(tx: Tx, officer_id: int) -> Officer | None:
    """Return this officer."""
    sql = "SELECT id, name, role, state FROM officer WHERE id = ?"
    return _officer(tx.one(sql, officer_id))


def of_contact(tx: Tx, contact_id: int) -> Officer | None:
    """Return the officer who writes from this contact, suspended ones too."""
    sql = (
        "SELECT o.id, o.name, o.role, o.state FROM officer o "
        "JOIN contact c ON c.officer_id = o.id WHERE c.id = ?"
    )
    return _officer(tx.one(sql, contact_id))


def at_address(tx: Tx, vault: Vault, channel: str, address: str) -> Officer | None:
    """Return the officer who writes from this address of a channel, suspended ones too."""
    contact_id = contacts.find(tx, vault, channel, address)
    return of_contact(tx, contact_id) if contact_id is not None else None


def by_name(tx: Tx, name: str) -> Officer | None:
    """Return the officer of exactly this name, in whatever case."""
    sql = "SELECT id, name, role, state FROM officer WHERE lower(name) = lower(?)"
    return _officer(tx.one(sql, _spaced(name)))


def roster(tx: Tx) -> list[Officer]:
    """Return all officers, active ones first, by name."""
    rows = tx.all("SELECT id, name, role, state FROM officer ORDER BY state, lower(name)")
    return [Officer(*row) for row in rows]


def active_contacts(tx: Tx, officer_id: int) -> list[tuple[int, str]]:
    """Return (contact id, channel) of an active officer, the one heard from last first."""
    sql = (
        "SELECT c.id, c.channel FROM contact c JOIN officer o ON o.id = c.officer_id "
        "WHERE o.id = ? AND o.state = 'active' AND c.state = 'open' "
        "ORDER BY coalesce(c.heard_at, 0) DESC, c.id"
    )
    return [(row[0], row[1]) for row in tx.all(sql, officer_id)]


def invite(tx: Tx, vault: Vault, name: str, role: str, now: datetime) -> str:
    """Return a code by which one person joins with ``role`` within 48 hours; its hash is kept.

    An earlier unused code for that name is no longer valid.
    """
    drawn = vault.new_code(_LENGTH).upper()
    code = f"{drawn[:5]}-{drawn[5:]}"
    expires = to_ms(now + timedelta(hours=INVITE_HOURS))
    tx.run("DELETE FROM invite WHERE name = ? AND used_at IS NULL", _spaced(name))
    tx.run(
        "INSERT INTO invite (digest, name, role, expires_at) VALUES (?, ?, ?, ?)",
        _digest(vault, code),
        _spaced(name),
        role,
        expires,
    )
    return code


def invited(tx: Tx, vault: Vault, code: str, now: datetime) -> Invited | None:
    """Return what a code promises while it is unused and in time."""
    row = tx.one(
        "SELECT name, role FROM invite WHERE digest = ? AND used_at IS NULL AND expires_at > ?",
        _digest(vault, code),
        to_ms(now),
    )
    return Invited(row[0], row[1]) if row else None


def join(
    tx: Tx, vault: Vault, contact_id: int, code: str, name: str, now: datetime
) -> Officer | None:
    """Use a code up and make this contact an officer's; None when the code is not valid.

    An invited officer who exists already gets one more contact (a lost phone, a second channel)
    and keeps role and state. Raises NameTaken when a name of one's own choice is somebody's.
    """
    promise = invited(tx, vault, code, now)
    if promise is None:
        return None
    known = by_name(tx, promise.name or name)
    if known and not promise.name:
        raise NameTaken(known.name)
    if not _use(tx, vault, code, now):
        return None
    officer = known or _hire(tx, promise.name or _spaced(name), promise.role, now)
    tx.run(
        "UPDATE contact SET officer_id = ?, kind = 'officer' WHERE id = ?", officer.id, contact_id
    )
    return officer


def set_state(tx: Tx, officer_id: int, state: str) -> None:
    """Suspend an officer or let them work again (``active``, ``suspended``)."""
    tx.run("UPDATE officer SET state = ? WHERE id = ?", state, officer_id)


def set_role(tx: Tx, officer_id: int, role: str) -> None:
    """Give an officer another role of config.yaml."""
    tx.run("UPDATE officer SET role = ? WHERE id = ?", role, officer_id)


def has_talk(tx: Tx, contact_id: int) -> bool:
    """Return whether that contact ever spoke with the desk as a citizen."""
    return tx.one("SELECT 1 FROM conversation WHERE contact_id = ?", contact_id) is not None


def talking_to(tx: Tx, contact_id: int) -> int:
    """Return the officer who speaks with that contact, 0 for nobody."""
    row = tx.one("SELECT talking_to FROM conversation WHERE contact_id = ?", contact_id)
    return int(row[0] or 0) if row else 0


def take_talk(tx: Tx, contact_id: int, officer_id: int) -> bool:
    """Make an officer the one who speaks with that contact; False when another one does."""
    sql = "UPDATE conversation SET talking_to = ? WHERE contact_id = ? AND talking_to IS NULL"
    return tx.run(sql, officer_id, contact_id) == 1


def talks_of(tx: Tx, officer_id: int) -> list[int]:
    """Return the contacts with whom an officer speaks."""
    rows = tx.all("SELECT contact_id FROM conversation WHERE talking_to = ?", officer_id)
    return [row[0] for row in rows]


def held_requests(tx: Tx, officer_id: int) -> int:
    """Return how many open requests an officer has."""
    sql = "SELECT count(*) FROM request WHERE officer_id = ? AND status IN ('open', 'returned')"
    row = tx.one(sql, officer_id)
    return int(row[0]) if row else 0


def ensure_first_invite(tx: Tx, vault: Vault, now: datetime, role: str) -> str | None:
    """Return a fresh invite for the first officer while there is no active one, else None."""
    if tx.one("SELECT 1 FROM officer WHERE state = 'active'"):
        return None
    return invite(tx, vault, "", role, now)


def _hire(tx: Tx, name: str, role: str, now: datetime) -> Officer:
    sql = "INSERT INTO officer (name, role, state, joined_at) VALUES (?, ?, 'active', ?)"
    return Officer(tx.add(sql, name, role, to_ms(now)), name, role)


def _use(tx: Tx, vault: Vault, code: str, now: datetime) -> bool:
    # The update is the claim: of two who type one code at once, one gets in.
    sql = "UPDATE invite SET used_at = ? WHERE digest = ? AND used_at IS NULL AND expires_at > ?"
    return tx.run(sql, to_ms(now), _digest(vault, code), to_ms(now)) == 1


def _digest(vault: Vault, code: str) -> str:
    # What is read aloud or copied by hand: the alphabet has no O, I and L.
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return vault.digest("invite", plain.replace("o", "0").replace("i", "1").replace("l", "1"))


def _officer(row: Row | None) -> Officer | None:
    return Officer(*row) if row else None


def _spaced(name: str) -> str:
    return " ".join(name.split())
