"""The request's machine: who may do what, and what follows."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest

from flows import steps, workflow
from flows.office import Limits
from flows.steps import DESK
from flows.workflow import Refused
from tests.flows.casework import (
    ARCHIVED,
    BUDI,
    CALENDAR,
    CAMAT,
    FORWARDED,
    HEAD,
    MONDAY,
    SITI,
    VERA,
    ZONE,
    Case,
)


def test_a_new_request_waits_at_its_first_stage_with_a_promise() -> None:
    state = Case().state
    assert (state.stage, state.role, state.status, state.officer) == ("check", "counter", "open", 0)
    assert state.promised_at == datetime(2026, 11, 24, 16, 0, tzinfo=ZONE)
    assert state.stage_due_at == datetime(2026, 11, 23, 11, 0, tzinfo=ZONE)
    assert state.wake_at == state.stage_due_at


def test_of_two_who_claim_one_gets_it_and_the_other_is_told_who_has_it() -> None:
    case = Case()
    assert case.do(steps.Claim(), SITI) == [steps.Claimed(1)]
    refused = case.refused(steps.Claim(), BUDI)
    assert (refused.key, refused.about) == ("commands/refused/held", {"officer": 1})
    assert case.refused(steps.Accept(), BUDI).why == "held"
    assert case.refused(steps.Claim(), SITI).why == "already_yours"


def test_acting_on_an_unclaimed_request_claims_it() -> None:
    case = Case()
    assert case.do(steps.Accept()) == [steps.Claimed(1), steps.Advanced("check", "draft")]
    assert case.state.officer == 1


def test_the_next_role_finds_the_request_unclaimed() -> None:
    case = Case().at("draft")
    case.do(steps.Accept())
    assert (case.state.stage, case.state.role, case.state.officer) == ("initials", "verifier", 0)
    assert case.refused(steps.Claim(), SITI).about == {"role": "verifier", "stage": "initials"}
    case.do(steps.Claim(), VERA)


def test_who_stands_in_may_act_at_every_stage() -> None:
    case = Case().at("signature")
    assert case.refused(steps.Accept(), VERA).why == "role"
    assert steps.LetterWanted() in case.do(steps.Accept(), HEAD)


def test_work_is_given_away_by_its_holder_or_by_who_may_assign() -> None:
    case = Case()
    assert case.refused(steps.Assign(BUDI), SITI).why == "may_not_assign"
    case.do(steps.Claim(), SITI)
    assert case.do(steps.Assign(BUDI), SITI) == [steps.Assigned(2, 1)]
    assert case.refused(steps.Release(), SITI).about == {"officer": 2}
    assert case.refused(steps.Assign(VERA), HEAD).why == "assignee_role"
    assert case.refused(steps.Assign(BUDI), HEAD).why == "already_theirs"
    case.do(steps.Assign(SITI), HEAD)
    case.do(steps.Release(), HEAD)
    assert case.state.officer == 0
    assert case.refused(steps.Release(), SITI).why == "nobody_has_it"


def test_a_letter_goes_from_the_check_to_the_citizen() -> None:
    case = Case().at("signature")
    assert case.do(steps.Accept(), CAMAT)[1:] == [
        steps.LetterWanted(),
        steps.Advanced("signature", "print"),
    ]
    assert (case.state.letter, case.state.made) == (True, False)
    assert case.refused(steps.Ready()).why == "letter_not_made"
    assert case.do(steps.LetterDone(), DESK) == [steps.LetterFinished()]
    assert steps.BecameReady() in case.do(steps.Ready())
    assert case.refused(steps.Accept()).why == "compare_first"
    assert case.do(steps.HandOver(compared=True)) == [steps.HandedOver(), steps.Finished()]
    assert (case.state.status, case.state.closed, case.state.wake_at) == ("done", True, None)
    assert case.refused(steps.Accept()).about == {"status": "done"}


def test_originals_that_differ_cancel_the_request() -> None:
    case = Case().at("handover")
    happened = case.do(steps.HandOver(compared=False))
    assert happened[-1] == steps.Cancelled("", differs=True)
    assert case.state.status == "cancelled"


def test_ready_and_hand_over_belong_to_their_stages() -> None:
    case = Case()
    assert case.refused(steps.Ready()).about == {"stage": "check"}
    assert case.refused(steps.HandOver(compared=True)).why == "not_handover_stage"


def test_a_lost_letter_goes_back_to_be_ordered_again_under_its_number() -> None:
    case = Case().at("signature")
    case.do(steps.Accept(), CAMAT)
    assert case.do(steps.LetterLost(), DESK) == [steps.LetterFailed("signature")]
    assert (case.state.stage, case.state.letter, case.state.made) == ("signature", True, False)
    assert case.refused(steps.LetterDone(), DESK).why == "no_letter_wanted"
    assert steps.LetterWanted() in case.do(steps.Accept(), CAMAT)


def test_a_returned_request_asks_for_named_things_and_comes_back_to_who_asked() -> None:
    case = Case().at("initials")
    happened = case.do(steps.Return(("ktp", "heirs.1.ktp", "ktp"), " buram "), VERA)
    assert happened[-1] == steps.Returned(("ktp", "heirs.1.ktp"), "buram")
    assert (case.state.status, case.state.asked_by, case.state.wake_at) == (
        "returned",
        "initials",
        None,
    )
    assert case.refused(steps.Accept(), VERA).about == {"paths": ["ktp", "heirs.1.ktp"]}
    assert case.do(steps.Answered(), DESK) == [steps.Supplied("initials")]
    assert (case.state.status, case.state.stage, case.state.officer) == ("open", "initials", 3)
    assert case.refused(steps.Answered(), DESK).why == "not_returned"


@pytest.mark.parametrize("path", ["", "hat", "heirs.ktp", "heirs.3.ktp", "heirs.x.ktp", "a.0.ktp"])
def test_only_what_the_service_asks_can_be_asked_again(path: str) -> None:
    refused = Case().refused(steps.Return((path,), "buram"))
    assert (refused.why, refused.about) == ("unknown_paths", {"paths": [path]})


def test_returning_and_refusing_need_a_reason_and_a_stage_that_may() -> None:
    case = Case()
    assert case.refused(steps.Return(("ktp",), " ")).why == "reason_missing"
    assert case.refused(steps.Reject("")).why == "reason_missing"
    assert case.refused(steps.Return((), "buram")).why == "unknown_paths"
    assert case.at("print").refused(steps.Return(("ktp",), "buram")).about == {
        "what": "return",
        "stage": "print",
    }
    assert case.refused(steps.Reject("palsu")).why == "stage_cannot"


def test_the_promise_moves_by_the_working_days_the_citizen_took() -> None:
    case = Case()
    case.do(steps.Return(("ktp",), "buram"))
    case.later(days=7)
    case.do(steps.Answered(), DESK)
    assert case.state.promised_at == datetime(2026, 12, 1, 16, 0, tzinfo=ZONE)
    assert case.state.stage_due_at == datetime(2026, 11, 30, 11, 0, tzinfo=ZONE)


def test_an_answer_on_the_same_day_moves_no_promise() -> None:
    case = Case()
    promised = case.state.promised_at
    case.do(steps.Return(("ktp",), "buram"))
    case.later(hours=5)
    case.do(steps.Answered(), DESK)
    assert case.state.promised_at == promised


def test_the_clock_stands_while_another_office_works() -> None:
    case = Case(FORWARDED)
    assert steps.Forwarded("registry") in case.do(steps.Accept())
    assert (case.state.stopped_at, case.state.stage_due_at) == (MONDAY, None)
    case.later(days=2)
    assert steps.CameBack("back") in case.do(steps.Accept())
    assert case.state.promised_at == datetime(2026, 11, 30, 16, 0, tzinfo=ZONE)


def test_a_late_stage_is_said_once() -> None:
    case = Case()
    case.later(hours=1)
    assert case.do(steps.Wake(), DESK) == []
    assert case.state.wake_at == case.state.stage_due_at
    case.later(hours=3)
    assert case.do(steps.Wake(), DESK) == [steps.StageLate("check")]
    assert (case.do(steps.Wake(), DESK), case.state.wake_at) == ([], None)
    case.do(steps.Accept())
    assert (case.state.late, case.state.wake_at) == (0, case.state.stage_due_at)


def test_an_uncollected_letter_is_remembered_three_times_in_office_hours() -> None:
    case = Case().at("handover")
    ready, told = case.now, []
    while case.state.wake_at:
        case.now = case.state.wake_at
        assert CALENDAR.is_open(case.now)
        told.append(((case.now - ready).days, *case.do(steps.Wake(), DESK)))
    assert told == [(n, steps.CollectReminded(i)) for i, n in enumerate((3, 7, 14), 1)]


def test_a_clock_that_rings_early_or_twice_says_nothing() -> None:
    case = Case().at("handover")
    due = case.state.wake_at
    assert (case.do(steps.Wake(), DESK), case.state.wake_at) == ([], due)


def test_a_stage_may_follow_the_hand_over() -> None:
    case = Case(ARCHIVED)
    case.do(steps.Accept())
    assert case.do(steps.HandOver(compared=True)) == [
        steps.HandedOver(),
        steps.Advanced("handover", "archive"),
    ]
    assert case.do(steps.Accept(), VERA)[-1] == steps.Finished()


def test_a_rejection_can_be_taken_back_within_the_hour() -> None:
    case = Case()
    before = case.state
    case.do(steps.Reject("palsu"))
    restored = workflow.undo(case.state, before, MONDAY, MONDAY + timedelta(minutes=60))
    assert restored == msgspec.structs.replace(before, version=3)
    with pytest.raises(Refused, match="undo_too_late"):
        workflow.undo(case.state, before, MONDAY, MONDAY + timedelta(minutes=61))


def test_what_was_handed_over_stays_handed_over() -> None:
    case = Case().at("handover")
    before = case.state
    case.do(steps.HandOver(compared=True))
    with pytest.raises(Refused, match="undo_handed_over"):
        workflow.undo(case.state, before, case.now, case.now)


def test_a_reserved_number_survives_the_undo() -> None:
    case = Case().at("signature")
    before = case.state
    case.do(steps.Accept(), CAMAT)
    restored = workflow.undo(case.state, before, case.now, case.now)
    assert (restored.stage, restored.letter, restored.made) == ("signature", True, False)


def test_the_patience_of_the_office_is_configured() -> None:
    case = Case().at("handover")
    limits = Limits(collect_after_days=(1,))
    case.later(days=2)
    state, happened = workflow.advance(
        case.definition, case.state, steps.Wake(), DESK, case.now, CALENDAR, limits
    )
    assert (happened, state.wake_at) == ([steps.CollectReminded(1)], None)
