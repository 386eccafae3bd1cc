"""Requests for tests: three services, five officers, and a case that is ordered about."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from flows import steps, workflow
from flows.calendar import Calendar
from flows.definition import Definition, Document, Group, Question, Stage
from flows.steps import DESK, Actor, Command, Happened
from flows.workflow import Refused

ZONE = ZoneInfo("Asia/Jakarta")
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=ZONE)
CALENDAR = Calendar()
SITI = Actor(1, "Siti", "counter")
BUDI = Actor(2, "Budi", "counter")
VERA = Actor(3, "Vera", "verifier")
CAMAT = Actor(4, "Camat", "signer")
HEAD = Actor(5, "Kepala", "head", frozenset({"assign", "any_stage"}))

LETTER = Definition(
    id="domisili",
    version=1,
    group="kependudukan",
    code="DOM",
    result="letter",
    promise=1,
    questions=[Question("name", "name"), Question("nik", "nik")],
    documents=[Document("ktp"), Document("family_card")],
    groups=[Group("heirs", [Question("name", "name")], [Document("ktp")], most=3)],
    stages=[
        Stage("check", "counter", 120, may=["return", "reject", "cancel"]),
        Stage("draft", "counter", 60, may=["return", "cancel"]),
        Stage("initials", "verifier", 60, may=["return", "reject"]),
        Stage("signature", "signer", 120, act="letter", may=["return", "reject"]),
        Stage("print", "counter", 60, act="ready", may=["cancel"]),
        Stage("handover", "counter", waits="citizen", act="handover", may=["cancel"]),
    ],
)
FORWARDED = msgspec.structs.replace(
    LETTER,
    id="kk",
    result="forwarded",
    promise=3,
    stages=[
        Stage("check", "counter", 120, may=["return", "reject", "cancel"]),
        Stage("registry", "counter", waits="system", may=["return"]),
        Stage("back", "counter", 60, act="ready"),
        Stage("handover", "counter", waits="citizen", act="handover", may=["cancel"]),
    ],
)
ARCHIVED = msgspec.structs.replace(
    FORWARDED,
    id="old",
    stages=[
        Stage("check", "counter", 0),
        Stage("handover", "counter", act="handover"),
        Stage("archive", "verifier", 10),
    ],
)


STAMPED = msgspec.structs.replace(
    LETTER,
    id="legalisasi",
    result="stamp",
    promise=0,
    promise_minutes=30,
    stages=[
        Stage("check", "counter", 20, may=["return", "reject"]),
        Stage("bring", "counter", waits="citizen", may=["cancel"]),
        Stage("stamp", "verifier", 10, act="ready"),
        Stage("handover", "counter", waits="citizen", act="handover"),
    ],
)
GUIDANCE = msgspec.structs.replace(
    FORWARDED,
    id="nib",
    result="guidance",
    stages=[
        Stage("check", "counter", 60, may=["return"]),
        Stage("national", "counter", waits="system", optional=True),
        Stage("result", "counter", 60, act="ready"),
    ],
)


class Case:
    """One request, ordered about."""

    def __init__(self, definition: Definition = LETTER, now: datetime = MONDAY) -> None:
        self.definition = definition
        self.now = now
        self.state = workflow.begin(definition, now, CALENDAR)

    def do(self, command: Command, actor: Actor = SITI) -> list[Happened]:
        self.state, happened = workflow.advance(
            self.definition, self.state, command, actor, self.now, CALENDAR
        )
        return happened

    def refused(self, command: Command, actor: Actor = SITI) -> Refused:
        before = self.state
        with pytest.raises(Refused) as caught:
            self.do(command, actor)
        assert self.state == before
        return caught.value

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def at(self, stage: str) -> Case:
        """Bring the request to a stage."""
        while self.state.stage != stage:
            if self.state.letter and not self.state.made:
                self.do(steps.LetterDone(), DESK)
            self.do(steps.Accept(), HEAD)
            if self.state.officer:
                self.do(steps.Release(), HEAD)
        if self.state.letter and not self.state.made:
            self.do(steps.LetterDone(), DESK)
        return self
