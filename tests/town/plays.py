"""What the people of the town do: the happy transcripts, played through the real process.

A play is the specification's own words, so that a new service is in the town as soon as it has its
transcript. Dates near the day of the transcripts move along to the day of the performance.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta

from flows.dates import read_date
from tests.conversations.script import HERE, Script, Step, read

THEN = date(2026, 11, 23)
"""The Monday on which transcripts begin."""
_NEAR = timedelta(days=400)
_NUMBER = re.compile(r"\b[A-Z]{2,6}-\d\d-\d{4}")
_ORDER = re.compile(r"^/(\w+) (?:[a-z]{0,4})1\b")
_PRESSED = {"[Berkas asli sama]": "/serahkan 1 sama"}
"""An officer's button as the words that do the same."""
_BUTTON = re.compile(r"^\[.*\]$")


@dataclass
class Line:
    """What one person does, and the first words that each of ``answers`` (by person) begins with.

    ``who`` is empty for the citizen. ``{number}`` stands for the request's own number.
    """

    who: str
    text: str
    answers: dict[str, str] = field(default_factory=dict)


@dataclass
class Play:
    """One service from the first word to the end; ``cast`` is officer → role."""

    service: str
    cast: dict[str, str]
    lines: list[Line]

    @property
    def by_words(self) -> bool:
        """Can it be played on a phone that only sends words, with the papers brought along?"""
        things = [one.text for one in self.lines if not one.who and one.text.startswith("(")]
        return all(thing.startswith("(foto") for thing in things)

    def in_words(self) -> list[Line]:
        """Return the lines as a phone without a camera hears the answers."""
        return [one if one.who else _in_words(one) for one in self.lines]


def plays(today: date) -> list[Play]:
    """Return the happy transcripts that need no waiting of days, as they go today."""
    scripts = [read(path) for path in sorted(HERE.glob("*/happy*.chat"))]
    return [
        _play(script, today)
        for script in scripts
        if not any(step.pause for step in script.steps) and not _has_crowd(script)
    ]


def play_of(service: str, today: date) -> Play:
    """Return a service's first happy transcript, without the waiting."""
    return _play(read(min((HERE / service).glob("happy*.chat"))), today)


def _play(script: Script, today: date) -> Play:
    cast = {words[1]: words[2] for words in script.settings if words[0] == "petugas"}
    lines = [_line(step, today) for step in script.steps if not step.pause]
    return Play(script.path.parent.name, cast, lines)


def _has_crowd(script: Script) -> bool:
    return any(len(step.inputs) > 1 for step in script.steps)


def _line(step: Step, today: date) -> Line:
    said = step.inputs[0]
    line = Line(said.who, _today(said.text, today) if not said.who else _order(said.text))
    for expected in step.expected:
        if expected.who not in line.answers and not _BUTTON.match(expected.text):
            line.answers[expected.who] = _timeless(_NUMBER.sub("{number}", expected.text))
    return line


def _in_words(line: Line) -> Line:
    answers = dict(line.answers)
    if line.text.startswith("(foto"):
        answers[""] = "dibawa ke kantor"
    elif "Kirim foto" in answers.get("", ""):
        answers[""] = "Berkas berikut"
    return Line(line.who, line.text, answers)


def _timeless(text: str) -> str:
    """Return the words up to the first figure: days and hours are others than in the transcript."""
    return re.split(r"\d", text)[0]


def _order(text: str) -> str:
    text = _PRESSED.get(text, text)
    return _ORDER.sub(lambda found: f"/{found[1]} {{number}}", text)


def _today(text: str, today: date) -> str:
    """Return the same words, or the same date seen from today."""
    try:
        meant = read_date(text, THEN)
    except ValueError:
        return text
    if abs(meant - THEN) > _NEAR or not any(sign.isdigit() for sign in text):
        return text
    moved = meant + (today - THEN)
    return f"{moved.day}-{moved.month}-{moved.year}"
