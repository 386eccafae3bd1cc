"""Keeping within a platform's limits: evenly spaced, never more in a second than is allowed."""

from __future__ import annotations

from collections import deque

_MARGIN = 0.012
"""Seconds that a message of which no answer is awaited may be later on its way than the next."""
_SLIP = 0.002
_PATIENCE = 0.5
_FORGETS = 1.002
_FIRST = 60
_MADE_UP = 8
"""Places that are made up for when the machine was busy with something else."""
_MOST_GUARDED = 1000.0


class Place:
    """A message's place in time: when it starts, and when another may take its room.

    The platform counts a message when it gets it. How much longer its answer took than the
    quickest one is the most by which it can have been late there.
    """

    __slots__ = ("_pace", "_start", "free_at")

    def __init__(self, start: float, pace: Pace | None = None) -> None:
        self._start = start
        self._pace = pace
        self.free_at = start + 1.0 + (_MARGIN if pace is None else _PATIENCE)

    def begin(self, now: float) -> None:
        """It is handed to the platform only now: making it took a moment."""
        self._start = now
        self.free_at = now + 1.0 + _PATIENCE

    def done(self, now: float) -> None:
        """The platform answered."""
        if self._pace is not None:
            late = self._pace.lateness(now - self._start)
            self.free_at = self._start + 1.0 + min(_PATIENCE, _SLIP + late)


class Pace:
    """So many per second, after a first burst of ``burst`` (generic cell rate algorithm).

    ``window`` also looks back: never more than ``rate`` in any second, as the platform counts it.
    Times are seconds of a monotonic clock, given by the caller.
    """

    def __init__(self, rate: float, burst: int = 1, *, window: bool = False) -> None:
        self._interval = 1.0 / rate
        self._slack = self._interval * (burst - 1)
        self._free_at = 0.0
        self._spare_at = 0.0
        self._quickest = float("inf")
        self._answers = 0
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
        return max(0.0, self._windowed(max(self._free_at, self._spare_at)) - now)

    def take_spare(self, now: float) -> Place:
        """Take the spare place that is free now; a little lateness is made up by the next ones.

        Only for what comes one after another: an answer takes its place before it waits.
        """
        place = Place(now, self)
        if self._places is not None:
            self._places.append(place)
        # Lateness is made up at twice the pace: the window sees to it that it is never too much.
        self._free_at = max(self._free_at, now - _MADE_UP * self._interval) + self._interval
        self._spare_at = now + self._interval / 2
        return place

    def hold(self, until: float) -> None:
        """Give out no place before that time (the platform asked for a pause)."""
        self._free_at = max(self._free_at, until)

    def rested(self, now: float) -> bool:
        """Is it as if it had never been used?"""
        return self._free_at <= now - self._slack

    def lateness(self, taken: float) -> float:
        """Return by how many seconds an answer took longer than the quickest of late.

        The first ones open connections and say nothing of how quick it can be.
        """
        self._answers += 1
        self._quickest = min(taken, self._quickest * _FORGETS)
        return taken - (self._quickest if self._answers > _FIRST else 0.0)

    def _windowed(self, at: float) -> float:
        places = self._places
        if places is None or len(places) < (places.maxlen or 0):
            return at
        return max(at, places[0].free_at)
