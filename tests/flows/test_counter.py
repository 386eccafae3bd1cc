"""The counter's form: every service can be filled in by lines, with the citizen's own checks."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import counter
from flows.checklist import SEEN
from flows.counter import Blank
from flows.session import Session
from tests.flows.walking import MONDAY, the_office

OFFICE = the_office()
BY_CHECK = {
    "name": "Udin Contoh",
    "nik": "1409070101800001",
    "kk_number": "1409070101100001",
    "npwp": "012345678901000",
    "birth_date": "1 januari 1980",
    "past_date": "20 november 2026",
    "future_date": "30 november 2026",
    "office_day": "30 november 2026",
    "date": "20 november 2026",
    "period": "30 november 2026",
    "times": "20:00",
    "place": "Toar",
    "village": "Toar",
    "address": "Dusun I RT 01 RW 02",
    "text": "membuka rekening",
    "email": "udin@contoh.id",
    "yesno": "ya",
    "phone": "081234567890",
    "amount": "5 juta",
    "area": "600 m2",
    "location": "-0.55, 101.6",
    "count": "3",
}


def value_for(session: Session, blank: Blank) -> str:
    """Return an answer that this line takes, as an officer would write it."""
    if blank.kind == "document":
        return "dilihat"
    if blank.options:
        return blank.options[0]
    name = blank.path.split(".")[-1]
    definition = OFFICE.service(session.service)
    questions = [*definition.questions, *(q for g in definition.groups for q in g.questions)]
    return BY_CHECK[next(q.check for q in questions if q.id == name)]


@pytest.mark.parametrize("service", sorted(OFFICE.current))
def test_every_service_is_filled_in_by_its_own_lines(service: str) -> None:
    session = counter.begin(OFFICE, service, MONDAY)
    for _ in range(12):
        missing = counter.needed(OFFICE, session, MONDAY)
        if not missing:
            break
        text = "\n".join(f"{one.label}: {value_for(session, one)}" for one in missing)
        filled = counter.fill(OFFICE, session, text, MONDAY)
        assert not filled.unknown
        # Saved and loaded between any two messages.
        session = msgspec.json.decode(msgspec.json.encode(session), type=Session)
    assert not counter.needed(OFFICE, session, MONDAY)
    done = counter.submit(OFFICE, session, MONDAY)
    assert done.marks["consent"]
    assert all(done.marks[path] == SEEN for path in counter.seen(session))
    assert counter.lines(OFFICE, session, MONDAY)


def test_lines_come_in_any_order_and_only_what_is_wrong_is_asked_again() -> None:
    session = counter.begin(OFFICE, "domisili", MONDAY)
    filled = counter.fill(
        OFFICE, session, "desa: toar\nhobi: mancing\nNIK: 123\nnama: udin\nalamat:", MONDAY
    )
    assert (filled.taken, filled.unknown) == (2, ["hobi"])
    assert [one.reason for one in filled.faults] == ["nik.length"]
    labels = [one.label for one in counter.needed(OFFICE, session, MONDAY)]
    assert {"NIK", "Alamat"} <= set(labels)
    assert not {"Nama", "Desa"} & set(labels)


def test_a_third_member_of_a_group_makes_room() -> None:
    session = counter.begin(OFFICE, "ahli_waris", MONDAY)
    first = next(one for one in counter.blanks(OFFICE, session, MONDAY) if ".0." in one.path)
    third = first.label.replace(" 1 - ", " 3 - ")
    assert third != first.label
    filled = counter.fill(OFFICE, session, f"{third}: Udin Contoh", MONDAY)
    assert (filled.taken, filled.unknown) == (1, [])
    assert first.path.replace(".0.", ".2.") in session.answers


def test_the_originals_of_single_papers_and_of_all() -> None:
    session = counter.begin(OFFICE, "domisili", MONDAY)
    counter.fill(OFFICE, session, "ktp: nanti", MONDAY)
    counter.fill(OFFICE, session, "berkas: dilihat", MONDAY)
    assert session.marks["ktp"] == "brought"
    assert counter.seen(session) == ["family_card", "village_letter"]
    assert counter.fill(OFFICE, session, "ktp: hijau", MONDAY).faults[0].reason == "paper"


@given(st.text(max_size=200), st.sampled_from(sorted(OFFICE.current)))
def test_whatever_is_written_breaks_nothing(text: str, service: str) -> None:
    session = counter.begin(OFFICE, service, MONDAY)
    filled = counter.fill(OFFICE, session, f"Nama: {text}\n{text}", MONDAY)
    assert filled.taken >= 0
    assert msgspec.json.decode(msgspec.json.encode(session), type=Session) == session
