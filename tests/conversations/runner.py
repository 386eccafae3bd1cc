"""Plays a transcript and holds every answer against it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.channels.protocol import Rendered
from tests.conversations.script import Expected, Input, Script, Step, read
from tests.conversations.stage import Stage
from tests.conversations.things import lines_of


class Differs(AssertionError):
    """The desk did not answer as the transcript says."""


async def _nothing(stage: Stage) -> None:
    """Between two lines the desk only lies on the disk."""


async def play(
    path: Path,
    folder: Path,
    database: str = "",
    between: Callable[[Stage], Awaitable[None]] = _nothing,
) -> None:
    """Play a transcript; between any two lines the desk is closed and opened from disk.

    ``database`` is the address of a PostgreSQL, where it is not a file in the folder; ``between``
    is done while the desk is closed.
    """
    script = read(path)
    elsewhere = {"database_url": database} if database else {}
    stage = Stage(folder, script.settings, **elsewhere)
    await stage.open()
    try:
        await stage.begin()
        for step in script.steps:
            await stage.close()
            await between(stage)
            await stage.open()
            await act(stage, step)
            for who in stage.people:
                compare(script, step, who, stage.news(who))
    finally:
        await stage.close()


async def act(stage: Stage, step: Step) -> None:
    """Do what one step says."""
    if step.pause is not None:
        await stage.pause(step.pause)
    else:
        await stage.take(step.inputs)


def compare(script: Script, step: Step, who: str, news: list[Rendered]) -> None:
    expected = [line for line in step.expected if line.who == who]
    shown: list[str] = []
    wanted = list(expected)
    silent = False
    for message in news:
        met = False
        for line in lines_of(message):
            if wanted and wanted[0].meets(line):
                wanted.pop(0)
                met = True
                shown.append(f"    {line}")
            else:
                shown.append(f"  . {line}")
        silent |= not met
        if not met:
            shown.append("  ^ this message is not in the transcript")
        shown.append("")
    if wanted or silent:
        raise Differs(_report(script, step, who, wanted, shown))


def _report(script: Script, step: Step, who: str, wanted: list[Expected], shown: list[str]) -> str:
    name = who or "the citizen"
    done = [f"  {_said(one)}" for one in step.inputs] or [f"  ~ {step.pause and step.pause.text}"]
    missing = [f"  - {line.line}: {line.text}" for line in wanted]
    return "\n".join(
        [
            f"{script.path.parent.name}/{script.path.name}:{step.line}",
            *done,
            "",
            *([f"{name} should also have read, in this order:", *missing, ""] if missing else []),
            f"{name} was sent{' nothing' if not shown else ''}:",
            *shown,
        ]
    )


def _said(one: Input) -> str:
    place = f"@{one.group}" if one.group else ""
    return f"{one.who}{place}> {one.text}"
