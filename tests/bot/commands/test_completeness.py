"""Nothing that can be said lacks its words."""

from __future__ import annotations

import re

import pytest

from bot.commands.guide import GROUPS
from bot.commands.registry import ALIASES, COMMANDS
from flows import steps
from tests.bot.commands.hall import ROOT, Hall

_SOURCES = [
    *(one for one in ROOT.glob("bot/**/*.py") if "inspection" not in one.parts),
    ROOT / "flows/workflow.py",
]
_REFUSED = re.compile(r'(?:Refused|words)\(\s*"(\w+)"')
_ANSWER = re.compile(r'(?:Answer|did)\(\s*(?:call, )?"(\w+)"')
TEMPLATES = ROOT / "templates" / "commands"


def _found(pattern: re.Pattern[str]) -> list[str]:
    return sorted({name for source in _SOURCES for name in pattern.findall(source.read_text())})


@pytest.mark.parametrize("why", _found(_REFUSED))
def test_every_refusal_has_a_template(why: str) -> None:
    assert (TEMPLATES / "refused" / f"{why}.j2").is_file()


def test_every_refusal_template_is_used() -> None:
    written = {path.stem for path in (TEMPLATES / "refused").glob("*.j2")}
    assert written == set(_found(_REFUSED))


@pytest.mark.parametrize("key", _found(_ANSWER))
def test_every_answer_has_a_template(key: str) -> None:
    assert (TEMPLATES / f"{key}.j2").is_file()


def test_every_command_is_in_the_guide_with_help_and_one_line(hall: Hall) -> None:
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(COMMANDS)
    head = hall.officer("Hani", "head")
    for name, command in COMMANDS.items():
        assert hall.wording.label("id", f"commands.short.{name}")
        assert "Contoh" in hall.say(head, f"bantuan {name}")
        assert ALIASES[command.alias] == name
        assert all(function.__doc__ for function in command.functions.values())


def test_everything_that_happens_has_a_name(hall: Hall) -> None:
    kinds = {one.__name__.lower() for one in steps.Happened.__subclasses__()}
    for kind in {*kinds, "filed", "undone", "noted", "replied"}:
        assert hall.wording.label("id", f"commands.happened.{kind}"), kind


_NOTICES: list[tuple[str, dict[str, object]]] = [
    ("alarm/aside", {"seq": 7}),
    ("alarm/job", {"kind": "letter", "reason": "Retry"}),
    ("alarm/sender", {"channel": "telegram"}),
    ("alarm/outage", {"channel": "telegram"}),
    ("notices/siaran_setuju", {"id": 3, "people": 250}),
    ("notices/siaran_selesai", {"id": 3, "sent": 248, "total": 250, "failed": 1, "dropped": 1}),
    *[
        (
            "alarm/unsent",
            {"contact": 1, "request": 0, "fault": fault, "channel": "whatsapp"}
            | {"numbers": ["DOM-26-0001"]},
        )
        for fault in ("recipient", "window", "content", "unsure", "later")
    ],
    *[
        (
            "talks/called",
            {"contact": 1, "name": "", "service": "kk", "channel": "sms"}
            | {"reason": reason, "text": "tolong"},
        )
        for reason in ("asked", "misses", "trouble")
    ],
    (
        "talks/passed",
        {"contact": 1, "name": "Siti", "service": "", "channel": "sms", "text": "", "media": True},
    ),
    ("talks/ended", {"contact": 1, "name": "Siti", "service": "", "channel": "sms"}),
]


@pytest.mark.parametrize(("key", "args"), _NOTICES)
def test_notices_to_officers_are_said(hall: Hall, key: str, args: dict[str, object]) -> None:
    assert hall.wording.part("id", f"commands/{key}", args)


def test_every_alarm_that_is_raised_has_a_template() -> None:
    sources = [path.read_text() for path in ROOT.glob("bot/**/*.py")]
    calls = re.compile(r'alarm\(\s*f?"[^"]*",\s*"(\w+)"')
    raised = {name for source in sources for name in calls.findall(source)}
    assert raised
    assert raised <= {path.stem for path in (TEMPLATES / "alarm").glob("*.j2")}
