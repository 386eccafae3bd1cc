"""Versions of services are kept for those who began with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.loader import canonical, digest, load_definitions
from storage import definitions
from storage.database import Database
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


async def test_every_version_is_kept_once_under_its_digest(db: Database) -> None:
    text = FILE.read_text(encoding="utf-8")
    first = load_definitions({"domisili.yaml": text})["domisili"]
    second = load_definitions({"domisili.yaml": text.replace("promise: 1", "promise: 2")})[
        "domisili"
    ]
    for moment, one in enumerate([first, second, first], start=1):
        args = (digest(one), one.id, canonical(one), moment)
        await db.write(lambda tx, args=args: definitions.keep(tx, *args))
    kept = await db.read(definitions.all_versions)
    assert kept == {digest(first): first, digest(second): second}
    seen = await db.read(lambda tx: tx.all("SELECT first_seen FROM storeddefinition ORDER BY 1"))
    assert [row[0] for row in seen] == [1, 2]


async def test_a_version_of_a_newer_program_is_named(db: Database) -> None:
    body = b'{"id": "domisili", "colour": "red"}'
    await db.write(lambda tx: definitions.keep(tx, "abc", "domisili", body, 1))
    with pytest.raises(definitions.DefinitionUnreadable, match="version abc of domisili"):
        await db.read(definitions.all_versions)
