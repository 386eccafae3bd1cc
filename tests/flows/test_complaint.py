"""Time limits of complaints: working days, and a look every working morning."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from flows.calendar import Calendar, Hours
from flows.complaint import Days, answer_by, close_by, next_look
from flows.effects import Complain
from flows.events import HandedBack, Started, TakenOver, Text, Wanted
from tests.flows.walking import Walk, the_office

CALENDAR: Calendar = the_office().calendar
DAYS = Days()


def at(day: str, hour: str = "09:00") -> datetime:
    return datetime.fromisoformat(f"{day} {hour}").replace(tzinfo=CALENDAR.zone)


def test_the_first_answer_comes_within_three_working_days() -> None:
    assert answer_by(at("2026-11-23"), CALENDAR, DAYS) == at("2026-11-26", "16:00")
    assert answer_by(at("2026-11-27"), CALENDAR, DAYS) == at("2026-12-02", "16:00")


@pytest.mark.parametrize(
    ("kind", "visit", "day"),
    [
        ("suggestion", False, "2026-11-30"),
        ("service", False, "2026-12-11"),
        ("bribe", False, "2026-12-11"),
    ],
)
def test_each_sort_is_closed_within_its_limit(kind: str, visit: bool, day: str) -> None:
    found = close_by(at("2026-11-23"), kind, CALENDAR, DAYS, visit=visit)
    assert found.date().isoformat() == day


def test_what_must_be_looked_at_may_take_sixty_days() -> None:
    found = close_by(at("2026-11-23"), "other", CALENDAR, DAYS, visit=True)
    plain = close_by(at("2026-11-23"), "other", CALENDAR, DAYS, visit=False)
    assert found > plain
    assert CALENDAR.is_working_day(found.date())


def test_somebody_is_reminded_on_the_last_morning_and_every_working_morning_after() -> None:
    by = at("2026-11-26", "16:00")
    looks = [at("2026-11-23")]
    for _ in range(4):
        looks.append(next_look(by, looks[-1], CALENDAR))
    assert looks[1:] == [
        at("2026-11-26", "08:00"),
        at("2026-11-27", "08:00"),
        at("2026-11-30", "08:00"),
        at("2026-12-01", "08:00"),
    ]


def test_a_look_is_always_ahead() -> None:
    closed = Calendar(
        week=((Hours(at("2026-11-23").time(), at("2026-11-23", "10:00").time()),),) * 7
    )
    now = at("2026-11-26", "23:00")
    assert next_look(at("2026-11-26", "10:00"), now, closed) > now


def half_filled() -> Walk:
    """Somebody in the middle of a letter."""
    walk = Walk()
    for event in (Started("layanan-domisili"), Text("setuju"), Text("Siti Aminah")):
        walk.take(event)
    return walk


def test_a_complaint_comes_back_to_the_very_question() -> None:
    walk = half_filled()
    asked = walk.session.asked
    for words in ("pengaduan", "hal lain", "tanpa nama", "Ruang tunggu bocor", "kirim"):
        walk.take(Text(words))
    assert walk.complained == [Complain("other", "Ruang tunggu bocor", True)]
    assert (walk.session.place, walk.session.asked) == ("asking", asked)
    assert walk.session.answers == {"name": "Siti Aminah"}


def test_words_of_a_complaint_are_no_answer_to_the_letter() -> None:
    walk = half_filled()
    for words in ("pengaduan", "hal lain", "tanpa nama"):
        walk.take(Text(words))
    walk.take(Text("1409074101900001"), early=True)
    walk.take(Text("batal"))
    assert walk.session.answers == {"name": "Siti Aminah"}
    assert walk.session.place == "asking"


def test_a_request_that_comes_back_waits_for_the_complaint() -> None:
    walk = Walk()
    for words in ("halo", "pengaduan", "hal lain"):
        walk.take(Text(words))
    back = Wanted(7, "DOM-7", "domisili", "", ["name"], "salah tulis", {"name": "Siti"}, {})
    walk.take(back)
    assert walk.session.place == "complaint_nameless"
    for words in ("tanpa nama", "Ruang tunggu bocor", "kirim"):
        walk.take(Text(words))
    assert walk.complained
    assert walk.session.returned is not None
    assert walk.session.place == "asking"


def test_what_was_begun_a_day_ago_is_no_longer_waited_for() -> None:
    walk = half_filled()
    for words in ("pengaduan", "hal lain", "tanpa nama"):
        walk.take(Text(words))
    walk.now += timedelta(hours=25)
    walk.take(Text("1409074101900001"))
    assert walk.session.answers["nik"] == "1409074101900001"
    assert walk.complained == []


def test_language_and_officer_come_back_to_the_complaint() -> None:
    walk = half_filled()
    for words in ("pengaduan", "hal lain", "tanpa nama", "bahasa inggris"):
        walk.take(Text(words))
    assert walk.session.place == "complaint_text"
    walk.take(TakenOver("Rina"))
    walk.take(HandedBack())
    assert walk.session.place == "complaint_text"
    walk.take(Text("The waiting room leaks"))
    walk.take(Text("send"))
    assert len(walk.complained) == 1
