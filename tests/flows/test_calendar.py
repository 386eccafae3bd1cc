"""Working time: what was promised falls inside the hours, and adding agrees with measuring."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.calendar import OFFICE_WEEK, Calendar, Hours, national_holidays

JAKARTA = ZoneInfo("Asia/Jakarta")
HOLIDAYS = national_holidays([2026, 2027])
OFFICE = Calendar(zone=JAKARTA, holidays=HOLIDAYS)


def at(text: str, zone: ZoneInfo = JAKARTA) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


# --- examples an officer can check --------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-11-23 08:00", 30, "2026-11-23 08:30"),
        ("2026-11-23 11:30", 60, "2026-11-23 13:30"),  # over the noon break
        ("2026-11-23 11:30", 30, "2026-11-23 12:00"),  # done at the break, not after it
        ("2026-11-23 06:00", 60, "2026-11-23 09:00"),  # before the doors open
        ("2026-11-27 16:00", 60, "2026-11-30 08:30"),  # Friday into Monday
        ("2026-11-28 10:00", 0, "2026-11-30 08:00"),  # Saturday
        ("2026-12-23 15:00", 120, "2026-12-28 09:00"),  # Christmas, shared leave, a weekend
        ("2026-11-23 08:00", 4 * 420 + 390, "2026-11-27 16:30"),  # a whole week
    ],
)
def test_working_minutes_skip_what_is_closed(start: str, minutes: int, end: str) -> None:
    assert OFFICE.add_working_minutes(at(start), minutes) == at(end)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-23 09:00", 0, "2026-11-23 16:00"),
        ("2026-11-23 09:00", 1, "2026-11-24 16:00"),
        ("2026-11-23 17:00", 1, "2026-11-25 16:00"),  # after hours counts as the next day
        ("2026-11-26 09:00", 1, "2026-11-27 16:30"),  # Friday closes later
        ("2026-11-27 09:00", 1, "2026-11-30 16:00"),
        ("2026-11-28 09:00", 1, "2026-12-01 16:00"),  # Saturday counts as Monday
        ("2026-12-23 09:00", 1, "2026-12-28 16:00"),
    ],
)
def test_a_promise_counts_working_days(start: str, days: int, end: str) -> None:
    assert OFFICE.add_working_days(at(start), days) == at(end)


@pytest.mark.parametrize(
    ("now", "allowed"),
    [
        ("2026-11-23 12:00", "2026-11-23 12:00"),
        ("2026-11-23 19:59", "2026-11-23 19:59"),
        ("2026-11-23 20:00", "2026-11-24 07:00"),
        ("2026-11-24 03:00", "2026-11-24 07:00"),
        ("2026-11-24 07:00", "2026-11-24 07:00"),
    ],
)
def test_a_message_waits_for_the_end_of_the_quiet_hours(now: str, allowed: str) -> None:
    assert OFFICE.next_allowed(at(now)) == at(allowed)


def test_quiet_hours_within_one_day() -> None:
    nap = Calendar(quiet=Hours(time(12), time(13)))
    assert nap.next_allowed(at("2026-11-23 12:30")) == at("2026-11-23 13:00")
    assert nap.next_allowed(at("2026-11-23 23:00")) == at("2026-11-23 23:00")


def test_the_doors_open_again_after_the_break() -> None:
    assert OFFICE.next_opening(at("2026-11-23 09:00")) == at("2026-11-23 13:00")
    assert OFFICE.next_opening(at("2026-11-23 08:00")) == at("2026-11-23 08:00")
    assert OFFICE.next_office_moment(at("2026-11-23 09:00")) == at("2026-11-23 09:00")
    assert not OFFICE.is_open(at("2026-11-23 12:00"))


def test_extra_hours_join_the_regular_ones_and_open_a_holiday() -> None:
    monday, sunday = date(2026, 11, 23), date(2026, 11, 29)
    market = Calendar(
        extra={
            monday: (Hours(time(15), time(21)),),
            sunday: (Hours(time(9), time(11)),),
        }
    )
    assert market.hours(monday) == [Hours(time(8), time(12)), Hours(time(13), time(21))]
    assert market.closing(monday) == at("2026-11-23 21:00")
    assert market.is_open(at("2026-11-29 10:00"))
    assert not market.is_working_day(sunday)
    assert market.closing(date(2026, 11, 28)) is None
    # the office is open in the evening, but nobody is written to at night
    assert market.next_office_moment(at("2026-11-23 20:30")) == at("2026-11-24 08:00")
    # taken in on the market day; the first working day after it is Monday
    assert market.add_working_days(at("2026-11-28 12:00"), 1) == at("2026-11-30 16:00")


def test_holidays_hold_shared_leave_days() -> None:
    assert date(2026, 8, 17) in HOLIDAYS
    assert date(2026, 12, 24) in HOLIDAYS


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"week": ((),) * 7}, "needs opening hours"),
        ({"week": OFFICE_WEEK[:6]}, "seven days"),
        ({"week": ((Hours(time(9), time(9)),), *OFFICE_WEEK[1:])}, "open before they close"),
        ({"quiet": Hours(time(7), time(17))}, "needs opening hours"),
    ],
)
def test_a_calendar_that_never_works_is_refused(broken: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Calendar(**broken)  # type: ignore[arg-type]


def test_the_past_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        OFFICE.add_working_minutes(at("2026-11-23 09:00"), -1)
    with pytest.raises(ValueError, match="past"):
        OFFICE.add_working_days(at("2026-11-23 09:00"), -1)


def test_a_change_of_clocks_makes_no_working_time() -> None:
    nights = Calendar(
        zone=ZoneInfo("America/New_York"),
        week=((),) * 6 + ((Hours(time(0), time(6)),),),
        quiet=Hours(time(0), time(0)),
    )
    spring, autumn = date(2026, 3, 8), date(2026, 11, 1)
    for day, minutes in ((spring, 5 * 60), (autumn, 7 * 60)):
        noon = datetime.combine(day, time(12), nights.zone)
        assert nights.working_minutes_between(noon - timedelta(hours=14), noon) == minutes


# --- properties of every calendar ---------------------------------------------------------------

moments = st.integers(0, 2 * 365 * 86_400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
ticks = st.integers(0, 287).map(lambda n: time(n // 12, n % 12 * 5))


@st.composite
def stretches(draw: st.DrawFn) -> Hours:
    opens, closes = sorted(draw(st.lists(ticks, min_size=2, max_size=2, unique=True)))
    return Hours(opens, closes)


days_of_hours = st.lists(stretches(), max_size=3).map(tuple)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    week = draw(st.lists(days_of_hours, min_size=7, max_size=7).filter(any))
    dates = st.dates(date(2026, 1, 1), date(2027, 12, 31))
    fields = {
        "zone": ZoneInfo(draw(st.sampled_from(["Asia/Jakarta", "Asia/Jayapura", "UTC"]))),
        "week": tuple(week),
        "holidays": draw(st.frozensets(dates, max_size=20)),
        "extra": draw(st.dictionaries(dates, days_of_hours, max_size=3)),
    }
    try:
        return Calendar(**fields, quiet=Hours(draw(ticks), draw(ticks)))
    except ValueError:  # quiet hours over all opening hours
        return Calendar(**fields, quiet=Hours(time(0), time(0)))


@given(calendars(), moments, st.integers(0, 5000))
def test_adding_then_measuring_agrees(calendar: Calendar, start: datetime, minutes: int) -> None:
    end = calendar.add_working_minutes(start, minutes)
    assert end >= start
    assert calendar.working_minutes_between(start, end) == minutes


@given(calendars(), moments, st.integers(0, 3000), st.integers(1, 3000))
def test_adding_in_two_steps_is_adding_at_once(
    calendar: Calendar, start: datetime, first: int, then: int
) -> None:
    halfway = calendar.add_working_minutes(start, first)
    assert calendar.add_working_minutes(halfway, then) == calendar.add_working_minutes(
        start, first + then
    )


@given(calendars(), moments, st.integers(0, 3000))
def test_added_time_ends_inside_the_hours(
    calendar: Calendar, start: datetime, minutes: int
) -> None:
    end = calendar.add_working_minutes(start, minutes)
    assert calendar.is_open(end) or calendar.is_open(end - timedelta(microseconds=1))


@given(calendars(), moments, st.timedeltas(timedelta(), timedelta(days=9)), st.integers(0, 900))
def test_who_comes_later_is_promised_no_earlier(
    calendar: Calendar, start: datetime, gap: timedelta, amount: int
) -> None:
    later = start + gap
    assert calendar.add_working_minutes(start, amount) <= calendar.add_working_minutes(
        later, amount
    )
    assert calendar.add_working_days(start, amount % 9) <= calendar.add_working_days(
        later, amount % 9
    )
    assert calendar.next_allowed(start) <= calendar.next_allowed(later)
    assert calendar.next_office_moment(start) <= calendar.next_office_moment(later)


@given(calendars(), moments, st.integers(0, 12))
def test_a_promise_ends_with_a_working_day(calendar: Calendar, start: datetime, days: int) -> None:
    end = calendar.add_working_days(start, days)
    assert end > start
    assert end == calendar.closing((end - timedelta(microseconds=1)).date())
    assert end < calendar.add_working_days(start, days + 1)
    if days:
        assert calendar.is_working_day(end.date())


@given(calendars(), moments)
def test_moments_found_are_what_they_are_called(calendar: Calendar, now: datetime) -> None:
    allowed = calendar.next_allowed(now)
    assert allowed >= now
    assert not calendar.is_quiet(allowed)
    office = calendar.next_office_moment(now)
    assert office >= now
    assert calendar.is_open(office)
    assert not calendar.is_quiet(office)
    opening = calendar.next_opening(now)
    assert opening >= now
    assert calendar.is_open(opening)
    assert {each.tzinfo for each in (allowed, office, opening)} == {calendar.zone}


@given(calendars(), moments, moments, moments)
def test_measured_time_adds_up(
    calendar: Calendar, one: datetime, two: datetime, three: datetime
) -> None:
    start, middle, end = sorted([one, two, three])
    # seconds cut off at each of two ends make at most one minute
    whole = calendar.working_minutes_between(start, end)
    parts = calendar.working_minutes_between(start, middle)
    parts += calendar.working_minutes_between(middle, end)
    assert whole - 1 <= parts <= whole
    assert calendar.working_minutes_between(end, start) == 0
