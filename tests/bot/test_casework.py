"""The office's work on requests, on a desk that is at work: who is told what, exactly once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from bot.engine.turn import Turn
from bot.requests import casework
from flows import steps
from flows.effects import Submit
from flows.events import Filed, JobFailed, LetterMade, StatusFound, Woken
from flows.steps import DESK, Actor
from flows.workflow import Refused
from storage import contacts, history, letters, numbers, requests
from storage.instant import to_ms
from tests.office import TestOffice, office

T = TypeVar("T")
NIK = "1409072311980001"
CITIZEN, GROUP = "62811", "-100"
ANSWERS = {
    "name": "Siti Aminah",
    "nik": NIK,
    "birth_place": "Toar",
    "birth_date": "1998-11-23",
    "village": "2008",
    "address": "Dusun I",
    "since": "2010",
    "purpose": "melamar kerja",
}
COUNTER = Actor(1, "Rina", "counter")
VERIFIER = Actor(2, "Vera", "verifier")
SIGNER = Actor(3, "Camat", "signer")
HEAD = Actor(4, "Kepala", "head", frozenset({"assign", "any_stage"}))


class Work:
    """One desk, one citizen, and turns taken by hand."""

    def __init__(self, at: TestOffice) -> None:
        self.at = at
        self.contact = 0
        self.group = 0

    async def turn(self, work: Callable[[Turn], T]) -> T:
        desk = self.at.desk
        result = await desk.db.write(lambda tx: work(Turn(desk, tx, desk.now())))
        await self.at.settle()
        return result

    async def open(self) -> None:
        await self.at.seat_staff(GROUP)
        desk = self.at.desk
        meet = contacts.meet
        self.contact = await desk.db.write(
            lambda tx: meet(tx, desk.vault, "telegram", CITIZEN, to_ms(desk.now()))
        )

    async def file(
        self, service: str = "domisili", answers: dict[str, str] = ANSWERS, request: int = 0
    ) -> Filed:
        submit = Submit(service, "", answers, {"consent": "x"}, {}, request)
        found = await self.turn(lambda turn: casework.file_request(turn, self.contact, submit))
        assert isinstance(found, Filed)
        return found

    async def do(
        self, request: int, command: steps.Command, actor: Actor = COUNTER
    ) -> list[steps.Happened]:
        return await self.turn(lambda turn: casework.act(turn, request, command, actor))

    async def row(self, request: int) -> requests.RequestRow:
        found = await self.at.desk.db.read(lambda tx: requests.load(tx, request))
        assert found is not None
        return found

    def heard(self, address: str = CITIZEN) -> list[str]:
        return [message.text for message in self.at.heard(address)]

    async def told(self, request: int) -> list[str]:
        """What was put into the citizen's conversation about a request."""
        rows = await self.at.desk.db.read(
            lambda tx: tx.all("SELECT key FROM inbox WHERE key LIKE 'told:%' ORDER BY seq")
        )
        return [key.split(":")[3] for (key,) in rows if key.split(":")[1] == str(request)]


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[Work]:
    async with office(tmp_path) as at:
        found = Work(at)
        await found.open()
        yield found
        await at.settle()
        wrong = await at.desk.db.read(
            lambda tx: tx.all(
                "SELECT 'in', error FROM inbox WHERE state = 2 OR error <> '' UNION ALL"
                " SELECT 'out', error FROM outbox WHERE state = 3 OR error <> ''"
            )
        )
        assert wrong == []


async def at_handover(work: Work) -> int:
    filed = await work.file()
    for actor in (COUNTER, COUNTER, VERIFIER, SIGNER):
        await work.do(filed.request, steps.Accept(), actor)
    row = await work.row(filed.request)
    if not row.state.made:
        await work.do(filed.request, steps.LetterDone(), DESK)
    await work.do(filed.request, steps.Ready())
    return filed.request


