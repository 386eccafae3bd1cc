"""The citizen's state machine: a session and an event in, a new session and effects out."""

from __future__ import annotations

from datetime import datetime

import msgspec

from flows import news, reminding
from flows.checklist import find
from flows.cleaning import clean
from flows.effects import AnyEffect
from flows.events import (
    Added,
    AnyEvent,
    Blocked,
    ContactCard,
    Edited,
    Location,
    Media,
    Pressed,
    Started,
    Text,
    Unblocked,
    Unusable,
    Woken,
)
from flows.office import Office
from flows.places import (
    PLACES,
    asking,
    collecting,
    leaving,
    linking,
    menu,
    programs,
    proving,
    show,
    talking,
)
from flows.places.aside import leave, leave_stale
from flows.places.words import obey
from flows.program import LINK as _PROGRAM_LINK
from flows.session import Session
from flows.talk import Talk, has_draft, in_aside, under_way
from flows.understanding import anywhere, pick

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Session).decode
_SERVICE_LINK = "layanan-"
_JOIN_LINK = "hubung-"


def advance(
    office: Office,
    session: Session,
    event: AnyEvent,
    now: datetime,
    *,
    early: bool = False,
    upload: str = "",
) -> tuple[Session, list[AnyEffect]]:
    """Take one event and return the new session and what is to be done.

    ``early`` says that the event arrived before the last prompt was handed to the platform.
    ``upload`` is the address at which this person sends files, where the channel takes none. The
    session given is not changed. Any event is fit for any session: nothing raises.
    """
    session = _decode(_encode(session))
    woken_for = session.turn
    session.turn += 1
    talk = Talk(office, session, now, early, upload)
    if not isinstance(event, Pressed):
        talk.standing = (session.place, session.asked)
    if isinstance(event, Woken):
        if event.turn == woken_for:
            reminding.woken(talk)
    elif not news.tell(talk, event):
        _by_person(talk, event)
    session.wake_at = reminding.wake_at(talk)
    return session, talk.finish()


def _by_person(talk: Talk, event: AnyEvent) -> None:
    talk.session.reminded = 0
    leave_stale(talk)
    if not proving.passes(talk, event) and not isinstance(event, Text | Pressed):
        return
    match event:
        case Text(text):
            _text(talk, text)
        case Pressed(choice):
            _pressed(talk, choice)
        case Media():
            _media(talk, event)
        case Edited(text):
            _edited(talk, text)
        case Started(payload):
            _started(talk, payload)
        case Unusable(what):
            _aside(talk, what)
        case Location(latitude, longitude):
            _share(talk, "location", f"{latitude:.5f},{longitude:.5f}")
        case ContactCard(phone):
            _share(talk, "contact", phone)
        case Blocked() | Unblocked() | Added():
            pass


def _text(talk: Talk, text: str) -> None:
    session = talk.session
    text = clean(text)
    if len(text) > talk.office.limits.text:
        text = text[: talk.office.limits.text]
        talk.say("conversation.too_long", limit=talk.office.limits.text)
    if not text:
        _aside(talk, "unknown")
        return
    if session.place in ("talking", "proving"):
        _to_place(talk, text)
        return
    if programs.asked(talk, text):
        return
    intent = anywhere(text)
    if intent is not None and obey(talk, intent):
        return
    if talk.early and session.continued is not None and asking.continue_answer(talk, text):
        return
    place = PLACES[session.place]
    choice = _picked(talk, text)
    if choice == "officer":
        talking.call(talk, "asked")
    elif choice is not None:
        session.continued = None
        place.chosen(talk, choice)
    else:
        place.typed(talk, text)


def _to_place(talk: Talk, text: str) -> None:
    """Words go to the officer, or prove whose chat it is: none is a command there."""
    place = PLACES[talk.session.place]
    choice = pick(text, talk.options(place.options(talk)))
    if choice is not None:
        place.chosen(talk, choice)
    else:
        place.typed(talk, text)


def _picked(talk: Talk, text: str) -> str | None:
    """Return the button that a typed text names, by its number or its words."""
    session = talk.session
    options = talk.options(PLACES[session.place].options(talk))
    if session.place == "asking" and text.strip().isdigit() and not asking.takes_numbers(talk):
        return None
    return pick(text, options) if options else None


def _pressed(talk: Talk, choice: str) -> None:
    session = talk.session
    if choice == session.pressed:
        return
    number, _, wish = choice.partition(":")
    known = [b.choice for b in PLACES[session.place].options(talk)]
    if number == str(session.prompt) and wish in [*known, "officer"]:
        session.pressed = choice
        session.continued = None
        session.misses = 0
        if wish == "officer":
            talking.call(talk, "misses")
        else:
            PLACES[session.place].chosen(talk, wish)
        return
    talk.say("conversation.old_button")
    show(talk)


def _media(talk: Talk, media: Media) -> None:
    if talk.session.place == "talking":
        talking.pass_on(talk, media.caption, media)
    elif in_aside(talk.session) and not media.path:
        talk.say("complaint.photo")
        show(talk)
    else:
        collecting.take_media(talk, media)


def _edited(talk: Talk, text: str) -> None:
    """A corrected message corrects the answer it gave, as long as that is the last one."""
    last = talk.session.continued
    if last is None or not has_draft(talk.session) or in_aside(talk.session):
        talk.say("conversation.edited")
        if under_way(talk.session):
            show(talk)
        return
    item = find(talk.definition, talk.session, last.path)
    if item is None:
        show(talk)
        return
    talk.session.asked = last.path
    talk.session.place = "asking"
    asking.answer(talk, item, clean(text))


def _started(talk: Talk, payload: str) -> None:
    if talk.session.place == "talking":
        talking.still(talk)
        return
    service = payload.removeprefix(_SERVICE_LINK)
    leave(talk)
    if payload.startswith(_JOIN_LINK):
        linking.link(talk, payload.removeprefix(_JOIN_LINK))
        return
    if payload.startswith(_PROGRAM_LINK):
        program = payload.removeprefix(_PROGRAM_LINK)
        if program in talk.office.programs:
            programs.enter(talk, program)
            return
    if payload.startswith(_SERVICE_LINK) and service in talk.office.current:
        if has_draft(talk.session):
            leaving.ask_to_cancel(talk, service)
        else:
            menu.begin_service(talk, service)
    elif has_draft(talk.session):
        talk.say("conversation.greeting_back", service=talk.key("title"))
        show(talk)
    else:
        talk.session.place = "rest"
        menu.greet(talk)


def _aside(talk: Talk, what: str) -> None:
    """Something that cannot be an answer: say so kindly and ask again, unless an officer talks."""
    session = talk.session
    talk.say(f"conversation.{what}")
    if session.place == "start":
        session.place = "rest"
    if session.place != "talking":
        show(talk)


def _share(talk: Talk, what: str, value: str) -> None:
    """A shared contact or place answers the question that asks for it, and nothing else."""
    item = asking.current(talk) if has_draft(talk.session) else None
    wanted = {"contact": "phone", "location": "location"}[what]
    asked = item is not None and getattr(item.what, "check", "") == wanted
    if item is not None and asked and talk.session.place == "asking":
        asking.answer(talk, item, value)
    else:
        _aside(talk, what)
