"""How long something takes, counted into steps: what a histogram of Prometheus is made of."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate

_STEPS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class Spread:
    """Counts durations by steps, in seconds; cheap enough for every turn."""

    def __init__(self, steps: tuple[float, ...] = _STEPS) -> None:
        self._steps = steps
        self._counts = [0] * (len(steps) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self._counts[bisect_left(self._steps, seconds)] += 1
        self.total += seconds

    @property
    def buckets(self) -> list[tuple[str, float]]:
        """How many took at most each step, the last one all of them."""
        labels = [*map(str, self._steps), "+Inf"]
        return [
            (label, float(n)) for label, n in zip(labels, accumulate(self._counts), strict=True)
        ]
