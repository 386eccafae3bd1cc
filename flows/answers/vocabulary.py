"""What a check is: it knows ``About``, and says ``Accepted`` or ``Wrong``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct, field

from flows.calendar import Calendar
from flows.cleaning import clean
from flows.definition import Question

MOST_WORDS = 300
"""Characters looked at where a few words are expected."""


class About(Struct, frozen=True):
    """What a check may know: the question, the office's date, and words of the person's language.

    ``villages`` are (id, name); ``choice_labels`` gives each choice its label; ``answers`` are
    others of the same person by question, so that a birth date can be held against a NIK;
    ``calendar`` says on which days the office works.
    """

    question: Question
    today: date
    villages: Sequence[tuple[str, str]] = ()
    choice_labels: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    calendar: Calendar = Calendar()


class Accepted(Struct, frozen=True):
    """A canonical value; ``warning`` is a key below ``answers.warning`` for what is doubtful."""

    value: str
    warning: str = ""


class Wrong(Exception):
    """The answer cannot be one: ``answers.<reason>`` says why, with ``args_`` for its template."""

    def __init__(self, reason: str, **args: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.args_ = args


Check = Callable[[str, About], Accepted]
CHECKS: dict[str, Check] = {}


def check(function: Check) -> Check:
    """Enter a function into the vocabulary, under its own name."""

    def checked(text: str, about: About) -> Accepted:
        text = clean(text)
        if not text:
            raise Wrong("empty")
        return function(text, about)

    CHECKS[function.__name__.rstrip("_")] = checked
    return checked


def bounded(size: int, about: About, kind: str, *, least: int, most: int) -> None:
    """Refuse what is shorter or longer than the question, or else this kind, allows."""
    least = least if about.question.least is None else about.question.least
    most = most if about.question.most is None else about.question.most
    if size < least:
        raise Wrong(f"{kind}.short", least=least)
    if size > most:
        raise Wrong(f"{kind}.long", most=most, count=size)
