"""Which cases belong to another office: told kindly, before papers are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from msgspec import Struct

from flows.calendar import Calendar
from flows.checklist import holds
from flows.definition import Definition, Elsewhere


class Turned(Struct, frozen=True):
    """The case that applies, and the question whose answer made it so."""

    case: Elsewhere
    path: str


def turned_away(
    definition: Definition, answers: Mapping[str, str], today: date, calendar: Calendar
) -> Turned | None:
    """Return the first case of another office that these answers are; None while none is."""
    for case in definition.elsewhere:
        path = _applies(case, answers, today, calendar)
        if path:
            return Turned(case, path)
    return None


def _applies(case: Elsewhere, answers: Mapping[str, str], today: date, calendar: Calendar) -> str:
    """Return the question that decided it, the last one that is looked at; empty for no."""
    decided = ""
    if case.when:
        if not holds(case.when, answers):
            return ""
        decided = next(reversed(case.when))
    if case.younger:
        day = _day(answers.get(case.on, "")) if case.on else today
        decided = _younger(case.younger, answers, day)
        if not decided:
            return ""
    if case.ahead:
        decided = _ahead(case.ahead, answers, today, calendar)
    return decided


def _younger(years: Mapping[str, int], answers: Mapping[str, str], on: date | None) -> str:
    for path, least in years.items():
        born = _day(answers.get(path, ""))
        if born is not None and on is not None and age(born, on) < least:
            return path
    return ""


def _ahead(
    working_days: Mapping[str, int], answers: Mapping[str, str], today: date, calendar: Calendar
) -> str:
    for path, least in working_days.items():
        day = _day(answers.get(path, ""))
        if day is not None and day > today and _lies_ahead(today, day, least, calendar):
            return path
    return ""


def _lies_ahead(today: date, day: date, least: int, calendar: Calendar) -> bool:
    """Count the working days after today up to that day, and no further than needed."""
    counted = 0
    while today < day and counted < least:
        today += timedelta(days=1)
        counted += calendar.is_working_day(today)
    return counted >= least


def age(born: date, on: date) -> int:
    """Return the full years of somebody on a day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
