"""Any text as plain words, and words that are nearly the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from rapidfuzz.distance import OSA

from flows import words as known
from flows.numbers import plain_digits

_INSIDE = re.compile(r"(?<=\w)['’‘`ʼ](?=\w)")
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
_WORD = re.compile(r"[^\W_]+")
_ENDINGS = ("nya", "ku", "mu", "kah", "lah")


def words(text: str) -> list[str]:
    """Return the text as plain words: lower case, no signs, short forms and slang written out."""
    return [word for raw in raw_words(text) for word in _known_words(raw)]


def raw_words(text: str) -> list[str]:
    """Return the words as they were written, without signs, accents and drawn-out letters."""
    plain = text.lower() if text.isascii() else _unaccented(text)
    plain = _INSIDE.sub("", plain)
    plain = _DRAWN_OUT.sub(r"\1", plain)
    return _WORD.findall(plain)


def _unaccented(text: str) -> str:
    plain = unicodedata.normalize("NFKD", plain_digits(text)).casefold().replace("ı", "i")
    return "".join(char for char in plain if not unicodedata.combining(char))


@lru_cache(maxsize=4096)
def _known_words(raw: str) -> tuple[str, ...]:
    """Return a word in its usual form; words written as one are taken apart."""
    word = known.SLANG.get(raw, raw)
    if word in _VOCABULARY:
        return (word,)
    for ending in _ENDINGS:
        stem = raw.removesuffix(ending)
        if stem != raw and (stem in _VOCABULARY or stem in known.SLANG):
            return (known.SLANG.get(stem, stem),)
    parts = _apart(raw) if 5 <= len(raw) <= 40 else None
    return tuple(known.SLANG.get(part, part) for part in parts) if parts else (word,)


def _apart(text: str) -> list[str] | None:
    """Split ``bikinkk`` into known words, the fewest; None when something is left over."""
    ways: list[list[str] | None] = [[], *[None] * len(text)]
    for end in range(1, len(text) + 1):
        for start in range(max(0, end - 15), end - 1):
            before, piece = ways[start], text[start:end]
            if before is None or piece not in _PIECES:
                continue
            best = ways[end]
            if best is None or len(before) + 1 < len(best):
                ways[end] = [*before, piece]
    return ways[-1]


def phrased(texts: Iterable[str]) -> list[tuple[str, ...]]:
    """Return phrases as the words that a text would be read as."""
    return [phrase for text in texts if (phrase := tuple(words(text)))]


def without(said: Iterable[str], unsaid: Collection[str]) -> list[str]:
    """Return the words that are not among the others."""
    return [word for word in said if word not in unsaid]


def _like(word: str, other: str) -> bool:
    """Return whether one is a slip of the pen away from the other."""
    if word == other:
        return True
    length = min(len(word), len(other))
    if length < 5 or word[0] != other[0]:
        return False
    return OSA.distance(word, other, score_cutoff=2) <= (1 if length < 8 else 2)


def find(word: str, said: Sequence[str]) -> int:
    """Return where a word stands, perhaps misspelt; -1 for nowhere."""
    return next((at for at, other in enumerate(said) if _like(other, word)), -1)


def match(phrases: Iterable[tuple[str, ...]], said: Sequence[str]) -> tuple[int, int]:
    """Return how many words the longest phrase found has, and where its first word stands."""
    longest = (0, 0)
    for phrase in phrases:
        if len(phrase) > longest[0]:
            places = [find(word, said) for word in phrase]
            if min(places) >= 0:
                longest = (len(phrase), min(places))
    return longest


# --- what is known, prepared once ----------------------------------------------------------------

_VOCABULARY = (
    frozenset(
        word
        for phrases in (
            *known.SERVICES.values(),
            *known.COMMANDS.values(),
            *known.WISHES.values(),
            known.ASKING,
        )
        for phrase in phrases
        for word in phrase.split()
    )
    | known.FILLERS
    | known.DOING
    | known.GENERIC
    | known.YES
    | known.NO
)
_PIECES = frozenset(
    word for word in (_VOCABULARY | known.SLANG.keys()) if len(word) > 2 or word == "kk"
)
