"""What the law gives every person (UU 27/2022): to see what is held about them, and its erasure.

Who asks is known by their own chat. What is open stays until it is closed; issued letters stay as
long as the archive must keep them, and the person is told so.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.engine.jobs import Record
from bot.papers import documents
from flows.events import DataFound, Erased, HeldFound
from flows.office import Office
from flows.session import Session
from storage import audit, complaints, conversations, history, purges, rights
from storage.contacts import ContactRow
from storage.instant import from_ms, to_ms
from storage.purges import Purge

if TYPE_CHECKING:
    from bot.engine.desk import Desk
    from bot.engine.turn import Turn

_PAUSE = timedelta(hours=1)
"""A person who was erased is forgotten altogether after so long without a word."""


def show_data(turn: Turn, contact: ContactRow) -> DataFound:
    """Let the person have all that is held; not where a number alone proves nobody (SMS)."""
    channel = turn.desk.channels.get(contact.channel)
    if contact.citizen_id is None or channel is None or not channel.takes_media:
        return DataFound("")
    audit.note(turn.tx, turn.instant, None, "rights.data", f"contact {contact.id}")
    return DataFound(str(contact.id))


def find_held(turn: Turn, contact: ContactRow) -> HeldFound:
    """Return what erasing would do, without doing it."""
    held = rights.held(turn.tx, contact.citizen_id or 0)
    return HeldFound(held.counts, *_staying(turn, contact))


def erase(turn: Turn, contact: ContactRow) -> Erased:
    """Erase at once what can go; the address itself goes when the last answer was delivered."""
    tx, citizen = turn.tx, contact.citizen_id or 0
    held = rights.held(tx, citizen)
    stays = _staying(turn, contact)
    documents.discard(turn, held.documents)
    for letter_id, file in rights.stopped_letters(tx, held.closed):
        turn.job("delete", f"delete-letter:{letter_id}", {"files": [file]})
    rights.purge_requests(tx, held.closed)
    rights.forget_messages(tx, held.contacts, held.closed, held.documents)
    for row in complaints.of_citizen(tx, turn.desk.vault, citizen):
        if row.state == complaints.CLOSED:
            complaints.purge(tx, row.id)
    for other in held.contacts:
        if other != contact.id:
            _forget_draft(turn, other)
    kept = f"letters={len(stays[2])} requests={len(stays[0])} complaints={len(stays[1])}"
    gone = " ".join(f"{what}={count}" for what, count in held.counts.items())
    audit.note(tx, turn.instant, None, "rights.erased", f"{gone}; kept {kept}")
    for what, count in held.counts.items():
        purges.note(tx, Purge(turn.instant, what, "", purges.WISH, count))
    for request_id in held.closed:
        history.record(tx, turn.desk.vault, request_id, turn.now, "erased")
    if not stays[0] and not stays[1]:
        for one in held.contacts:
            _forget_later(turn, one)
    return Erased(held.counts, *stays)


async def forget_contact(desk: Desk, body: dict[str, Any]) -> Record:
    """Forget a person's address once nothing is left to be said to them.

    Who began anew meanwhile is wanted again, and stays.
    """
    contact_id = int(body["contact"])

    def record(turn: Turn) -> None:
        standing = rights.standing(turn.tx, contact_id)
        session = conversations.load(turn.tx, turn.desk.vault, contact_id).session
        if standing.wanted or session.service or session.waiting:
            return
        if standing.busy or standing.heard_at > to_ms(turn.now - _PAUSE):
            _forget_later(turn, contact_id)
            return
        rights.forget_contact(turn.tx, contact_id)
        audit.note(turn.tx, turn.instant, None, "rights.forgotten", f"contact {contact_id}")

    return record


def _staying(
    turn: Turn, contact: ContactRow
) -> tuple[list[dict[str, str]], list[str], list[dict[str, str]]]:
    """Return open requests, open complaints, and letters with the day until which they are kept."""
    tx, citizen, office = turn.tx, contact.citizen_id or 0, turn.desk.office
    requests = [
        {"number": number, "service": f"{service}.title"}
        for number, service in rights.open_requests(tx, citizen)
    ]
    own = complaints.of_citizen(tx, turn.desk.vault, citizen) if citizen else []
    letters = [
        {
            "number": one.number,
            "service": f"{one.service}.title",
            "until": kept_until(office, one),
            "law": ", ".join(office.law_of_keeping(one.service, one.digest)),
        }
        for one in rights.issued_letters(tx, citizen)
    ]
    return requests, [row.number for row in own if row.state != complaints.CLOSED], letters


def kept_until(office: Office, letter: rights.Issued) -> str:
    """Return the day until which the archive keeps a letter, as ISO."""
    years = office.keeps(letter.service, letter.digest).letters_years
    return office.today(from_ms(letter.made_at) + timedelta(days=365.25 * years))


def _forget_draft(turn: Turn, contact_id: int) -> None:
    """What is half-finished in another chat of the same person goes too; open requests wait."""
    stored = conversations.load(turn.tx, turn.desk.vault, contact_id)
    session = stored.session
    waiting = [*session.waiting, *([session.returned] if session.returned else [])]
    clean = Session(language=session.language, turn=session.turn, prompt=session.prompt)
    clean.place, clean.waiting = "rest", waiting
    conversations.save(turn.tx, turn.desk.vault, contact_id, clean, None, turn.instant)


def _forget_later(turn: Turn, contact_id: int) -> None:
    key = f"forget:{contact_id}:{turn.instant}"
    turn.job("forget", key, {"contact": contact_id}, turn.now + _PAUSE)
