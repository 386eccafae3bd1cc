"""The protocol of purges: what went, how much, by which rule, when; nobody's data, nobody's name.

It stands in the audit, where rows are only ever added: ``what`` is ``purged.<sort>``, ``ref`` the
service (``-`` for none), the rule and the count.
"""

from __future__ import annotations

from typing import NamedTuple

from storage import audit
from storage.database import Tx

WISH = "wish"
"""The rule of what a person asked for: ``hapus data``."""

_SORT = "purged."


class Purge(NamedTuple):
    """So many of a sort went at an instant (milliseconds) by a rule such as ``documents_days=90``.

    ``service`` is empty for what belongs to none.
    """

    at: int
    sort: str
    service: str
    rule: str
    taken: int


def note(tx: Tx, done: Purge) -> None:
    """Write a purge down in the transaction that does it; one that took nothing is none."""
    if done.taken:
        ref = f"{done.service or '-'} {done.rule} {done.taken}"
        audit.note(tx, done.at, None, f"{_SORT}{done.sort}", ref)


def between(tx: Tx, since: int, until: int, limit: int = -1) -> list[Purge]:
    """Return the purges of a time, newest first; the portions of one are added up."""
    rows = tx.all(
        "SELECT at, what, ref FROM audit WHERE at >= ? AND at < ? AND substr(what, 1, 7) = ?"
        " ORDER BY at DESC, id",
        since,
        until,
        _SORT,
    )
    counts: dict[tuple[int, str, str, str], int] = {}
    for at, what, ref in rows:
        about, _, count = ref.rpartition(" ")
        service, _, rule = about.partition(" ")
        key = (at, what.removeprefix(_SORT), service.strip("-"), rule)
        counts[key] = counts.get(key, 0) + int(count)
    found = [Purge(*key, count) for key, count in counts.items()]
    return found if limit < 0 else found[:limit]
