"""Stages that only some requests run through, days on which citizens are expected, late dates."""

from __future__ import annotations

from datetime import datetime

import msgspec
import pytest

from flows import steps
from flows.checklist import find, next_item
from flows.definition import Definition, Group, Question, Stage
from flows.events import Location, Pressed, Started, Text, Wanted
from flows.session import Session
from flows.standing import route
from tests.flows.casework import FORWARDED, LETTER, MONDAY, SITI, ZONE, Case
from tests.flows.walking import Walk, the_office

FIRST = {"kind": "first", "recording_day": "2026-11-26"}
RECORDED = msgspec.structs.replace(
    FORWARDED,
    questions=[
        Question("kind", "choice", choices=["first", "lost"]),
        Question("recording_day", "office_day", when={"kind": ["first"]}),
    ],
    stages=[
        FORWARDED.stages[0],
        Stage(
            "recording",
            "counter",
            waits="citizen",
            when={"kind": ["first"]},
            day="recording_day",
            may=["cancel"],
        ),
        *FORWARDED.stages[1:],
    ],
)
VISITED = msgspec.structs.replace(
    LETTER,
    stages=[LETTER.stages[0], Stage("visit", "counter", 480, optional=True), *LETTER.stages[1:]],
)


def names(definition: Definition) -> list[str]:
    return [stage.id for stage in definition.stages]


def test_a_route_has_only_the_stages_that_the_answers_ask_for() -> None:
    assert "recording" not in names(route(RECORDED, {"kind": "lost"}))
    first = route(RECORDED, FIRST)
    assert names(first) == ["check", "recording", "registry", "back", "handover"]
    assert first.stages[1].day == "2026-11-26"


def test_an_optional_stage_is_left_out_unless_it_is_named() -> None:
    assert Case(VISITED).do(steps.Accept()) == [
        steps.Claimed(1),
        steps.Advanced("check", "draft"),
    ]
    case = Case(VISITED)
    case.do(steps.Accept("visit"))
    assert case.state.stage == "visit"
    case.do(steps.Accept())
    assert case.state.stage == "draft"


@pytest.mark.parametrize("named", ["signature", "draft", "nowhere"])
def test_only_an_optional_stage_that_comes_next_can_be_named(named: str) -> None:
    refused = Case(VISITED).refused(steps.Accept(named))
    assert (refused.why, refused.about) == ("not_next_stage", {"stages": ["visit"]})


def test_a_citizen_who_is_expected_is_told_the_day_and_reminded_the_day_before() -> None:
    case = Case(route(RECORDED, FIRST))
    happened = case.do(steps.Accept())
    assert happened[-1] == steps.Appointed("recording", "2026-11-26")
    assert case.state.stopped_at == MONDAY
    assert case.state.wake_at == datetime(2026, 11, 25, 8, 0, tzinfo=ZONE)
    case.now = case.state.wake_at
    assert case.do(steps.Wake()) == [steps.AppointmentReminded("recording", "2026-11-26")]
    assert case.do(steps.Wake()) == []


def test_who_did_not_come_is_seen_once_when_the_day_is_over() -> None:
    case = Case(route(RECORDED, FIRST))
    case.do(steps.Accept())
    for expected in ([steps.AppointmentReminded("recording", "2026-11-26")], [steps.StageLate]):
        assert case.state.wake_at is not None
        case.now = case.state.wake_at
        happened = case.do(steps.Wake())
        assert happened == expected or isinstance(happened[0], steps.StageLate)
    assert case.now == datetime(2026, 11, 27, 8, 0, tzinfo=ZONE)
    assert case.state.wake_at is None
    case.do(steps.Accept())
    assert (case.state.stage, case.state.late) == ("registry", 0)


def test_a_day_that_is_tomorrow_needs_no_reminder_of_the_past() -> None:
    case = Case(route(RECORDED, FIRST | {"recording_day": "2026-11-23"}))
    case.do(steps.Accept())
    assert case.state.wake_at == datetime(2026, 11, 24, 8, 0, tzinfo=ZONE)


# --- what is asked -------------------------------------------------------------------------------

MOVING = msgspec.structs.replace(
    LETTER,
    questions=[Question("who", "choice", choices=["alone", "family"])],
    documents=[],
    groups=[Group("movers", [Question("name", "name")], when={"who": ["family"]}, most=3)],
)


def asked(answers: dict[str, str], counts: dict[str, int] | None = None) -> str:
    item = next_item(MOVING, Session(answers=answers, counts=counts or {}))
    return item.path if item else ""


def test_a_group_is_asked_only_where_its_condition_holds() -> None:
    assert asked({"who": "alone"}) == ""
    assert asked({"who": "family"}) == "movers.0.name"
    assert asked({"who": "family", "movers.0.name": "Ani"}) == "movers.more"
    assert asked({"who": "family", "movers.0.name": "Ani"}, {"movers": 2}) == "movers.1.name"


def answered(walk: Walk, *answers: str) -> Walk:
    for answer in answers:
        walk.take(Text(answer))
    return walk


def begun(service: str) -> Walk:
    walk = Walk()
    walk.take(Started(f"layanan-{service}"))
    return answered(walk, "setuju")


