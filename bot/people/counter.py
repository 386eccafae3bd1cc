"""The counter: an officer files for the person who stands there; the slip links their phone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.papers import documents
from bot.requests import filing
from flows import counter
from flows.checklist import checklist
from flows.definition import Document
from flows.effects import Fetch
from flows.events import AnyEvent, Filed, Inspected, Media
from flows.messages import Attachment, Message, Part
from flows.places.collecting import has_room
from flows.session import Page
from flows.talk import Talk
from flows.understanding import pick
from storage import audit, contacts, counterdrafts, persons, requests
from storage.contacts import ContactRow
from storage.counterdrafts import Draft
from storage.instant import to_ms

if TYPE_CHECKING:
    from bot.engine.turn import Turn
    from storage.officers import Officer


def flaw(turn: Turn, problem: str) -> str:
    """Return what is wrong with a file, in words."""
    return turn.desk.office.label("id", f"commands.flaw.{problem}") or problem


def drop(turn: Turn, draft: Draft) -> None:
    """Leave a draft: what was filled in and photographed goes."""
    ids = [page.id for pages in draft.session.documents.values() for page in pages if page.id]
    documents.discard(turn, ids)
    counterdrafts.drop(turn.tx, draft.contact_id, filed=False)


def drop_stale(turn: Turn) -> int:
    """Leave the drafts that nobody touched for as long as a citizen's would be kept."""
    hours = turn.desk.office.limits.expire_after
    found = counterdrafts.stale(turn.tx, to_ms(turn.now - timedelta(hours=hours)))
    for contact_id in found:
        draft = counterdrafts.of_contact(turn.tx, turn.desk.vault, contact_id)
        if draft is not None:
            drop(turn, draft)
    return len(found)


def file(turn: Turn, draft: Draft, officer: Officer) -> requests.RequestRow:
    """File the request, and write down who filed it and which originals they looked at."""
    office, session = turn.desk.office, draft.session
    submit = counter.submit(office, session, turn.now)
    done = filing.file_request(turn, draft.contact_id, submit, officer=officer.id)
    assert isinstance(done, Filed)
    counterdrafts.drop(turn.tx, draft.contact_id, filed=True)
    audit.note(turn.tx, turn.instant, officer.id, "counter.filed", done.number)
    if seen := counter.seen(session):
        ref = f"{done.number} {','.join(seen)}"
        audit.note(turn.tx, turn.instant, officer.id, "counter.originals", ref)
    row = requests.load(turn.tx, done.request)
    assert row is not None
    return row


def slip(turn: Turn, row: requests.RequestRow, officer_id: int) -> tuple[str, Attachment]:
    """Return a new code that links a phone to a request, and the slip that bears it.

    An older slip of the same request ends.
    """
    until = turn.now + timedelta(days=turn.desk.config.people.slip_days)
    code = persons.make_code(turn.tx, turn.desk.vault, persons.SLIP, row.id, until, officer_id)
    audit.note(turn.tx, turn.instant, officer_id, "counter.slip", row.number)
    name = f"slip-{row.number}.pdf".replace("/", "-")
    return f"{code[:5]}-{code[5:]}", Attachment("slip", f"{row.id}:{code}", name)


# --- photos -------------------------------------------------------------------------------------


def take_photo(turn: Turn, draft: Draft, chat: ContactRow, media: Media) -> None:
    """Fetch a photo for the paper that its caption names, else for the next missing one."""
    office, session = turn.desk.office, draft.session
    talk = Talk(office, session, turn.now)
    papers = [
        item
        for item in checklist(talk.definition, session)
        if isinstance(item.what, Document) and has_room(talk, item)
    ]
    named = pick(media.caption, [(one.path, counter.label_of(talk, one)) for one in papers])
    missing = [one for one in papers if not session.documents.get(one.path)]
    item = next((one for one in papers if one.path == named), None) or next(iter(missing), None)
    if item is None:
        return
    session.documents.setdefault(item.path, []).append(Page(media.ref))
    session.marks.pop(item.path, None)
    if item.path in session.skipped:
        session.skipped.remove(item.path)
    person = contacts.load(turn.tx, draft.contact_id)._replace(channel=chat.channel)
    documents.want(turn, person, Fetch(item.what.id, media, item.path), session)
    counterdrafts.save(turn.tx, turn.desk.vault, draft, turn.instant)


def on_event(turn: Turn, contact: ContactRow, event: AnyEvent) -> None:
    """Take what was found of a photo; the officer is told in the chat where they sent it."""
    if not isinstance(event, Inspected):
        return
    draft = counterdrafts.of_contact(turn.tx, turn.desk.vault, contact.id)
    pages = draft.session.documents.get(event.path, []) if draft else []
    page = next((one for one in pages if one.id == 0 and one.ref == event.ref), None)
    if draft is None or page is None:
        documents.discard(turn, [event.document])
        return
    if event.usable:
        page.id, page.problem = event.document, event.problem
    else:
        pages.remove(page)
        if not pages:
            del draft.session.documents[event.path]
    counterdrafts.save(turn.tx, turn.desk.vault, draft, turn.instant)
    talk = Talk(turn.desk.office, draft.session, turn.now)
    labels = {
        one.path: counter.label_of(talk, one) for one in checklist(talk.definition, talk.session)
    }
    waits = any(one.id == 0 for each in draft.session.documents.values() for one in each)
    missing = [one.label for one in counter.needed(turn.desk.office, draft.session, turn.now)]
    args = {
        "name": labels.get(event.path, event.path),
        "problem": flaw(turn, event.problem),
        "usable": event.usable,
        "missing": missing,
        "ready": not missing and not waits,
    }
    message = Message([Part("commands/notices/counter_photo", args)])
    turn.say(draft.chat_id, message, key=f"counter-photo:{event.document}")
