"""Whose chat it is: asked before anything personal is shown where somebody else may be writing.

A number may have been given to somebody else, and an SMS may pretend to come from anywhere. What
is asked for is the birth date: people know it by heart, and whoever got the number does not. The
last digits of a NIK would be no proof: nearly all of them are 0001 to 0009.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from flows.effects import (
    AnyEffect,
    Detach,
    FindHeld,
    FindStatus,
    PartChat,
    Prove,
    ShowData,
    UseCode,
)
from flows.events import (
    AnyEvent,
    Detached,
    Doubted,
    HandedBack,
    Pressed,
    TakenOver,
    Text,
    Told,
    Wanted,
)
from flows.messages import Button
from flows.places.menu import open_menu
from flows.places.registry import PLACES, Place, go, show
from flows.session import Proof, Session
from flows.talk import Talk, forget_draft, under_way
from flows.understanding import anywhere

_TRIES = 3
_MOST_TRIED = 5
_HOUR = timedelta(hours=1)
_Wish = FindStatus | ShowData | FindHeld | UseCode | PartChat


def doubted(talk: Talk, event: Doubted) -> None:
    """Step aside from wherever the conversation is, and ask for the proof."""
    session = talk.session
    back = session.proof.back if session.proof is not None else session.place
    wish = msgspec.convert(event.wish, _Wish) if event.wish else None
    if back in ("start", "talking"):
        back = "rest"
    session.proof = Proof(event.why, event.way, back, talk.now, wish=wish)
    session.continued = None
    session.place = "proving"
    if event.way == "code":
        talk.lasting = True
        talk.say("identity.code_sent", code=event.code)
        return
    go(talk, "proving")


def holds(session: Session, event: AnyEvent) -> bool:
    """Keep what is meant for the person, until it is known that it is them; False for the rest."""
    proof = session.proof
    if proof is None or not proof.doubted:
        return False
    if not isinstance(event, Told | Wanted | TakenOver | HandedBack):
        return False
    proof.held.append(event)
    return True


def news(talk: Talk) -> None:
    """Something is there for the person: no word of what."""
    talk.lasting = True
    talk.template = "message"
    talk.say("identity.news")
    _show(talk)


def proved(talk: Talk, ok: bool) -> list[Told | Wanted | TakenOver | HandedBack]:
    """Go on where the conversation was, or ask again; return what was held meanwhile."""
    session = talk.session
    proof = session.proof
    if proof is None:
        return []
    if not ok:
        _missed(talk, proof)
        return []
    session.place, session.proof = proof.back, None
    talk.say("identity.proved")
    wish: AnyEffect = proof.wish or FindStatus()
    talk.want(wish)
    return proof.held


def _missed(talk: Talk, proof: Proof) -> None:
    proof.tries += 1
    if proof.tries < _TRIES:
        talk.say("identity.not_proved", left=_TRIES - proof.tries)
        _show(talk)
    elif proof.doubted:
        talk.want(Detach("tries"))
    else:
        _give_up(talk, proof)


def _give_up(talk: Talk, proof: Proof) -> None:
    """A code by SMS was not answered: nothing is shown, and all else goes on."""
    talk.session.place, talk.session.proof = proof.back, None
    talk.say("identity.code_given_up")
    if under_way(talk.session):
        show(talk)


def detached(talk: Talk, event: Detached) -> None:
    """Begin anew with whoever has the number now."""
    talk.session.place = "rest"
    talk.say(f"identity.detached.{event.why}")
    open_menu(talk)


def drop(talk: Talk) -> None:
    """The clock let go of what was half-finished, without a word about it."""
    session = talk.session
    place, returned = session.place, session.returned
    forget_draft(talk)
    if returned is not None:
        session.waiting.append(returned)
    session.place = place
    if session.proof is not None:
        session.proof.back = "rest"


def passes(talk: Talk, event: AnyEvent) -> bool:
    """Say whether what a person did goes on as usual, and does not answer the proof.

    A code by SMS need not be answered: who wants something else just says so.
    """
    session = talk.session
    proof = session.proof
    if proof is None or session.place != "proving":
        return True
    if isinstance(event, Pressed):
        return False
    if proof.doubted:
        if not isinstance(event, Text):
            _show(talk)
        return False
    if isinstance(event, Text) and anywhere(event.text) is None:
        return False
    session.place, session.proof = proof.back, None
    return True


def spends(session: Session, now: datetime) -> bool:
    """Count one code asked for or tried; False when this hour's are used up."""
    session.tried = [at for at in session.tried if now - at < _HOUR]
    if len(session.tried) >= _MOST_TRIED:
        return False
    session.tried.append(now)
    return True


def _show(talk: Talk) -> None:
    proof = talk.session.proof
    if proof is None:
        talk.session.place = "rest"
    elif proof.way == "code":
        talk.ask("identity.ask_code", _options(talk))
    else:
        talk.ask(f"identity.ask_birth.{proof.why}", _options(talk))


def _options(talk: Talk) -> list[Button]:
    proof = talk.session.proof
    if proof is None:
        return []
    if proof.way == "code":
        return [Button("skip", "identity.button.skip")]
    return [Button("other", "identity.button.other"), Button("forgot", "identity.button.forgot")]


def _chosen(talk: Talk, choice: str) -> None:
    proof = talk.session.proof
    if proof is None:
        show(talk)
    elif proof.way == "code":
        _give_up(talk, proof)
    else:
        talk.want(Detach("other" if choice == "other" else "tries"))


def _typed(talk: Talk, text: str) -> None:
    proof = talk.session.proof
    if proof is None:
        return
    if anywhere(text) is None and any(char.isdigit() for char in text):
        talk.want(Prove(text, proof.way))
    else:
        talk.say("identity.please")
        _show(talk)


PLACES["proving"] = Place(_show, _options, _chosen, _typed)
