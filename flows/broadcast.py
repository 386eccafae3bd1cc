"""An announcement: for whom, in which words, how long it takes and what it costs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from flows.calendar import DAY, Calendar
from flows.spelling import raw_words

LONGEST = 900
"""Letters: with its frame an announcement fits one message on every channel but SMS."""

_KEYS = {
    **dict.fromkeys(("desa", "kelurahan", "village"), "village"),
    **dict.fromkeys(("layanan", "surat", "service"), "service"),
    **dict.fromkeys(("bahasa", "language"), "language"),
    **dict.fromkeys(("program", "programme"), "program"),
}
_ALL = ("semua", "semuanya", "all", "warga")


class Audience(Struct, frozen=True):
    """Whom it is for; an empty part means any, the others are ids."""

    village: str = ""
    service: str = ""
    language: str = ""
    program: str = ""


class Misread(Exception):
    """The order cannot be understood: ``why`` names what is missing or unknown."""

    def __init__(self, why: str, said: str = "", known: Iterable[str] = ()) -> None:
        super().__init__(why)
        self.why = why
        self.said = said
        self.known = list(known)


class Choices(Struct, frozen=True):
    """What can be named: id → the names people know it by."""

    village: Mapping[str, Sequence[str]]
    service: Mapping[str, Sequence[str]]
    language: Mapping[str, Sequence[str]]
    program: Mapping[str, Sequence[str]]


class Share(Struct, frozen=True):
    """One channel's part of an announcement.

    ``pieces`` are billed messages over all people, ``seconds`` the least time the platform's limit
    allows, ``cost`` in rupiah; ``templates`` are people outside the 24-hour window.
    """

    channel: str
    people: int
    pieces: int
    seconds: float
    cost: int
    templates: int = 0


class Price(Struct, frozen=True):
    """Rupiah for one piece of a channel, and for one approved template."""

    piece: float = 0
    template: float = 0


def read(order: str, choices: Choices) -> tuple[Audience, str]:
    """Split ``desa Toar layanan kk: words`` into whom and what; raises Misread."""
    head, colon, text = order.partition(":")
    if not colon:
        raise Misread("unclear")
    audience = _audience(head.split(), choices)
    return audience, checked(text)


def checked(text: str) -> str:
    """Return the words as they go out; raises Misread when there are none, or too many."""
    text = text.replace("\0", "").strip()
    if not text:
        raise Misread("no_words")
    if len(text) > LONGEST:
        raise Misread("too_long", str(len(text)), [str(LONGEST)])
    return text


def chosen(kind: str, said: str, choices: Choices) -> str:
    """Return the id of a village, service, language or program as it was said; raises Misread."""
    known: Mapping[str, Sequence[str]] = getattr(choices, kind)
    wanted = " ".join(raw_words(said))
    names = {one: [one, *called] for one, called in known.items()}
    for fits in (str.__eq__, str.startswith):
        found = [
            one
            for one, called in names.items()
            if wanted and any(fits(" ".join(raw_words(name)), wanted) for name in called)
        ]
        if len(found) == 1:
            return found[0]
    raise Misread(kind, said, [called[0] if called else one for one, called in known.items()])


def _audience(said: list[str], choices: Choices) -> Audience:
    parts: dict[str, list[str]] = {}
    kind = ""
    for word in said:
        if word.lower() in _KEYS and not (kind and not parts[kind]):
            kind = _KEYS[word.lower()]
            parts[kind] = []
        elif kind:
            parts[kind].append(word)
        elif word.lower() not in _ALL:
            raise Misread("unclear")
    if not said:
        raise Misread("unclear")
    return Audience(
        **{kind: chosen(kind, " ".join(words), choices) for kind, words in parts.items()}
    )


def share(channel: str, pieces: Sequence[int], templates: int, rate: float, price: Price) -> Share:
    """Return a channel's part; ``pieces`` has the billed messages of each person.

    ``templates`` of them go out as a template, for its own price; ``rate`` is messages a second.
    """
    total = sum(pieces)
    cost = (total - templates) * price.piece + templates * price.template
    return Share(channel, len(pieces), total, total / rate, round(cost), templates)


def ends(calendar: Calendar, now: datetime, seconds: float) -> datetime:
    """Return when sending for so long is over, when nobody is written to in quiet hours."""
    left = timedelta(seconds=seconds)
    moment = calendar.next_allowed(now)
    while True:
        quiet = _next_quiet(calendar, moment)
        if quiet is None or moment + left <= quiet:
            return moment + left
        left -= quiet - moment
        moment = calendar.next_allowed(quiet)


def _next_quiet(calendar: Calendar, moment: datetime) -> datetime | None:
    if calendar.quiet.opens == calendar.quiet.closes:
        return None
    local = moment.astimezone(calendar.zone)
    begins = datetime.combine(local.date(), calendar.quiet.opens, calendar.zone)
    return begins if begins > local else begins + DAY


def bar(done: int, total: int, width: int = 12) -> str:
    """Draw how much is done."""
    filled = width * done // total if total else width
    return "▓" * filled + "░" * (width - filled)
