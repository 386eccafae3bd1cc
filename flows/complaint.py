"""How long a complaint may wait, and when somebody is reminded of it. Pure, as all of flows.

First answer within 3 working days; information closed within 5, a complaint within 14, one that
must be looked at on the spot within 60 (practice of SP4N-LAPOR).
"""

from __future__ import annotations

from datetime import datetime, time

from msgspec import Struct

from flows.calendar import Calendar

SUGGESTION = "suggestion"


class Days(Struct, frozen=True, forbid_unknown_fields=True):
    """Working days: to the first answer, and to the end of each sort."""

    answer: int = 3
    suggestion: int = 5
    complaint: int = 14
    visit: int = 60


def answer_by(filed: datetime, calendar: Calendar, days: Days) -> datetime:
    """Return until when the first answer is promised."""
    return calendar.add_working_days(filed, days.answer)


def close_by(
    filed: datetime, kind: str, calendar: Calendar, days: Days, *, visit: bool
) -> datetime:
    """Return until when it is to be closed; ``visit`` where something must be looked at."""
    if visit:
        return calendar.add_working_days(filed, days.visit)
    short = kind == SUGGESTION
    return calendar.add_working_days(filed, days.suggestion if short else days.complaint)


def next_look(by: datetime, now: datetime, calendar: Calendar) -> datetime:
    """Return when to remind next: on the morning of its last day, then every working morning."""
    last_day = by.astimezone(calendar.zone).date()
    morning = calendar.next_opening(datetime.combine(last_day, time(), calendar.zone))
    if now < morning:
        return morning
    after = max(now, by).astimezone(calendar.zone)
    closing = calendar.closing(after.date())
    return calendar.next_opening(max(after, closing) if closing else after)
