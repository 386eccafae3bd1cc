"""What waits for an instant to be tried again, when the clock no longer leads there."""

from __future__ import annotations

from storage.database import Tx


def let_go(tx: Tx, now: int) -> int:
    """Let all that is to be tried later than ``now`` be tried at once; return how much it was.

    For a clock that was set back: a second's pause would last as long as the jump. Reminders and
    promises are instants of the calendar and stay.
    """
    return (
        tx.run("UPDATE inbox SET retry_at = NULL WHERE state = 0 AND retry_at > ?", now)
        + tx.run("UPDATE outbox SET send_at = 0 WHERE state < 2 AND send_at > ?", now)
        + tx.run("UPDATE job SET run_at = ? WHERE state < 2 AND run_at > ?", now, now)
    )
