"""Complaints and suggestions: taken down, shown to whom they concern, answered through the desk.

A report of bribery is for the head alone: never in a group, never in a list of others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from flows import complaint as limits
from flows import numbering
from flows.effects import Complain
from flows.events import Complained, ComplaintDue, Told
from flows.messages import Button, Message, Part
from flows.workflow import Refused
from storage import complaints, contacts, numbers, officers, requests
from storage.complaints import ANSWERED, CLOSED, Body, ComplaintRow
from storage.contacts import ContactRow
from storage.officers import Officer

if TYPE_CHECKING:
    from bot.engine.turn import Turn

log = structlog.get_logger()
BRIBE = "bribe"


def take(turn: Turn, contact: ContactRow, said: Complain) -> Complained:
    """Take a complaint down under a number of its own and tell those who answer it."""
    calendar, rule = turn.desk.office.calendar, turn.desk.config.complaints
    day = turn.now.astimezone(calendar.zone).date()
    period = numbering.period(rule.number.restart, day)
    sequence = numbers.draw(turn.tx, "complaint", period)
    answer_by = limits.answer_by(turn.now, calendar, rule.days)
    name = "" if said.nameless else _name(turn, contact)
    new = complaints.New(
        number=numbering.write(
            rule.number.pattern, sequence, day, code="ADU", unit=turn.desk.config.office.unit
        ),
        sequence=sequence,
        kind=said.kind,
        nameless=said.nameless,
        filed_at=turn.now,
        answer_by=answer_by,
        close_by=limits.close_by(turn.now, said.kind, calendar, rule.days, visit=False),
        wake_at=limits.next_look(answer_by, turn.now, calendar),
        body=Body(said.text, contact.id, contact.citizen_id or 0, name),
    )
    row = complaints.create(turn.tx, turn.desk.vault, new)
    _tell_officers(turn, row, "filed")
    return Complained(row.number, row.kind, turn.desk.office.today(answer_by))


def may_read(turn: Turn, row: ComplaintRow, officer: Officer) -> bool:
    """Say whether a complaint concerns an officer: bribery only the role that config.yaml names."""
    config = turn.desk.config
    if row.kind == BRIBE:
        return officer.role == config.complaints.bribery
    return config.permits(officer.role, "reply")


def answer(turn: Turn, row: ComplaintRow, officer: Officer, text: str, *, close: bool) -> None:
    """Answer the citizen, and close it where that was all; raises Refused."""
    body = _open(turn, row)
    calendar = turn.desk.office.calendar
    wake_at = None if close else limits.next_look(row.close_by, turn.now, calendar)
    _change(turn, row, CLOSED if close else ANSWERED, wake_at=wake_at)
    step = complaints.record(
        turn.tx,
        turn.desk.vault,
        row,
        turn.now,
        officer.id,
        "closed" if close else "answered",
        text,
    )
    key = f"complaint.told.{'closed' if close else 'answered'}"
    told = Told(key, {"number": row.number, "text": text}, template="message")
    turn.put(body.contact, told, f"complaint:{row.id}:{step}")


def visit(turn: Turn, row: ComplaintRow, officer: Officer) -> None:
    """It must be looked at on the spot: the time limit becomes longer; raises Refused."""
    body = _open(turn, row)
    calendar, days = turn.desk.office.calendar, turn.desk.config.complaints.days
    by = limits.close_by(row.filed_at, row.kind, calendar, days, visit=True)
    due = row.answer_by if row.state == complaints.OPEN else by
    wake_at = limits.next_look(due, turn.now, calendar)
    _change(turn, row, row.state, close_by=by, wake_at=wake_at)
    complaints.mark_visit(turn.tx, row.id)
    step = complaints.record(turn.tx, turn.desk.vault, row, turn.now, officer.id, "visit")
    about = {"number": row.number, "close_by": turn.desk.office.today(by)}
    told = Told("complaint.told.visit", about, template="message")
    turn.put(body.contact, told, f"complaint:{row.id}:{step}")


def remind(turn: Turn, event: ComplaintDue) -> None:
    """Tell those who answer it that a time limit is reached; look again the next working day."""
    row = complaints.load(turn.tx, event.complaint)
    if row is None or row.version != event.version or row.state == CLOSED:
        return
    _tell_officers(turn, row, "late" if turn.now > row.due else "due")
    wake_at = limits.next_look(row.due, turn.now, turn.desk.office.calendar)
    complaints.reminded(turn.tx, row.id, wake_at)


def status_of(turn: Turn, citizen_id: int, asked: str) -> list[dict[str, Any]]:
    """Return a citizen's complaints for ``status``: the open ones, or the one that is asked for."""
    own = complaints.of_citizen(turn.tx, turn.desk.vault, citizen_id) if citizen_id else []
    today = turn.desk.office.today
    return [
        {
            "number": row.number,
            "kind": f"complaint.kind.{row.kind}",
            "state": row.state,
            "due": today(row.due),
        }
        for row in own
        if row.number.upper() == asked.upper() or (not asked and row.state != CLOSED)
    ]


