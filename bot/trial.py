"""The trial office: officers of every role, invented, who work at the page ``/coba``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from storage import contacts, officers
from storage.database import Tx
from storage.instant import to_ms
from storage.officers import Officer
from storage.vault import Vault

if TYPE_CHECKING:
    from bot.setup.settings import Config

BOARD = "papan"
"""The address of the board that all officers of the trial read: their group chat."""

_NAMES = {
    "counter": "Rina",
    "verifier": "Pak Dedi",
    "secretary": "Bu Ratna",
    "signer": "Pak Yusri",
    "head": "Bu Camat",
    "admin": "Siti",
}


def officers_of(config: Config) -> list[Officer]:
    """Return the trial's officers, one of every role of the configuration."""
    return [Officer(0, _NAMES.get(role, role.capitalize()), role) for role in config.roles]


def address(name: str) -> str:
    """Return where an officer of the trial is reached, at the page and in the terminal."""
    return f"petugas:{name}"


def seed(tx: Tx, vault: Vault, config: Config, now: datetime) -> None:
    """Make the officers and their board where they are missing; give each their role again."""
    instant = to_ms(now)
    board = contacts.meet(tx, vault, "coba", BOARD, instant, kind="staff")
    tx.run("UPDATE contact SET kind = 'staff' WHERE id = ?", board)
    for one in officers_of(config):
        known = officers.by_name(tx, one.name)
        if known is not None:
            officers.set_role(tx, known.id, one.role)
        for channel in ("coba", "terminal"):
            contact = contacts.meet(tx, vault, channel, address(one.name), instant, kind="officer")
            if officers.of_contact(tx, contact) is None:
                code = officers.invite(tx, vault, one.name, one.role, now)
                officers.join(tx, vault, contact, code, one.name, now)
