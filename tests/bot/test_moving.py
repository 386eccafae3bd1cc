"""An office moves between engines and file stores while citizens are in the midst of a sentence."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.engine.opening import DataLocked, Lock, open_desk
from bot.keeping.backup import Work
from bot.keeping.moving import move, stay
from bot.keeping.sides import Refused, shown
from bot.letters import load_letter
from bot.papers.documents import load_document
from storage import settings
from storage.database import StorageUnavailable
from storage.migrating import HEAD
from storage.moving import MoveRefused
from storage.seat import Seat
from storage.vault import WrongKey
from tests import postgres
from tests.bot.moves import Broken, Interrupted, bucket_of, database, fresh, moved_to, served, sums
from tests.bot.test_cli import loket
from tests.conversations.runner import act, play
from tests.conversations.script import HERE
from tests.conversations.stage import Stage
from tests.office import configured
from tests.security.desk import happy, opened
from tests.standins import seaweed

_numbers = itertools.count(1)


@pytest.mark.parametrize(("name", "every"), [("domisili/happy", 8), ("people/one_person", 3)])
async def test_a_conversation_goes_on_as_the_office_moves_to_and_fro(
    name: str, every: int, tmp_path: Path
) -> None:
    """Both ways, with its files between a folder and a bucket, every few lines."""
    path = next((HERE / name).parent.glob(f"{Path(name).name}*.chat"))
    engines = itertools.cycle(["postgres", "sqlite"])
    steps = itertools.count()
    moves: list[int] = []

    async def elsewhere(stage: Stage) -> None:
        if next(steps) % every:
            return
        stage.config = bucket_of(stage.config)
        in_bucket = stage.config.files_url.startswith("s3")
        number = next(_numbers)
        files = (tmp_path / f"files-{number}").as_uri()
        if not in_bucket:
            files = f"s3://{seaweed.BUCKET}/{tmp_path.name}-{number}"
        to = fresh(tmp_path, next(engines))
        done = await move(stage.config, to, files, Work())
        assert done.files.absent == 0
        moves.append(done.files.files)
        stage.config = moved_to(stage.config, to, files)

    await play(path, tmp_path, between=elsewhere)
    assert len(moves) > 3
    assert max(moves) >= (6 if name.startswith("domisili") else 0)


async def test_the_round_trip_loses_and_changes_nothing(tmp_path: Path) -> None:
    here = await served(tmp_path)
    before = await sums(here)
    assert before["request"].rows == 1
    assert before["document"].rows == 3
    assert before["letter"].rows == 1
    async with database(here) as db:
        drawn = await db.read(
            lambda tx: tx.all("SELECT name, seq FROM sqlite_sequence ORDER BY name")
        )
        await db.write(lambda tx: tx.run("DELETE FROM inbox WHERE seq > 3"))
    before = await sums(here)
    there = moved_to(here, fresh(tmp_path, "postgres"))
    done = await move(here, there.database_url, "", Work())
    assert done.rows == {name: one.rows for name, one in before.items()}
    assert await sums(there) == before
    back = moved_to(here, fresh(tmp_path, "sqlite"))
    await move(there, back.database_url, "", Work())
    assert await sums(back) == before
    async with database(back) as db:
        assert drawn == await db.read(
            lambda tx: tx.all("SELECT name, seq FROM sqlite_sequence ORDER BY name")
        )


@pytest.mark.parametrize("engine", ["postgres", "sqlite"])
async def test_the_moved_desk_goes_on_with_the_next_number(engine: str, tmp_path: Path) -> None:
    script = happy("domisili")
    stage = await opened(tmp_path, script)
    try:
        for step in script.steps:
            await act(stage, step)
        letter, paper = await load_letter(stage.desk, 1), await load_document(stage.desk, 1)
        assert letter is not None
        assert paper is not None
        await stage.close()
        to = fresh(tmp_path, engine)
        await move(stage.config, to, "", Work())
        stage.config = moved_to(stage.config, to)
        await stage.open()
        assert await load_letter(stage.desk, 1) == letter
        assert await load_document(stage.desk, 1) == paper
        stage.people[""] = (stage.telegram, "628119876500099")
        stage.news("")
        filed = next(
            place
            for place, step in enumerate(script.steps)
            if any(said.text == "[Kirim permohonan]" for said in step.inputs)
        )
        for step in script.steps[: filed + 1]:
            await act(stage, step)
        rows = await stage.desk.db.read(
            lambda tx: tx.all("SELECT id, sequence FROM request ORDER BY id")
        )
        assert [tuple(row) for row in rows] == [(1, 1), (2, 2)]
    finally:
        await stage.close()


async def test_what_is_left_behind_is_served_only_when_somebody_says_so(tmp_path: Path) -> None:
    here = await served(tmp_path)
    there = moved_to(here, fresh(tmp_path, "postgres"))
    await move(here, there.database_url, "", Work())
    with pytest.raises(StorageUnavailable, match="moved to"):
        await open_desk(here)
    with pytest.raises(MoveRefused, match="already"):
        await move(here, there.database_url, "", Work())
    other = fresh(tmp_path, "postgres")
    with pytest.raises(MoveRefused, match="already"):
        await move(here, other, "", Work())
    await stay(here)
    (await open_desk(here)).db.close()


async def test_refusals_leave_no_mark(tmp_path: Path) -> None:
    here = await served(tmp_path)
    other = await served(tmp_path / "other")
    before = await sums(here)
    with pytest.raises(MoveRefused, match="holds data"):
        await move(here, other.database_url, "", Work())
    with pytest.raises(Refused, match="already"):
        await move(here, here.database_url, "", Work())
    with pytest.raises(Refused, match="no office"):
        await move(configured(tmp_path / "none"), fresh(tmp_path, "sqlite"), "", Work())
    key = tmp_path / "master.key"
    right = key.read_text()
    to = fresh(tmp_path, "postgres")
    key.write_text("ab" * 32)
    with pytest.raises(WrongKey):
        await move(here, to, "", Work())
    key.unlink()
    with pytest.raises(Refused, match="master key"):
        await move(here, to, "", Work())
    key.write_text(right)
    lock = Lock.take(tmp_path)
    with pytest.raises(DataLocked):
        await move(here, to, "", Work())
    lock.release()
    assert await sums(here) == before
    (await open_desk(here)).db.close()
    ahead = moved_to(here, fresh(tmp_path, "postgres"))
    async with database(ahead) as db:
        await db.write(
            lambda tx: tx.run("UPDATE alembic_version SET version_num = ?", f"{int(HEAD) + 1:04}")
        )
    with pytest.raises(Refused, match="newer"):
        await move(here, ahead.database_url, "", Work())
    # Another office's move that was interrupted is not taken over either.
    with pytest.raises(Interrupted):
        await move(other, to, "", Broken(1))
    with pytest.raises(MoveRefused, match="another office"):
        await move(here, to, "", Work())


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """A PostgreSQL on which a process of another machine lives."""
    url = postgres.new_database()
    seat = Seat(url, candidate=True)
    seat.look()
    yield url
    seat.leave()


async def test_a_postgresql_that_a_desk_serves_is_left_alone(
    tmp_path: Path, elsewhere: str
) -> None:
    config = moved_to(configured(tmp_path), elsewhere)
    (await open_desk(config)).db.close()
    with pytest.raises(Refused, match="running"):
        await move(config, fresh(tmp_path, "sqlite"), "", Work())
    async with database(config) as db:
        assert await db.read(settings.leaving) is None


async def test_files_alone_move_and_foreign_ones_are_not_mixed_with(tmp_path: Path) -> None:
    here = bucket_of(await served(tmp_path))
    files = f"s3://{seaweed.BUCKET}/{tmp_path.name}-alone"
    there = moved_to(here, files=files)
    done = await move(here, "", files, Work())
    assert done.files.files >= 6
    assert done.files.bytes > 10_000
    desk = await open_desk(there)
    try:
        assert await load_document(desk, 1) is not None
    finally:
        desk.db.close()
        await desk.files.close()
    again = await move(here, "", files, Work())
    assert again.files == done.files
    other = bucket_of(await served(tmp_path / "other"))
    with pytest.raises(MoveRefused, match="not this office's"):
        await move(other, "", files, Work())


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        (
            "postgresql://loket:rahasia@db.example:5432/loket",
            "postgresql://loket@db.example:5432/loket",
        ),
        ("postgresql:///loket?host=/run&password=rahasia", "postgresql:///loket?host=/run"),
        ("postgresql://loket@db/loket?host=/run", "postgresql://loket@db/loket?host=/run"),
        ("sqlite:////data/loket.db", "sqlite:////data/loket.db"),
    ],
)
def test_no_password_is_shown(url: str, seen: str) -> None:
    assert shown(url) == seen


def test_the_command_says_what_to_set(tmp_path: Path) -> None:
    assert loket(tmp_path, "staff", "invite", "Siti", "admin").returncode == 0
    for wrong in ([], ["--to", "mysql://x"], ["--files", "http://x"], ["--stay", "--to", "x"]):
        done = loket(tmp_path, "migrate", *wrong)
        assert (done.returncode, done.stdout) == (2, "")
    to = postgres.empty_database()
    done = loket(tmp_path, "migrate", "--to", to)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"LOKET_DATABASE_URL={shown(to)}" in done.stdout
    refused = loket(tmp_path, "staff", "list")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert loket(tmp_path, "staff", "list", LOKET_DATABASE_URL=to).returncode == 0
    assert loket(tmp_path, "migrate", "--to", to).returncode == 1
    done = loket(tmp_path, "migrate", "--stay")
    assert (done.returncode, done.stderr) == (0, "")
    assert loket(tmp_path, "staff", "list").returncode == 0
