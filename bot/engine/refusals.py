"""What a platform refused: held back, tried again in its place, or given up where all can see."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.channels.protocol import Fault, SendError
from bot.engine.gate import Gate
from bot.engine.turn import Turn, backoff
from bot.people import reaching
from bot.requests import troubles
from storage import contacts, outbox
from storage.database import Tx
from storage.instant import to_ms

if TYPE_CHECKING:
    from bot.engine.desk import Desk

log = structlog.get_logger()
_TRIES = 30
_OUTAGE_TRIES = 1500  # about a day, a minute each
_MOST_UNSURE = 2
_SENDER_PAUSE = 60.0
_PERSONS = ("citizen", "officer")
_TOO_MANY = ("429", "20429", "63018")


class Refusals:
    """Decides what becomes of refused messages; ``gate`` finds a channel's gate.

    ``sender_pause`` is how many seconds a channel rests at least when the platform refuses the
    office itself; ``counts`` are refusals by channel, fault and what became of the message.
    """

    def __init__(self, desk: Desk, gate: Callable[[str], Gate]) -> None:
        self._desk = desk
        self._gate = gate
        self._strained: dict[str, tuple[int, float]] = {}
        self.sender_pause = _SENDER_PAUSE
        self.counts: Counter[tuple[str, str, str]] = Counter()

    def hold(self, handed: outbox.Handed, error: SendError) -> float:
        """Hold the whole channel where the refusal is about more than this message.

        Return for how many seconds; 0 where only this message has to wait.
        """
        gate = self._gate(handed.channel)
        if error.fault is Fault.SENDER:
            return gate.shut(self.sender_pause)
        if error.outage:
            return gate.shut(error.retry_after)
        if error.fault is Fault.LATER and error.code in _TOO_MANY and handed.kind in _PERSONS:
            # One chat may have its own limit; two different ones mean that the limit is ours.
            now = time.monotonic()
            before, until = self._strained.get(handed.channel, (handed.contact_id, 0.0))
            self._strained[handed.channel] = (handed.contact_id, now + error.retry_after)
            if before != handed.contact_id and now <= until:
                return gate.shut(error.retry_after)
        return 0.0

    def settle(self, tx: Tx, handed: outbox.Handed, error: SendError, hold: float = 0.0) -> None:
        """Put a refused message back into its place, or give it up where all can see."""
        log.warning(
            "a message was refused",
            outbox=handed.id,
            channel=handed.channel,
            fault=error.fault.value,
            code=error.code,
            tries=handed.tries,
        )
        turn = Turn(self._desk, tx, self._desk.now())
        reason = f"{error.code} {error.reason}".strip()
        if error.unsure:
            outbox.doubt(tx, handed.id)
        again = _may_go_again(handed, error)
        outcome = "again" if again else "given_up"
        self.counts[handed.channel, error.fault.value, outcome] += 1
        if again:
            wait = max(hold, error.retry_after)
            if not hold:
                wait = max(wait, backoff(handed.tries).total_seconds())
            outbox.later(tx, handed.id, to_ms(turn.now + timedelta(seconds=wait)), reason)
            if error.address:
                contacts.move(
                    tx, self._desk.vault, handed.contact_id, handed.channel, error.address
                )
            self._call_for_help(turn, handed, error)
            return
        outbox.give_up(tx, handed.id, reason)
        if handed.kind != "citizen":
            return
        if error.fault is Fault.RECIPIENT:
            contacts.set_state(tx, handed.contact_id, error.state or "invalid")
            unsaid = outbox.waiting(tx, self._desk.vault, handed.contact_id)
            outbox.give_up_all(tx, handed.contact_id, error.reason)
            if handed.priority == 0:
                unsaid.insert(0, (handed.id, handed.message))
            if reaching.carry_over(turn, handed.contact_id, unsaid):
                return
        if handed.priority == 0:
            troubles.unsent(turn, handed, error)

    def _call_for_help(self, turn: Turn, handed: outbox.Handed, error: SendError) -> None:
        """Tell the officers, once, when a platform stays away or refuses the office itself."""
        gate = self._gate(handed.channel)
        if error.fault is Fault.SENDER:
            troubles.platform(turn, handed.channel, "sender", gate.recoveries)
        elif error.outage and gate.is_stuck:
            troubles.platform(turn, handed.channel, "outage", gate.recoveries)


def _may_go_again(handed: outbox.Handed, error: SendError) -> bool:
    if error.fault is Fault.SENDER:
        return True
    if error.fault is not Fault.LATER:
        return False
    if error.unsure and handed.unsure + 1 >= _MOST_UNSURE:
        # It may have arrived twice already: a person asks, rather than the desk a third time.
        return False
    return handed.tries < (_OUTAGE_TRIES if error.outage else _TRIES)
