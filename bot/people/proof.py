"""Is it still the same person? Asked of numbers that changed hands, were long silent, or by SMS."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from flows import identity
from flows.dates import Unclear, read_date
from flows.effects import AnyEffect, FindHeld, FindStatus, PartChat, Prove, ShowData, UseCode
from flows.events import CodeUsed, Doubted, Proved
from flows.places import proving
from flows.session import Session
from storage import audit, contacts, conversations, persons, requests
from storage.contacts import ContactRow
from storage.instant import to_ms

if TYPE_CHECKING:
    from bot.engine.turn import Turn

SILENT = "silent"
_DAY_MS = 86_400_000
_UNPROVEN = ("sms",)
"""Channels on which anybody can write under any number."""
_NOT_DIGIT = re.compile(r"\D+")


def doubt(turn: Turn, contact: ContactRow, session: Session) -> Doubted | None:
    """Return what must be proved before anything else is said, None where nothing is in doubt.

    Where nothing personal is held there is nothing to protect, and nobody is asked.
    """
    why = contact.doubt or (SILENT if _is_silent(turn, contact) else "")
    if not why or (session.proof is not None and session.proof.doubted):
        return None
    held = persons.has_business(turn.tx, turn.desk.vault, contact.citizen_id or 0)
    if not held and not session.service and not session.waiting:
        contacts.set_doubt(turn.tx, contact.id, "")
        return None
    contacts.set_doubt(turn.tx, contact.id, why)
    audit.note(turn.tx, turn.instant, None, f"person.doubted.{why}", f"contact {contact.id}")
    return Doubted(why, "birth" if _birthdays(turn, contact) else "")


def note_silence(turn: Turn, contact: ContactRow) -> ContactRow:
    """Remember a long silence before it ends: even a sign of life without a word would hide it."""
    if contact.doubt or contact.kind != "citizen" or contact.officer_id is not None:
        return contact
    if not _is_silent(turn, contact):
        return contact
    contacts.set_doubt(turn.tx, contact.id, SILENT)
    return contact._replace(doubt=SILENT)


def _is_silent(turn: Turn, contact: ContactRow) -> bool:
    longest = turn.desk.config.people.silence_days * _DAY_MS
    return contact.heard_at is not None and contact.heard_at < turn.instant - longest


def wanted(
    turn: Turn, contact: ContactRow, session: Session, effect: AnyEffect
) -> Doubted | CodeUsed | None:
    """Return that a code must be answered first, where anybody may write under this number.

    A code sent to the number proves only that who writes also reads there: who shares the phone
    reads it too, as they read all that was ever sent.
    """
    personal = FindStatus | ShowData | FindHeld | UseCode | PartChat
    if contact.channel not in _UNPROVEN or not isinstance(effect, personal):
        return None
    days = timedelta(days=turn.desk.config.people.sms_days)
    if contact.confirmed_at is not None and contact.confirmed_at > to_ms(turn.now - days):
        return None
    vault, citizen = turn.desk.vault, contact.citizen_id or 0
    if isinstance(effect, FindStatus) and not persons.has_business(turn.tx, vault, citizen):
        return None
    if not proving.spends(session, turn.now):
        return CodeUsed("often")
    until = turn.now + timedelta(minutes=turn.desk.config.people.code_minutes)
    code = persons.make_code(turn.tx, vault, persons.SENDER, contact.id, until)
    return Doubted("sms", "code", code, msgspec.to_builtins(effect))


def prove(turn: Turn, contact: ContactRow, said: Prove) -> Proved:
    """Hold what was said against what only the person knows."""
    if said.way == "code":
        digits = _NOT_DIGIT.sub("", said.text)
        if not persons.use_code(
            turn.tx, turn.desk.vault, persons.SENDER, digits, turn.now, contact.id
        ):
            return Proved(False)
        contacts.confirm(turn.tx, contact.id, turn.instant)
    else:
        if not _is_birthday(turn, contact, said.text):
            return Proved(False)
        contacts.set_doubt(turn.tx, contact.id, "")
        contacts.confirm(turn.tx, contact.id, turn.instant)
    audit.note(turn.tx, turn.instant, None, f"person.proved.{said.way}", f"contact {contact.id}")
    return Proved(True)


def detach(turn: Turn, contact: ContactRow, names: tuple[str, ...], why: str) -> ContactRow:
    """Give the number to somebody new; the person who had it keeps all that is theirs."""
    tx, vault = turn.tx, turn.desk.vault
    session = conversations.load(tx, vault, contact.id).session
    waiting = [*session.waiting, *([session.returned] if session.returned else [])]
    clean = Session(language=session.language, turn=session.turn, place="rest", waiting=waiting)
    conversations.save(tx, vault, contact.id, clean, None, turn.instant)
    new = contacts.succeed(tx, vault, contact, names, turn.instant)
    audit.note(tx, turn.instant, None, f"person.detached.{why}", f"contact {contact.id}")
    return new


def _birthdays(turn: Turn, contact: ContactRow) -> set[tuple[int, int, int]]:
    """Return the birth dates of those whom this person's requests are for: day, month, year of two
    digits, as a NIK has them.
    """
    found: set[tuple[int, int, int]] = set()
    for answers, applicant in _own(turn, contact):
        path = applicant.get("nik", "")
        nik = answers.get(path, "")
        if nik and not identity.impossible(nik):
            day, month, year = int(nik[6:8]), int(nik[8:10]), int(nik[10:12])
            found.add((day - 40 if day > 40 else day, month, year))
        born = answers.get(path.removesuffix("nik") + "birth_date", "")
        if born:
            day_of = date.fromisoformat(born)
            found.add((day_of.day, day_of.month, day_of.year % 100))
    return found


def _is_birthday(turn: Turn, contact: ContactRow, text: str) -> bool:
    digits = _NOT_DIGIT.sub("", text)
    if len(digits) == 16:
        niks = (answers.get(who.get("nik", ""), "") for answers, who in _own(turn, contact))
        return digits in set(niks)
    today = date.fromisoformat(turn.desk.office.today(turn.now))
    try:
        day = read_date(text, today, "past", yearless=False)
    except Unclear:
        return False
    return (day.day, day.month, day.year % 100) in _birthdays(turn, contact)


def _own(turn: Turn, contact: ContactRow) -> list[tuple[dict[str, str], dict[str, str]]]:
    """Return the answers of a person's requests, each with where its applicant stands in them."""
    found: list[tuple[dict[str, str], dict[str, str]]] = []
    for row in requests.of_citizen(turn.tx, contact.citizen_id or 0, 50):
        try:
            given = requests.given(turn.tx, turn.desk.vault, row.id)
        except requests.Purged:
            continue
        found.append((given.answers, turn.desk.office.service(row.service, row.digest).applicant))
    session = conversations.load(turn.tx, turn.desk.vault, contact.id).session
    if session.service:
        definition = turn.desk.office.service(session.service, session.digest)
        found.append((session.answers, definition.applicant))
    return found
