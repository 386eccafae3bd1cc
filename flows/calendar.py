"""Working time of the office: opening hours, promises and quiet hours.

Every method takes and gives aware datetimes; what comes back is in the office's own zone. Lengths
are measured in real minutes, so a change of clocks neither makes nor loses working time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from msgspec import Struct, field

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


class Hours(Struct, frozen=True):
    """A stretch of a day, from ``opens`` up to, not including, ``closes``, in local time."""

    opens: time
    closes: time


MONDAY_TO_THURSDAY = (Hours(time(8), time(12)), Hours(time(13), time(16)))
FRIDAY = (Hours(time(8), time(11, 30)), Hours(time(13, 30), time(16, 30)))
OFFICE_WEEK = (*(MONDAY_TO_THURSDAY,) * 4, FRIDAY, (), ())
"""Hours of a district office with its noon breaks, Monday first."""

NIGHT = Hours(time(20), time(7))


class Calendar(Struct, frozen=True):
    """When the office works and when it keeps quiet.

    ``week`` has the hours of seven days, Monday first. ``extra`` adds hours on a date (an evening
    or a market day), also on a holiday. ``quiet`` may cross midnight; equal ends mean none.
    Raises ValueError when it could never be open, or never be open outside quiet hours.
    """

    zone: ZoneInfo = ZoneInfo("Asia/Jakarta")
    week: tuple[tuple[Hours, ...], ...] = OFFICE_WEEK
    holidays: frozenset[date] = frozenset()
    extra: Mapping[date, tuple[Hours, ...]] = field(default_factory=dict)
    quiet: Hours = NIGHT

    def __post_init__(self) -> None:
        if len(self.week) != 7:
            raise ValueError("a week has seven days of hours, Monday first")
        weekly = [hours for day in self.week for hours in day]
        if any(h.opens >= h.closes for day in (weekly, *self.extra.values()) for h in day):
            raise ValueError("hours open before they close, on the same day")
        if all(self._quiet_through(hours) for hours in weekly):
            raise ValueError("the week needs opening hours outside the quiet hours")

    # --- the office ------------------------------------------------------------------------------

    def is_working_day(self, day: date) -> bool:
        """Return whether promises count ``day``: regular hours and no holiday."""
        return bool(self.week[day.weekday()]) and day not in self.holidays

    def hours(self, day: date) -> list[Hours]:
        """Return the opening hours of ``day`` in order, extra ones joined in."""
        regular = self.week[day.weekday()] if self.is_working_day(day) else ()
        return _joined([*regular, *self.extra.get(day, ())])

    def closing(self, day: date) -> datetime | None:
        """Return when the office closes for the last time on ``day``; None if it never opens."""
        ends = [end for _, end in self._open(day)]
        return self._in_zone(max(ends)) if ends else None

    def is_open(self, now: datetime) -> bool:
        """Return whether somebody is at the counter at ``now``."""
        return any(start <= now < end for start, end in self._open(self._day(now)))

    def next_opening(self, now: datetime) -> datetime:
        """Return the first moment, ``now`` or later, at which the doors open."""
        return self._in_zone(next(start for start, _ in self._from(self._day(now)) if start >= now))

    def next_office_moment(self, now: datetime) -> datetime:
        """Return the first moment, ``now`` or later, when it is open and a message may go out."""
        for start, end in self._from(self._day(now)):
            moment = self.next_allowed(max(start, now))
            if moment < end:
                return moment
        raise AssertionError("the week was found to have such a moment")

    # --- working time ----------------------------------------------------------------------------

    def add_working_minutes(self, start: datetime, minutes: int) -> datetime:
        """Return the first moment by which so many working minutes have passed since ``start``.

        It lies inside the hours or at their end; with no minutes, it is the first open moment.
        """
        if minutes < 0:
            raise ValueError("working time cannot be negative")
        left, since = minutes * MINUTE, start.astimezone(UTC)
        for opens, closes in self._from(self._day(start)):
            begin = max(opens, since)
            if begin < closes and begin + left <= closes:
                return self._in_zone(begin + left)
            left -= max(closes - begin, timedelta())
        raise AssertionError("a calendar without end always has time left")

    def working_minutes_between(self, start: datetime, end: datetime) -> int:
        """Return the full working minutes from ``start`` to ``end``; 0 if that is earlier."""
        total, since, until = timedelta(), start.astimezone(UTC), end.astimezone(UTC)
        for opens, closes in self._from(self._day(start)):
            if opens >= until:
                break
            total += max(min(closes, until) - max(opens, since), timedelta())
        return total // MINUTE

    def add_working_days(self, start: datetime, days: int) -> datetime:
        """Return the closing time of the day promised when something came in at ``start``.

        What comes in while the office is closed counts as come in when it next opens; that day is
        day nought. Extra hours take things in but are not working days.
        """
        if days < 0:
            raise ValueError("a promise cannot lie in the past")
        promised = self._day(next(end for _, end in self._from(self._day(start)) if end > start))
        for _ in range(days):
            promised += DAY
            while not (self.is_working_day(promised) and self._open(promised)):
                promised += DAY
        return self._in_zone(max(end for _, end in self._open(promised)))

    # --- quiet hours -----------------------------------------------------------------------------

    def is_quiet(self, now: datetime) -> bool:
        """Return whether nobody should be disturbed at ``now``."""
        return self._quiet_at(now.astimezone(self.zone).time())

    def next_allowed(self, now: datetime) -> datetime:
        """Return the first moment, ``now`` or later, at which a message may go out."""
        local = now.astimezone(self.zone)
        if not self._quiet_at(local.time()):
            return local
        night_began_today = self.quiet.opens > self.quiet.closes and (
            local.time() >= self.quiet.opens
        )
        morning = local.date() + (DAY if night_began_today else timedelta())
        return self._in_zone(max(self._instant(morning, self.quiet.closes), now))

    # --- inside ----------------------------------------------------------------------------------

    def _quiet_at(self, moment: time) -> bool:
        begin, end = self.quiet.opens, self.quiet.closes
        if begin <= end:
            return begin <= moment < end
        return moment >= begin or moment < end

    def _quiet_through(self, hours: Hours) -> bool:
        ends_first = hours.opens < self.quiet.closes < hours.closes
        return self._quiet_at(hours.opens) and not ends_first

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def _instant(self, day: date, moment: time) -> datetime:
        return datetime.combine(day, moment, self.zone).astimezone(UTC)

    def _in_zone(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)

    def _open(self, day: date) -> list[tuple[datetime, datetime]]:
        spans = [
            (self._instant(day, hours.opens), self._instant(day, hours.closes))
            for hours in self.hours(day)
        ]
        return [(start, end) for start, end in spans if start < end]

    def _from(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Yield every stretch of open time from ``day`` on, in order, in UTC."""
        while True:
            yield from self._open(day)
            day += DAY


def national_holidays(years: Iterable[int]) -> frozenset[date]:
    """Return Indonesia's public holidays and shared leave days (cuti bersama) of these years."""
    # Loading the package takes longer than everything else here, and only start-up needs it.
    return _holidays_of(tuple(years))


@cache
def _holidays_of(years: tuple[int, ...]) -> frozenset[date]:
    import holidays

    return frozenset(holidays.country_holidays("ID", years=years, categories=CATEGORIES))


CATEGORIES = ("public", "government")


def _joined(hours: list[Hours]) -> list[Hours]:
    """Return the hours in order, overlapping ones made one."""
    joined: list[Hours] = []
    for each in sorted(hours, key=lambda h: (h.opens, h.closes)):
        if joined and each.opens <= joined[-1].closes:
            last = joined.pop()
            each = Hours(last.opens, max(last.closes, each.closes))
        joined.append(each)
    return joined
