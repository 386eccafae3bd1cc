"""The capacity simulation agrees with what can be worked out by hand."""

from __future__ import annotations

import random

import pytest

from benchmarks.capacity import BUSIEST, Load, Piece, busiest_hour, plan, table

ONE = Load((Piece("update", 10.0, 0.1),))


def test_a_core_is_as_busy_as_rate_times_work() -> None:
    _, busy = busiest_hour(1800, 1, ONE, random.Random(1))
    assert busy == pytest.approx(1800 * 10 * 0.1 / 3600, rel=0.05)


def test_more_cores_answer_sooner() -> None:
    slow, _ = busiest_hour(3000, 1, ONE, random.Random(1))
    quick, _ = busiest_hour(3000, 4, ONE, random.Random(1))
    assert quick < slow


def test_a_plan_is_busy_enough_and_in_time() -> None:
    found = plan(200, 40, ONE, 0.5, random.Random(1))
    work = 200 * 40 * BUSIEST * 10 * 0.1 / 3600
    assert found.p99 <= 0.5
    assert found.cores > work
    assert found.busy == pytest.approx(work / found.cores, rel=0.05)
    assert str(found.cores) in table([found])