async def test_a_filed_request_has_a_number_a_link_and_a_promise(work: Work) -> None:
    first, second = await work.file(), await work.file()
    assert (first.number, second.number) == ("DOM-26-0001", "DOM-26-0002")
    assert first.link == f"http://127.0.0.1:8080/lacak/{first.code}"
    assert len(first.code) == 26
    assert first.code != second.code
    assert (first.promised, first.again) == ("2026-11-24", False)
    row = await work.row(first.request)
    assert (row.name, row.village, row.contact_id) == ("Siti Aminah", "2008", work.contact)


async def test_the_officers_see_a_masked_card(work: Work) -> None:
    await work.file()
    (notice,) = work.heard(GROUP)
    assert "DOM-26-0001" in notice
    assert "Siti Aminah" in notice
    assert "1409**********01" in notice
    assert NIK not in notice


async def test_a_failing_turn_leaves_no_gap_in_the_numbers(work: Work) -> None:
    def fail(turn: Turn) -> None:
        casework.file_request(turn, work.contact, Submit("domisili", "", ANSWERS, {}, {}))
        raise RuntimeError("on purpose")

    await work.file()
    with pytest.raises(RuntimeError):
        await work.turn(fail)
    assert (await work.file()).number == "DOM-26-0002"
    assert len(work.heard(GROUP)) == 2


async def test_a_letter_goes_its_way_and_the_citizen_hears_what_matters(work: Work) -> None:
    request = await at_handover(work)
    assert await work.told(request) == ["accepted_stage", "ready"]
    await work.do(request, steps.HandOver(compared=True))
    assert await work.told(request) == ["accepted_stage", "ready", "handed_over"]
    assert (await work.row(request)).closed_at is not None


async def test_a_letter_is_numbered_once_however_often_it_is_made(work: Work) -> None:
    filed = await work.file()
    for actor in (COUNTER, COUNTER, VERIFIER, SIGNER):
        await work.do(filed.request, steps.Accept(), actor)
    await work.turn(lambda turn: casework.undo(turn, SIGNER))
    await work.do(filed.request, steps.Accept(), SIGNER)
    letter = await work.at.desk.db.read(lambda tx: letters.of_request(tx, filed.request))
    assert letter is not None
    assert letter.number == "400.12.2.1/001/KEC-GT/XI/2026"
    series = "letter:400.12.2.1"
    assert await work.at.desk.db.read(lambda tx: numbers.last(tx, series, "2026")) == 1


async def test_a_failed_letter_is_said_and_can_be_ordered_again(work: Work) -> None:
    filed = await work.file()
    for actor in (COUNTER, COUNTER, VERIFIER):
        await work.do(filed.request, steps.Accept(), actor)

    def order_and_fail(turn: Turn) -> None:
        casework.act(turn, filed.request, steps.Accept(), SIGNER)
        failed = JobFailed("letter", "broken template")
        casework.on_request_event(turn, filed.request, failed)

    await work.turn(order_and_fail)
    row = await work.row(filed.request)
    assert (row.state.stage, row.state.letter) == ("signature", True)
    assert any("belum bisa dibuat" in text for text in work.heard(GROUP))


async def test_the_finished_letter_goes_to_the_officer_who_prints_it(work: Work) -> None:
    await work.at.hire("Rina", "counter", "62900")
    filed = await work.file()
    for actor in (COUNTER, COUNTER, VERIFIER, SIGNER):
        await work.do(filed.request, steps.Accept(), actor)
    row = await work.row(filed.request)
    assert row.state.made
    private = work.at.last("62900")
    assert "/siap DOM-26-0001" in private.text
    assert [file.mime for file in private.files] == ["application/pdf"]
    group = work.at.last(GROUP)
    assert "sudah jadi" in group.text
    assert group.files == []


