"""A date later than the law wants it: taken only after a yes, so that a wrong year is noticed."""

from __future__ import annotations

from flows.definition import Question
from flows.messages import Button
from flows.places import asking
from flows.places.registry import PLACES, Place, go
from flows.talk import Talk, yes_no

LATE = "date_late"
"""The mark that tells the officer."""


def _show(talk: Talk) -> None:
    item, value = asking.current(talk), talk.session.pending
    if item is None or not isinstance(item.what, Question) or not value:
        go(talk, "asking")
        return
    talk.ask("conversation.late_sure", _options(talk), value=value, days=item.what.late)


def _options(talk: Talk) -> list[Button]:
    return yes_no()


def _chosen(talk: Talk, choice: str) -> None:
    session = talk.session
    item, value = asking.current(talk), session.pending
    session.pending, session.place = "", "asking"
    if item is None or choice != "yes" or not value:
        go(talk, "asking")
        return
    asking.keep(talk, item, value, LATE)
    asking.proceed(talk)


def _typed(talk: Talk, text: str) -> None:
    item = asking.current(talk)
    talk.session.pending, talk.session.place = "", "asking"
    if item is None or not isinstance(item.what, Question):
        go(talk, "asking")
        return
    asking.answer(talk, item, text)


PLACES["confirming"] = Place(_show, _options, _chosen, _typed)
