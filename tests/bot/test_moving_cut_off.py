"""A move that is cut off, wherever it was, goes on and ends with the same office."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.engine.opening import open_desk
from bot.keeping.backup import Work
from bot.keeping.moving import move, stay
from bot.keeping.sides import shown
from bot.letters import load_letter
from bot.setup.services import ROOT
from storage import tables
from storage.database import StorageUnavailable
from storage.moving import MoveRefused
from tests.bot.moves import Broken, Interrupted, database, fresh, moved_to, served, sums


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
