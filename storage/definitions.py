"""Every version of a service that was ever in force: what has begun with one ends with it."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import msgspec

from flows.definition import Definition
from storage.database import Tx


class Version(NamedTuple):
    """A kept version: in force since (ms), and who is under way on it.

    ``definition`` is None where this program cannot read it: a newer one wrote it.
    """

    digest: str
    service: str
    since: int
    definition: Definition | None
    conversations: int
    requests: int

    @property
    def in_use(self) -> bool:
        """Is anybody under way on it?"""
        return self.conversations + self.requests > 0


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


def all_versions(tx: Tx) -> list[Version]:
    """Return every kept version, by service and from the oldest on."""
    talks = _counted(tx, "SELECT digest, COUNT(*) FROM conversation GROUP BY digest")
    work = _counted(
        tx,
        "SELECT s.digest, (SELECT COUNT(*) FROM request r WHERE r.digest = s.digest"
        " AND r.closed_at IS NULL) FROM storeddefinition s",
    )
    rows = tx.all(
        "SELECT digest, service, first_seen, body FROM storeddefinition"
        " ORDER BY service, first_seen, digest"
    )
    return [
        Version(digest, service, since, _read(body), talks.get(digest, 0), work.get(digest, 0))
        for digest, service, since, body in rows
    ]


def by_digest(tx: Tx) -> dict[str, Definition]:
    """Return what this program can read of them by digest."""
    return {one.digest: one.definition for one in all_versions(tx) if one.definition}


def beside(tx: Tx, known: Collection[str]) -> dict[str, Definition]:
    """Return what another process, of a newer version, has kept since: by digest, if readable."""
    rows = tx.all("SELECT digest FROM storeddefinition")
    new = [digest for (digest,) in rows if digest not in known]
    bodies = [tx.one("SELECT body FROM storeddefinition WHERE digest = ?", one) for one in new]
    found = {digest: _read(row[0]) for digest, row in zip(new, bodies, strict=True) if row}
    return {digest: one for digest, one in found.items() if one is not None}


def forget_unused(tx: Tx, current: Collection[str]) -> int:
    """Delete versions that are not current and that no conversation or request began with.

    Closed requests count: what was asked is still shown in its own words. Where other processes
    may begin with a version of theirs at any moment, all stay.
    """
    if tx.shared:
        return 0
    kept = [row[0] for row in tx.all("SELECT digest FROM storeddefinition")]
    return sum(
        tx.run(
            "DELETE FROM storeddefinition WHERE digest = ?"
            " AND NOT EXISTS (SELECT 1 FROM request r WHERE r.digest = ?)"
            " AND NOT EXISTS (SELECT 1 FROM conversation c WHERE c.digest = ?)",
            *[digest] * 3,
        )
        for digest in kept
        if digest not in current
    )


def _counted(tx: Tx, sql: str) -> dict[str, int]:
    return {row[0]: row[1] for row in tx.all(sql)}


def _read(body: str) -> Definition | None:
    try:
        return msgspec.json.decode(body, type=Definition)
    except msgspec.MsgspecError:
        return None
