"""Documents: photos and files, in any order, checked while the person still holds the phone."""

from __future__ import annotations

from flows.checklist import BROUGHT, Item, checklist, find, is_met, is_wanted, take_up
from flows.definition import Document
from flows.effects import Fetch
from flows.events import Inspected, Media
from flows.messages import Button
from flows.places.asking import current, proceed
from flows.places.registry import PLACES, Place, show
from flows.session import Page
from flows.talk import Talk, buttons, has_draft
from flows.understanding import pick

_LOOSE = 10
_TRIES_BEFORE_PERSON = 3


def take_media(talk: Talk, media: Media) -> None:
    """A photo or file came, asked for or not."""
    session = talk.session
    aside = session.place in ("leaving", "language") and not media.path
    if not has_draft(session) or aside:
        _keep_loose(talk, media)
        return
    if _known(talk, media):
        return
    if sum(len(pages) for pages in session.documents.values()) >= talk.office.limits.files:
        talk.say("conversation.document_advice.many")
        show(talk)
        return
    item = _place_for(talk, media)
    if item is None:
        _keep_loose(talk, media)
        return
    _add_page(talk, item, media)


def _known(talk: Talk, media: Media) -> bool:
    return any(p.ref == media.ref for pages in talk.session.documents.values() for p in pages)


def _keep_loose(talk: Talk, media: Media) -> None:
    session = talk.session
    if len(session.loose) < _LOOSE:
        session.loose.append(media)
    talk.say("conversation.photo_kept", count=len(session.loose))
    if session.place == "start":
        session.place = "rest"
    show(talk)


def _place_for(talk: Talk, media: Media) -> Item | None:
    """Choose the document: the one the caption names, the one asked for, the next missing one."""
    open_ones = [
        item
        for item in checklist(talk.definition, talk.session)
        if is_wanted(item, talk.session) and has_room(talk, item)
    ]
    if media.path:
        return next((s for s in open_ones if s.path == media.path), None)
    if media.caption:
        labels = [(s.path, talk.label(talk.key(f"document.{s.name}"))) for s in open_ones]
        named = pick(media.caption, labels)
        if named is not None and not media.caption.strip().isdigit():
            return next(s for s in open_ones if s.path == named)
    if talk.session.place != "collecting":
        return None
    asked = next((s for s in open_ones if s.path == talk.session.asked), None)
    return asked or next((s for s in open_ones if not is_met(s, talk.session)), None)


def has_room(talk: Talk, item: Item) -> bool:
    """Say whether this paper may have one more page."""
    given = len(talk.session.documents.get(item.path, []))
    return isinstance(item.what, Document) and given < item.what.pages


def _add_page(talk: Talk, item: Item, media: Media) -> None:
    pages = talk.session.documents.setdefault(item.path, [])
    pages.append(Page(media.ref))
    take_up(talk.session, item.path)
    tries = talk.session.tries.get(item.path, 0)
    talk.want(Fetch(item.what.id, media, item.path, tries))


def inspected(talk: Talk, event: Inspected) -> None:
    """A document was looked at: thank, advise, or accept it with a mark."""
    session = talk.session
    pages = session.documents.get(event.path, [])
    page = next((p for p in pages if p.id == 0 and p.ref == event.ref), None)
    if page is None:
        # It was taken back meanwhile: what was stored is not needed.
        talk.discard([event.document])
        return
    tries = session.tries.get(event.path, 0)
    if event.problem and (not event.usable or tries == 0):
        pages.remove(page)
        if not pages:
            del session.documents[event.path]
        session.tries[event.path] = tries + 1
        _advise(talk, event)
        return
    page.id, page.problem = event.document, event.problem
    _received(talk, event.path, marked=bool(event.problem))


def _advise(talk: Talk, event: Inspected) -> None:
    if event.usable:
        talk.discard([event.document])
    item = find(talk.definition, talk.session, event.path)
    if item is None:
        return
    talk.say(f"conversation.document_advice.{event.problem}", **_naming(talk, item))
    if talk.session.tries[event.path] >= _TRIES_BEFORE_PERSON:
        talk.say("conversation.offer_officer")
    if talk.session.place in ("collecting", "review"):
        talk.session.place, talk.session.asked = "collecting", event.path
    show(talk)


