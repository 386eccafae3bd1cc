"""Dates as people write them: 12-3-98, 12 maret 1998, tgl 12 bulan 3, kemarin, Senin depan."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Literal, NamedTuple

from rapidfuzz.distance import OSA

from flows.numbers import LONGEST, plain_digits, read_number

Direction = Literal["past", "future", "any"]
"""Which way a date lies when its century or its year is left out."""

EARLIEST, LATEST = 1900, 2100
_FORESEEABLE = timedelta(days=50 * 366)

MONTHS: dict[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "januari january jan", "februari february pebruari feb peb", "maret march mar mrt",
            "april apr", "mei may", "juni june jun", "juli july jul",
            "agustus august agu agt agst agus ags aug", "september sept sep",
            "oktober october okt oct", "november nopember nov nop", "desember december des dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
WEEKDAYS: dict[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "senin monday", "selasa tuesday", "rabu wednesday", "kamis thursday",
            "jumat friday", "sabtu saturday", "minggu ahad sunday",
        )
    )
    for name in names.split()
}  # fmt: skip
NEARBY = {
    "hari ini": 0, "harini": 0, "sekarang": 0, "skrg": 0, "today": 0, "now": 0, "tadi": 0,
    "kemarin": -1, "kemaren": -1, "kmrn": -1, "kmarin": -1, "semalam": -1, "kapatang": -1,
    "wingi": -1, "yesterday": -1, "kemarin dulu": -2, "kemarin lusa": -2, "besok": 1, "bsk": 1,
    "besuk": 1, "isuak": 1, "sesuk": 1, "tomorrow": 1, "lusa": 2,
}  # fmt: skip
_AHEAD = {"lagi", "depan", "next", "datang"}
_AGO = {"lalu", "kemarin", "ago", "last", "yg", "yang"}
_SPANS = {"hari": 1, "day": 1, "days": 1, "minggu": 7, "week": 7, "weeks": 7}
_UNSAID = re.compile(
    r"\b(?:tanggal|tgl|tg|bulan|bln|tahun|thn|th|hari|pada|sejak|lahir|saya|yaitu|the|of|on|born"
    r"|pak|bu|bg|kak|ya)\b"
)
_NUMERIC = re.compile(r"(\d{1,4})\s*[-/.,\s]\s*(\d{1,2})\s*[-/.,\s]\s*(\d{1,4})")
_TOGETHER = re.compile(r"\d{8}|\d{6}")
_WORD = re.compile(r"[a-z]+")


class Unclear(ValueError):
    """No date: ``reason`` is unclear, impossible (no such day), day or year (left out)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Frame(NamedTuple):
    today: date
    direction: Direction
    yearless: bool


def read_date(
    text: str, today: date, direction: Direction = "any", *, yearless: bool = True
) -> date:
    """Return the date that a text names; day before month, as Indonesians write.

    A year of two digits, or none at all, is the nearest one in that direction (for ``any`` the
    nearest to today); without ``yearless`` the year may not be left out. Raises Unclear.
    """
    said = plain_digits(text).casefold().replace("jum'at", "jumat").replace("’", "'")
    said = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", said).strip()
    if len(said) > LONGEST:
        raise Unclear("unclear")
    frame = _Frame(today, direction, yearless)
    near = _nearby(said, frame)
    if near is not None:
        return near
    plain = _UNSAID.sub(" ", said)
    plain = " ".join(word for word in re.split(r"[\s,]+", plain) if word not in WEEKDAYS)
    return _by_digits(plain, frame) or _by_month(plain, frame)


# --- near today ----------------------------------------------------------------------------------


def _nearby(said: str, frame: _Frame) -> date | None:
    words = _WORD.findall(said)
    plain = " ".join(word for word in words if word not in ("pak", "bu", "tadi", "pagi", "tanggal"))
    if any(char.isdigit() for char in said):
        plain = re.sub(r"\s+", " ", said)
    if plain in NEARBY:
        return frame.today + timedelta(days=NEARBY[plain])
    return _span(plain, frame.today) or _weekday(plain.split(), frame)


def _span(said: str, today: date) -> date | None:
    """Read ``3 hari lagi``, ``dua minggu yang lalu``, ``minggu depan``."""
    words = said.split()
    if words[:1] == ["in"]:  # in 3 days
        words = [*words[1:], "next"]
    for at, word in enumerate(words):
        after = set(words[at + 1 :])
        if word not in _SPANS or not after or not (after <= _AHEAD or after <= _AGO):
            continue
        amount = read_number(" ".join(words[:at]) or "1")
        if amount is None or amount != int(amount) or amount > 1000:
            return None
        days = int(amount) * _SPANS[word]
        return today + timedelta(days=days if after <= _AHEAD else -days)
    return None


