"""An office whose server burnt down goes on elsewhere with what was backed up, on any engine."""

from __future__ import annotations

import asyncio
import itertools
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.engine.databases import is_shared
from bot.engine.opening import open_desk
from bot.keeping.backup import Work, back_up
from bot.keeping.restoring import restore
from bot.keeping.sides import shown
from bot.setup.filestore import file_store
from bot.setup.services import ROOT
from bot.setup.settings import Config
from storage import settings, snapshot, tables
from storage.database import StorageUnavailable
from storage.postgres_link import Link
from tests.bot.fires import SECRET, drawn, elsewhere, names_in, office, on_postgres
from tests.bot.moves import (
    Broken,
    Interrupted,
    bucket_of,
    database,
    sums,
)
from tests.conversations.runner import act, compare
from tests.conversations.stage import Stage
from tests.security.desk import happy


async def test_an_office_burns_down_again_and_again_in_the_midst_of_a_sentence(
    tmp_path: Path,
) -> None:
    """Each time it goes on with the last backup, on another machine, engine and store."""
    script = happy("domisili")
    places = itertools.cycle([("postgres", "bucket"), ("sqlite", "folder"), ("postgres", "folder")])
    stage = Stage(tmp_path / "first", script.settings)
    await stage.open()
    fires: list[int] = []
    try:
        await stage.begin()
        for number, step in enumerate(script.steps):
            if number % 11 == 4:
                fires.append(await _burn(stage, tmp_path / f"machine{len(fires)}", *next(places)))
            await act(stage, step)
            for who in stage.people:
                compare(script, step, who, stage.news(who))
    finally:
        await stage.close()
    # Before the first paper, with all of them, with the letter.
    assert fires == [0, 6, 7]


async def _burn(stage: Stage, machine: Path, engine: str, store: str) -> int:
    """Back up, lose all but the file and the key, and go on there; return how many files came."""
    here, file = bucket_of(stage.config), machine.with_suffix(".loket")
    # While the desk is at work, where others may ask its database.
    if not is_shared(here):
        await stage.close()
    made = await back_up(here, file, SECRET, Work())
    await stage.close()
    stage.config = elsewhere(here, machine, engine, store)
    back = await restore(stage.config, file, SECRET, here.data_dir / "master.key", Work())
    assert back == made
    await stage.open()
    return len(made.files) - 1


async def test_what_comes_back_is_the_same_row_for_row_and_goes_on_counting(
    tmp_path: Path,
) -> None:
    here = await on_postgres(tmp_path / "here")
    async with database(here) as db:
        # What was deleted is never numbered again.
        await db.write(lambda tx: tx.run("DELETE FROM inbox WHERE seq > 3"))
    before, numbers = await sums(here), await drawn(here)
    key = here.data_dir / "master.key"
    laptop = elsewhere(here, tmp_path / "laptop", "sqlite", "folder")
    await back_up(here, tmp_path / "a.loket", SECRET, Work())
    async with database(here) as db:
        # Processes on all machines know of it, for the alarm.
        assert time.time() - 60 < await db.read(settings.last_backup) <= time.time()
    await restore(laptop, tmp_path / "a.loket", SECRET, key, Work())
    assert await sums(laptop) == before
    assert await drawn(laptop) == numbers
    server = elsewhere(here, tmp_path / "server", "postgres", "bucket")
    await back_up(laptop, tmp_path / "b.loket", SECRET, Work())
    await restore(server, tmp_path / "b.loket", SECRET, key, Work())
    assert await sums(server) == before
    assert await drawn(server) == numbers
    async with database(server) as db:
        sql = "INSERT INTO inbox (channel, key, lane, state, tries, received_at, error)"
        values = "VALUES ('telegram', 'new', 1, 1, 0, 1, '') RETURNING seq"
        assert await db.write(lambda tx: tx.all(f"{sql} {values}")) == [(numbers["inbox"] + 1,)]