def _received(talk: Talk, path: str, *, marked: bool) -> None:
    session = talk.session
    item = find(talk.definition, session, path)
    if item is None or not isinstance(item.what, Document):
        return
    pages = session.documents[path]
    if any(page.id == 0 for page in pages):
        # The pieces of an album are one answer: the last one looked at speaks for all.
        return
    marked = marked or any(page.problem for page in pages)
    key = "document_marked" if marked else "document_received"
    talk.say(f"conversation.{key}", page=len(pages), **_naming(talk, item))
    if session.place != "collecting":
        show(talk)
    elif item.what.pages > 1 and len(pages) < item.what.pages and session.asked in (path, ""):
        session.asked = path
        _show(talk)
    else:
        proceed(talk)


def _naming(talk: Talk, item: Item) -> dict[str, object]:
    """Name a document in a message: its key, and whose it is in a group."""
    group = talk.key(f"label.group.{item.group}") if item.group else ""
    return {
        "document": talk.key(f"document.{item.name}"),
        "group": group,
        "n": item.member + 1,
    }


def _show(talk: Talk) -> None:
    item = current(talk)
    if item is None or not isinstance(item.what, Document):
        if any(p.id == 0 for pages in talk.session.documents.values() for p in pages):
            talk.say("conversation.checking")
            return
        proceed(talk)
        return
    pages = talk.session.documents.get(item.path, [])
    naming = _naming(talk, item)
    if pages and any(p.id == 0 for p in pages):
        talk.say("conversation.checking")
    elif pages:
        talk.ask("conversation.more_pages", _options(talk), count=len(pages), **naming)
    elif talk.session.loose:
        talk.ask("conversation.photo_for_which", _options(talk), **naming)
    elif talk.upload:
        talk.ask("conversation.document_by_link", _options(talk), link=talk.upload, **naming)
    else:
        talk.ask(talk.key(f"ask.document.{item.name}"), _options(talk), n=item.member + 1)


def _options(talk: Talk) -> list[Button]:
    item = current(talk)
    if item is None or not isinstance(item.what, Document):
        return []
    if talk.session.documents.get(item.path):
        return buttons("done")
    if talk.session.loose:
        return buttons("yes", "no")
    found = _bringing(talk, item) if talk.upload else []
    return found + buttons("skip") if item.what.optional else found


def _bringing(talk: Talk, item: Item) -> list[Button]:
    """Offer to bring the paper, and all that are still missing where there are more."""
    return buttons("bring", "bring_all") if len(_missing(talk)) > 1 else buttons("bring")


def _missing(talk: Talk) -> list[Item]:
    """Return the documents that the person still has to give."""
    return [
        item
        for item in checklist(talk.definition, talk.session)
        if isinstance(item.what, Document)
        and is_wanted(item, talk.session)
        and not is_met(item, talk.session)
    ]


def _bring(talk: Talk, items: list[Item]) -> None:
    """The person has no way to send a photo: the papers come to the office."""
    for item in items:
        if item.path not in talk.session.skipped:
            talk.session.skipped.append(item.path)
        talk.session.marks[item.path] = BROUGHT
    talk.say("conversation.will_bring", papers=[_naming(talk, item) for item in items])
    proceed(talk)


def _chosen(talk: Talk, choice: str) -> None:
    item = current(talk)
    session = talk.session
    if item is None:
        proceed(talk)
    elif choice == "yes":
        _add_page(talk, item, session.loose.pop(0))
        talk.say("conversation.checking")
    elif choice == "no":
        session.loose.pop(0)
        _show(talk)
    elif choice == "skip":
        session.skipped.append(item.path)
        proceed(talk)
    elif choice in ("bring", "bring_all"):
        _bring(talk, [item] if choice == "bring" else _missing(talk))
    else:
        session.asked = ""
        proceed(talk)


def _typed(talk: Talk, text: str) -> None:
    item = current(talk)
    pages = talk.session.documents.get(item.path, []) if item else []
    if item is None or any(page.id == 0 for page in pages):
        talk.say("conversation.checking")
        return
    talk.session.misses += 1
    if not talk.upload:
        talk.say("conversation.send_photo_please", **_naming(talk, item))
    if talk.session.misses >= _TRIES_BEFORE_PERSON:
        talk.say("conversation.offer_officer")
    _show(talk)


PLACES["collecting"] = Place(_show, _options, _chosen, _typed)
