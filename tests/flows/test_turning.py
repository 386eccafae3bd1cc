"""Cases of another office: who is sent there, before papers, and how a slip is put right."""

from __future__ import annotations

from datetime import date

import pytest

from flows.calendar import Calendar
from flows.definition import Definition, Elsewhere, Question
from flows.events import Pressed, Started, Text, Wanted, Woken
from flows.turning import age, turned_away
from tests.flows.walking import Walk, the_office

MONDAY = date(2026, 11, 23)
WEDDING = Definition(
    id="wedding",
    version=1,
    group="family",
    code="W",
    result="letter",
    promise=0,
    questions=[Question("day", "future_date"), Question("born", "birth_date")],
    documents=[],
    stages=[],
    elsewhere=[
        Elsewhere("in_time", ahead={"day": 10}),
        Elsewhere("court", younger={"born": 19}, on="day"),
        Elsewhere("school", when={"kind": ["diploma"]}),
    ],
)


def case(**answers: str) -> str:
    found = turned_away(WEDDING, answers, MONDAY, Calendar())
    return f"{found.case.id} by {found.path}" if found else ""


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-11-24", ""),
        ("2026-12-04", ""),  # nine working days ahead
        ("2026-12-06", ""),  # a Sunday adds none
        ("2026-12-07", "in_time by day"),
        ("2027-06-01", "in_time by day"),
    ],
)
def test_a_day_far_enough_ahead_belongs_elsewhere(day: str, expected: str) -> None:
    assert case(day=day) == expected


@pytest.mark.parametrize(
    ("born", "expected"),
    [("2007-11-30", ""), ("2007-12-01", "court by born"), ("2012-01-01", "court by born")],
)
def test_the_age_counts_on_the_day_itself(born: str, expected: str) -> None:
    assert case(day="2026-11-30", born=born) == expected


def test_what_is_not_answered_sends_nobody_away() -> None:
    assert case() == case(born="2012-01-01") == case(day="soon") == ""


def test_a_choice_may_belong_elsewhere() -> None:
    assert case(kind="diploma") == "school by kind"
    assert case(kind="land") == ""


def test_years_are_full_years() -> None:
    assert age(date(2008, 2, 29), date(2027, 2, 28)) == 18
    assert age(date(2008, 2, 29), date(2027, 3, 1)) == 19


# --- in a conversation ---------------------------------------------------------------------------


def bride_of(birth: str) -> Walk:
    walk = Walk()
    walk.take(Started("layanan-dispensasi_nikah"))
    walk.take(Pressed(f"{walk.session.prompt}:agree"))
    for answer in (
        "2 Desember 2026",
        "Joko Susilo",
        "1409070101980001",
        "1 Januari 1998",
        "Siti Aminah",
        "1409074101100001",
        birth,
    ):
        walk.take(Text(answer))
    return walk


def test_who_is_too_young_is_told_where_to_go_and_nothing_is_kept() -> None:
    walk = bride_of("1 Januari 2010")
    assert walk.session.place == "elsewhere"
    assert "Pengadilan Agama" in walk.text()
    walk.take(Text("baik"))
    assert not walk.session.answers
    assert walk.session.place == "rest"
    assert not walk.submitted


def test_a_slip_is_put_right_and_goes_on() -> None:
    walk = bride_of("1 Januari 2010")
    walk.take(Text("ubah"))
    walk.take(Pressed(f"{walk.session.prompt}:bride_birth_date"))
    walk.take(Text("1 Januari 2001"))
    assert walk.session.place == "asking"
    assert walk.session.asked == "groom_address"


@pytest.mark.parametrize("answer", ["tidak", "Ubah", "2"])
def test_no_asks_the_answer_again_that_decided_it(answer: str) -> None:
    walk = bride_of("1 Januari 2010")
    if answer != "Ubah":
        walk.take(Text(answer))
        assert walk.session.asked == "bride_birth_date"
        assert walk.session.place == "asking"
        return
    walk.take(Pressed(f"{walk.session.prompt}:change"))
    assert walk.session.place == "asking"


def test_nobody_is_reminded_of_what_belongs_elsewhere() -> None:
    walk = bride_of("1 Januari 2010")
    assert walk.take(Woken(walk.session.turn)) == []
    assert not walk.session.answers


def test_two_persons_numbers_are_held_against_their_own_birth_dates() -> None:
    walk = bride_of("2 Februari 2001")
    assert walk.session.marks == {"bride_birth_date": "nik_birth"}


def test_the_office_decides_itself_about_what_it_asked_again() -> None:
    walk = Walk()
    service = "dispensasi_nikah"
    answers = {"wedding_date": "2026-12-02", "groom_birth_date": "1998-01-01"}
    paths = ["bride_birth_date"]
    digest = the_office().current[service]
    walk.take(Wanted(7, "NIKAH-26-0007", service, digest, paths, "salah", answers, {}))
    walk.take(Text("1 Januari 2010"))
    assert walk.session.place == "review"
