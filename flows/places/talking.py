"""A person of the office speaks with the citizen; the desk keeps quiet until handed back."""

from __future__ import annotations

from flows.effects import CallOfficer, EndTalk, PassOn
from flows.events import Media, TakenOver
from flows.messages import Button
from flows.places.registry import PLACES, Place, show
from flows.talk import Talk, buttons, step_out


def call(talk: Talk, reason: str, text: str = "") -> None:
    """Ask the office for a person; the conversation stays where it is meanwhile."""
    talk.want(CallOfficer(reason, text))
    talk.say("conversation.officer_called")
    if talk.session.place not in ("start", "rest", "talking"):
        show(talk)


def taken_over(talk: Talk, event: TakenOver) -> None:
    """An officer is here now."""
    step_out(talk.session, "talking")
    talk.ask("conversation.talking", buttons("end_talk"), officer=event.officer)


def handed_back(talk: Talk) -> None:
    """The officer is gone: go on where the person was."""
    session = talk.session
    if session.place != "talking":
        return
    session.place = session.before or "rest"
    talk.say("conversation.talk_ended")
    if session.place not in ("rest", "start"):
        show(talk)


def still(talk: Talk) -> None:
    """A link was followed meanwhile: the talk goes on until somebody ends it."""
    talk.ask("conversation.still_talking", _options(talk))


def pass_on(talk: Talk, text: str = "", media: Media | None = None) -> None:
    """Give the citizen's words or photo to the officer."""
    talk.want(PassOn(text, media))


def _show(talk: Talk) -> None:
    """Nothing is asked: the officer speaks."""


def _options(talk: Talk) -> list[Button]:
    return buttons("end_talk")


def _chosen(talk: Talk, choice: str) -> None:
    talk.want(EndTalk())
    handed_back(talk)


PLACES["talking"] = Place(_show, _options, _chosen, pass_on)
