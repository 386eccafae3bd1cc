"""Free text into what a person wants, by words and near-words; nothing is learnt or guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct
from rapidfuzz.distance import OSA
from rapidfuzz.fuzz import ratio

from flows import words as known
from flows.numbers import NUMBER_WORDS, plain_digits, read_number

LONGEST_COMMAND = 6
"""Words; what is longer is an answer, not a command."""
_LONGEST_CHOICE = 8
_LONGEST_SENTENCE = 60
_NEAR = 82
_APART = 8
_ENDINGS = ("nya", "ku", "mu", "kah", "lah")


class Intent(Struct, frozen=True):
    """What a person wants: ``kind`` with the service it is about, or other words to it.

    ``kind`` is menu, cancel, back, change, status, officer, language, info, schedule, suggestion,
    complaint, data, erase, stop, start, resume, help, greeting, thanks, services, service or none.
    ``among`` names services when several were meant equally.
    """

    kind: str
    service: str = ""
    argument: str = ""
    among: tuple[str, ...] = ()


NONE = Intent("none")


def words(text: str) -> list[str]:
    """Return the text as plain words: lower case, no signs, short forms and slang written out."""
    return [word for raw in _raw_words(text) for word in _known_words(raw)]


def anywhere(text: str) -> Intent | None:
    """Return the command that the whole message is, else None.

    Digits alone never are one, nor is a word of command inside a longer answer.
    """
    raw = _raw_words(text)
    if not raw or len(raw) > LONGEST_COMMAND:
        return None
    if raw == ["english"]:
        return Intent("language", argument=known.LANGUAGES["english"])
    said = words(text)
    for form in (said, _without(said, known.FILLERS)):
        if kind := _COMMANDS.get(tuple(form)):
            return Intent(kind)
        if form and (intent := _with_argument(form, text)) is not None:
            return intent
    return None


def understand(text: str, services: Mapping[str, Sequence[str]], language: str = "id") -> Intent:
    """Return what a free sentence wants, where no particular answer is expected.

    ``services`` are those that can be asked for, with their titles in ``language``.
    """
    command = anywhere(text)
    if command is not None and (not command.service or command.service in services):
        return command
    said = words(text)[:_LONGEST_SENTENCE]
    named = _services(said, services)
    for kind, phrases in _WISHES.items():
        if (kind in known.STRONG or not named) and _best(phrases, said)[0]:
            return Intent(kind, argument=_wished(kind, said, text))
    asking = _best(_ASKING, said)[0] > 0
    if len(named) == 1:
        return Intent("info" if asking else "service", named[0])
    if named:
        return Intent("none", among=tuple(named))
    if asking:
        return Intent("info")
    return _manners(said)


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
    if len(said) > _LONGEST_CHOICE:
        return None
    return _by_label(said, labels) or _by_polarity(text, labels)


def polarity(text: str) -> bool | None:
    """Return True for a yes, False for a no in all their ways, None for neither or both."""
    signs = {sign for sign in text if sign in "👍👌✅👎❌"}
    if signs and not _raw_words(text):
        return (
            signs <= set("👍👌✅") if not (signs & set("👍👌✅") and signs & set("👎❌")) else None
        )
    raw, said = _raw_words(text), words(text)
    if not said or len(said) > LONGEST_COMMAND:
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


# --- words ---------------------------------------------------------------------------------------


def _raw_words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", plain_digits(text)).casefold().replace("ı", "i")
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    plain = re.sub(r"(?<=\w)['’‘`ʼ](?=\w)", "", plain)
    plain = re.sub(r"([^\W\d_])\1{2,}", r"\1", plain)
    return re.findall(r"[^\W_]+", plain)


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


def _phrases(texts: Iterable[str]) -> list[tuple[str, ...]]:
    return [phrase for text in texts if (phrase := tuple(words(text)))]


def _without(said: Iterable[str], unsaid: Iterable[str]) -> list[str]:
    return [word for word in said if word not in unsaid]


def _like(word: str, other: str) -> bool:
    """Return whether one is a slip of the pen away from the other."""
    if word == other:
        return True
    length = min(len(word), len(other))
    if length < 5 or word[0] != other[0]:
        return False
    return OSA.distance(word, other, score_cutoff=2) <= (1 if length < 8 else 2)


def _find(word: str, said: Sequence[str]) -> int:
    return next((at for at, other in enumerate(said) if _like(other, word)), -1)


def _best(phrases: Iterable[tuple[str, ...]], said: Sequence[str]) -> tuple[int, int]:
    """Return how many words the longest phrase found has, and where its first word stands."""
    best = (0, 0)
    for phrase in phrases:
        if len(phrase) > best[0]:
            places = [_find(word, said) for word in phrase]
            if min(places) >= 0:
                best = (len(phrase), min(places))
    return best


# --- commands ------------------------------------------------------------------------------------


def _with_argument(said: list[str], text: str) -> Intent | None:
    head, rest = said[0], said[1:]
    if not rest:
        return None
    if head in ("status", "lacak", "cek") and any(char.isdigit() for char in rest[-1]):
        return Intent("status", argument=_number_in(text)) if len(rest) <= 5 else None
    if head == "bahasa" and rest[0] in known.LANGUAGES and len(rest) == 1:
        return Intent("language", argument=known.LANGUAGES[rest[0]])
    if head in ("info", "informasi", "syarat"):
        named = _services(rest, known.SERVICES)
        return Intent("info", named[0], " ".join(rest)) if len(named) == 1 else None
    if head == "ubah" and len(rest) <= 3:
        return Intent("change", argument=" ".join(rest))
    return None


def _number_in(text: str) -> str:
    """Return the word of a text that looks like a request's number, in capitals."""
    found = [word.strip(".,;:#()") for word in plain_digits(text).split()]
    numbered = [word for word in found if any(char.isdigit() for char in word)]
    return max(numbered, key=len).upper() if numbered else ""