async def test_a_returned_request_asks_and_goes_on_where_it_was(work: Work) -> None:
    filed = await work.file()
    await work.do(filed.request, steps.Return(("name",), "nama tidak lengkap"))
    assert await work.told(filed.request) == ["wanted"]
    work.at.clock.pass_time(timedelta(days=2))
    again = await work.file(answers={**ANSWERS, "name": "Siti Aminah Putri"}, request=filed.request)
    assert (again.again, again.number, again.promised) == (True, filed.number, "2026-11-26")
    row = await work.row(filed.request)
    assert (row.state.status, row.state.stage, row.state.officer) == ("open", "check", 1)
    assert row.name == "Siti Aminah Putri"
    assert any("sudah melengkapi" in text for text in work.heard(GROUP))


async def test_a_citizen_answers_only_their_own_request(work: Work) -> None:
    filed = await work.file()
    submit = Submit("domisili", "", ANSWERS, {}, {}, filed.request)
    with pytest.raises(LookupError):
        await work.turn(lambda turn: casework.file_request(turn, work.contact + 1, submit))


async def test_what_a_citizen_sends_for_a_closed_request_changes_nothing(work: Work) -> None:
    filed = await work.file()
    await work.do(filed.request, steps.Return(("name",), "nama tidak lengkap"))
    await work.do(filed.request, steps.Reject("ganda"))
    before = await work.row(filed.request)
    submit = Submit("domisili", "", ANSWERS, {}, {}, filed.request)
    found = await work.turn(lambda turn: casework.file_request(turn, work.contact, submit))
    assert isinstance(found, StatusFound)
    assert found.requests[0]["stage"] == "domisili.stage.rejected"
    assert await work.row(filed.request) == before


async def test_a_step_back_is_told_where_the_step_was_told(work: Work) -> None:
    filed = await work.file()
    await work.do(filed.request, steps.Reject("salah pencet"))
    assert await work.turn(lambda turn: casework.undo(turn, COUNTER)) == filed.request
    assert await work.told(filed.request) == ["rejected", "corrected"]
    assert (await work.row(filed.request)).state.status == "open"
    await work.do(filed.request, steps.Accept())
    await work.do(filed.request, steps.Accept())
    await work.turn(lambda turn: casework.undo(turn, COUNTER))
    assert await work.told(filed.request) == ["rejected", "corrected", "accepted_stage"]


async def test_nobody_undoes_over_the_work_of_another(work: Work) -> None:
    filed = await work.file()
    with pytest.raises(Refused, match="nothing_to_undo"):
        await work.turn(lambda turn: casework.undo(turn, COUNTER))
    await work.do(filed.request, steps.Accept())
    await work.do(filed.request, steps.Accept())
    await work.do(filed.request, steps.Claim(), VERIFIER)
    with pytest.raises(Refused, match="undo_others") as caught:
        await work.turn(lambda turn: casework.undo(turn, COUNTER))
    assert caught.value.about == {"number": filed.number, "officer": 2}


async def test_what_was_handed_over_is_not_undone(work: Work) -> None:
    request = await at_handover(work)
    await work.do(request, steps.HandOver(compared=True))
    with pytest.raises(Refused, match="undo_handed_over"):
        await work.turn(lambda turn: casework.undo(turn, COUNTER))


async def test_a_stopped_request_cancels_its_letter_and_the_undo_revives_it(work: Work) -> None:
    request = await at_handover(work)
    await work.do(request, steps.HandOver(compared=False))
    read = work.at.desk.db.read
    letter = await read(lambda tx: letters.of_request(tx, request))
    assert letter is not None
    assert letter.state == "cancelled"
    assert (await work.told(request))[-1] == "differs"
    await work.turn(lambda turn: casework.undo(turn, COUNTER))
    letter = await read(lambda tx: letters.of_request(tx, request))
    assert letter is not None
    assert letter.state != "cancelled"


async def test_an_uncollected_letter_is_remembered_by_the_clock(work: Work) -> None:
    request = await at_handover(work)
    for _ in range(20):
        await work.at.move(timedelta(days=1))
    assert (await work.told(request)).count("ready_again") == 3


