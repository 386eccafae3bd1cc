"""Which document or answer an officer means: by id or by label, with typos, several by commas."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from msgspec import Struct
from rapidfuzz.distance import OSA

_LONGEST = 7
_MORE = 2
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
Fits = Callable[[str, str], int | None]
_JOINERS = ("dan", "and", "&", "+")


class Item(Struct, frozen=True):
    """Something of a request that may be asked again.

    ``names`` are the ways to say it, the first one for reading; ``member`` counts from 1 within
    ``group`` (its names), 0 for what belongs to the request itself.
    """

    path: str
    names: tuple[str, ...]
    group: tuple[str, ...] = ()
    member: int = 0

    @property
    def label(self) -> str:
        """The name to show: "KTP ahli waris 2"."""
        if not self.member:
            return self.names[0]
        if self.group[0].lower() in self.names[0].lower():
            return f"{self.names[0]} {self.member}"
        return f"{self.names[0]} {self.group[0].lower()} {self.member}"


class Named(Struct, frozen=True):
    """What was named, and the words after it."""

    items: list[Item]
    rest: str


class Ambiguous(Exception):
    """The words fit several items."""

    def __init__(self, said: str, items: list[Item]) -> None:
        super().__init__(said)
        self.said = said
        self.items = items


def ways_to_say(label: str, identifier: str) -> tuple[str, ...]:
    """Return the names of something: "Kartu keluarga (KK)" is said with and without its bracket."""
    inside = re.findall(r"\(([^()]+)\)", label)
    outside = re.sub(r"\s*\([^()]*\)", "", label).strip()
    names = (label, outside, *inside, identifier, identifier.replace("_", " "))
    return tuple(dict.fromkeys(name for name in names if name))


def take(text: str, items: Sequence[Item]) -> Named:
    """Read the items at the beginning of ``text``; none named gives an empty list.

    Raises Ambiguous.
    """
    words = text.replace(",", " , ").split()
    found: list[Item] = []
    while words:
        match, used = _longest(words, items)
        if match is None:
            break
        found.append(match)
        words = words[used:]
        if not words or (words[0] != "," and not _goes_on(words, items)):
            break
        words = words[1:]
    return Named(list(dict.fromkeys(found)), _tidy(" ".join(words)) if found else text)


def _goes_on(words: list[str], items: Sequence[Item]) -> bool:
    """A joining word continues the list only when what follows is an item too."""
    if words[0].lower() not in _JOINERS or len(words) < 2:
        return False
    try:
        return _longest(words[1:], items)[0] is not None
    except Ambiguous:
        return False


def _longest(words: list[str], items: Sequence[Item]) -> tuple[Item | None, int]:
    """Exact names win over misspelt ones, those over parts of names; longer ones win."""
    spans = words[: words.index(",")] if "," in words else words
    path = spans[0].lower().rstrip(":") if spans else ""
    for item in items:
        if item.member and item.path == path:
            return item, 1
    exact, used = _best(spans, items, _exact)
    # "ktp ahli wris 2" is more than a "ktp" and three words of the reason.
    nearly, longer = _best(spans, items, _misspelt, used + _MORE if used else 1)
    if nearly is not None:
        return nearly, longer
    return (exact, used) if exact is not None else _best(spans, items, _part)


def _best(
    words: list[str], items: Sequence[Item], fits: Fits, least: int = 1
) -> tuple[Item | None, int]:
    for length in range(min(_LONGEST, len(words)), least - 1, -1):
        said = _words(" ".join(words[:length]))
        scored = [(score, item) for item in items if (score := _fit(said, item, fits)) is not None]
        closest = min((score for score, _ in scored), default=0)
        match = _one(said, [item for score, item in scored if score == closest])
        if match is not None:
            return match, length
    return None, 0


def _one(said: tuple[str, ...], candidates: list[Item]) -> Item | None:
    if len(candidates) > 1:
        # Of a name that stands both alone and in a group, the one standing alone is meant.
        alone = [item for item in candidates if not item.member]
        if len(alone) != 1:
            raise Ambiguous(" ".join(said), candidates)
        candidates = alone
    return candidates[0] if candidates else None


def _fit(said: tuple[str, ...], item: Item, fits: Fits) -> int | None:
    """Return how far the words are from the nearest name of the item, None for too far."""
    if not said:
        return None
    names = (_words(name) for name in _sayings(item))
    scores = (_same(said, name, fits) for name in names)
    return min((score for score in scores if score is not None), default=None)


def _sayings(item: Item) -> list[str]:
    if not item.member:
        return list(item.names)
    places = [f"{group} {item.member}" for group in item.group] + [str(item.member)]
    return [*item.names, *(f"{name} {place}" for name in item.names for place in places)]


def _same(said: tuple[str, ...], name: tuple[str, ...], fits: Fits) -> int | None:
    # Digits tell members apart: they are never a typo of one another.
    if [word for word in said if word.isdigit()] != [word for word in name if word.isdigit()]:
        return None
    return fits(" ".join(said), " ".join(name))


def _exact(said: str, name: str) -> int | None:
    return 0 if said == name else None


def _misspelt(said: str, name: str) -> int | None:
    allowed = 0 if len(name) < 3 else 1 if len(name) < 8 else 2
    distance = OSA.distance(said, name, score_cutoff=allowed)
    return distance if distance <= allowed else None


def _part(said: str, name: str) -> int | None:
    return 0 if len(said) >= 2 and set(said.split()) <= set(name.split()) else None


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.lower()))


def _tidy(rest: str) -> str:
    return re.sub(r"\s+,", ",", rest).lstrip(" ,:;-–—").strip()
