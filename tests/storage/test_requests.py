"""Requests in their tables: what is written is read again, by whoever may find it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from flows.standing import State
from storage import finding, history, letters, numbers, queue, requests, topics
from storage.database import Database, Tx
from storage.requests import Changed, Given, New, Purged, RequestRow
from storage.vault import Vault

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NIK = "1409072311980001"
VAULT = Vault(b"a test's own master key, 32 bytes")


def state(**changed: object) -> State:
    fresh = State("check", "counter", NOW, NOW + timedelta(days=1), NOW)
    return replace(fresh, **changed)


def file(tx: Tx, name: str = "Siti Aminah", code: str = "DOM", **changed: object) -> RequestRow:
    sequence = numbers.draw(tx, f"registration:{code}", "2026")
    new = New(
        number=f"{code}-26-{sequence:04}",
        sequence=sequence,
        code=f"secret{code}{sequence}",
        contact_id=7,
        citizen_id=3,
        service="domisili",
        digest="d1",
        name=name,
        village="2001",
        nik=NIK,
        given=Given({"name": name, "nik": NIK}, {"nik": "birth_date"}),
    )
    return requests.create(tx, VAULT, new, state(**changed))


def contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.iterdir()]


def everything(tx: Tx) -> str:
    """All that lies open in these tables."""
    tables = ("request", "history", "contact", "document")
    return repr([tx.all(f"SELECT * FROM {table}") for table in tables])


async def test_a_request_is_read_as_it_was_written(database: Database) -> None:
    full = {
        "officer": 4,
        "status": "returned",
        "returned": ("ktp", "heirs.0.ktp"),
        "asked_by": "check",
        "stage_due_at": NOW + timedelta(hours=2),
        "stopped_at": NOW + timedelta(hours=1),
        "wake_at": NOW + timedelta(hours=3),
        "late": 1,
        "reminders": 2,
        "letter": True,
        "made": True,
    }
    row = await database.write(lambda tx: file(tx, **full))
    assert row.state == state(**full)
    assert await database.read(lambda tx: requests.load(tx, row.id)) == row
    assert await database.read(lambda tx: requests.by_code(tx, row.code)) == row
    given = await database.read(lambda tx: requests.given(tx, VAULT, row.id))
    assert given == Given({"name": "Siti Aminah", "nik": NIK}, {"nik": "birth_date"})


async def test_what_is_unknown_is_none(database: Database) -> None:
    assert await database.read(lambda tx: requests.load(tx, 99)) is None
    assert await database.read(lambda tx: requests.by_code(tx, "guess")) is None


async def test_of_two_writers_the_later_is_refused(database: Database) -> None:
    row = await database.write(file)
    mine = replace(row.state, officer=1, version=2)
    saved = await database.write(lambda tx: requests.save(tx, row, mine, NOW))
    with pytest.raises(Changed):
        await database.write(
            lambda tx: requests.save(tx, row, replace(row.state, officer=2, version=2), NOW)
        )
    assert await database.read(lambda tx: requests.load(tx, row.id)) == saved


async def test_a_closed_request_knows_when_it_closed(database: Database) -> None:
    row = await database.write(file)
    done = replace(row.state, status="done", version=2)
    saved = await database.write(lambda tx: requests.save(tx, row, done, NOW))
    assert saved.closed_at == NOW
    reopened = replace(row.state, version=3)
    saved = await database.write(lambda tx: requests.save(tx, saved, reopened, NOW))
    assert saved.closed_at is None


async def test_no_identity_number_lies_open_in_the_database(
    database: Database, tmp_path: Path
) -> None:
    row = await database.write(file)
    await database.write(
        lambda tx: history.record(tx, VAULT, row.id, NOW, "noted", note=f"NIK {NIK} salah")
    )
    content = await database.read(everything)
    assert "Siti Aminah" in content
    assert NIK not in content
    database.close()
    assert not any(NIK.encode() in content for content in contents(tmp_path))


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("DOM-26-0002", ["DOM-26-0002"]),
        ("dom-26-0002", ["DOM-26-0002"]),
        (" #DOM-26-0002 ", ["DOM-26-0002"]),
        ("2", ["KK-26-0002", "DOM-26-0002"]),
        ("0002", ["KK-26-0002", "DOM-26-0002"]),
        ("dom2", ["DOM-26-0002"]),
        ("DOM-0002", ["DOM-26-0002"]),
        ("9", []),
        ("dua", []),
        ("", []),
    ],
)
async def test_a_number_is_found_by_its_short_forms(
    database: Database, said: str, found: list[str]
) -> None:
    def fill(tx: Tx) -> None:
        for code in ("DOM", "KK"):
            file(tx, code=code)
            file(tx, code=code)

    await database.write(fill)
    rows = await database.read(lambda tx: finding.find(tx, said))
    assert [row.number for row in rows] == found


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("siti", ["Siti Aminah"]),
        ("AMI", ["Siti Aminah"]),
        ("budi  san", ["Budi Santoso"]),
        ("san%", []),
        ("_", []),
        ("1409 0723 1198 0001", ["Budi Santoso", "Siti Aminah"]),
        ("1409072311980002", []),
        ("DOM-26-0001", ["Siti Aminah"]),
    ],
)
async def test_people_are_found_by_name_number_and_nik(
    database: Database, said: str, names: list[str]
) -> None:
    await database.write(lambda tx: (file(tx), file(tx, "Budi Santoso")))
    rows = await database.read(lambda tx: finding.search(tx, VAULT, said))
    assert [row.name for row in rows] == names


async def test_answers_are_replaced_and_what_is_searched_with_them(database: Database) -> None:
    row = await database.write(file)
    other = "1409072311980009"
    await database.write(
        lambda tx: requests.give(tx, VAULT, row.id, Given({"nik": other}), "Siti", "2002", other)
    )
    assert await database.read(lambda tx: finding.search(tx, VAULT, NIK)) == []
    (found,) = await database.read(lambda tx: finding.search(tx, VAULT, other))
    assert (found.name, found.village) == ("Siti", "2002")


async def test_a_destroyed_key_purges_the_answers(database: Database) -> None:
    row = await database.write(file)
    await database.write(lambda tx: tx.run("UPDATE request SET key = NULL WHERE id = ?", row.id))
    with pytest.raises(Purged):
        await database.read(lambda tx: requests.given(tx, VAULT, row.id))
    with pytest.raises(Purged):
        await database.write(
            lambda tx: history.record(tx, VAULT, row.id, NOW, "noted", note="rahasia")
        )


async def test_the_clock_finds_what_is_due_once(database: Database) -> None:
    row = await database.write(lambda tx: file(tx, wake_at=NOW))
    await database.write(lambda tx: file(tx, wake_at=NOW + timedelta(minutes=1)))
    instant = round(NOW.timestamp() * 1000)
    assert await database.read(lambda tx: requests.due(tx, instant)) == [(row.id, 1)]
    await database.write(lambda tx: requests.woken(tx, row.id, row.state.version))
    assert await database.read(lambda tx: requests.due(tx, instant)) == []


async def test_a_topic_leads_to_its_request(database: Database) -> None:
    row = await database.write(file)
    await database.write(lambda tx: topics.keep(tx, row.id, 42))
    assert await database.read(lambda tx: topics.request_at(tx, 42)) == row.id
    assert await database.read(lambda tx: topics.request_at(tx, 43)) == 0


async def test_what_waits_is_counted_by_stage(database: Database) -> None:
    def fill(tx: Tx) -> None:
        file(tx, stage_due_at=NOW - timedelta(hours=1))
        file(tx, officer=4, stage_due_at=NOW + timedelta(hours=1))
        file(tx, status="returned", returned=("ktp",))
        file(tx, status="done")

    await database.write(fill)
    counts = await database.read(lambda tx: queue.counts(tx, NOW))
    assert sorted((c.status, c.total, c.free, c.late) for c in counts) == [
        ("open", 2, 1, 1),
        ("returned", 1, 1, 0),
    ]
    late = await database.read(lambda tx: queue.late(tx, NOW))
    assert [row.number for row in late] == ["DOM-26-0001"]


async def test_history_keeps_steps_and_seals_notes(database: Database) -> None:
    def fill(tx: Tx) -> tuple[RequestRow, int, int]:
        row = file(tx)
        first = history.record(
            tx, VAULT, row.id, NOW, "returned", officer=4, note="buram", before=row.state
        )
        second = history.record(tx, VAULT, row.id, NOW, "noted", officer=4, note="sudah ditelepon")
        return row, first, second

    row, first, second = await database.write(fill)
    assert await database.read(lambda tx: history.notes(tx, VAULT, row.id)) == {
        first: "buram",
        second: "sudah ditelepon",
    }
    step = await database.read(lambda tx: history.last_step_of(tx, 4))
    assert step is not None
    assert (step.id, step.before, step.noted) == (first, row.state, True)
    await database.write(lambda tx: history.mark_undone(tx, row.id, first))
    assert await database.read(lambda tx: history.last_step_of(tx, 4)) is None
    entries = await database.read(lambda tx: history.entries(tx, row.id))
    assert [entry.undone for entry in entries] == [True, False]


async def test_numbers_have_no_gap_though_units_fail(database: Database) -> None:
    def use(tx: Tx, fails: bool) -> int:
        number = numbers.draw(tx, "letter:470", "2026")
        if fails:
            raise ValueError("on purpose")
        return number

    async def attempt(index: int) -> int:
        try:
            return await database.write(lambda tx: use(tx, index % 3 == 0))
        except ValueError:
            return 0

    drawn = await asyncio.gather(*(attempt(index) for index in range(60)))
    assert sorted(n for n in drawn if n) == list(range(1, 41))
    assert await database.read(lambda tx: numbers.last(tx, "letter:470", "2026")) == 40
    assert await database.write(lambda tx: numbers.draw(tx, "letter:470", "2027")) == 1


async def test_a_request_has_one_letter_number_for_good(database: Database) -> None:
    row = await database.write(file)

    def reserve(tx: Tx) -> letters.LetterRow:
        draw: Callable[[], str] = lambda: f"470/{numbers.draw(tx, 'letter', '2026'):03}"  # noqa: E731
        return letters.reserve(tx, row.id, "2026-11-23", draw)

    first = await database.write(reserve)
    assert (first.number, first.state) == ("470/001", "reserved")
    await database.write(lambda tx: letters.cancel(tx, row.id))
    again = await database.write(reserve)
    assert (again.id, again.number, again.state) == (first.id, "470/001", "cancelled")
    await database.write(lambda tx: letters.revive(tx, row.id))
    assert await database.read(lambda tx: letters.load(tx, first.id)) == first
