"""Every version of a service that was ever in force: what has begun with one ends with it."""

from __future__ import annotations

import msgspec

from flows.definition import Definition
from storage.database import Tx


class DefinitionUnreadable(Exception):
    """A kept version does not fit this program: it was written by a newer one."""


def keep(tx: Tx, digest: str, service: str, body: bytes, now_ms: int) -> None:
    """Keep this version (canonical JSON) under its digest; one that is kept already stays."""
    tx.run(
        "INSERT INTO storeddefinition (digest, service, body, first_seen) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        digest,
        service,
        body.decode(),
        now_ms,
    )


def all_versions(tx: Tx) -> dict[str, Definition]:
    """Return every kept version by digest; raises DefinitionUnreadable."""
    versions: dict[str, Definition] = {}
    for digest, service, body in tx.all("SELECT digest, service, body FROM storeddefinition"):
        try:
            versions[digest] = msgspec.json.decode(body, type=Definition)
        except msgspec.MsgspecError as error:
            raise DefinitionUnreadable(f"version {digest} of {service}: {error}") from error
    return versions
