"""Dates, periods and times of day."""

from __future__ import annotations

from datetime import date

from flows import identity
from flows.answers.vocabulary import About, Accepted, Wrong, check
from flows.dates import Direction, Unclear, read_date
from flows.periods import read_period
from flows.times import read_times

OLDEST = 125
"""Years; nobody on record grew older."""


@check
def birth_date(text: str, about: About) -> Accepted:
    """Accept the birth date of somebody alive or lately alive, as ISO."""
    born = _date(text, about, "past", yearless=False)
    if (about.today - born).days > OLDEST * 366:
        raise Wrong("date.too_old")
    agrees = identity.agrees(about.answers.get("nik", ""), born.isoformat())
    return Accepted(born.isoformat(), "" if agrees else "nik_birth")


@check
def past_date(text: str, about: About) -> Accepted:
    """Accept a date up to today, as ISO; ``most`` is how many days ago it may be."""
    day = _date(text, about, "past")
    most = about.question.most
    if most is not None and (about.today - day).days > most:
        raise Wrong("date.too_long_ago", days=most)
    return Accepted(day.isoformat())


@check
def future_date(text: str, about: About) -> Accepted:
    """Accept a date from today on, as ISO; ``least`` and ``most`` are days from today."""
    day = _ahead(text, about)
    return Accepted(day.isoformat(), "date_far" if (day - about.today).days > 2 * 366 else "")


@check
def office_day(text: str, about: About) -> Accepted:
    """Accept a day to come on which the office works, as ISO; bounded like ``future_date``."""
    day = _ahead(text, about)
    if not about.calendar.is_working_day(day):
        raise Wrong("date.closed")
    return Accepted(day.isoformat())


def _ahead(text: str, about: About) -> date:
    day = _date(text, about, "future")
    ahead, question = (day - about.today).days, about.question
    if question.least is not None and ahead < question.least:
        raise Wrong("date.too_soon", days=question.least)
    if question.most is not None and ahead > question.most:
        raise Wrong("date.too_far", days=question.most)
    return day


@check
def date_(text: str, about: About) -> Accepted:
    """Accept any date from 1900 to 2100, as ISO."""
    return Accepted(_date(text, about, "any").isoformat())


@check
def period(text: str, about: About) -> Accepted:
    """Accept one day or several from today on, as ISO days with a stroke between.

    ``most`` is how many days they may be.
    """
    try:
        days = read_period(text, about.today)
    except Unclear as unclear:
        kind = "period" if unclear.reason in ("backwards", "unclear") else "date"
        raise Wrong(f"{kind}.{unclear.reason}") from None
    if days.last < about.today:
        raise Wrong("date.in_past")
    most = about.question.most
    if most is not None and (days.last - days.first).days >= most:
        raise Wrong("period.long", most=most)
    far = (days.last - about.today).days > 2 * 366
    return Accepted(days.canonical(), "date_far" if far else "")


@check
def times(text: str, about: About) -> Accepted:
    """Accept a time of day, or when something begins and ends: ``20:00``, ``08:00-17:00``."""
    found = read_times(text)
    if found is None:
        raise Wrong("times.unclear")
    return Accepted(found.canonical())


def _date(text: str, about: About, direction: Direction, *, yearless: bool = True) -> date:
    try:
        day = read_date(text, about.today, direction, yearless=yearless)
    except Unclear as unclear:
        raise Wrong(f"date.{unclear.reason}") from None
    if direction == "past" and day > about.today:
        raise Wrong("date.in_future")
    if direction == "future" and day < about.today:
        raise Wrong("date.in_past")
    return day
