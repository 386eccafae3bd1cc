"""What messages cost, as the office's configuration estimates it."""

from __future__ import annotations

from collections import defaultdict


class Cost:
    """One office's: ``charged`` is in rupiah by channel, ``pieces`` are SMS as they are billed.

    Both count from the start of the process.
    """

    def __init__(self) -> None:
        self.charged: defaultdict[str, float] = defaultdict(float)
        self.pieces = 0
        self._booked: defaultdict[str, float] = defaultdict(float)

    def charge(self, by: str, rupiah: float) -> None:
        """Add to the estimate of what a channel costs."""
        if rupiah > 0:
            self.charged[by] += rupiah

    def unbooked(self) -> dict[str, float]:
        """Return what was charged by channel and is not in the database yet."""
        # Asked from a database's thread, while the loop may be charging.
        charged = self.charged.copy()
        owed = {by: rupiah - self._booked.get(by, 0.0) for by, rupiah in charged.items()}
        return {by: rupiah for by, rupiah in owed.items() if rupiah > 0}

    def booked(self, amounts: dict[str, float]) -> None:
        """These amounts are in the database now; what was charged since waits for the next."""
        for by, rupiah in amounts.items():
            self._booked[by] += rupiah
