"""A channel of words only: papers are sent by a page or brought, and the errand still ends."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.conversation import advance
from flows.effects import AnyEffect, Fetch, Say, Submit
from flows.events import AnyEvent, Inspected, Media, Pressed, Text
from flows.session import Session
from tests.domisili import ANSWERS
from tests.flows.walking import MONDAY, the_office

PAGE = "https://loket.example/unggah/1-abc"


def take(session: Session, event: AnyEvent) -> tuple[Session, list[AnyEffect]]:
    return advance(the_office(), session, event, MONDAY, upload=PAGE)


def at_the_papers() -> tuple[Session, list[AnyEffect]]:
    session, effects = Session(), list[AnyEffect]()
    for words in ANSWERS:
        session, effects = take(session, Text(words))
    return session, effects


def said(effects: list[AnyEffect]) -> Say:
    return next(one for one in effects if isinstance(one, Say))


def test_the_question_carries_the_page_and_the_choice_to_bring() -> None:
    _, effects = at_the_papers()
    asked = said(effects)
    assert asked.parts[-1].args["link"] == PAGE
    assert [button.key for button in asked.buttons] == [
        "common.button.bring",
        "common.button.bring_all",
    ]


def test_all_papers_may_be_brought_and_the_office_knows() -> None:
    session, _ = at_the_papers()
    session, _ = take(session, Text("2"))
    assert session.place == "review"
    session, effects = take(session, Text("1"))
    filed = next(one for one in effects if isinstance(one, Submit))
    brought = {path for path, mark in filed.marks.items() if mark == "brought"}
    assert brought == {"ktp", "family_card", "village_letter"}
    assert filed.documents == {}


def test_a_paper_that_comes_by_the_page_is_taken_wherever_the_person_is() -> None:
    session, _ = at_the_papers()
    session, _ = take(session, Text("2"))
    session, effects = take(session, Media("r", path="family_card"))
    assert [one.path for one in effects if isinstance(one, Fetch)] == ["family_card"]
    assert "family_card" not in session.marks
    session, effects = take(session, Inspected(7, "family_card", "r"))
    assert session.documents["family_card"][0].id == 7
    session, _ = take(session, Text("ubah ktp"))
    assert "ktp" not in session.marks
    assert session.asked == "ktp"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["1", "2", "3", "kembali", "ubah", "batal", "bawa ke kantor", "lewati", "menu", "x"]
        )
        | st.sampled_from(["ktp", "family_card", "village_letter", "nothing"]).map(
            lambda path: Media(f"ref-{path}", path=path)
        )
        | st.sampled_from(["9:bring", "10:bring_all", "11:bring"]).map(Pressed),
        max_size=12,
    )
)
def test_nothing_is_ever_unanswered_or_lost(steps: list[str | Media | Pressed]) -> None:
    session, _ = at_the_papers()
    for step in steps:
        event = Text(step) if isinstance(step, str) else step
        session, effects = take(session, event)
        for effect in [one for one in effects if isinstance(one, Fetch)]:
            session, more = take(session, Inspected(1, effect.path, effect.media.ref))
            effects += more
        brought = [path for path, mark in session.marks.items() if mark == "brought"]
        assert not set(brought) & set(session.documents)
        assert set(brought) <= set(session.skipped)
        assert effects or isinstance(event, Pressed | Media)
