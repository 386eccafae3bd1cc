"""A whole desk on which the recorded transcripts are played with secrets planted in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.conversations.runner import act
from tests.conversations.script import HERE, Input, Script, Step, read
from tests.conversations.stage import Stage

CHAT = "628119876500012"
_TYPED = re.compile(r"[\[(].*")


def happy(service: str) -> Script:
    """Return the transcript in which a request of that service goes through to its end."""
    return read(next((HERE / service).glob("happy*.chat")))


async def opened(folder: Path, script: Script, **changes: object) -> Stage:
    """Open the desk of a transcript; the citizen's chat has an address worth hiding."""
    stage = Stage(folder, script.settings, **changes)
    stage.people[""] = (stage.telegram, CHAT)
    await stage.open()
    await stage.begin()
    return stage


async def say(stage: Stage, *texts: str, who: str = "") -> None:
    """Let one person write some lines, one after another."""
    for text in texts:
        await act(stage, Step([Input(0, who, text)], None, []))


def typed(script: Script) -> set[str]:
    """Return what the citizen of a transcript typed, buttons and things left out."""
    said = (one for step in script.steps for one in step.inputs)
    return {one.text for one in said if not one.who and not _TYPED.fullmatch(one.text)}


def files_below(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield every file on the disk with its bytes."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()


def holding(folder: Path, secret: bytes) -> list[str]:
    """Return the files in which these bytes can be read."""
    return [path.name for path, content in files_below(folder) if secret in content]
