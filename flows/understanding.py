"""Free text into what a person wants, by words and near-words; nothing is learnt or guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from flows import words as known
from flows.choosing import pick as pick
from flows.choosing import polarity as polarity
from flows.numbers import plain_digits
from flows.spelling import match, phrased, raw_words, without, words

LONGEST_COMMAND = 6
"""Words; what is longer is an answer, not a command."""
_LONGEST_SENTENCE = 60
_JOINING = ("hubungkan", "sambungkan", "connect")
_CODE = range(8, 13)
"""Signs of a code that joins a chat."""


class Intent(Struct, frozen=True):
    """What a person wants: ``kind`` with the service it is about, or other words to it.

    ``kind`` is menu, cancel, back, change, status, officer, language, info, schedule, suggestion,
    complaint, data, erase, link, part, stop, start, resume, help, greeting, thanks, services,
    service or none.
    ``among`` names services when several were meant equally.
    """

    kind: str
    service: str = ""
    argument: str = ""
    among: tuple[str, ...] = ()


NONE = Intent("none")


def anywhere(text: str) -> Intent | None:
    """Return the command that the whole message is, else None.

    Digits alone never are one, nor is a word of command inside a longer answer.
    """
    raw = raw_words(text)
    if not raw or len(raw) > LONGEST_COMMAND:
        return None
    if raw == ["english"]:
        return Intent("language", argument=known.LANGUAGES["english"])
    said = words(text)
    for form in (said, without(said, known.FILLERS)):
        if kind := _COMMANDS.get(tuple(form)):
            return Intent(kind)
        if form and (intent := _with_argument(form, text)) is not None:
            return intent
    return None


def asks_back(text: str) -> bool:
    """Say whether an answer may be a question about cost, time or papers."""
    return match(_ASKING, words(text)[:_LONGEST_SENTENCE])[0] > 0


def surely_asks_back(text: str) -> bool:
    """Say whether it is one even where any words could be an answer: a question mark, two signs."""
    said = raw_words(text)
    signs = sum(word in _ASKING_WORDS for word in said)
    signs += sum(pair in _ASKING_WORDS for pair in map(" ".join, pairwise(said)))
    return signs > 1 or (signs == 1 and text.rstrip().endswith("?"))


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
        if (kind in known.STRONG or not named) and match(phrases, said)[0]:
            return Intent(kind, argument=_wished(kind, said, text))
    asking = match(_ASKING, said)[0] > 0
    if len(named) == 1:
        return Intent("info" if asking else "service", named[0])
    if named:
        return Intent("none", among=tuple(named))
    if asking:
        return Intent("info")
    return _manners(said)


# --- commands ------------------------------------------------------------------------------------


def _with_argument(said: list[str], text: str) -> Intent | None:
    head, rest = said[0], said[1:]
    if not rest:
        return None
    if head in ("status", "lacak", "cek") and any(char.isdigit() for char in rest[-1]):
        return Intent("status", argument=_number_in(text)) if len(rest) <= 5 else None
    if head in ("bahasa", "baso", "basa") and known.LANGUAGES.keys() >= set(rest):
        meant = {known.LANGUAGES[word] for word in rest}
        return Intent("language", argument=meant.pop()) if len(meant) == 1 else None
    if head in ("info", "informasi", "syarat"):
        named = _services(rest, known.SERVICES)
        return Intent("info", named[0], " ".join(rest)) if len(named) == 1 else None
    if text.split()[0].casefold() in _JOINING and (code := _code_in(text)):
        return Intent("link", argument=code)
    if head == "ubah" and len(rest) <= 3:
        return Intent("change", argument=" ".join(rest))
    return None


def _code_in(text: str) -> str:
    """Return the code after the word, its pieces put together; empty where there is none."""
    code = "".join(char for char in text.split(None, 1)[1] if char.isascii() and char.isalnum())
    return code if len(code) in _CODE and any(map(str.isdigit, code)) else ""


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
        length, place = match(_service_phrases(service, tuple(titles)), said)
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
    unsaid = known.GENERIC | known.FILLERS
    named = [tuple(without(title, unsaid)) for title in phrased(titles)]
    return phrased(known.SERVICES.get(service, ())) + [phrase for phrase in named if phrase]


def _manners(said: Sequence[str]) -> Intent:
    rest = without(said, known.FILLERS)
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


# --- what is known, prepared once ----------------------------------------------------------------

_COMMANDS = {phrase: kind for kind, texts in known.COMMANDS.items() for phrase in phrased(texts)}
_ASKING = phrased(known.ASKING)
_ASKING_WORDS = frozenset(known.ASKING)
_WISHES = {kind: phrased(texts) for kind, texts in known.WISHES.items()}
