"""Programs: which one a request belongs to, how one is named, what is wrong in a file."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from bot.setup.services import ROOT, program_texts
from flows.events import Pressed, Started, Text
from flows.office import Office
from flows.program import Program, named, program_of, read_programs
from tests.flows.walking import Walk, the_office

DAY = date(2026, 11, 23)
PROGRAMS = {
    one.id: one
    for one in (
        Program("by-link", ["kk", "ktp"]),
        Program("in-toar", ["kk"], ["2008"]),
        Program("in-december", ["ktp"], begins=date(2026, 12, 1), ends=date(2026, 12, 2)),
    )
}


@pytest.mark.parametrize(
    ("came_by", "service", "village", "day", "expected"),
    [
        ("", "kk", "2008", DAY, "in-toar"),
        ("", "kk", "2007", DAY, ""),
        ("", "kk", "", DAY, ""),
        ("in-toar", "kk", "", DAY, "in-toar"),
        ("in-toar", "kk", "2007", DAY, ""),
        ("in-toar", "ktp", "2008", DAY, ""),
        ("by-link", "kk", "2008", DAY, "by-link"),
        ("by-link", "domisili", "2008", DAY, ""),
        ("gone", "kk", "2008", DAY, "in-toar"),
        ("", "ktp", "2007", date(2026, 11, 30), ""),
        ("", "ktp", "2007", date(2026, 12, 1), "in-december"),
        ("", "ktp", "2007", date(2026, 12, 2), "in-december"),
        ("in-december", "ktp", "2007", date(2026, 12, 3), ""),
    ],
)
def test_a_request_belongs_to_the_program_that_was_followed_or_takes_place(
    came_by: str, service: str, village: str, day: date, expected: str
) -> None:
    assert program_of(PROGRAMS, came_by, service, village, day) == expected


@given(
    st.sampled_from(["", *PROGRAMS]),
    st.sampled_from(["kk", "ktp", "domisili"]),
    st.sampled_from(["", "2007", "2008"]),
    st.dates(date(2026, 11, 1), date(2026, 12, 31)),
)
def test_nothing_belongs_to_a_program_outside_of_it(
    came_by: str, service: str, village: str, day: date
) -> None:
    found = program_of(PROGRAMS, came_by, service, village, day)
    if found:
        one = PROGRAMS[found]
        assert service in one.services
        assert one.runs(day)
        assert not village or one.reaches(village)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Sipaten-Guwa", "sipaten-guwa"),
        ("SIPATEN  GUWA!", "sipaten-guwa"),
        ("sipatenguwa", "sipaten-guwa"),
        ("Letters by Phone", "sipaten-guwa"),
        ("sipaten", ""),
        ("", ""),
    ],
)
def test_a_program_is_named_by_its_id_or_its_title(said: str, expected: str) -> None:
    programs = {"sipaten-guwa": Program("sipaten-guwa", ["kk"])}
    assert named(programs, said, lambda one: "Letters by phone") == expected


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id: y\nservices: [kk]", 'x.yaml:1: id: "y" is not the file\'s name, write "x"'),
        ("id: x\nservices: []", "x.yaml:2: services: names no service"),
        ("id: x\nservices: [kkk]", 'x.yaml:2: services.1: "kkk" is not known, write "kk"'),
        ("id: x\nservices: [kk, kk]", 'services.2: "kk" is written twice'),
        ("id: x\nservices: [kk]\nvillages: [Toar]", 'x.yaml:3: villages.1: "Toar" is not known'),
        ("id: x\nservices: [kk]\nbegins: soon", '"soon" does not fit here, write a date such as'),
        (
            "id: x\nservices: [kk]\nbegins: 2026-12-02\nends: 2026-12-01",
            "x.yaml:4: ends: lies before 2026-12-02, exchange the two dates",
        ),
        ("id: x\nservices: [kk]\nqueue: true", "queue: is an unknown key"),
        ("id: x", "services: is missing, write a list"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, expected: str) -> None:
    programs, problems = read_programs({"x.yaml": text}, ["kk", "ktp"], ["2007", "2008"])
    assert programs == {}
    assert expected in "\n".join(map(str, problems))


def test_an_id_must_fit_into_a_link() -> None:
    text = "id: Bazar_1\nservices: [kk]"
    assert "cannot stand in a link" in str(read_programs({"Bazar_1.yaml": text})[1][0])


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ("villages: [a]", "villages: [b]", False),
        ("villages: [a]", "villages: [b, a]", True),
        ("villages: [a]", "ends: 2026-12-01", True),
        ("ends: 2026-11-30", "begins: 2026-12-01", False),
        ("ends: 2026-12-01", "begins: 2026-12-01", True),
        ("", "begins: 2026-12-01", False),
        ("", "", False),
    ],
)
def test_two_programs_may_not_take_the_same_request(one: str, other: str, told: bool) -> None:
    texts = {
        "p.yaml": f"id: p\nservices: [kk]\n{one}",
        "q.yaml": f"id: q\nservices: [ktp, kk]\n{other}",
    }
    _, problems = read_programs(texts)
    assert [problem.wrong for problem in problems] == ["p takes kk there and then too"] * told


def test_the_seven_programs_are_there() -> None:
    programs, problems = read_programs(program_texts(ROOT), the_office().current)
    assert problems == []
    assert sorted(programs) == [
        "ajak",
        "antar-jemput",
        "bazar-pelayanan",
        "joss-banget-mas",
        "si-cantik",
        "sipaten-guwa",
        "sipaten-mawar",
    ]


# --- in a conversation ----------------------------------------------------------------------------


def office_with(**changes: object) -> Office:
    bazaar = structs.replace(the_office().programs["bazar-pelayanan"], **changes)
    programs = {**the_office().programs, bazaar.id: bazaar}
    return structs.replace(the_office(), programs=programs)


@pytest.mark.parametrize(
    ("now", "key", "begins"),
    [
        (datetime(2026, 11, 30, 16, 59, tzinfo=UTC), "conversation.program_closed", "2026-12-01"),
        (datetime(2026, 11, 30, 17, 0, tzinfo=UTC), "conversation.program", None),
        (datetime(2026, 12, 1, 16, 59, tzinfo=UTC), "conversation.program", None),
        (datetime(2026, 12, 1, 17, 0, tzinfo=UTC), "conversation.program_closed", ""),
    ],
)
def test_outside_its_days_the_menu_is_offered_instead(
    now: datetime, key: str, begins: str | None
) -> None:
    day = date(2026, 12, 1)
    walk = Walk(office=office_with(begins=day, ends=day), now=now)
    (said,) = walk.take(Started("program-bazar-pelayanan"))
    assert said.parts[0].key == key
    assert said.parts[0].args.get("begins") == begins
    assert said.buttons
    assert walk.session.program == ("bazar-pelayanan" if begins is None else "")


def test_an_unknown_program_is_a_greeting() -> None:
    walk = Walk()
    assert walk.take(Started("program-tidak-ada"))[0].parts[0].key == "conversation.greeting"
    assert walk.session.program == ""


def test_a_half_finished_request_is_joined_where_the_program_covers_it() -> None:
    walk = Walk()
    for event in (Started("layanan-akta_lahir"), Text("setuju")):
        walk.take(event)
    asked = walk.session.asked
    (said,) = walk.take(Started("program-ajak"))
    assert said.parts[0].key == "conversation.program_joined"
    assert (walk.session.program, walk.session.asked) == ("ajak", asked)
    (said,) = walk.take(Started("program-joss-banget-mas"))
    assert said.parts[0].key == "conversation.leave_sure"
    (said,) = walk.take(Pressed(said.buttons[1].choice))
    assert "conversation.program" in [part.key for part in said.parts]
    assert (walk.session.program, walk.session.service) == ("joss-banget-mas", "")


def test_it_is_forgotten_with_what_is_half_finished() -> None:
    walk = Walk()
    for event in (Started("program-ajak"), Text("setuju")):
        walk.take(event)
    assert walk.session.program == "ajak"
    (said,) = walk.take(Text("batal"))
    walk.take(Pressed(said.buttons[1].choice))
    assert walk.session.program == ""