def _weekday(words: list[str], frame: _Frame) -> date | None:
    rest = {word for word in words if word != "hari"}
    named = [WEEKDAYS[word] for word in rest if word in WEEKDAYS]
    others = {word for word in rest if word not in WEEKDAYS}
    if len(named) != 1 or not (others <= _AHEAD | {"ini", "this"} or others <= _AGO):
        return None
    if others & _AGO or (frame.direction == "past" and not others):
        return frame.today - timedelta(days=(frame.today.weekday() - named[0] - 1) % 7 + 1)
    return frame.today + timedelta(days=(named[0] - frame.today.weekday() - 1) % 7 + 1)


# --- digits --------------------------------------------------------------------------------------


def _by_digits(said: str, frame: _Frame) -> date | None:
    compact = said.replace(" ", "")
    if _TOGETHER.fullmatch(compact) and _TOGETHER.fullmatch(said):
        return _together(compact, frame)
    numeric = _NUMERIC.search(said)
    if numeric and not re.search(r"\d", said[: numeric.start()] + said[numeric.end() :]):
        first, second, third = numeric.groups()
        if len(first) > 2:
            return _day(int(third), int(second), first, frame)
        return _swapped(int(first), int(second), third, frame)
    short = re.fullmatch(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})", said)
    if short:
        return _swapped(int(short[1]), int(short[2]), "", frame)
    spoken = re.fullmatch(r"(\d{1,2})\s+(\d{1,2})", said)
    if spoken:
        return _day(int(spoken[1]), int(spoken[2]), "", frame)
    return None


def _together(digits: str, frame: _Frame) -> date:
    """Read 12031998, 19980312 or 120398."""
    day, month, year = int(digits[:2]), int(digits[2:4]), digits[4:]
    try:
        return _day(day, month, year, frame)
    except Unclear:
        if len(digits) != 8:
            raise
        return _day(int(digits[6:]), int(digits[4:6]), digits[:4], frame)


def _swapped(day: int, month: int, year: str, frame: _Frame) -> date:
    """Month before day only where nothing else is possible: 03/25/1998."""
    if month > 12 >= day:
        day, month = month, day
    return _day(day, month, year, frame)


# --- names of months -----------------------------------------------------------------------------


def _by_month(said: str, frame: _Frame) -> date:
    named = [(match, month) for match in _WORD.finditer(said) if (month := _month(match[0]))]
    if len(named) != 1:
        raise Unclear("unclear" if named or not re.fullmatch(r"\d{4}", said) else "day")
    match, month = named[0]
    before, after = said[: match.start()], said[match.end() :]
    before, after = before.strip(" -/.,"), after.strip(" -/.,")
    if re.fullmatch(r"\d{4}", before or after):
        raise Unclear("day")
    if not before:  # March 12, 1998
        before, _, after = after.replace(",", " ").partition(" ")
    before = before.split(" ")[-1] if re.search(r"\d$", before) else before
    day = read_number(before) if before else None
    if day is None or day != int(day):
        raise Unclear("unclear")
    return _day(int(day), month, _year_digits(after), frame)


def _month(word: str) -> int:
    """Return the number of a month, also of one that is slightly misspelt; 0 for none."""
    if word in MONTHS:
        return MONTHS[word]
    close = {
        number
        for name, number in MONTHS.items()
        if len(name) >= 5 and name[0] == word[0] and OSA.distance(name, word, score_cutoff=1) <= 1
    }
    return close.pop() if len(close) == 1 else 0


def _year_digits(said: str) -> str:
    digits = said.strip(" '.,").removesuffix(" m")
    if re.fullmatch(r"\d{2}|\d{4}", digits) or not digits:
        return digits
    number = read_number(digits)
    if number is None or number != int(number):
        raise Unclear("unclear")
    return str(int(number))


# --- the day itself ------------------------------------------------------------------------------


def _day(day: int, month: int, year: str, frame: _Frame) -> date:
    today, direction, yearless = frame
    if len(year) not in (0, 2, 4):
        raise Unclear("unclear")
    if not (year or yearless):
        raise Unclear("year")
    found = [
        made
        for number in _years(year, today)
        if EARLIEST <= number <= LATEST and (made := _made(number, month, day))
    ]
    if not found:
        raise Unclear("impossible")
    if direction == "past":
        fit = [each for each in found if each <= today]
    elif direction == "future":
        fit = [each for each in found if today <= each <= today + _FORESEEABLE]
    else:
        fit = found
    return min(fit or found, key=lambda each: abs((each - today).days))


def _years(year: str, today: date) -> Iterator[int]:
    if len(year) == 4:
        yield int(year)
    elif year:
        century = today.year // 100
        yield from (100 * (century + step) + int(year) for step in (-1, 0, 1))
    else:  # the last leap day may be eight years away
        yield from range(today.year - 8, today.year + 9)


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
