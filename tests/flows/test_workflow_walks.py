"""Random orders at random times: nothing breaks the request's machine, and it can always end."""

from __future__ import annotations

from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import steps, workflow
from flows.definition import Definition
from flows.standing import State
from flows.steps import DESK, Actor, Command, Happened
from flows.workflow import Refused
from tests.flows.casework import (
    ARCHIVED,
    BUDI,
    CALENDAR,
    CAMAT,
    FORWARDED,
    GUIDANCE,
    HEAD,
    LETTER,
    SITI,
    STAMPED,
    VERA,
    Case,
)

TEMPLATES = Path(__file__).parents[2] / "templates"
DEFINITIONS = [LETTER, FORWARDED, ARCHIVED, STAMPED, GUIDANCE]
ORDERS = st.one_of(
    st.sampled_from(
        [
            steps.Claim(),
            steps.Release(),
            steps.Accept(),
            steps.Accept(),
            steps.Accept(),
            steps.Ready(),
            steps.Ready("1234567890123"),
            steps.HandOver(compared=True),
            steps.HandOver(compared=False),
            steps.Answered(),
            steps.LetterDone(),
            steps.LetterLost(),
            steps.Wake(),
            steps.Reject("alasan"),
            steps.Cancel("alasan"),
            steps.Return(("ktp",), "buram"),
            steps.Return(("hat",), ""),
        ]
    ),
    st.builds(steps.Assign, st.sampled_from([SITI, BUDI, VERA, CAMAT, HEAD])),
)
WALK = st.lists(
    st.tuples(
        ORDERS,
        st.sampled_from([SITI, BUDI, VERA, CAMAT, HEAD, DESK]),
        st.integers(0, 3 * 24 * 60),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(DEFINITIONS), WALK)
def test_no_order_breaks_the_machine(
    definition: Definition, walk: list[tuple[Command, Actor, int]]
) -> None:
    case, numbered, woken = Case(definition), False, False
    keys: set[str] = set()
    for order, actor, minutes in walk:
        case.later(minutes=minutes)
        before = case.state
        try:
            happened = case.do(order, actor)
        except Refused as refused:
            keys.add(refused.key)
            woken = woken or isinstance(order, steps.Wake)
            continue
        _sound(definition, before, case.state, happened)
        assert case.state.letter >= numbered, "a number was lost"
        numbered = case.state.letter
        packed = msgspec.json.encode(case.state)
        assert msgspec.json.decode(packed, type=State) == case.state
    assert not woken, "the clock was refused"
    assert all((TEMPLATES / f"{key}.j2").is_file() for key in keys)


def _sound(definition: Definition, before: State, state: State, happened: list[Happened]) -> None:
    assert state.version == before.version + 1
    assert not before.closed or not happened
    assert state.stage in [stage.id for stage in definition.stages]
    assert bool(state.returned) == (state.status == "returned")
    assert state.promised_at >= before.promised_at
    if state.closed or state.status == "returned":
        assert state.wake_at is None
    if state.wake_at:
        assert CALENDAR.next_office_moment(state.wake_at) == state.wake_at
    if state.stopped_at:
        assert state.stage_due_at is None


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(DEFINITIONS), WALK)
def test_every_request_can_be_ended(
    definition: Definition, walk: list[tuple[Command, Actor, int]]
) -> None:
    case = Case(definition)
    for order, actor, minutes in walk:
        case.later(minutes=minutes)
        try:
            case.do(order, actor)
        except Refused:
            continue
    for _ in range(4 * len(definition.stages)):
        if case.state.closed:
            return
        _push(case)
    raise AssertionError(f"stuck at {case.state.stage}")


def _push(case: Case) -> None:
    if case.state.officer:
        case.do(steps.Release(), HEAD)
    if case.state.status == "returned":
        case.do(steps.Answered(), DESK)
    elif case.state.letter and not case.state.made and case.state.stage == "print":
        case.do(steps.LetterDone(), DESK)
    elif workflow.stage_of(case.definition, case.state.stage).act == "handover":
        case.do(steps.HandOver(compared=True), HEAD)
    elif workflow.stage_of(case.definition, case.state.stage).act == "ready":
        case.do(steps.Ready("done"), HEAD)
    else:
        case.do(steps.Accept(), HEAD)