def _wished(kind: str, said: Sequence[str], text: str) -> str:
    if kind == "status":
        return _number_in(text)
    if kind == "language":
        return next((known.LANGUAGES[word] for word in said if word in known.LANGUAGES), "")
    return ""


# --- services ------------------------------------------------------------------------------------


def _services(said: Sequence[str], services: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the services named by the longest phrase, in the order they were named."""
    found: dict[str, tuple[int, int]] = {}
    for service, titles in services.items():
        length, place = _best(_service_phrases(service, tuple(titles)), said)
        if length:
            found[service] = (length, place)
    strong = {
        service: score
        for service, score in found.items()
        if score[0] > 1 or said[score[1]] not in known.WEAK
    }
    found = strong or found
    longest = max((length for length, _ in found.values()), default=0)
    named = [service for service, (length, _) in found.items() if length == longest]
    return sorted(named, key=lambda service: found[service][1])


@lru_cache(maxsize=256)
def _service_phrases(service: str, titles: tuple[str, ...]) -> list[tuple[str, ...]]:
    phrases = [
        tuple(_without(phrase, known.GENERIC | known.FILLERS)) for phrase in _phrases(titles)
    ]
    return _phrases(known.SERVICES.get(service, ())) + [phrase for phrase in phrases if phrase]


def _manners(said: Sequence[str]) -> Intent:
    rest = _without(said, known.FILLERS)
    if any(word in known.GRATEFUL for word in rest) and set(rest) <= known.THANKS:
        return Intent("thanks")
    greetings = [word for word in said if _greets(word)]
    if greetings and all(_greets(word) or word in known.DOING for word in rest):
        return Intent("greeting")
    return NONE


def _greets(word: str) -> bool:
    return (
        word in known.GREETINGS
        or word in known.ADDRESS
        or word in ("tanya", "nanya", "bertanya")
        or word.startswith(("assalam", "asalam", "aslam", "waalaikum"))
    )


# --- choices -------------------------------------------------------------------------------------


def _position(said: Sequence[str], most: int) -> int | None:
    """Return the place in the list that is named; None where no place is."""
    rest = _without(said, (known.CHOOSING | known.FILLERS) - {"ke"})
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
    content = _without(said, known.FILLERS | known.CHOOSING) or said
    denied = {word for word in content if word in known.NO - {"nomor"}}
    fit = {choice: label for choice, label in labels.items() if label and denied <= set(label)}
    ways = (
        [choice for choice, label in fit.items() if _without(label, known.FILLERS) == content],
        [choice for choice, label in fit.items() if _within(content, label)],
        _longest({choice: label for choice, label in fit.items() if _within(label, content)}),
    )
    for found in ways:
        if len(found) == 1:
            return found[0]
        if found:
            return None
    text = " ".join(content)
    scores = sorted(
        (
            (max(ratio(text, " ".join(label)), ratio("".join(content), "".join(label))), choice)
            for choice, label in fit.items()
        ),
        reverse=True,
    )
    if not scores or scores[0][0] < _NEAR:
        return None
    clear = len(scores) == 1 or scores[0][0] - scores[1][0] >= _APART
    return scores[0][1] if clear else None


def _within(part: Sequence[str], whole: Sequence[str]) -> bool:
    return bool(part) and all(_find(word, whole) >= 0 for word in part)


def _longest(labels: Mapping[str, list[str]]) -> list[str]:
    longest = max(map(len, labels.values()), default=0)
    return [choice for choice, label in labels.items() if len(label) == longest]


def _by_polarity(text: str, labels: Mapping[str, object]) -> str | None:
    yes = polarity(text)
    if yes is None:
        return None
    meant = [choice for choice in labels if choice in (known.AGREEING if yes else known.DECLINING)]
    return meant[0] if len(meant) == 1 else None


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
_COMMANDS = {phrase: kind for kind, texts in known.COMMANDS.items() for phrase in _phrases(texts)}
_ASKING = _phrases(known.ASKING)
_WISHES = {kind: _phrases(texts) for kind, texts in known.WISHES.items()}
