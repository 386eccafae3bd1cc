"""A case of another office: where to go is said kindly; a slip of the pen can be corrected."""

from __future__ import annotations

from datetime import date

from flows.messages import Button
from flows.places.registry import PLACES, Place, go
from flows.talk import Talk, buttons, forget_draft
from flows.turning import Turned, turned_away


def turned(talk: Talk) -> Turned | None:
    """Return the case that the answers are; the office decides itself about what it returned."""
    session = talk.session
    if session.returned is not None or not session.service:
        return None
    today = date.fromisoformat(talk.office.today(talk.now))
    return turned_away(talk.definition, session.answers, today, talk.office.calendar)


def _show(talk: Talk) -> None:
    found = turned(talk)
    if found is None:
        _proceed(talk)
        return
    talk.session.asked = found.path
    talk.session.continued = None
    talk.ask(talk.key(f"elsewhere.{found.case.id}"), _options(talk))


def _options(talk: Talk) -> list[Button]:
    return buttons("understood", "change")


def _chosen(talk: Talk, choice: str) -> None:
    if choice == "change":
        go(talk, "asking")
        return
    forget_draft(talk)
    talk.say("conversation.turned")


def _typed(talk: Talk, text: str) -> None:
    talk.say("conversation.unclear")
    _show(talk)


def _proceed(talk: Talk) -> None:
    # asking sends people here, so it cannot be known before.
    from flows.places.asking import proceed

    proceed(talk)


PLACES["elsewhere"] = Place(_show, _options, _chosen, _typed)