def shown(turn: Turn, row: ComplaintRow, *, private: bool) -> dict[str, Any]:
    """Return what an officer may read of a complaint: in a group neither words nor names."""
    body = complaints.body_of(turn.desk.vault, row) if private else None
    nameless = row.nameless or body is None
    return {
        "number": row.number,
        "kind": f"complaint.kind.{row.kind}",
        "state": row.state,
        "nameless": row.nameless,
        "visit": row.visit,
        "filed": row.filed_at.isoformat(),
        "due": row.due.isoformat(),
        "late": row.state != CLOSED and turn.now > row.due,
        "text": body.text if body else "",
        "name": "" if nameless or body is None else body.name,
        "contact": 0 if nameless or body is None else body.contact,
        "private": private,
    }


def _open(turn: Turn, row: ComplaintRow) -> Body:
    body = complaints.body_of(turn.desk.vault, row)
    if row.state == CLOSED or body is None:
        raise Refused("complaint_closed", number=row.number)
    return body


def _change(turn: Turn, row: ComplaintRow, state: str, **times: Any) -> None:
    times = {"close_by": row.close_by, **times}
    if not complaints.change(turn.tx, row, state=state, at=turn.now, **times):
        raise Refused("complaint_changed", number=row.number)


def _tell_officers(turn: Turn, row: ComplaintRow, what: str) -> None:
    """Tell the groups, or the heads in private where it is theirs alone or there is no group."""
    key = f"complaint:{row.id}:{row.version}:{what}"
    buttons = [Button(f"cmd:pengaduan {row.number}", text=f"/pengaduan {row.number}")]
    groups = [] if row.kind == BRIBE else turn.staff()
    heads = [] if groups else _heads(turn)
    if not groups and not heads:
        log.warning(
            "nobody can be told of a complaint",
            complaint=row.id,
            do="invite an officer of the role that complaints.bribery names",
        )
    for contact_id in [*groups, *heads]:
        card = shown(turn, row, private=contact_id in heads)
        part = Part(f"commands/notices/complaint_{what}", {"complaint": card})
        turn.say(contact_id, Message([part], buttons=buttons), key=f"{key}:{contact_id}")


def _heads(turn: Turn) -> list[int]:
    """Return the private chat of each active officer of that role, where they wrote last."""
    role = turn.desk.config.complaints.bribery
    heads = [one.id for one in officers.roster(turn.tx) if one.active and one.role == role]
    reached = [officers.active_contacts(turn.tx, officer) for officer in heads]
    return [found[0][0] for found in reached if found]


def _name(turn: Turn, contact: ContactRow) -> str:
    """Return how a person is called in their newest request, else in their chat."""
    own = requests.of_citizen(turn.tx, contact.citizen_id or 0, 1)
    if own and own[0].name:
        return own[0].name
    return contacts.profile_of(turn.desk.vault, contact)
