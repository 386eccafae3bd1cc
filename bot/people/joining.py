"""One person at several chats: joined by a code, by the counter's slip, and parted again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.requests import cards, notices
from flows.events import CodeMade, CodeUsed, Joined, Parted, Told
from storage import audit, contacts, persons, requests
from storage.contacts import ContactRow
from storage.requests import RequestRow

if TYPE_CHECKING:
    from bot.engine.turn import Turn

COUNTER = "counter"
"""The channel and kind of a contact that stands at the counter and has no chat yet."""
_CODE_DIGITS = 8


def make_code(turn: Turn, contact: ContactRow) -> CodeMade:
    """Make the code that is typed in the person's other chat."""
    minutes = turn.desk.config.people.code_minutes
    until = turn.now + timedelta(minutes=minutes)
    code = persons.make_code(turn.tx, turn.desk.vault, persons.PERSON, contact.id, until)
    audit.note(turn.tx, turn.instant, None, "person.code", f"contact {contact.id}")
    return CodeMade(code, minutes)


def use_code(turn: Turn, contact: ContactRow, code: str) -> CodeUsed:
    """Find out where a code leads; a slip's request is the person's at once."""
    tx, vault = turn.tx, turn.desk.vault
    if len(code) != _CODE_DIGITS or not code.isdecimal():
        request_id = persons.use_code(tx, vault, persons.SLIP, code, turn.now)
        row = requests.load(tx, request_id) if request_id else None
        return _take_over(turn, contact, row) if row else CodeUsed("none")
    other_id = persons.use_code(tx, vault, persons.PERSON, code, turn.now)
    if not other_id:
        return CodeUsed("none")
    other = contacts.load(tx, other_id)
    if other.citizen_id == contact.citizen_id or other.citizen_id is None or other.doubt:
        return CodeUsed("own" if other.citizen_id == contact.citizen_id else "none")
    return CodeUsed("person", other.id, other.channel)


def join(turn: Turn, contact: ContactRow, other_id: int) -> Joined | CodeUsed:
    """Make two chats one person's; the other chat is told."""
    tx = turn.tx
    other = contacts.load(tx, other_id)
    if other.citizen_id is None or contact.citizen_id is None or other.doubt:
        return CodeUsed("none")
    persons.join(tx, turn.desk.vault, other.citizen_id, contact.citizen_id)
    audit.note(tx, turn.instant, None, "person.joined", f"contact {contact.id}+{other.id}")
    told = Told("identity.joined_there", {"channel": contact.channel}, template="message")
    turn.put(other.id, told, f"joined:{turn.seq}:{other.id}")
    return Joined(other.channel, _status(turn, other.citizen_id))


def part(turn: Turn, contact: ContactRow) -> Parted:
    """Make a chat a person of its own again: what was filed there goes with it."""
    citizen = contact.citizen_id or 0
    others = [chat for chat in persons.chats(turn.tx, citizen) if chat.id != contact.id]
    if not others:
        return Parted([])
    persons.part(turn.tx, turn.desk.vault, contact.id, citizen, turn.instant)
    audit.note(turn.tx, turn.instant, None, "person.parted", f"contact {contact.id}")
    for other in others:
        told = Told("identity.parted_there", {"channel": contact.channel}, template="message")
        turn.put(other.id, told, f"parted:{turn.seq}:{other.id}")
    return Parted([other.channel for other in others])


def _take_over(turn: Turn, contact: ContactRow, row: RequestRow) -> CodeUsed:
    """A slip's request becomes this chat's.

    Filed at the counter it is one request; the slip of a request that has a chat was given to a
    person whom an officer knows by their card, and all of that person's requests follow.
    """
    tx, vault = turn.tx, turn.desk.vault
    citizen = contact.citizen_id
    if citizen is None:
        return CodeUsed("none")
    counter = contacts.load(tx, row.contact_id)
    if counter.kind == COUNTER:
        persons.hand_over(tx, row.id, contact.id, citizen)
    elif row.citizen_id == citizen:
        return CodeUsed("own")
    else:
        persons.join(tx, vault, row.citizen_id, citizen)
    audit.note(tx, turn.instant, None, "person.slip", row.number)
    fresh = requests.load(tx, row.id)
    assert fresh is not None
    notices.want_again(turn, fresh, contact.id)
    return CodeUsed("slip", requests=[cards.status_line(turn, fresh)])


def _status(turn: Turn, citizen_id: int) -> list[dict[str, Any]]:
    return [cards.status_line(turn, row) for row in requests.of_citizen(turn.tx, citizen_id)]
