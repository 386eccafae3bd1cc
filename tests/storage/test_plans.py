"""What an office of ten years does often looks at no table from end to end."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from storage import definitions, jobs, outbox, retention
from storage.sqlite import SqliteTx
from tests.blank import new_database

_VERSION = ("domisili", "d")
_OFTEN: dict[str, Callable[[SqliteTx], object]] = {
    "messages of who has gone": outbox.free,
    "whom something waits for": outbox.recover,
    "who was left behind": lambda tx: outbox.left_behind(tx, 1),
    "the next slow work": lambda tx: jobs.next_at(tx, 2),
    "slow work of who has gone": jobs.recover,
    "versions nobody uses": lambda tx: definitions.forget_unused(tx, ["d"]),
    "versions to be tidied": retention.versions,
    "papers to go": lambda tx: retention.papers_of_closed(tx, _VERSION, 1),
    "answers to go": lambda tx: retention.purge_requests(tx, _VERSION, 1),
    "letters to go": lambda tx: retention.purge_letters(tx, _VERSION, 1),
}
_LARGE = {"request", "inbox", "outbox", "job", "document", "history", "letter", "audit"}


@pytest.mark.parametrize("what", _OFTEN)
def test_no_large_table_is_read_from_end_to_end(tmp_path: Path, what: str) -> None:
    new_database(tmp_path / "loket.db")
    said: list[str] = []
    with sqlite3.connect(tmp_path / "loket.db") as database:
        database.set_trace_callback(said.append)
        _OFTEN[what](SqliteTx(database))
        database.set_trace_callback(None)
        assert said
        for sql in said:
            if sql.startswith(("SELECT", "UPDATE", "DELETE")):
                for *_, step in database.execute(f"EXPLAIN QUERY PLAN {sql}"):
                    assert _is_narrow(database, step), f"{step}: {sql}"


def _is_narrow(database: sqlite3.Connection, step: str) -> bool:
    """Is it a search, or a look through what a partial index holds?"""
    if not step.startswith("SCAN "):
        return True
    table, _, index = step.removeprefix("SCAN ").partition(" USING ")
    names = {"d": "document", "r": "request", "l": "letter", "o": "outbox"}
    if names.get(table, table) not in _LARGE:
        return True
    made = database.execute(
        "SELECT sql FROM sqlite_master WHERE name = ?", (index.rpartition(" ")[2],)
    ).fetchone()
    return made is not None and " WHERE " in (made[0] or "")