async def test_a_late_stage_is_said_once_to_the_officers(work: Work) -> None:
    await work.file()
    for _ in range(4):
        await work.at.move(timedelta(hours=1))
    late = [text for text in work.heard(GROUP) if "lewat waktu" in text.lower()]
    assert len([text for text in late if "Tahap" in text]) == 1


async def test_the_morning_brings_one_overview(work: Work) -> None:
    await work.file()
    await work.at.move(timedelta(days=1))
    await work.at.move(timedelta(hours=1))
    digests = [text for text in work.heard(GROUP) if text.startswith("Pekerjaan hari ini")]
    assert len(digests) == 1
    assert "Lewat waktu: 1" in digests[0]
    assert "DOM-26-0001" in digests[0]


async def test_events_that_come_too_late_change_nothing(work: Work) -> None:
    filed = await work.file()
    before = await work.row(filed.request)

    def too_late(turn: Turn) -> None:
        made = LetterMade(1, "470/001", "f", "h")
        casework.on_request_event(turn, filed.request, made)
        casework.on_request_event(turn, 99, Woken(1))

    await work.turn(too_late)
    assert await work.row(filed.request) == before


async def test_a_forwarded_request_is_told_going_and_coming(work: Work) -> None:
    answers = {"kind": "damaged", "name": "Budi", "nik": NIK, "village": "2001", "address": "D"}
    filed = await work.file("kk", answers)
    for _ in range(4):
        await work.do(filed.request, steps.Accept())
    assert await work.told(filed.request) == ["accepted_stage", "forwarded", "came_back", "ready"]


async def test_the_status_shows_only_ones_own_requests(work: Work) -> None:
    filed = await work.file()
    row = await work.row(filed.request)
    found = await work.turn(lambda turn: casework.requests_of(turn, row.citizen_id))
    assert found == [
        {
            "number": "DOM-26-0001",
            "service": "domisili",
            "stage": "domisili.stage.check",
            "status": "open",
            "promised": "2026-11-24",
            "result": "",
            "link": filed.link,
        }
    ]
    of = casework.requests_of
    assert await work.turn(lambda turn: of(turn, row.citizen_id, "1")) == found
    assert await work.turn(lambda turn: of(turn, row.citizen_id, "2")) == []
    assert await work.turn(lambda turn: of(turn, row.citizen_id + 1, "DOM-26-0001")) == []


async def test_only_members_that_exist_can_be_asked_again(work: Work) -> None:
    heirs = {"heirs.0.name": "Ani", "heirs.0.nik": NIK, "village": "2001"}
    filed = await work.file("ahli_waris", heirs)
    with pytest.raises(Refused, match="unknown_paths") as caught:
        await work.do(filed.request, steps.Return(("heirs.0.ktp", "heirs.1.ktp"), "buram"))
    assert caught.value.about == {"paths": ["heirs.1.ktp"]}


async def test_a_colleague_hears_of_work_given_to_them(work: Work) -> None:
    await work.at.hire("Rina", "counter", "62900")
    filed = await work.file()
    await work.do(filed.request, steps.Assign(COUNTER), HEAD)
    assert "DOM-26-0001" in work.at.last("62900").text


async def test_every_step_is_in_the_history_without_its_reason(work: Work) -> None:
    filed = await work.file()
    await work.do(filed.request, steps.Return(("name",), "nama ayah Budi Santoso kurang"))
    entries = await work.at.desk.db.read(lambda tx: history.entries(tx, filed.request))
    assert [(entry.kind, entry.officer, entry.noted) for entry in entries] == [
        ("filed", 0, False),
        ("returned", 1, True),
    ]
    raw = await work.at.desk.db.read(lambda tx: tx.all("SELECT * FROM history"))
    assert "Santoso" not in str(raw)
