"""A complaint or suggestion, from anywhere: what about, with or without a name, in own words."""

from __future__ import annotations

from flows.effects import Complain
from flows.events import Complained
from flows.messages import Button
from flows.places.aside import come_back, step_aside
from flows.places.registry import PLACES, Place, go
from flows.session import Aside
from flows.talk import Talk

KINDS = ("service", "conduct", "bribe", "other")
"""What a complaint may be about; a report of bribery is read by the head alone."""
SUGGESTION = "suggestion"
_LEAST_STORY = 6
"""Words; a sentence of so many is the complaint itself, not only the wish to complain."""


def begin(talk: Talk, kind: str, said: str = "") -> None:
    """Begin a complaint, or with ``kind`` suggestion a suggestion; ``said`` may be its story."""
    story = said if len(said.split()) >= _LEAST_STORY else ""
    if kind != SUGGESTION:
        step_aside(talk, "complaint_kind", text=story)
    else:
        step_aside(talk, "complaint_sure" if story else "complaint_text", kind, "yes", story)


def complained(talk: Talk, event: Complained) -> None:
    """It is in the office's books: say its number and until when it is answered."""
    sort = event.kind if event.kind in (SUGGESTION, "bribe") else "complaint"
    talk.say(f"complaint.taken.{sort}", number=event.number, answer_by=event.answer_by)
    come_back(talk)


def back(talk: Talk) -> None:
    """One step back; before the first one is where the conversation was."""
    session, aside = talk.session, _aside(talk)
    first = "complaint_text" if aside.kind == SUGGESTION else "complaint_kind"
    if session.place == first:
        come_back(talk)
        return
    before = {"complaint_nameless": "complaint_kind", "complaint_text": "complaint_nameless"}
    aside.text = ""
    go(talk, before.get(session.place, "complaint_text"))


def _aside(talk: Talk) -> Aside:
    if talk.session.aside is None:
        talk.session.aside = Aside("rest", talk.now)
    return talk.session.aside


def _nothing(talk: Talk) -> list[Button]:
    return []


# --- what it is about ---------------------------------------------------------------------------


def _kinds(talk: Talk) -> list[Button]:
    return [Button(kind, f"complaint.kind.{kind}") for kind in KINDS]


def _show_kinds(talk: Talk) -> None:
    talk.ask("complaint.ask_kind", _kinds(talk), told=bool(_aside(talk).text))


def _choose_kind(talk: Talk, kind: str) -> None:
    _aside(talk).kind = kind
    go(talk, "complaint_nameless")


def _story_first(talk: Talk, text: str) -> None:
    """Who tells before choosing has told: it is kept."""
    _add(talk, text)
    _show_kinds(talk)


# --- with or without a name ---------------------------------------------------------------------


def _names(talk: Talk) -> list[Button]:
    return [Button("yes", "complaint.button.nameless"), Button("no", "complaint.button.named")]


def _show_names(talk: Talk) -> None:
    talk.ask("complaint.ask_nameless", _names(talk), bribe=_aside(talk).kind == "bribe")


def _choose_name(talk: Talk, choice: str) -> None:
    aside = _aside(talk)
    aside.nameless = choice
    go(talk, "complaint_sure" if aside.text else "complaint_text")


def _typed_name(talk: Talk, text: str) -> None:
    talk.say("complaint.choose")
    _show_names(talk)


# --- in own words -------------------------------------------------------------------------------


def _show_text(talk: Talk) -> None:
    talk.ask(f"complaint.ask_text.{_aside(talk).kind or 'other'}")


def _nothing_chosen(talk: Talk, choice: str) -> None:
    _show_text(talk)


def _typed_text(talk: Talk, text: str) -> None:
    _add(talk, text)
    go(talk, "complaint_sure")


def _add(talk: Talk, text: str) -> None:
    aside, most = _aside(talk), talk.office.limits.text
    aside.text = f"{aside.text}\n{text}".strip()[:most]


# --- is it right --------------------------------------------------------------------------------


def _sure(talk: Talk) -> list[Button]:
    return [Button("yes", "complaint.button.send"), Button("no", "complaint.button.drop")]


def _show_sure(talk: Talk) -> None:
    aside = _aside(talk)
    kind = f"complaint.kind.{aside.kind or 'other'}"
    nameless = aside.nameless == "yes"
    talk.ask("complaint.sure", _sure(talk), text=aside.text, kind=kind, nameless=nameless)
    talk.settle = True


def _decide(talk: Talk, choice: str) -> None:
    aside = _aside(talk)
    if choice == "yes" and aside.text:
        talk.want(Complain(aside.kind or "other", aside.text, aside.nameless == "yes"))
        return
    talk.say("complaint.dropped")
    come_back(talk)


PLACES["complaint_kind"] = Place(_show_kinds, _kinds, _choose_kind, _story_first)
PLACES["complaint_nameless"] = Place(_show_names, _names, _choose_name, _typed_name)
PLACES["complaint_text"] = Place(_show_text, _nothing, _nothing_chosen, _typed_text)
PLACES["complaint_sure"] = Place(_show_sure, _sure, _decide, _typed_text)
