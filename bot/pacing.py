"""Keeping within a platform's limits: evenly spaced, never a burst above what is allowed."""

from __future__ import annotations


class Pace:
    """So many per second, after a first burst of ``burst`` (generic cell rate algorithm).

    Times are seconds of a monotonic clock, given by the caller.
    """

    def __init__(self, rate: float, burst: int = 1) -> None:
        self._interval = 1.0 / rate
        self._slack = self._interval * (burst - 1)
        self._free_at = 0.0

    def reserve(self, now: float) -> float:
        """Take the next place and return how many seconds it is away."""
        at = max(self._free_at, now - self._slack)
        self._free_at = at + self._interval
        return max(0.0, at - now)

    def is_free(self, now: float) -> bool:
        """Is a place free at once?"""
        return max(self._free_at, now - self._slack) <= now

    def hold(self, until: float) -> None:
        """Give out no place before that time (the platform asked for a pause)."""
        self._free_at = max(self._free_at, until)

    def rested(self, now: float) -> bool:
        """Is it as if it had never been used?"""
        return self._free_at <= now - self._slack