def test_a_family_that_shrinks_to_one_is_not_asked_for_its_members_again() -> None:
    walk = answered(
        begun("pindah"),
        "Siti Aminah",
        "1409074101900001",
        "1409070101100001",
        "Toar",
        "Dusun Satu RT 1",
        "pekerjaan",
        "Jalan Melati 5 Pekanbaru",
        "1 Desember 2026",
        "satu keluarga",
        "Joko Susilo",
        "1409070101800001",
        "suami",
        "ubah yang pindah",
        "saya sendiri",
    )
    assert walk.session.asked == "ktp"
    assert not [path for path in walk.session.answers if path.startswith("movers")]
    answered(walk, "ubah yang pindah", "satu keluarga")
    assert walk.session.asked == "movers.0.name"


def test_a_returned_choice_brings_the_group_that_it_wants() -> None:
    walk = Walk()
    given = {"name": "Siti", "nik": "1409074101900001", "kk_number": "1409070101100001"}
    given |= {"village": "2008", "address": "Dusun I", "reason": "work", "destination": "Rengat"}
    given |= {"move_date": "2026-12-01", "who": "alone"}
    digest = the_office().current["pindah"]
    papers = {"ktp": [1], "family_card": [2]}
    walk.take(Wanted(7, "PIN-26-0007", "pindah", digest, ["who"], "siapa?", given, papers))
    answered(walk, "satu keluarga")
    assert walk.session.asked == "movers.0.name"
    answered(walk, "Joko Susilo", "1409070101800001", "anak", "sudah semua")
    walk.take(Pressed(f"{walk.session.prompt}:send"))
    assert walk.submitted[0].answers["movers.0.name"] == "Joko Susilo"


def born(walk: Walk, day: str) -> Walk:
    return answered(
        walk, "Siti Aminah", "1409074101900001", "Toar", "Ahmad Fauzan", "laki-laki", day
    )


def test_a_late_date_is_taken_only_after_a_yes_and_marked() -> None:
    walk = born(begun("akta_lahir"), "3 mei 2026")
    assert walk.session.place == "confirming"
    assert "lewat 60 hari" in walk.text()
    answered(walk, "ya")
    assert walk.session.answers["born_on"] == "2026-05-03"
    assert walk.session.marks["born_on"] == "date_late"
    assert walk.session.asked == "born_at"


def test_a_late_date_is_asked_again_after_something_came_between() -> None:
    walk = answered(born(begun("akta_lahir"), "3 mei 2026"), "batal")
    walk.take(Pressed(f"{walk.session.prompt}:keep_going"))
    assert (walk.session.place, walk.session.asked) == ("asking", "born_on")
    assert "born_on" not in walk.session.answers


@pytest.mark.parametrize("denied", ["tidak", "kembali"])
def test_a_late_date_that_was_a_slip_is_asked_again(denied: str) -> None:
    walk = answered(born(begun("akta_lahir"), "3 mei 2026"), denied)
    assert (walk.session.place, walk.session.asked) == ("asking", "born_on")
    answered(walk, "3 november 2026")
    assert walk.session.answers["born_on"] == "2026-11-03"
    assert "born_on" not in walk.session.marks


def test_another_date_instead_of_a_yes_is_the_answer() -> None:
    walk = answered(born(begun("akta_lahir"), "3 mei 2026"), "3 november 2026")
    assert walk.session.answers["born_on"] == "2026-11-03"


def test_a_pause_while_a_late_date_waits_for_a_yes_loses_nothing() -> None:
    walk = answered(born(begun("akta_lahir"), "3 mei 2026"), "batal", "tidak, teruskan")
    assert walk.session.asked == "born_on"
    answered(walk, "3 mei 2026", "ya")
    assert walk.session.answers["born_on"] == "2026-05-03"


def test_a_shared_place_answers_the_question_for_one_and_no_other() -> None:
    walk = begun("usaha")
    walk.take(Location(-0.55123, 101.61234))
    assert walk.session.asked == "name"
    answered(walk, "Siti Aminah", "1409074101900001", "Toar", "Dusun Satu RT 1", "Warung Siti")
    answered(walk, "sembako", "di rumah", "2020", "5 juta", "2")
    assert walk.session.asked == "point"
    walk.take(Location(-0.55123, 101.61234))
    assert walk.session.answers["point"] == "-0.55123,101.61234"


def test_a_first_card_asks_for_a_day_when_the_office_works() -> None:
    walk = answered(begun("ktp"), "ktp pertama", "sudah 17 tahun", "Siti", "1409074101900001")
    answered(walk, "Toar", "minggu depan hari minggu", "29 november 2026")
    assert walk.session.asked == "recording_day"
    assert "tutup" in walk.text()
    answered(walk, "selasa")
    assert walk.session.answers["recording_day"] == "2026-11-24"


def test_a_lost_card_needs_no_day() -> None:
    walk = answered(begun("ktp"), "ktp hilang", "Siti", "1409074101900001", "Toar")
    item = find(walk.office.service("ktp"), walk.session, walk.session.asked)
    assert item is not None
    assert item.path == "family_card"


def test_who_is_too_young_for_a_card_is_told_before_anything_else_is_asked() -> None:
    walk = answered(begun("ktp"), "ktp pertama", "belum keduanya")
    assert walk.session.place == "elsewhere"
    assert "17 tahun" in walk.text()


def test_nobody_claims_what_the_route_does_not_hold() -> None:
    case = Case(route(RECORDED, {"kind": "lost"}))
    case.do(steps.Accept(), SITI)
    assert case.state.stage == "registry"
