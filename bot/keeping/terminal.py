"""Keeping an office, at the terminal: the passphrase, the progress, the last word."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.engine.databases import is_shared
from bot.keeping import backup, keys, moving, restoring
from bot.keeping.backup import Work
from bot.keeping.sides import Refused, place
from bot.logs import configure_logs
from bot.terminal.sessions import say
from storage.backup import Manifest

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from bot.setup.settings import Config

_VARIABLE = "LOKET_BACKUP_PASSPHRASE"
_SHOWN = ("request", "document", "letter", "complaint")


def backup_to(config: Config, target: Path) -> None:
    """Write a backup and say what is in it."""
    os.umask(0o077)
    passphrase = _passphrase(twice=True)
    with _working() as work:
        manifest = asyncio.run(backup.back_up(config, target, passphrase, work))
    _print("backup", path=str(target), megabytes=_megabytes(target), **_counts(manifest))


def restore_from(config: Config, source: Path, key: Path | None) -> None:
    """Restore a backup and say what came back."""
    os.umask(0o077)
    passphrase = _passphrase(twice=False)
    with _working() as work:
        manifest = asyncio.run(restoring.restore(config, source, passphrase, key, work))
    shared = is_shared(config)
    where = place(config) if shared else str(config.data_dir)
    about = {"place": where, "shared": shared, "store": config.files_url}
    _print("restore", made_at=manifest.made_at, **about, **_counts(manifest))


def change_key(config: Config) -> None:
    """Seal all data with a new master key and say where the old one lies."""
    os.umask(0o077)
    configure_logs(level="error")
    with _working() as work:
        work.begin(0)
        done = asyncio.run(keys.rotate(config, os.environ, work.done))
    _print("rotate", kept=done.kept, unreadable=done.unreadable, unindexed=done.unindexed)


def move_to(config: Config, to: str, files: str) -> None:
    """Move the office to another database or file store and say what to set now."""
    os.umask(0o077)
    configure_logs(level="error")
    with _working() as work:
        moved = asyncio.run(moving.move(config, to, files, work))
    megabytes = f"{moved.files.bytes / 1e6:.1f}"
    _print("migrate", moved=moved, megabytes=megabytes, secret=moved.database != to)


def stay_here(config: Config) -> None:
    """Call a move off and say where it had been going."""
    _print("stay", to=asyncio.run(moving.stay(config)))


def _counts(manifest: Manifest) -> dict[str, object]:
    return {
        "rows": {table: manifest.tables.get(table, 0) for table in _SHOWN},
        "files": len(manifest.files) - 1,
        "absent": len(manifest.absent),
    }


def _megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f}"


def _print(template: str, **about: object) -> None:
    sys.stdout.write(say(template, **about) + "\n")


def _passphrase(*, twice: bool) -> str:
    """Return it from the environment, a hidden question, or the first line of a pipe."""
    if file := os.environ.get(f"{_VARIABLE}_FILE"):
        return Path(file).read_text("utf-8").strip()
    if word := os.environ.get(_VARIABLE):
        return word
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    word = getpass.getpass(say("passphrase", again=False) + " ")
    if twice and word != getpass.getpass(say("passphrase", again=True) + " "):
        raise Refused("the two passphrases differ")
    return word


@contextmanager
def _working() -> Iterator[Work]:
    """Show a progress bar on standard error where somebody looks at it."""
    if not sys.stderr.isatty():
        yield Work()
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar)


class _Bar(Work):
    """Work that is seen."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task: TaskID | None = None

    def begin(self, total: int) -> None:
        """So much is to be done; 0 for nobody knows."""
        self._task = self._bar.add_task("", total=total or None)

    def done(self, count: int) -> None:
        """So much more was done."""
        if self._task is not None:
            self._bar.advance(self._task, count)
