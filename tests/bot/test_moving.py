"""An office moves between engines and file stores while citizens are in the midst of a sentence."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec import structs

from bot.engine.databases import open_database
from bot.engine.opening import DataLocked, Lock, open_desk
from bot.keeping.backup import Work
from bot.keeping.moving import move, stay
from bot.keeping.sides import Refused, shown
from bot.letters import load_letter
from bot.papers.documents import load_document
from bot.setup.services import ROOT
from bot.setup.settings import Bucket, Config, Secret
from storage import settings, tables
from storage.database import Database, StorageUnavailable
from storage.migrating import HEAD
from storage.moving import MoveRefused
from storage.seat import Seat
from storage.tables import Sum
from storage.vault import WrongKey
from tests import postgres
from tests.blank import new_database
from tests.bot.test_cli import loket
from tests.conversations.runner import act, play
from tests.conversations.script import HERE
from tests.conversations.stage import Stage
from tests.office import configured
from tests.security.desk import happy, opened, say
from tests.standins import seaweed

_numbers = itertools.count(1)


class Interrupted(Exception):
    """The move was cut off."""


class Broken(Work):
    """Work that is interrupted after so many portions."""

    def __init__(self, left: int) -> None:
        self.left = left

    def done(self, count: int) -> None:
        self.left -= 1
        if self.left < 0:
            raise Interrupted


def fresh(folder: Path, engine: str) -> str:
    """Return the address of an empty database."""
    if engine == "postgres":
        return postgres.new_database()
    path = folder / f"moved-{next(_numbers)}.db"
    new_database(path)
    return f"sqlite:///{path}"


def moved_to(config: Config, to: str = "", files: str = "") -> Config:
    """Return the configuration of the office where it is now."""
    return structs.replace(
        config, database_url=to or config.database_url, files_url=files or config.files_url
    )


@asynccontextmanager
async def database(config: Config) -> AsyncIterator[Database]:
    db = open_database(config, trial=False)
    try:
        yield db
    finally:
        db.close()


async def sums(config: Config) -> dict[str, Sum]:
    """Return what every table holds."""
    async with database(config) as db:
        return {table.name: await tables.sum_of(db, table) for table in tables.carried()}


async def served(folder: Path, **changes: object) -> Config:
    """A desk that served one person to the end, and another halfway; it is closed now."""
    script = happy("domisili")
    stage = await opened(folder, script, **changes)
    try:
        for step in script.steps:
            await act(stage, step)
        stage.people["Wati"] = (stage.telegram, "3001")
        await say(stage, "halo", "surat domisili", "setuju", "Wati binti Amin", who="Wati")
    finally:
        await stage.close()
    return stage.config


@pytest.fixture
def portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "PORTION", 20)


def bucket_of(config: Config) -> Config:
    """Let the office know the key of the tests' S3 server."""
    known = Bucket(seaweed.seaweed().url, "us-east-1", seaweed.KEY_ID, Secret(seaweed.SECRET))
    return structs.replace(config, bucket=known)


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


@pytest.mark.parametrize("engine", ["postgres", "sqlite"])
async def test_interrupted_after_every_portion_it_goes_on(
    engine: str, tmp_path: Path, portions: None
) -> None:
    here = await served(tmp_path)
    before = await sums(here)
    there = moved_to(here, fresh(tmp_path, engine), (tmp_path / "elsewhere").as_uri())
    copied: list[int] = []
    for portion in itertools.count():
        work = Broken(portion)
        try:
            done = await move(here, there.database_url, there.files_url, work)
        except (Interrupted, ExceptionGroup):
            async with database(there) as db:
                copied.append(await db.read(tables.count))
            if portion % 10 == 0:
                with pytest.raises(StorageUnavailable, match="wholly arrived"):
                    await open_desk(there)
                with pytest.raises(StorageUnavailable, match="on its way"):
                    await open_desk(here)
        else:
            break
    assert copied == sorted(copied)
    # What was copied before is not copied again: this many runs were cut off before their first
    # portion, the second, the third, and yet all is there.
    assert copied[len(before) // 2] > 0
    assert copied[-1] == sum(one.rows for one in before.values())
    assert portion > 20
    assert done.rows == {name: one.rows for name, one in before.items()}
    assert done.files.files >= 6
    assert await sums(there) == before
    desk = await open_desk(there)
    try:
        assert await load_letter(desk, 1) is not None
    finally:
        desk.db.close()


def _killed(folder: Path, to: str, files: str, portion: int) -> int:
    """Move in a process of its own that is killed after that portion; return how it ended."""
    program = f"""
import os, sys
from bot.keeping import moving as keeping
from bot.keeping.backup import Work
from storage import tables
tables.PORTION = 7
left = {portion}
def done(self, count):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), 9)
Work.done = done
from bot.cli import main
sys.argv = ["loket", "migrate", "--to", {to!r}, "--files", {files!r}]
main()
"""
    environ = {"LOKET_DATA_DIR": str(folder), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environ, capture_output=True, check=False
    )
    return done.returncode


async def test_killed_it_goes_on(tmp_path: Path) -> None:
    here = await served(tmp_path)
    before = await sums(here)
    to, files = fresh(tmp_path, "postgres"), (tmp_path / "elsewhere").as_uri()
    for portion in (0, 4, 9, 60):
        assert _killed(tmp_path, to, files, portion) == -signal.SIGKILL
    assert _killed(tmp_path, to, files, 10_000) == 0
    assert await sums(moved_to(here, to)) == before


async def test_a_crash_at_the_very_end_leaves_nothing_that_is_served_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await served(tmp_path)
    there = moved_to(here, fresh(tmp_path, "postgres"))

    def crash(*_: object) -> None:
        raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(tables, "draw_on", crash)
        with pytest.raises(Interrupted):
            await move(here, there.database_url, "", Work())
    with pytest.raises(StorageUnavailable, match="moved to"):
        await open_desk(here)
    with pytest.raises(StorageUnavailable, match="wholly arrived"):
        await open_desk(there)
    await move(here, there.database_url, "", Work())
    (await open_desk(there)).db.close()


async def test_what_was_served_in_between_is_not_lost(tmp_path: Path, portions: None) -> None:
    """A move that was given up begins anew; what it had copied is old by then."""
    here = await served(tmp_path)
    there = moved_to(here, fresh(tmp_path, "postgres"))
    with pytest.raises(Interrupted):
        await move(here, there.database_url, "", Broken(12))
    assert await stay(here) == shown(there.database_url)
    async with database(here) as db:
        await db.write(lambda tx: tx.run("UPDATE contact SET language = 'en' WHERE id = 1"))
        await db.write(lambda tx: tx.run("DELETE FROM audit"))
    before = await sums(here)
    await move(here, there.database_url, "", Work())
    assert await sums(there) == before


async def test_a_row_that_differs_is_found_and_copied_anew(tmp_path: Path, portions: None) -> None:
    here = await served(tmp_path)
    before = await sums(here)
    there = moved_to(here, fresh(tmp_path, "postgres"))
    with pytest.raises(Interrupted):
        await move(here, there.database_url, "", Broken(50))
    async with database(there) as db:
        changed = await db.write(lambda tx: tx.run("UPDATE contact SET state = 'x' WHERE id = 1"))
    assert changed == 1
    with pytest.raises(MoveRefused, match="contact"):
        await move(here, there.database_url, "", Work())
    await move(here, there.database_url, "", Work())
    assert await sums(there) == before


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
