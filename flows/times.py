"""Times of day as people say them: jam 8 malam, 20.00 s/d selesai, setengah 8 pagi, 8-5."""

from __future__ import annotations

import re
from datetime import time
from typing import NamedTuple

from flows.numbers import LONGEST, plain_digits, read_number

_UNSAID = re.compile(
    r"\b(?:jam|pukul|pkl|pk|jm|wib|wita|wit|mulai|dari|dimulai|sekitar|kira-kira|tepat|pak|bu|ya"
    r"|from|at|about|o'clock)\b\.?"
)
_UNTIL = re.compile(
    r"\b(?:sampai(?:\s+dengan)?|sampe|smp|hingga|s\.?\s?[/.]?\s?d\b\.?|to|until|till)|[-–—~]"
)
_OPEN = {"selesai", "habis", "acara selesai", "tamat", "finished", "end", "the end", "finish"}
_TIME = re.compile(
    r"(?P<half>setengah|stgh|1/2)?\s*(?P<hour>\d{1,2}|[a-z ]+?)\s*"
    r"(?:[.:,]\s*(?P<minute>\d{2})|(?P<past>lewat|lebih)\s*(?P<minutes>\d{1,2}))?\s*"
    r"(?P<part>pagi|subuh|siang|sore|petang|malam|am|pm|in the morning|in the evening)?"
)
_CANONICAL = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")
_PARTS: dict[str, tuple[int, int]] = {
    # The hours up to twelve that lie in the second half of the day, first and last.
    "siang": (1, 5), "sore": (1, 7), "petang": (1, 7), "malam": (6, 11), "pm": (1, 11),
    "in the evening": (1, 11), "pagi": (0, -1), "subuh": (0, -1), "am": (0, -1),
    "in the morning": (0, -1),
}  # fmt: skip
_MIDNIGHT = {"malam", "am"}


class Times(NamedTuple):
    """When something begins and ends; ``until_done`` says that its end is left open."""

    begins: time
    ends: time | None = None
    until_done: bool = False

    def canonical(self) -> str:
        """Return ``20:00``, ``08:00-17:00`` or ``20:00-`` (until it is over)."""
        end = f"-{self.ends:%H:%M}" if self.ends else "-" if self.until_done else ""
        return f"{self.begins:%H:%M}{end}"


def read_times(text: str) -> Times | None:
    """Return the time, or the two times, that the whole text is; None where it is none.

    Without a part of the day an end lies after its beginning: ``8-5`` is 08.00 to 17.00.
    """
    said = " ".join(_UNSAID.sub(" ", plain_digits(text).casefold()).split()).strip(" .,")
    if len(said) > LONGEST:
        return None
    if written := _CANONICAL.fullmatch(said):
        return _literal(written[1], written[2])
    first, *rest = (side.strip(" .,") for side in _UNTIL.split(said, maxsplit=1))
    begins = _read(first)
    if begins is None:
        return None
    if not rest:
        return Times(_time(begins))
    if rest[0] in _OPEN or not rest[0]:
        return Times(_time(begins), until_done=True)
    ends = _read(rest[0])
    return _span(begins, ends) if ends else None


class _Said(NamedTuple):
    hour: int
    minute: int
    part: str

    @property
    def sure(self) -> bool:
        """Is the half of the day known?"""
        return bool(self.part) or self.hour > 12 or self.hour == 0


def _read(said: str) -> _Said | None:
    match = _TIME.fullmatch(said)
    if match is None:
        return None
    written = match["hour"].strip()
    number = int(written) if written.isdigit() else read_number(written)
    if number is None or number != int(number) or not 0 <= number <= 24:
        return None
    hour, minute = int(number), int(match["minute"] or match["minutes"] or 0)
    if minute > 59 or (hour == 24 and minute):
        return None
    if match["half"]:  # half eight is 7.30
        if minute or not 1 <= hour <= 12:
            return None
        hour, minute = hour - 1, 30
    part = match["part"] or ""
    first, last = _PARTS.get(part, (0, -1))
    if part in _MIDNIGHT and hour == 12:
        hour = 0
    elif first <= hour <= last:
        hour += 12
    return _Said(hour % 24, minute, part)


def _span(begins: _Said, ends: _Said) -> Times:
    if not ends.sure and _minutes(ends) <= _minutes(begins):
        later = ends._replace(hour=(ends.hour + 12) % 24)
        ends = later if _minutes(later) > _minutes(begins) else ends
    if not begins.sure and ends.part and begins.hour <= 12:
        # "8 sampai 10 malam": the part of the day is said once, for both.
        first, last = _PARTS[ends.part]
        if first <= begins.hour <= last and begins.hour + 12 < ends.hour:
            begins = begins._replace(hour=begins.hour + 12)
    return Times(_time(begins), _time(ends))


def _literal(begins: str, ends: str) -> Times | None:
    try:
        return Times(time.fromisoformat(begins), time.fromisoformat(ends))
    except ValueError:
        return None


def _minutes(said: _Said) -> int:
    return said.hour * 60 + said.minute


def _time(said: _Said) -> time:
    return time(said.hour, said.minute)
