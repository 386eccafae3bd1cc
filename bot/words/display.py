"""How values look to a person: days, hours, money, numbers of identity."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from babel import Locale, UnknownLocaleError
from babel.dates import get_day_names, get_month_names
from babel.numbers import format_decimal

_FALLBACK = Locale("id")
_TIMES = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Jayapura": "WIT",
}
"""What Indonesians call the time of their zone (Keppres 41/1987)."""


@lru_cache
def locale(language: str) -> Locale:
    """Return how a language writes; one that is nowhere described writes as Indonesian does."""
    try:
        return Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return _FALLBACK


@lru_cache
def _months(language: str) -> Mapping[int, str]:
    return dict(get_month_names("wide", "format", locale(language)))


@lru_cache
def _days(language: str) -> Mapping[int, str]:
    return dict(get_day_names("wide", "format", locale(language)))


def show_date(value: str | date, language: str) -> str:
    """Return an ISO date as ``12 Maret 1998``; what is no date is returned as it is."""
    day = _date(value)
    return f"{day.day} {_months(language)[day.month]} {day.year}" if day else str(value)


def show_day(value: str | date, language: str) -> str:
    """Return an ISO date with its weekday: ``Kamis, 12 Maret 1998``."""
    day = _date(value)
    if day is None:
        return str(value)
    return f"{_days(language)[day.weekday()]}, {show_date(day, language)}"


def show_weekday(number: int, language: str) -> str:
    """Return the name of a weekday, 0 for Monday."""
    return _days(language)[number]


def show_time(value: str | int | datetime, language: str, zone: ZoneInfo) -> str:
    """Return an instant (ISO, or milliseconds since 1970) in the office's zone."""
    if isinstance(value, int):
        value = datetime.fromtimestamp(value / 1000, UTC)
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    there = value.astimezone(zone)
    mark = ":" if language == "en" else "."
    return f"{show_date(there.date(), language)}, {there:%H}{mark}{there:%M}"


def show_period(value: str, language: str, until: str) -> str:
    """Return ISO days as ``12 Maret 1998 s.d. 13 Maret 1998``; one day as it is shown alone."""
    first, _, last = value.partition("/")
    shown = show_date(first, language)
    return f"{shown} {until} {show_date(last, language)}" if last else shown


def show_times(value: str, language: str, zone: ZoneInfo, until: str, done: str) -> str:
    """Return ``20:00-`` as ``20.00 WIB s.d. selesai``, with the name of the office's time."""
    begins, between, ends = value.partition("-")
    shown = f"{begins} {until} {ends}" if ends else begins
    shown = shown if language == "en" else shown.replace(":", ".")
    open_end = f" {until} {done}" if between and not ends else ""
    named = f" {_TIMES[zone.key]}" if zone.key in _TIMES else ""
    return f"{shown}{named}{open_end}"


def show_rupiah(value: str | float, language: str) -> str:
    """Return an amount of whole rupiah: ``Rp1.250.000``."""
    return f"Rp{format_decimal(round(float(value)), locale=locale(language))}"


def show_area(value: str | float, language: str) -> str:
    """Return whole square metres: ``15.000 m²``."""
    return f"{format_decimal(round(float(value)), locale=locale(language))} m²"


def show_answer(
    value: str, check: str, language: str, zone: ZoneInfo, word: Callable[[str], str]
) -> str:
    """Return an answer as people write it, by the check that took it (``flows.answers``).

    ``word`` gives the text of a key in that language.
    """
    match check:
        case "date" | "past_date" | "birth_date" | "future_date":
            return show_date(value, language)
        case "office_day":
            return show_day(value, language)
        case "period":
            return show_period(value, language, word("common.until"))
        case "times":
            until, done = word("common.until"), word("common.until_done")
            return show_times(value, language, zone, until, done)
        case "amount":
            return show_rupiah(value, language)
        case "area":
            return show_area(value, language)
        case "location":
            return value.replace(",", ", ")
        case "phone":
            return show_phone(value)
    return value


def show_phone(value: str) -> str:
    """Return a number in E.164 as people dial it: ``0812-3456-7890``."""
    try:
        parsed = phonenumbers.parse(value, "ID")
    except phonenumbers.NumberParseException:
        return value
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)


def mask(value: str) -> str:
    """Return a number of identity with only its ends: ``1409**********01``."""
    if len(value) < 10:
        return "*" * len(value)
    return f"{value[:4]}{'*' * (len(value) - 6)}{value[-2:]}"


_NUMBER = re.compile(r"(?<!\d)\d(?:[ .-]?\d){15}(?!\d)")


def mask_numbers(text: str) -> str:
    """Return words with every NIK and No. KK in them masked, however it was spaced."""
    return _NUMBER.sub(lambda found: mask(re.sub(r"\D", "", found[0])), text)


def _date(value: str | date) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None
