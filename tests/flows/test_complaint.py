"""Time limits of complaints: working days, and a look every working morning."""

from __future__ import annotations

from datetime import datetime

import pytest

from flows.calendar import Calendar, Hours
from flows.complaint import Days, answer_by, close_by, next_look
from tests.flows.walking import the_office

CALENDAR: Calendar = the_office().calendar
DAYS = Days()


def at(day: str, hour: str = "09:00") -> datetime:
    return datetime.fromisoformat(f"{day} {hour}").replace(tzinfo=CALENDAR.zone)


def test_the_first_answer_comes_within_three_working_days() -> None:
    assert answer_by(at("2026-11-23"), CALENDAR, DAYS) == at("2026-11-26", "16:00")
    assert answer_by(at("2026-11-27"), CALENDAR, DAYS) == at("2026-12-02", "16:00")


@pytest.mark.parametrize(
    ("kind", "visit", "day"),
    [
        ("suggestion", False, "2026-11-30"),
        ("service", False, "2026-12-11"),
        ("bribe", False, "2026-12-11"),
    ],
)
def test_each_sort_is_closed_within_its_limit(kind: str, visit: bool, day: str) -> None:
    found = close_by(at("2026-11-23"), kind, CALENDAR, DAYS, visit=visit)
    assert found.date().isoformat() == day


def test_what_must_be_looked_at_may_take_sixty_days() -> None:
    found = close_by(at("2026-11-23"), "other", CALENDAR, DAYS, visit=True)
    plain = close_by(at("2026-11-23"), "other", CALENDAR, DAYS, visit=False)
    assert found > plain
    assert CALENDAR.is_working_day(found.date())


def test_somebody_is_reminded_on_the_last_morning_and_every_working_morning_after() -> None:
    by = at("2026-11-26", "16:00")
    looks = [at("2026-11-23")]
    for _ in range(4):
        looks.append(next_look(by, looks[-1], CALENDAR))
    assert looks[1:] == [
        at("2026-11-26", "08:00"),
        at("2026-11-27", "08:00"),
        at("2026-11-30", "08:00"),
        at("2026-12-01", "08:00"),
    ]


def test_a_look_is_always_ahead() -> None:
    closed = Calendar(
        week=((Hours(at("2026-11-23").time(), at("2026-11-23", "10:00").time()),),) * 7
    )
    now = at("2026-11-26", "23:00")
    assert next_look(at("2026-11-26", "10:00"), now, closed) > now
