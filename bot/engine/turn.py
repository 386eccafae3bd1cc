"""One turn: an event is consumed and all that follows from it is written, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flows.events import AnyEvent, HandedBack, TakenOver, Told, Wanted
from flows.messages import Message
from storage import inbox, jobs, outbox, persons
from storage.contacts import ContactRow
from storage.database import Tx
from storage.instant import to_ms

if TYPE_CHECKING:
    from bot.engine.desk import Desk


@dataclass
class Turn:
    """What runs inside one write transaction: it computes and writes, and never waits.

    ``seq`` is the event that is taken, 0 for none; ``last`` says that no other turn of the same
    person follows in the transaction.
    """

    desk: Desk
    tx: Tx
    now: datetime
    seq: int = 0
    last: bool = False
    _lanes: set[int] = field(default_factory=set)
    addressed: set[int] = field(default_factory=set)

    instant: int = field(init=False)
    """``now`` in milliseconds."""

    def __post_init__(self) -> None:
        self.instant = to_ms(self.now)

    def say(
        self,
        contact_id: int,
        message: Message,
        *,
        key: str | None = None,
        prompt: bool = False,
        settle: bool = False,
    ) -> int:
        """Put a message into the outbox and return its row; 0 when ``key`` was used before."""
        send_at = self.instant + self.desk.config.settle_ms if settle else 0
        row = outbox.add(
            self.tx,
            self.desk.vault,
            contact_id,
            message,
            self.instant,
            key=key,
            prompt=prompt,
            send_at=send_at,
        )
        if contact_id not in self.addressed:
            self.addressed.add(contact_id)
            self._then(lambda: self.desk.sender.wake(contact_id))
        return row

    def reply(
        self, contact: ContactRow, message: Message, *, prompt: bool = False, settle: bool = False
    ) -> int:
        """Say it to whose turn this is, as ``say`` does; where nothing is in its way, it goes now.

        Whoever writes in pieces is asked once: only the last turn's words go at once.
        """
        at_once = self.last and self.seq and not (settle and self.desk.config.settle_ms)
        if at_once and contact.address and outbox.is_clear(self.tx, contact.id):
            sender = self.desk.sender
            if sender.takes_place(contact.id):
                handed = outbox.hand(
                    self.tx,
                    self.desk.vault,
                    contact,
                    message,
                    self.instant,
                    prompt=prompt,
                    newest=self.seq,
                )
                self._then(lambda: sender.hand_claimed(handed))
                return handed.id
        return self.say(contact.id, message, prompt=prompt, settle=settle)

    def put(self, lane: int, event: AnyEvent, key: str) -> bool:
        """Put an event of the desk's own into a lane, once per key."""
        new = inbox.put(self.tx, self.desk.vault, lane, event, key, self.instant)
        if new and lane not in self._lanes:
            self._lanes.add(lane)
            self._then(lambda: self.desk.worker.wake(lane))
        return new

    def job(
        self, kind: str, key: str, body: dict[str, Any], run_at: datetime | None = None
    ) -> None:
        """Queue slow work, once per key."""
        jobs.add(
            self.tx, self.desk.vault, kind, key, body, to_ms(run_at) if run_at else self.instant
        )
        self._then(self.desk.jobs.wake)

    def tell(
        self, request_id: int, event: Told | Wanted | TakenOver | HandedBack, key: str
    ) -> bool:
        """Put an event into the conversation of the citizen whose request it is.

        It goes to the chat in which they were heard from last; False where they have none.
        """
        contact_id = persons.reached(self.tx, request_id, self.desk.channels)
        return contact_id > 0 and self.put(contact_id, event, key)

    def staff(self) -> list[int]:
        """Return the contacts of the officers' groups that are open."""
        rows = self.tx.all(
            "SELECT id FROM contact WHERE kind = 'staff' AND state = 'open' ORDER BY id"
        )
        return [row[0] for row in rows]

    def alarm(self, key: str, why: str, **args: Any) -> None:
        """Tell the officers' groups that a person must act; once per key and group."""
        from flows.messages import Part

        for contact_id in self.staff():
            message = Message([Part(f"commands/alarm/{why}", args)])
            self.say(contact_id, message, key=f"alarm:{key}:{contact_id}")

    def _then(self, callback: Callable[[], None]) -> None:
        self.tx.then(callback)


def backoff(tries: int, *, first: float = 1.0, most: float = 3600.0) -> timedelta:
    """Return how long to wait after so many tries: doubling, bounded (seconds)."""
    return timedelta(seconds=min(most, first * 2 ** max(0, tries - 1)))
