"""What messages cost, as the office's configuration estimates it."""

from __future__ import annotations

from prometheus_client import Counter

_COST = Counter("loket_cost_rupiah", "Estimated cost of messages handed over, in rupiah", ["by"])


def charge(by: str, rupiah: float) -> None:
    """Add to the estimate of what a channel costs."""
    if rupiah > 0:
        _COST.labels(by).inc(rupiah)
