"""What a text in another language must keep of the Indonesian one, and what is still to be said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from jinja2 import TemplateError

from bot.words.markup import MarkupError, parse
from bot.words.wording import Wording
from flows.source import Problem, nearest

SOURCE = "id"
_OFFICE_ONLY = ("commands", "letters", "whatsapp", "languages")
"""What no citizen reads in a language of their choice: officers' words, law, templates, names."""
_FIRST = ("conversation", "common", "answers", "menu", "groups")
_CODE = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
_ROOMS = (
    (re.compile(r"(?!commands)\w+\.button\.|groups\.|\w+\.short$"), 20, "button"),
    (re.compile(r"(?!answers)\w+\.(choice|add)\."), 24, "row of a list"),
)
"""What a phone shows of a label (WhatsApp), in letters."""


class Fault(NamedTuple):
    """What is wrong with a text, and what to write instead."""

    wrong: str
    write: str


def texts_to_say(wording: Wording) -> dict[str, str]:
    """Return what citizens read, in Indonesian by key: what everybody meets comes first."""
    found = {
        key: sentence.source
        for key, sentence in wording.keys(SOURCE).items()
        if key.partition(".")[0] not in _OFFICE_ONLY
    }

    def place(key: str) -> int:
        file = key.partition(".")[0]
        return _FIRST.index(file) if file in _FIRST else len(_FIRST)

    return dict(sorted(found.items(), key=lambda item: place(item[0])))


def fault_of(wording: Wording, language: str, key: str, text: str) -> Fault | None:
    """Return what keeps a text from being said where the Indonesian one is; None for nothing."""
    if key not in wording.keys(SOURCE):
        known = nearest(key, wording.keys(SOURCE).keys(), "remove it")
        return Fault("is no text of this desk", known)
    if not text.strip():
        return Fault("is empty", "write it, or leave it out: then it is said in Indonesian")
    try:
        used = wording.used(language, text)
    except TemplateError as error:
        write = "copy what stands in {{ }} and {% %} from the Indonesian text"
        return Fault(f"cannot be filled in ({error})", write)
    return _variables(wording, key, used) or _marks(key, text)


def _variables(wording: Wording, key: str, used: set[str]) -> Fault | None:
    try:
        given = wording.used(SOURCE, wording.keys(SOURCE)[key].source)
    except TemplateError:
        # The Indonesian text itself is broken: that is told of that one.
        return None
    for name in sorted(used - given):
        write = f"use only {', '.join(sorted(given))}" if given else "leave it out"
        return Fault(f'"{name}" is not known here', write)
    for name in sorted(given - used):
        return Fault(f'leaves out "{name}"', "write it where the Indonesian text has it")
    return None


def _marks(key: str, text: str) -> Fault | None:
    try:
        shown = parse(_CODE.sub("https://x", text))
    except MarkupError as error:
        return Fault(f"its marks do not fit: {error}", "write them in pairs, such as <b>word</b>")
    letters = sum(len(run.text) for run in shown)
    for labels, room, what in _ROOMS:
        if labels.match(key) and letters > room:
            return Fault(f"has {letters} letters", f"write at most {room}: it is a {what}")
    return None


def problems_in(wording: Wording, language: str) -> Iterator[Problem]:
    """Yield what is wrong with a language's texts, beside what it does not have."""
    for key, sentence in wording.keys(language).items():
        if fault := fault_of(wording, language, key, sentence.source):
            yield Problem(sentence.file, sentence.line, key, *fault)
