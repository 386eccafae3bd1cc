"""Instants in the database are integers: milliseconds since 1970, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_START = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_ms(moment: datetime) -> int:
    """Return an aware datetime as milliseconds since 1970."""
    return (moment - _START) // _MILLISECOND


def from_ms(instant: int) -> datetime:
    """Return milliseconds since 1970 as an aware datetime in UTC."""
    return _START + instant * _MILLISECOND
