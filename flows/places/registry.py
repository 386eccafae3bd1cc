"""What a place is, and how the conversation goes to one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from flows.messages import Button
from flows.talk import Talk


class Place(NamedTuple):
    """``show`` asks; ``options`` are the buttons; ``chosen`` and ``typed`` take the answer."""

    show: Callable[[Talk], None]
    options: Callable[[Talk], list[Button]]
    chosen: Callable[[Talk, str], None]
    typed: Callable[[Talk, str], None]


PLACES: dict[str, Place] = {}


def go(talk: Talk, place: str) -> None:
    """Enter a place and ask what it asks."""
    talk.session.place = place
    PLACES[place].show(talk)


def show(talk: Talk) -> None:
    """Ask again what the current place asks."""
    PLACES[talk.session.place].show(talk)
