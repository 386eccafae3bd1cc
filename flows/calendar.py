"""Working time of the office."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from msgspec import Struct


class Calendar(Struct, frozen=True):
    """Placeholder: opening hours, holidays and quiet hours."""

    zone: ZoneInfo
