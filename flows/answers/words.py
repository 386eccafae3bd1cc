"""Places, choices and words of any kind."""

from __future__ import annotations

import re

from rapidfuzz.fuzz import WRatio

from flows.answers.vocabulary import MOST_WORDS, About, Accepted, Wrong, bounded, check
from flows.choosing import pick, polarity
from flows.spelling import words
from flows.words import ABBREVIATED

CLOSE = 70
"""Of 100, from where on a village's name is offered as perhaps meant."""


@check
def place(text: str, about: About) -> Accepted:
    """Accept the name of a place anywhere, such as where somebody was born."""
    line = " ".join(text.split())
    if any(char.isdigit() for char in line) or sum(map(str.isalpha, line)) < 2:
        raise Wrong("place.unclear")
    bounded(len(line), about, "text", least=2, most=60)
    return Accepted(line.title() if line.islower() or line.isupper() else line)


@check
def village(text: str, about: About) -> Accepted:
    """Accept a village of the office by name, number in the list or code."""
    said = [ABBREVIATED.get(word, word) for word in words(text[:MOST_WORDS])]
    while len(said) > 1 and said[0] in ("desa", "ds", "kel", "kelurahan", "dusun", "nagari"):
        said = said[1:]
    wanted = " ".join(said)
    found = pick(text, about.villages) or pick(wanted, about.villages)
    if found is not None:
        return Accepted(found)
    scores = [(WRatio(wanted, known.casefold()), known) for _, known in about.villages]
    close = [known for score, known in sorted(scores, reverse=True) if score >= CLOSE]
    if close and wanted:
        raise Wrong("village.which", options=close[:4])
    raise Wrong("village.unknown", options=[known for _, known in about.villages])


@check
def address(text: str, about: About) -> Accepted:
    """Accept an address, on one line."""
    line = re.sub(r"\s*,?\s*\n\s*", ", ", text)
    if not any(map(str.isalpha, line)):
        raise Wrong("address.unclear")
    bounded(len(line), about, "address", least=5, most=200)
    return Accepted(line)


@check
def text(text: str, about: About) -> Accepted:
    """Accept words of any kind, from ``least`` (2) to ``most`` (500) characters."""
    if not any(map(str.isalnum, text)):
        raise Wrong("text.empty")
    bounded(len(text), about, "text", least=2, most=500)
    return Accepted(text)


@check
def choice(text: str, about: About) -> Accepted:
    """Accept one of the question's choices, by number, label or nearly its label."""
    choices = about.question.choices
    options = [(each, about.choice_labels.get(each, each)) for each in choices]
    found = pick(text[:MOST_WORDS], options)
    if found is None:
        raise Wrong("choice.which", options=[label for _, label in options])
    return Accepted(found)


@check
def yesno(text: str, about: About) -> Accepted:
    """Accept ``yes`` or ``no`` in all the ways people say them."""
    options = [(each, about.choice_labels.get(each, each)) for each in ("yes", "no")]
    yes = polarity(text[:MOST_WORDS])
    found = pick(text[:MOST_WORDS], options) if yes is None else ("yes" if yes else "no")
    if found is None:
        raise Wrong("yesno.which")
    return Accepted(found)
