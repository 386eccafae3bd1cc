"""Whose turn is it: an event goes to the citizen's machine, an officer's command, or a request."""

from __future__ import annotations

import re

from bot.commands import Asker, answer
from bot.engine.citizens import take_citizen_turn
from bot.engine.turn import Turn
from bot.papers import passing
from bot.people import counter, proof
from bot.requests import casework, complaints
from flows.events import (
    Added,
    Blocked,
    ComplaintDue,
    Digest,
    Envelope,
    Media,
    Migrated,
    Pressed,
    Text,
    Unblocked,
)
from flows.messages import Message, Part
from storage import contacts, counterdrafts, inbox, officers, topics

_COMMAND = "cmd:"
# A citizen's words that only begin like the command are an answer: without its stroke, a code of
# ten signs must follow.
_JOIN = re.compile(
    r"/(?:gabung|join)(?:@\w+)?(?:\s|$)|(?:gabung|join)\s+[0-9a-z]{5}[- ]?[0-9a-z]{5}(?:\s|$)",
    re.IGNORECASE,
)


def take_turn(turn: Turn, waiting: inbox.Waiting) -> None:
    """Do all that one event brings about, inside its transaction."""
    event = waiting.envelope.event
    if waiting.lane < 0:
        casework.on_request_event(turn, -waiting.lane, event)
    elif waiting.lane == 0:
        if isinstance(event, Digest):
            casework.morning_digest(turn)
        elif isinstance(event, ComplaintDue):
            complaints.remind(turn, event)
    else:
        _contact_turn(turn, _contact_of(turn, waiting), waiting.envelope)


def _contact_of(turn: Turn, waiting: inbox.Waiting) -> contacts.ContactRow:
    """Return who wrote: a moment ago the address may have become somebody else's."""
    contact, envelope = contacts.load(turn.tx, waiting.lane), waiting.envelope
    if envelope.channel != "desk" and contact.address is None:
        known = contacts.find(turn.tx, turn.desk.vault, envelope.channel, envelope.address)
        return contacts.load(turn.tx, known) if known else contact
    return contact


def _contact_turn(turn: Turn, contact: contacts.ContactRow, envelope: Envelope) -> None:
    event = envelope.event
    if envelope.channel != "desk":
        contact = proof.note_silence(turn, contact)
        contact = contacts.heard(turn.tx, contact, turn.instant)
    if isinstance(event, Blocked | Unblocked):
        state = "blocked" if isinstance(event, Blocked) else "open"
        contacts.set_state(turn.tx, contact.id, state)
    elif isinstance(event, Migrated):
        contacts.move(turn.tx, turn.desk.vault, contact.id, contact.channel, event.address)
    elif contact.kind == counterdrafts.KIND:
        counter.on_event(turn, contact, envelope.event)
    elif contact.kind == "group":
        _group_turn(turn, contact, envelope)
    elif contact.kind == "staff" or contact.officer_id is not None:
        _officer_turn(turn, contact, envelope)
    elif _joins(envelope):
        _joining_turn(turn, contact, envelope)
    else:
        take_citizen_turn(turn, contact, envelope)


def _group_turn(turn: Turn, contact: contacts.ContactRow, envelope: Envelope) -> None:
    """A group that is not the officers': the desk says once that it speaks in private only."""
    if isinstance(envelope.event, Added):
        message = Message([Part("conversation.not_in_groups")])
        turn.say(contact.id, message, key=f"group:{contact.id}")


def _joins(envelope: Envelope) -> bool:
    event = envelope.event
    return isinstance(event, Text) and _JOIN.match(event.text) is not None


def _joining_turn(turn: Turn, contact: contacts.ContactRow, envelope: Envelope) -> None:
    """A code is looked at only so often: guessing gets nowhere."""
    if turn.desk.limits.allow(contact.id, turn.now):
        _officer_turn(turn, contact, envelope)


def _officer_turn(turn: Turn, contact: contacts.ContactRow, envelope: Envelope) -> None:
    text = _command_text(envelope)
    if not text and not isinstance(envelope.event, Media):
        return
    group = contact.kind == "staff"
    officer = (
        officers.at_address(turn.tx, turn.desk.vault, contact.channel, envelope.sender)
        if group
        else officers.of_contact(turn.tx, contact.id)
    )
    request = topics.request_at(turn.tx, envelope.thread) if group and envelope.thread else 0
    if isinstance(envelope.event, Media):
        if officer is not None and officer.active:
            _officer_photo(turn, contact, officer, request, envelope.event)
        return
    asker = Asker(officer, contact.id, group, contact.channel, request, envelope.sender)
    reply = answer(turn, asker, text)
    if reply is not None:
        if request and not reply.request:
            reply.request = request
        turn.say(contact.id, reply)


def _officer_photo(
    turn: Turn, chat: contacts.ContactRow, officer: officers.Officer, request: int, media: Media
) -> None:
    """A photo belongs to what the officer fills in; in a request's topic it is for the citizen."""
    if request:
        passing.pass_on(turn, chat, officer, request, media)
        return
    draft = counterdrafts.open_one(turn.tx, turn.desk.vault, officer.id, chat.id)
    if draft is not None:
        counter.take_photo(turn, draft, chat, media)


def _command_text(envelope: Envelope) -> str:
    match envelope.event:
        case Text(text):
            return text
        case Pressed(choice) if choice.startswith(_COMMAND):
            return "/" + choice.removeprefix(_COMMAND)
    return ""
