"""Saying something else in the middle: the conversation remembers where it was and comes back."""

from __future__ import annotations

from datetime import timedelta

from flows.places.registry import go, show
from flows.places.returned import begin_next
from flows.session import Aside
from flows.talk import Talk, has_draft, in_aside

_KEPT = timedelta(hours=24)


def step_aside(talk: Talk, place: str, kind: str = "", nameless: str = "", text: str = "") -> None:
    """Go to a place outside the service; whoever is outside already keeps their way back."""
    session = talk.session
    back = session.place
    if in_aside(session) and session.aside is not None:
        back = session.aside.back
    session.aside = Aside("rest" if back == "start" else back, talk.now, kind, nameless, text)
    session.continued = None
    go(talk, place)


def come_back(talk: Talk) -> None:
    """Go on where the conversation was."""
    leave(talk)
    if not has_draft(talk.session) and talk.session.waiting:
        begin_next(talk)
    elif talk.session.place != "rest":
        show(talk)


def leave(talk: Talk) -> None:
    """Be where the conversation was, without a word."""
    session = talk.session
    if session.aside is not None and in_aside(session):
        session.place = session.aside.back
    session.aside = None


def leave_stale(talk: Talk) -> None:
    """What was begun aside a day ago is no longer waited for."""
    aside = talk.session.aside
    if aside is not None and talk.now - aside.since > _KEPT:
        leave(talk)
