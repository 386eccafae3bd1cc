"""What the office's messages are estimated to have cost, this month and the last one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from storage import spending

if TYPE_CHECKING:
    from bot.engine.turn import Turn


def spent(turn: Turn) -> dict[str, Any]:
    """Return ``now`` and ``before`` in rupiah, and ``by``: this month's by channel."""
    today = turn.desk.office.today(turn.now)
    last = (date.fromisoformat(today).replace(day=1) - timedelta(days=1)).isoformat()
    by = spending.of_month(turn.tx, today[:7])
    before = spending.of_month(turn.tx, last[:7])
    return {"now": sum(by.values()), "before": sum(before.values()), "by": sorted(by.items())}
