"""What messages cost, as the office's configuration estimates it."""

from __future__ import annotations

from collections import defaultdict

from prometheus_client import Counter

_COST = Counter("loket_cost_rupiah", "Estimated cost of messages handed over, in rupiah", ["by"])
_unbooked: defaultdict[str, float] = defaultdict(float)


def charge(by: str, rupiah: float) -> None:
    """Add to the estimate of what a channel costs."""
    if rupiah > 0:
        _COST.labels(by).inc(rupiah)
        _unbooked[by] += rupiah


def unbooked() -> dict[str, float]:
    """Return what was charged by channel and is not in the database yet."""
    return {by: rupiah for by, rupiah in _unbooked.items() if rupiah > 0}


def booked(amounts: dict[str, float]) -> None:
    """These amounts are in the database now; what was charged since then waits for the next."""
    for by, rupiah in amounts.items():
        _unbooked[by] -= rupiah
