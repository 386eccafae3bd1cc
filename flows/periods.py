"""One day or several as people write them: 12-13 Desember 2026, besok, 1 Maret s/d 30 April."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import NamedTuple

from flows.dates import Direction, Unclear, read_date
from flows.numbers import LONGEST, plain_digits, read_number

_UNTIL = re.compile(
    r"\s*(?:\b(?:sampai(?:\s+dengan)?|sampe|smp|hingga|sd|s\.d\.?|to|until|till)\b\.?"
    r"|\bs\s?/\s?d\b|\bs\.d\.|–|—|\s-\s)\s*"
)
_AND = re.compile(r"\s*(?:\b(?:dan|and)\b|&)\s*")
_DAYS = re.compile(r"(\d{1,2})\s*-\s*(\d{1,2}(?:\s+[a-z].*|/\d{1,2}/\d{2,4}))")
_CANONICAL = re.compile(r"(\d{4}-\d\d-\d\d)/(\d{4}-\d\d-\d\d)")
_BARE = re.compile(r"(?:tanggal|tgl)?\s*(\d{1,2})(?:\s*,\s*\d{1,2})*")
_LASTS = re.compile(
    r"(?:(?P<after>.*?)[\s,]*\b(?:selama|for)\b\s*)?(?P<amount>[\w ]+?)\s*"
    r"(?P<unit>hari|minggu|bulan|days?|weeks?|months?)"
    r"(?:[\s,]*\b(?:mulai|dari|sejak|from|starting)\b\s*(?P<before>.+))?"
)
_UNITS = {"hari": 1, "day": 1, "minggu": 7, "week": 7}
_BEGINS = re.compile(r"^(?:dari|mulai|sejak|from)\s+")
_MOST = timedelta(days=10 * 366)


class Period(NamedTuple):
    """The first and the last day, which may be the same."""

    first: date
    last: date

    def canonical(self) -> str:
        """Return ``2026-12-12``, or ``2026-12-12/2026-12-13``."""
        if self.first == self.last:
            return self.first.isoformat()
        return f"{self.first.isoformat()}/{self.last.isoformat()}"


def read_period(text: str, today: date, direction: Direction = "future") -> Period:
    """Return the days that a text names.

    The month and the year may be said once for both ends. Raises ``dates.Unclear``, with the
    reason ``backwards`` where the end lies before the beginning.
    """
    said = " ".join(plain_digits(text).casefold().split())
    if len(said) > LONGEST:
        raise Unclear("unclear")
    if written := _CANONICAL.fullmatch(said):
        return _ordered(date.fromisoformat(written[1]), date.fromisoformat(written[2]))
    lasting = _lasting(said, today, direction)
    if lasting is not None:
        return lasting
    said = _BEGINS.sub("", said)
    sides = _UNTIL.split(said, maxsplit=1)
    if len(sides) == 1 and (days := _DAYS.fullmatch(said)):
        sides = [days[1], days[2]]
    if len(sides) == 1:
        sides = _AND.split(said, maxsplit=1)
    if len(sides) == 1:
        day = read_date(said, today, direction)
        return Period(day, day)
    return _between(sides[0], sides[1], today, direction)


def _between(first: str, last: str, today: date, direction: Direction) -> Period:
    bare = _BARE.fullmatch(first)
    if bare is None:
        begins = read_date(first, today, direction)
        return _ordered(begins, read_date(last, begins, "future"))
    ends = read_date(last, today, direction)
    try:
        begins = ends.replace(day=int(bare[1]))
    except ValueError:
        raise Unclear("impossible") from None
    return _ordered(begins, ends)


def _ordered(first: date, last: date) -> Period:
    if last < first:
        raise Unclear("backwards")
    if last - first > _MOST:
        raise Unclear("unclear")
    return Period(first, last)


def _lasting(said: str, today: date, direction: Direction) -> Period | None:
    """Read ``1 desember 2026 selama 2 bulan`` and ``dua minggu mulai besok``."""
    match = _LASTS.fullmatch(said)
    start = match and (match["after"] or match["before"])
    if match is None or not start:
        return None
    amount = read_number(match["amount"])
    if amount is None or amount != int(amount) or not 1 <= amount <= 1000:
        return None
    first = read_date(_BEGINS.sub("", start), today, direction)
    unit = match["unit"].rstrip("s")
    if unit in _UNITS:
        return _ordered(first, first + timedelta(days=int(amount) * _UNITS[unit] - 1))
    months = first.month - 1 + int(amount)
    year, month = first.year + months // 12, months % 12 + 1
    length = monthrange(year, month)[1]
    if first.day > length:
        return _ordered(first, date(year, month, length))
    return _ordered(first, date(year, month, first.day) - timedelta(days=1))
