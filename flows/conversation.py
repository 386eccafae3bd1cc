"""The citizen's state machine: a session and an event in, a new session and effects out."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from flows.answers import clean
from flows.checklist import find
from flows.effects import AnyEffect
from flows.events import (
    Added,
    AnyEvent,
    Blocked,
    CodeMade,
    CodeUsed,
    Complained,
    ContactCard,
    DataFound,
    Detached,
    Doubted,
    Edited,
    Erased,
    Filed,
    HandedBack,
    HeldFound,
    Inspected,
    Joined,
    Location,
    Media,
    Parted,
    Pressed,
    Proved,
    Started,
    StatusFound,
    TakenOver,
    Text,
    Told,
    Unblocked,
    Unusable,
    Wanted,
    Woken,
)
from flows.messages import Attachment
from flows.office import Office
from flows.places import (
    PLACES,
    asking,
    collecting,
    complaining,
    erasing,
    leaving,
    linking,
    menu,
    programs,
    proving,
    show,
    talking,
)
from flows.places.aside import leave, leave_stale
from flows.places.returned import begin_next, drop, filed, wanted
from flows.places.words import obey
from flows.program import LINK as _PROGRAM_LINK
from flows.session import Session
from flows.talk import Talk, forget_draft, has_draft, in_aside, under_way
from flows.understanding import anywhere, pick

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Session).decode
_SERVICE_LINK = "layanan-"
_JOIN_LINK = "hubung-"
_QUIET = ("start", "rest", "talking")


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
            _woken(talk)
    elif not _by_desk(talk, event):
        _by_person(talk, event)
    session.wake_at = _wake_at(talk)
    return session, talk.finish()


# --- what the desk tells -------------------------------------------------------------------------


def _by_desk(talk: Talk, event: AnyEvent) -> bool:
    """Take an event of the office's; False when it is something a person did."""
    if proving.holds(talk.session, event):
        proving.news(talk)
        return True
    match event:
        case Doubted():
            proving.doubted(talk, event)
        case Proved(ok):
            for held in proving.proved(talk, ok):
                _by_desk(talk, held)
        case Detached():
            proving.detached(talk, event)
        case CodeMade():
            linking.code_made(talk, event)
        case CodeUsed():
            linking.code_used(talk, event)
        case Joined():
            linking.joined(talk, event)
        case Parted():
            linking.parted(talk, event)
        case _:
            return _by_office(talk, event)
    return True


def _by_office(talk: Talk, event: AnyEvent) -> bool:
    """Take what was found, filed or said to the person; False when it is something they did."""
    match event:
        case Told():
            _told(talk, event)
        case Wanted():
            wanted(talk, event)
        case Filed():
            filed(talk, event)
        case Inspected():
            collecting.inspected(talk, event)
        case StatusFound():
            _status(talk, event)
        case Complained():
            complaining.complained(talk, event)
        case DataFound():
            erasing.data_found(talk, event)
        case HeldFound():
            erasing.held_found(talk, event)
        case Erased():
            erasing.erased(talk, event)
        case TakenOver():
            talking.taken_over(talk, event)
        case HandedBack():
            talking.handed_back(talk)
        case _:
            return False
    talk.lasting = True
    return True


def _told(talk: Talk, event: Told) -> None:
    if event.document and talk.upload:
        # Where no photo can be sent none arrives either.
        talk.say("conversation.told.file_elsewhere")
    else:
        talk.say(event.key, **event.args)
    if event.document and not talk.upload:
        talk.attachments.append(Attachment("document", str(event.document)))
    talk.template = event.template
    if event.closes:
        drop(talk, event.request)
    if under_way(talk.session) and talk.session.place not in _QUIET:
        show(talk)


def _status(talk: Talk, event: StatusFound) -> None:
    if event.closed:
        drop(talk, event.closed)
    if event.full:
        talk.say("conversation.too_many_open")
    if event.requests:
        talk.say("conversation.status_list", requests=event.requests)
    elif not event.complaints:
        key = "status_unknown" if event.asked else "status_none"
        talk.say(f"conversation.{key}", number=event.asked)
    if event.complaints:
        talk.say("complaint.status", complaints=event.complaints)
    if under_way(talk.session):
        show(talk)


def _woken(talk: Talk) -> None:
    """The person left in the middle: remind kindly, then let go."""
    session = talk.session
    if session.proof is not None and session.proof.doubted:
        # Of what is half-finished nobody is reminded who may not be the one that began it.
        session.reminded += 1
        if session.reminded > len(talk.office.limits.remind_after):
            proving.drop(talk)
        return
    leave_stale(talk)
    if session.place == "elsewhere":
        # Where to go was said; nothing is left to be reminded of.
        forget_draft(talk)
    if not has_draft(session):
        begin_next(talk)
        return
    reminders = talk.office.limits.remind_after
    if session.reminded < len(reminders):
        session.reminded += 1
        talk.template = "reminder"
        talk.say(f"conversation.reminder_{session.reminded}", service=talk.key("title"))
        show(talk)
        return
    title = talk.key("title")
    if session.returned is not None:
        # The request itself stays with the office; only what was half-answered goes.
        session.waiting.append(session.returned)
    forget_draft(talk)
    talk.template = "expired"
    talk.say("conversation.expired", service=title)


def _wake_at(talk: Talk) -> datetime | None:
    """Return when the clock shall come: by hours since the last word, at a kind time of day."""
    session = talk.session
    if not has_draft(session) or session.place == "talking":
        return None
    limits = talk.office.limits
    hours = [*limits.remind_after, limits.expire_after]
    reached = min(session.reminded, len(hours) - 1)
    passed = hours[reached - 1] if reached else 0
    return talk.office.calendar.next_allowed(talk.now + timedelta(hours=hours[reached] - passed))


# --- what a person does --------------------------------------------------------------------------


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
    """Something that cannot be an answer: say so kindly and ask again."""
    session = talk.session
    if session.place == "talking":
        talk.say(f"conversation.{what}")
        return
    talk.say(f"conversation.{what}")
    if session.place == "start":
        session.place = "rest"
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
