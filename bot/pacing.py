"""Keeping within a platform's limits: evenly spaced, never more in a second than is allowed."""

from __future__ import annotations

from collections import deque

_MARGIN = 0.012
"""Seconds that a message may be later, or the next one earlier, on its way to the platform."""
_MOST_GUARDED = 1000.0


class Place:
    """A message's place in time: when it starts, and when another may take its room."""

    __slots__ = ("_start", "free_at")

    def __init__(self, start: float) -> None:
        self._start = start
        self.free_at = start + 1.0 + _MARGIN

    def done(self, now: float) -> None:
        """The platform answered: it had counted the message by now, at the latest."""
        self.free_at = min(self.free_at, now + 1.0)


class Pace:
    """So many per second, after a first burst of ``burst`` (generic cell rate algorithm).

    ``window`` also looks back: never more than ``rate`` in any second, as the platform counts it.
    Times are seconds of a monotonic clock, given by the caller.
    """

    def __init__(self, rate: float, burst: int = 1, *, window: bool = False) -> None:
        self._interval = 1.0 / rate
        self._slack = self._interval * (burst - 1)
        self._free_at = 0.0
        guarded = window and 1.0 <= rate <= _MOST_GUARDED
        self._places: deque[Place] | None = deque(maxlen=int(rate)) if guarded else None

    def reserve(self, now: float) -> float:
        """Take the next place and return how many seconds it is away."""
        at = max(self._free_at, now - self._slack)
        if self._places is not None:
            at = self._windowed(at)
            self._places.append(Place(max(at, now)))
        self._free_at = at + self._interval
        return max(0.0, at - now)

    def is_free(self, now: float) -> bool:
        """Is a place free at once?"""
        return self._windowed(max(self._free_at, now - self._slack)) <= now

    def spare(self, now: float) -> float:
        """Return in how many seconds there may be a place that nobody has taken; 0 for now."""
        return max(0.0, self._windowed(self._free_at) - now)

    def take_spare(self, now: float) -> Place:
        """Take the spare place that is free now; a little lateness is made up by the next ones.

        Only for what comes one after another: an answer takes its place before it waits.
        """
        place = Place(now)
        if self._places is not None:
            self._places.append(place)
        self._free_at = max(self._free_at, now - 3 * self._interval) + self._interval
        return place

    def hold(self, until: float) -> None:
        """Give out no place before that time (the platform asked for a pause)."""
        self._free_at = max(self._free_at, until)

    def rested(self, now: float) -> bool:
        """Is it as if it had never been used?"""
        return self._free_at <= now - self._slack

    def _windowed(self, at: float) -> float:
        places = self._places
        if places is None or len(places) < (places.maxlen or 0):
            return at
        return max(at, places[0].free_at)
