"""The way through, as a machine that may lose power between any two steps.

Inbox, turn, outbox and a platform outside: whatever happens in whatever order, every acknowledged
event takes effect exactly once, numbers have no gap, and each person gets every message in order,
repeated at most once a crash.
"""

import sqlite3
import tempfile
from collections import defaultdict
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from flows.events import Envelope, Text
from flows.messages import Message, Part
from storage import inbox, numbers, outbox
from storage.sqlite import SqliteTx
from storage.vault import Vault
from tests.blank import new_database

CITIZENS = st.sampled_from(["ani", "budi", "citra"])
EVENTS = st.integers(1, 8)
NOW = 1_800_000_000_000


class PowerFails(Exception):
    """The transaction is lost with the process."""


class Protocol(RuleBasedStateMachine):
    """One process on one database; ``flying`` are messages between the desk and the platform."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "desk.db"
        new_database(self.path)
        self.vault = Vault(b"k" * 32)
        self.connection = self.connect()
        self.acknowledged: set[tuple[str, int]] = set()
        self.received: dict[int, list[int]] = defaultdict(list)
        self.crashes: dict[int, int] = defaultdict(int)
        self.flying: dict[int, int] = {}

    def teardown(self) -> None:
        try:
            self.restart()
            self.drain()
            self.check_all_took_effect()
        finally:
            self.connection.close()
            self.folder.cleanup()

    # --- transactions -----------------------------------------------------------------------------

    def commit(self, work, lost: bool = False):
        """Run in a transaction; ``lost``: the power fails just before the commit."""
        self.connection.execute("BEGIN IMMEDIATE")
        result = work(SqliteTx(self.connection))
        if lost:
            self.connection.execute("ROLLBACK")
            self.restart()
            return None
        self.connection.execute("COMMIT")
        return result

    def connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None)
        # What is tested is the order of steps, not the disk.
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    def restart(self) -> None:
        self.connection.close()
        self.connection = self.connect()
        for contact in self.flying:
            self.crashes[contact] += 1
        self.flying.clear()
        self.commit(outbox.recover)

    # --- what may happen --------------------------------------------------------------------------

    @rule(citizen=CITIZENS, number=EVENTS, lost=st.booleans())
    def an_event_arrives(self, citizen: str, number: int, lost: bool) -> None:
        envelope = Envelope("telegram", f"{citizen}-{number}", citizen, Text(str(number)))
        self.commit(lambda tx: inbox.accept(tx, self.vault, envelope, NOW), lost)
        if not lost:
            self.acknowledged.add((citizen, number))

    @rule(which=st.integers(0, 2), lost=st.booleans())
    def a_turn_is_taken(self, which: int, lost: bool) -> None:
        lanes = self.commit(inbox.waiting_lanes)
        if lanes:
            lane = lanes[which % len(lanes)]
            self.commit(lambda tx: self.turn(tx, lane), lost)

    def turn(self, tx: SqliteTx, lane: int) -> None:
        waiting = inbox.following(tx, self.vault, lane)
        assert waiting is not None
        number = numbers.draw(tx, "letter", "2026")
        message = Message([Part("filed", {"number": number, "key": waiting.envelope.key})])
        outbox.add(tx, self.vault, lane, message, NOW)
        inbox.done(tx, waiting.seq)

    @rule(contact=st.integers(1, 3), lost=st.booleans())
    def a_message_is_handed_over(self, contact: int, lost: bool) -> None:
        if contact in self.flying:
            return
        handed = self.commit(lambda tx: outbox.claim(tx, self.vault, contact, NOW), lost)
        if isinstance(handed, outbox.Handed):
            self.flying[contact] = handed.id
            self.received[contact].append(handed.id)

    @precondition(lambda self: self.flying)
    @rule(which=st.integers(0, 2), lost=st.booleans())
    def the_platform_answers(self, which: int, lost: bool) -> None:
        contact = sorted(self.flying)[which % len(self.flying)]
        row = self.flying[contact]
        self.commit(lambda tx: outbox.sent(tx, row, f"p{row}", NOW), lost)
        if not lost:
            del self.flying[contact]

    @rule()
    def the_power_fails(self) -> None:
        self.restart()

    # --- what always holds ------------------------------------------------------------------------

    @invariant()
    def each_person_gets_messages_in_order(self) -> None:
        for contact, rows in self.received.items():
            assert rows == sorted(rows)
            repeated = len(rows) - len(set(rows))
            assert repeated <= self.crashes[contact]

    @invariant()
    def numbers_have_no_gap(self) -> None:
        done = self.connection.execute("SELECT COUNT(*) FROM inbox WHERE state = 1").fetchone()[0]
        last = self.commit(lambda tx: numbers.last(tx, "letter", "2026"))
        assert done == last

    def drain(self) -> None:
        while lanes := self.commit(inbox.waiting_lanes):
            for lane in lanes:
                self.commit(lambda tx, lane=lane: self.turn(tx, lane))
        for contact in (1, 2, 3):
            while not isinstance(
                handed := self.commit(lambda tx, c=contact: outbox.claim(tx, self.vault, c, NOW)),
                int,
            ):
                self.received[contact].append(handed.id)
                self.commit(lambda tx, row=handed.id: outbox.sent(tx, row, "p", NOW))

    def check_all_took_effect(self) -> None:
        told = self.connection.execute("SELECT id, state FROM outbox").fetchall()
        assert len(told) == len(self.acknowledged)
        assert all(state == outbox.SENT for _, state in told)
        received = {row for rows in self.received.values() for row in rows}
        assert received == {row for row, _ in told}
        self.each_person_gets_messages_in_order()


Protocol.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestProtocol = Protocol.TestCase
