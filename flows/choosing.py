"""Which of the offered choices a typed answer means: by number, by label, nearly, by yes or no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rapidfuzz.fuzz import ratio

from flows import words as known
from flows.numbers import NUMBER_WORDS, read_number
from flows.spelling import find, raw_words, without, words

_LONGEST = 8
"""Words; what is longer tells something instead of choosing."""
_NEAR, _APART = 82, 8
"""Of 100: how like a label a text must be, and how much less like the next one."""


def pick(text: str, options: Sequence[tuple[str, str]]) -> str | None:
    """Return the choice that a text names by number, by label or nearly by label, else None.

    ``options`` are (choice, label) in the order shown. What could mean two of them means none.
    """
    wanted = text.strip()
    for choice, _ in options:
        if wanted == choice:
            return choice
    said = words(text)
    labels = {choice: words(label) for choice, label in options}
    exact = [choice for choice, label in labels.items() if label == said]
    if not said or len(exact) == 1:
        return exact[0] if exact else None
    number = _position(said, len(options))
    if number is not None:
        return options[number - 1][0] if 1 <= number <= len(options) else None
    if len(said) > _LONGEST:
        return None
    return _by_label(said, labels) or _by_polarity(text, labels)


def polarity(text: str) -> bool | None:
    """Return True for a yes, False for a no in all their ways, None for neither or both."""
    raw, said = raw_words(text), words(text)
    if not raw:
        up, down = any(sign in text for sign in "👍👌✅"), any(sign in text for sign in "👎❌")
        return up if up != down else None
    if len(said) > _LONGEST:
        return None
    rest = [word for word in said if word not in known.FILLERS - known.YES]
    no = [word for word in rest if word in known.NO]
    yes = [word for word in rest if word in known.YES]
    if len(no) + len(yes) < len(rest) or not rest or len(no) > 1:
        return None
    if no and rest[0] not in known.NO:
        return None
    if rest == ["nomor"] and raw != ["no"]:
        return None
    return not no


def _position(said: Sequence[str], most: int) -> int | None:
    """Return the place in the list that is named; None where no place is."""
    rest = without(said, (known.CHOOSING | known.FILLERS) - {"ke"})
    if rest and rest[0] == "ke" and len(rest) > 1:
        rest = rest[1:]
    if len(rest) != 1:
        return None
    word = rest[0]
    if word in known.LAST:
        return most
    if word in known.ORDINALS:
        return known.ORDINALS[word]
    if word.isascii() and word.isdigit():
        return int(word) if len(word) <= 2 else None
    if word.startswith("ke") and word[2:] in NUMBER_WORDS:
        word = word[2:]
    number = read_number(word)
    return int(number) if number is not None and number == int(number) else None


def _by_label(said: list[str], labels: Mapping[str, list[str]]) -> str | None:
    content = without(said, known.FILLERS | known.CHOOSING) or said
    denied = {word for word in content if word in known.NO - {"nomor"}}
    fit = {choice: label for choice, label in labels.items() if label and denied <= set(label)}
    whole = [choice for choice, label in labels.items() if label and _within(label, said)]
    ways = (
        [choice for choice, label in fit.items() if without(label, known.FILLERS) == content],
        [choice for choice, label in fit.items() if _within(content, label)],
        _longest({choice: labels[choice] for choice in whole}),
    )
    for found in ways:
        if found:
            return found[0] if len(found) == 1 and found[0] in fit else None
    return _nearest(content, fit)


def _nearest(content: Sequence[str], labels: Mapping[str, list[str]]) -> str | None:
    """Return the choice whose label is much more like the words than any other label is."""
    scores = sorted(
        (max(ratio(sign.join(content), sign.join(label)) for sign in (" ", "")), choice)
        for choice, label in labels.items()
    )
    if not scores or scores[-1][0] < _NEAR:
        return None
    clear = len(scores) == 1 or scores[-1][0] - scores[-2][0] >= _APART
    return scores[-1][1] if clear else None


def _within(part: Sequence[str], whole: Sequence[str]) -> bool:
    return bool(part) and all(find(word, whole) >= 0 for word in part)


def _longest(labels: Mapping[str, list[str]]) -> list[str]:
    longest = max(map(len, labels.values()), default=0)
    return [choice for choice, label in labels.items() if len(label) == longest]


def _by_polarity(text: str, labels: Mapping[str, object]) -> str | None:
    yes = polarity(text)
    if yes is None:
        return None
    pairs = [pair for pair in known.PAIRS if all(not each or each in labels for each in pair)]
    return pairs[0][0 if yes else 1] or None if len(pairs) == 1 else None
