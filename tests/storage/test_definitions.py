"""Versions of services are kept for those who began with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.definition import Definition
from flows.loader import canonical, digest, load_definitions
from storage import definitions
from storage.database import Database, StorageUnavailable, Tx
from storage.looking import look
from storage.sqlite import SqliteDatabase
from tests.blank import new_database

FILE = Path(__file__).parents[2] / "flows" / "services" / "domisili.yaml"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    new_database(tmp_path / "loket.db")
    database = SqliteDatabase(tmp_path / "loket.db")
    database.open()
    yield database
    database.close()


def domisili(**changes: str) -> Definition:
    text = FILE.read_text(encoding="utf-8")
    for key, value in changes.items():
        text = re.sub(rf"^{key}: .*$", f"{key}: {value}", text, flags=re.MULTILINE)
    return load_definitions({"domisili.yaml": text})["domisili"]


async def keep(db: Database, *kept: Definition) -> None:
    for moment, one in enumerate(kept, start=1):
        args = (digest(one), one.id, canonical(one), moment)
        await db.write(lambda tx, args=args: definitions.keep(tx, *args))


async def test_every_version_is_kept_once_under_its_digest(db: Database) -> None:
    first, second = domisili(), domisili(promise="2")
    await keep(db, first, second, first)
    kept = await db.read(definitions.all_versions)
    assert [(one.digest, one.definition, one.since) for one in kept] == [
        (digest(first), first, 1),
        (digest(second), second, 2),
    ]
    assert await db.read(definitions.by_digest) == {digest(first): first, digest(second): second}


async def test_a_version_of_a_newer_program_is_kept_and_not_read(db: Database) -> None:
    body = b'{"id": "domisili", "colour": "red"}'
    await db.write(lambda tx: definitions.keep(tx, "abc", "domisili", body, 1))
    (kept,) = await db.read(definitions.all_versions)
    assert (kept.digest, kept.definition, kept.in_use) == ("abc", None, False)


async def test_whoever_began_with_a_version_is_counted_and_nobody_elses_is_forgotten(
    db: Database,
) -> None:
    on_it, closed, unused, current = (domisili(version=str(n)) for n in (1, 2, 3, 4))
    await keep(db, on_it, closed, unused, current)
    begin = "INSERT INTO conversation (contact_id, service, digest, place, turn)"
    columns = "number, code, digest, status, closed_at"
    rest = (
        "sequence, contact_id, citizen_id, version, late, reminders, letter, made, service, stage,"
        " role, name, village, nik, returned, asked_by"
    )

    def live(tx: Tx) -> None:
        tx.run(f"{begin} VALUES (1, 'domisili', ?, 'asking', 1)", digest(on_it))
        numbers, words = ", ".join("11111000"), ", ".join(["'x'"] * 8)
        file = f"INSERT INTO request ({columns}, {rest}) VALUES (?, ?, ?, ?, ?, {numbers}, {words})"
        tx.run(file, "DOM-1", "a", digest(on_it), "open", None)
        tx.run(file, "DOM-2", "b", digest(closed), "done", 5)

    await db.write(live)
    assert await db.write(lambda tx: definitions.forget_unused(tx, {digest(current)})) == 1
    kept = await db.read(definitions.all_versions)
    assert [(one.definition.version, one.conversations, one.requests) for one in kept] == [
        (1, 1, 1),
        (2, 0, 0),
        (4, 0, 0),
    ]


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def test_a_look_from_outside_sees_what_is_durable_and_leaves_nothing(
    db: Database, tmp_path: Path
) -> None:
    path = tmp_path / "loket.db"
    await keep(db, domisili())
    files = _files(tmp_path)
    assert [one.service for one in look(path, definitions.all_versions)] == ["domisili"]
    with pytest.raises(StorageUnavailable, match="cannot be read"):
        look(path, lambda tx: tx.run("DELETE FROM storeddefinition"))
    assert _files(tmp_path) == files
    db.close()
    files = _files(tmp_path)
    assert len(look(path, definitions.all_versions)) == 1
    assert _files(tmp_path) == files
