"""Writes down what the desk answers: ``python -m tests.conversations.record FILE.chat …``.

For a new transcript write what people do, record, then read every answer as its citizen would and
correct the desk where it is not kind, clear and right.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from pathlib import Path

from bot.channels.protocol import Rendered
from tests.conversations.runner import act
from tests.conversations.script import Script, read
from tests.conversations.stage import Stage
from tests.conversations.things import lines_of

_LINK = re.compile(r"https?://\S*/(lacak|berkas|dokumen|unggah)/\S+")
_CODE = re.compile(r"\b(?:\d{4} \d{4}|\d{6}|[0-9a-z]{5}-[0-9a-z]{5})\b")
_WIDTH = 90
_BUTTONS = 8


def essence(message: Rendered) -> list[str]:
    """Return the lines worth writing down: how each paragraph begins, the files, the buttons."""
    paragraphs = [p.strip().splitlines() for p in message.text.split("\n\n") if p.strip()]
    whole = "isian Bapak/Ibu" in message.text or "\nIsian\n" in message.text
    kept = [line for p in paragraphs for line in (p if whole else p[:1])]
    if not whole and len(kept) > 4:
        kept = [*kept[:3], kept[-1]]
    extra = lines_of(message)[len([x for x in message.text.splitlines() if x.strip()]) :]
    return [_short(_CODE.sub("*", _LINK.sub("*", line))) for line in [*kept, *extra]]


def _short(line: str) -> str:
    if line.startswith("[") and line.count("[") > _BUTTONS:
        return f"{line[: line.index(']') + 1]} * {line[line.rindex('[') :]}"
    if line.startswith(("[", "(")) or len(line) <= _WIDTH:
        return line
    return line[:_WIDTH].rsplit(" ", 1)[0]


async def record(script: Script, source: list[str]) -> str:
    """Return the transcript with the answers that the desk gives now."""
    answers = {line.line for step in script.steps for line in step.expected}
    after: dict[int, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder), script.settings)
        await stage.open()
        await stage.begin()
        for step in script.steps:
            try:
                await act(stage, step)
            except LookupError as error:
                sys.stderr.write(f"{script.path.name}:{step.line}: {error}\n")
                break
            last = step.pause.line if step.pause else step.inputs[-1].line
            after[last] = [
                f"{who}< {line}"
                for who in stage.people
                for message in stage.news(who)
                for line in essence(message)
            ]
        await stage.close()
    written = []
    for number, line in enumerate(source, start=1):
        if number not in answers:
            written.append(line)
        written += after.get(number, [])
    return "\n".join(written) + "\n"


def main() -> None:
    """Record the transcripts named on the command line, in place."""
    for name in sys.argv[1:]:
        path = Path(name)
        source = path.read_text(encoding="utf-8").splitlines()
        path.write_text(asyncio.run(record(read(path), source)), encoding="utf-8")


if __name__ == "__main__":
    main()
