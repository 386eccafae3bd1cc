"""What the desk tells by itself: what was found, filed, decided or said by the office."""

from __future__ import annotations

from flows.events import (
    AnyEvent,
    CodeMade,
    CodeUsed,
    Complained,
    DataFound,
    Detached,
    Doubted,
    Erased,
    Filed,
    HandedBack,
    HeldFound,
    Inspected,
    Joined,
    Parted,
    Proved,
    StatusFound,
    TakenOver,
    Told,
    Wanted,
)
from flows.messages import Attachment
from flows.places import collecting, complaining, erasing, linking, proving, show, talking
from flows.places.returned import drop, filed, wanted
from flows.talk import Talk, under_way

_QUIET = ("start", "rest", "talking")


def tell(talk: Talk, event: AnyEvent) -> bool:
    """Take an event of the office's; False when it is something a person did."""
    if proving.holds(talk.session, event):
        proving.news(talk)
        return True
    match event:
        case Doubted():
            proving.doubted(talk, event)
        case Proved(ok):
            for held in proving.proved(talk, ok):
                tell(talk, held)
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
