"""How much one person may send: generous for people, a wall for machines."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from threading import Lock

_MOST_CONTACTS = 20_000


class PersonLimits:
    """Counts events of each contact per minute, in memory; old counts are let go."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._counts: OrderedDict[int, tuple[int, int]] = OrderedDict()
        self._lock = Lock()

    def allow(self, contact_id: int, now: datetime) -> bool:
        """Count one event; False when this minute's share is used up."""
        minute = int(now.timestamp()) // 60
        with self._lock:
            counted_minute, count = self._counts.get(contact_id, (minute, 0))
            count = count + 1 if counted_minute == minute else 1
            self._counts[contact_id] = (minute, count)
            self._counts.move_to_end(contact_id)
            if len(self._counts) > _MOST_CONTACTS:
                self._counts.popitem(last=False)
        return count <= self._per_minute
