"""Random walks over every definition: nothing raises, nothing is empty, everything can end."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.checklist import find
from flows.definition import Document, Group, Question
from flows.events import (
    ContactCard,
    Edited,
    HandedBack,
    Location,
    Media,
    Pressed,
    Started,
    TakenOver,
    Text,
    Told,
    Unusable,
    Wanted,
    Woken,
)
from flows.places import PLACES
from flows.session import Session
from flows.talk import Talk, in_aside
from tests.flows.walking import Walk, the_office

SERVICES = sorted(the_office().current)
GOOD = {
    "name": "Siti Aminah",
    "nik": "1409074101900001",
    "kk_number": "1409070101100001",
    "birth_date": "1 Januari 1990",
    "past_date": "3 mei 2026",
    "village": "Toar",
    "place": "Teluk Kuantan",
    "address": "RT 1 RW 2 Dusun Satu",
    "text": "untuk keperluan sekolah anak",
    "phone": "081234567890",
    "yesno": "ya",
    "count": "3",
    "amount": "1,5 juta",
    "email": "siti@example.com",
    "date": "1 Desember 2026",
    "area": "2 hektar",
    "location": "-0.55123, 101.61234",
    "office_day": "selasa",
    "future_date": "2 Desember 2026",
    "period": "12-13 Desember 2026",
    "times": "jam 8 pagi sampai jam 5 sore",
    "npwp": "01.234.567.8-901.000",
}
WORDS = [
    "menu",
    "batal",
    "kembali",
    "ubah",
    "ubah nama",
    "status",
    "petugas",
    "bahasa",
    "1",
    "2",
    "ya",
    "tidak",
    "lanjut",
    "info domisili",
    "halo",
    "makasih",
    "bahasa inggris",
    "0",
    "pengaduan",
    "saran",
    "dataku",
    "hapus data",
    "hubungkan",
    "hubungkan 4839 2017",
    "pisahkan",
]


def good_answer(walk: Walk) -> object:
    """What a person with everything at hand does next."""
    session = walk.session
    options = PLACES[session.place].options(Talk(walk.office, session, walk.now))
    wishes = [b.choice for b in options]
    if session.place in ("asking", "collecting") and session.asked:
        definition = walk.office.service(session.service, session.digest)
        item = find(definition, session, session.asked)
        assert item is not None
        if isinstance(item.what, Document):
            if "done" in wishes:
                return Pressed(f"{session.prompt}:done")
            if "no" in wishes:
                return Pressed(f"{session.prompt}:no")
            return Media(ref=f"photo-{session.turn}")
        if isinstance(item.what, Group):
            return Pressed(f"{session.prompt}:enough")
        assert isinstance(item.what, Question)
        if item.what.check == "choice":
            # Asked again two turns later, it is answered otherwise.
            return Pressed(f"{session.prompt}:{item.what.choices[session.turn // 2 % 2]}")
        return Text(GOOD[item.what.check])
    if session.place == "elsewhere":
        return Pressed(f"{session.prompt}:change")
    for wish in ("agree", "send", "keep", "keep_going", "end_talk", "yes"):
        if wish in wishes:
            return Pressed(f"{session.prompt}:{wish}")
    return Text("lanjut")


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_can_end(service: str) -> None:
    walk = Walk()
    walk.take(Started(f"layanan-{service}"))
    for _ in range(80):
        if walk.submitted:
            break
        walk.take(good_answer(walk))
    assert walk.submitted, walk.text()
    assert walk.session.place == "rest"
    assert walk.submitted[0].service == service


events = st.one_of(
    st.sampled_from(WORDS).map(Text),
    st.text(max_size=60).map(Text),
    st.sampled_from(list(GOOD.values())).map(Text),
    st.integers(0, 9).map(lambda n: Media(ref=f"loose-{n}")),
    st.sampled_from(["voice", "sticker", "video", "poll", "unknown"]).map(Unusable),
    st.just(Location(0.5, 101.5)),
    st.just(ContactCard("081234567890")),
    st.text(max_size=20).map(Edited),
    st.sampled_from(["", "layanan-kk", "layanan-domisili", "x"]).map(Started),
    st.sampled_from(
        ["yes", "no", "agree", "send", "change", "cancel", "drop", "keep_going"]
    ).flatmap(lambda wish: st.integers(0, 12).map(lambda n: Pressed(f"{n}:{wish}"))),
    st.just(TakenOver("Rina")),
    st.just(HandedBack()),
    st.integers(0, 40).map(Woken),
    st.just(Told("conversation.thanks")),
    st.just("good"),
    st.just("press"),
)


@settings(max_examples=120, deadline=None)
@given(
    service=st.sampled_from(SERVICES),
    steps=st.lists(st.tuples(events, st.booleans()), max_size=30),
    problems=st.lists(st.sampled_from(["", "blurry", "dark", "damaged", "type", "gone"])),
    data=st.data(),
)
def test_no_walk_breaks_the_machine(service, steps, problems, data) -> None:
    walk = Walk(problems=problems)
    walk.take(Started(f"layanan-{service}"))
    for event, early in steps:
        if event == "good":
            event = good_answer(walk)
        elif event == "press":
            session = walk.session
            options = PLACES[session.place].options(Talk(walk.office, session, walk.now))
            if not options:
                continue
            wish = data.draw(st.sampled_from([b.choice for b in options]))
            event = Pressed(f"{session.prompt}:{wish}")
        said = walk.take(event, early=early)
        assert all(one.parts for one in said)
        assert msgspec.json.decode(walk.saved, type=Session).layout == 1
    leave(walk)


def leave(walk: Walk) -> None:
    """Whatever happened: cancelling, and saying yes to it, always leaves."""
    if walk.session.place == "talking":
        walk.take(HandedBack())
    if in_aside(walk.session):
        # The first one leaves the complaint, and comes back to the letter.
        walk.take(Text("batal"))
        assert not in_aside(walk.session)
    walk.take(Text("batal"))
    if walk.session.place == "leaving":
        walk.take(Pressed(f"{walk.session.prompt}:drop"))
    assert not walk.session.service
    assert not walk.session.answers


def test_a_returned_request_asks_only_what_was_named() -> None:
    walk = Walk()
    service = "domisili"
    digest = the_office().current[service]
    walk.take(
        Wanted(
            7,
            "DOM-26-0007",
            service,
            digest,
            ["ktp"],
            "buram",
            {"name": "Siti", "nik": "1409074101900001"},
            {"ktp": [3], "village_letter": [4]},
        )
    )
    assert walk.session.place == "collecting"
    walk.take(Media(ref="better"))
    assert walk.session.place == "review"
    walk.take(Pressed(f"{walk.session.prompt}:send"))
    assert walk.submitted[0].request == 7
    assert walk.submitted[0].documents == {"ktp": [1], "village_letter": [4]}
