"""What a request ends in: a stamp on one's own paper, a result that is only told."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from flows import steps
from tests.flows.casework import GUIDANCE, HEAD, MONDAY, SITI, STAMPED, VERA, ZONE, Case


def kinds(happened: list[steps.Happened]) -> list[str]:
    return [type(fact).__name__ for fact in happened]


def test_a_promise_of_minutes_counts_office_hours() -> None:
    assert Case(STAMPED).state.promised_at == MONDAY + timedelta(minutes=30)
    late = Case(STAMPED, datetime(2026, 11, 23, 15, 50, tzinfo=ZONE))
    assert late.state.promised_at == datetime(2026, 11, 24, 8, 20, tzinfo=ZONE)


def test_a_promise_of_minutes_waits_for_the_citizen_to_the_minute() -> None:
    case = Case(STAMPED)
    case.later(minutes=5)
    case.do(steps.Accept())
    assert case.state.stage == "bring"
    case.later(days=1, minutes=55)
    case.do(steps.Accept())
    assert case.state.promised_at == datetime(2026, 11, 24, 10, 25, tzinfo=ZONE)


def test_who_is_awaited_is_reminded_but_not_for_ever() -> None:
    case = Case(STAMPED)
    case.do(steps.Accept())
    said = []
    for _ in range(20):
        if case.state.wake_at is None:
            break
        case.now = case.state.wake_at
        said += case.do(steps.Wake(), HEAD)
    assert kinds(said) == ["CollectReminded"] * 3
    assert case.state.stage == "bring"


def test_a_stamp_is_ready_and_handed_over() -> None:
    case = Case(STAMPED)
    case.do(steps.Accept())
    case.do(steps.Accept())
    assert "BecameReady" in kinds(case.do(steps.Ready(), VERA))
    case.do(steps.HandOver(compared=True))
    assert case.state.status == "done"


@pytest.mark.parametrize("order", [steps.Ready(), steps.Ready("  "), steps.Accept()])
def test_what_is_only_told_must_be_said(order: steps.Command) -> None:
    case = Case(GUIDANCE)
    case.do(steps.Accept())
    assert case.state.stage == "result"
    assert case.refused(order).why == "no_result"


def test_a_guidance_ends_with_its_result() -> None:
    case = Case(GUIDANCE)
    case.do(steps.Accept("national"))
    assert case.state.stopped_at is not None
    case.later(days=2)
    assert "CameBack" in kinds(case.do(steps.Accept()))
    happened = case.do(steps.Ready(" 1234567890123 "), SITI)
    assert steps.BecameReady("1234567890123") in happened
    assert kinds(happened)[-1] == "Finished"
    assert case.state.status == "done"