class Busy(Work):
    """A town that writes on while the backup is made, and an officer who lets a paper go."""

    def __init__(self, config: Config, paper: str, loop: asyncio.AbstractEventLoop) -> None:
        self.written = 0
        self._config, self._paper, self._loop = config, paper, loop

    def done(self, count: int) -> None:
        link = Link(self._config.database_url, "town")
        try:
            link.simple(
                "BEGIN; INSERT INTO citizen (created_at) VALUES (1); INSERT INTO audit (at, what,"
                " ref) VALUES (1, 'x', ''); UPDATE contact SET language = 'en'; COMMIT"
            )
        finally:
            link.close()
        self.written += 1
        if self.written == 1:
            asyncio.run_coroutine_threadsafe(self._purge(), self._loop).result()

    async def _purge(self) -> None:
        files = file_store(self._config)
        await files.delete(self._paper)
        await files.close()


async def test_a_backup_is_one_moment_while_all_write_on(tmp_path: Path, portions: None) -> None:
    here = await on_postgres(tmp_path / "here")
    before = await sums(here)
    async with database(here) as db:
        names = await db.read(lambda tx: [row[0] for row in tx.all(snapshot.FILES)])
    town = Busy(here, names[0], asyncio.get_running_loop())
    made = await back_up(here, tmp_path / "a.loket", SECRET, town)
    assert town.written > 10
    assert made.absent == [names[0]]
    assert len(made.files) == len(names)
    assert names_in(here.data_dir) == {"lock", "master.key", "last-backup"}
    laptop = elsewhere(here, tmp_path / "laptop", "sqlite", "folder")
    await restore(laptop, tmp_path / "a.loket", SECRET, here.data_dir / "master.key", Work())
    assert await sums(laptop) == before
    assert (await sums(here))["audit"].rows == before["audit"].rows + town.written


async def test_cut_off_after_every_portion_it_goes_on(tmp_path: Path, portions: None) -> None:
    here = await office(tmp_path / "here")
    before, key = await sums(here), here.data_dir / "master.key"
    file = tmp_path / "a.loket"
    await back_up(here, file, SECRET, Work())
    there = elsewhere(here, tmp_path / "there", "postgres", "bucket")
    arrived: list[int] = []
    for portion in itertools.count(3, 10):
        try:
            await restore(there, file, SECRET, key, Broken(portion))
        except Interrupted:
            async with database(there) as db:
                arrived.append(await db.read(tables.count))
            if arrived[-1] and len(arrived) % 4 == 0:
                with pytest.raises(StorageUnavailable, match="wholly arrived"):
                    await open_desk(there)
        else:
            break
    assert arrived == sorted(arrived)
    assert arrived[-1] == sum(one.rows for one in before.values())
    assert len(set(arrived)) > 2
    assert await sums(there) == before
    assert not list(there.data_dir.glob(".restore-*"))
    (await open_desk(there)).db.close()


_KILLED = """
import os, sys
from bot.cli import main
from storage import files
left, put = {left}, files.put_in_place
def cut(path, target):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), 9)
    put(path, target)
files.put_in_place = cut
sys.argv = ["loket", "restore", {file!r}, "--key", {key!r}]
main()
"""


async def test_killed_between_two_files_it_goes_on_and_says_where_the_data_is(
    tmp_path: Path,
) -> None:
    here = await office(tmp_path / "here")
    before, key, file = await sums(here), here.data_dir / "master.key", tmp_path / "a.loket"
    await back_up(here, file, SECRET, Work())
    there = elsewhere(here, tmp_path / "there", "postgres", "folder")
    environ = {
        "LOKET_DATA_DIR": str(there.data_dir),
        "LOKET_DATABASE_URL": there.database_url,
        "LOKET_BACKUP_PASSPHRASE": SECRET,
        "PATH": "/usr/bin:/bin",
    }
    ends = []
    for left in (3, 1000):
        program = _KILLED.format(left=left, file=str(file), key=str(key))
        done = subprocess.run(  # noqa: ASYNC221
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=environ,
            check=False,
            capture_output=True,
            text=True,
        )
        ends.append(done.returncode)
    assert ends == [-signal.SIGKILL, 0]
    assert done.stderr == ""
    assert f"sudah kembali di {shown(there.database_url)}" in done.stdout
    assert "kunci induk yang sama" in done.stdout
    assert await sums(there) == before
    assert not [name for name in names_in(there.data_dir) if name.startswith(".restore-")]
