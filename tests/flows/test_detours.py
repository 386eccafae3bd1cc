"""What is put in between, one in the other in any order: the conversation comes back from all."""

from __future__ import annotations

from itertools import permutations

import pytest

from flows.events import AnyEvent, HandedBack, Pressed, Started, TakenOver, Text
from tests.flows.walking import Walk

DETOURS: dict[str, AnyEvent] = {
    "an officer": TakenOver("Rina"),
    "a link": Started("layanan-kk"),
    "to cancel": Text("batal"),
    "the language": Text("bahasa"),
}


@pytest.mark.parametrize("order", list(permutations(DETOURS, 3)), ids=", ".join)
def test_nested_detours_lead_back_to_the_question(order: tuple[str, ...]) -> None:
    walk = Walk()
    for event in (Started("layanan-domisili"), Text("setuju"), Text("Siti Aminah")):
        walk.take(event)
    for name in order:
        walk.take(DETOURS[name])
    for _ in range(4):
        _go_on(walk)
    assert (walk.session.place, walk.session.asked) == ("asking", "nik")
    walk.take(Text("1409074101800001"))
    assert walk.session.asked == "birth_place"


def test_a_link_does_not_end_the_talk_with_an_officer() -> None:
    walk = Walk()
    walk.take(Started("layanan-domisili"))
    walk.take(TakenOver("Rina"))
    walk.take(Started("layanan-kk"))
    assert walk.session.place == "talking"
    walk.take(Pressed(f"{walk.session.prompt}:end_talk"))
    assert (walk.session.place, walk.session.service) == ("consent", "domisili")


def _go_on(walk: Walk) -> None:
    """Do what ends the detour that the person is at."""
    match walk.session.place:
        case "talking":
            walk.take(HandedBack())
        case "leaving":
            walk.take(Pressed(f"{walk.session.prompt}:keep_going"))
        case "language":
            walk.take(Pressed(f"{walk.session.prompt}:id"))
