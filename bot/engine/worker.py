"""The worker: lanes beside each other, the events of one lane strictly one after another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bot.engine.lanes import Lanes
from bot.engine.spread import Spread
from bot.engine.turn import Turn
from storage import inbox
from storage.database import Tx
from storage.instant import from_ms, to_ms

if TYPE_CHECKING:
    from bot.engine.desk import Desk

log = structlog.get_logger()
_LONGEST_PAUSE = 5.0
TakeTurn = Callable[[Turn, inbox.Waiting], None]


class TurnFailed(Exception):
    """A turn raised; everything it wrote is undone."""

    def __init__(self, seq: int, cause: Exception) -> None:
        super().__init__(f"event {seq}: {type(cause).__name__}")
        self.seq = seq
        self.cause = cause


class Worker:
    """Takes the turns of all lanes that were woken; at most one task works on a lane."""

    def __init__(self, desk: Desk, take_turn: TakeTurn) -> None:
        self._desk = desk
        self._take_turn = take_turn
        self.lanes = Lanes(self._step, "turns")
        self.turns = Spread()

    async def start(self) -> None:
        """Wake every lane in which something waited when the desk stopped."""
        for lane in await self._desk.db.read(inbox.waiting_lanes):
            self.wake(lane)

    async def stop(self) -> None:
        """Let go of all lanes: a turn that is not committed is taken after the next start."""
        await self.lanes.stop()

    async def idle(self) -> None:
        """Wait until no lane has work."""
        while self.lanes.busy:
            await self.lanes.idle()

    def wake(self, lane: int) -> None:
        """Something waits in this lane."""
        self.lanes.wake(lane)

    @property
    def takes_at_once(self) -> bool:
        """Whether turns are taken in the transaction that stores their events."""
        return not self.lanes.stopping

    def take_at_once(self, tx: Tx, accepted: Sequence[inbox.Accepted]) -> None:
        """Take the turns of events in the transaction that stored them; raises TurnFailed.

        A lane in which older ones wait is woken. What is said is claimed after the last turn, so
        that of several prompts to a person who wrote in pieces only the last one goes out.
        """
        addressed: set[int] = set()
        last = {one.lane: one.seq for one in accepted}
        for one in accepted:
            if one.turn is None:
                tx.then(partial(self.wake, one.lane))
            else:
                is_last = last[one.lane] == one.seq
                addressed |= self._take(tx, one.turn, self._desk.now(), last=is_last)
        self._desk.sender.claim_at_once(tx, addressed)

    def take_later(self, tx: Tx, one: inbox.Accepted, failure: TurnFailed | None) -> None:
        """Leave an event to its lane; ``failure`` was its first try."""
        if failure is not None:
            self._count(tx, one.lane, TurnFailed(one.seq, failure.cause))
        tx.then(partial(self.wake, one.lane))

    async def _step(self, lane: int) -> bool:
        """Take one turn; False when nothing waits."""
        try:
            seq, wait = await self._desk.db.write(lambda tx: self._turn(tx, lane))
        except TurnFailed as cause:
            failure = cause
            await self._desk.db.write(lambda tx: self._count(tx, lane, failure))
            return True
        if wait > 0:
            # Not longer: the clock may be set back, and the pause be let go.
            await asyncio.sleep(min(wait, _LONGEST_PAUSE))
        return seq > 0 or wait > 0

    def _turn(self, tx: Tx, lane: int) -> tuple[int, float]:
        seq, wait, addressed = self._unit(tx, lane)
        self._desk.sender.claim_at_once(tx, addressed)
        return seq, wait

    def _unit(self, tx: Tx, lane: int) -> tuple[int, float, set[int]]:
        """Take a turn inside a transaction; return its event, seconds to wait, who was said to.

        The first two are 0 when nothing waits; raises TurnFailed.
        """
        try:
            waiting = inbox.following(tx, self._desk.vault, lane)
        except inbox.Damaged as cause:
            raise TurnFailed(cause.seq, cause) from None
        if waiting is None:
            return 0, 0.0, set()
        now = self._desk.now()
        if waiting.retry_at > to_ms(now):
            return 0, max(0.01, (from_ms(waiting.retry_at) - now).total_seconds()), set()
        addressed = self._take(tx, waiting, now, last=True)
        inbox.done(tx, waiting.seq)
        return waiting.seq, 0.0, addressed

    def _take(self, tx: Tx, waiting: inbox.Waiting, now: datetime, *, last: bool) -> set[int]:
        """Take one turn and return who was said something to; raises TurnFailed."""
        began = time.perf_counter()
        turn = Turn(self._desk, tx, now, waiting.seq, last)
        try:
            self._take_turn(turn, waiting)
        except Exception as cause:
            raise TurnFailed(waiting.seq, cause) from cause
        self.turns.add(time.perf_counter() - began)
        return turn.addressed

    def _count(self, tx: Tx, lane: int, failure: TurnFailed) -> None:
        """Count a failed turn; an officer is told of an event that is set aside."""
        error = _describe(failure.cause)
        log.error(
            "a turn failed and will be tried again; see /gagal if it is set aside",
            event_seq=failure.seq,
            lane=lane,
            error=error,
        )
        now = self._desk.now()
        if inbox.failed(tx, failure.seq, error, to_ms(now + timedelta(seconds=1))):
            Turn(self._desk, tx, now).alarm(f"aside:{failure.seq}", "aside", seq=failure.seq)


def _describe(cause: Exception) -> str:
    """Name the error and its place, without its words: they may hold personal data."""
    frame = cause.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f" at {frame.tb_frame.f_code.co_name}:{frame.tb_lineno}" if frame else ""
    return f"{type(cause).__name__}{where}"
