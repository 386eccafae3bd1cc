"""Documents: photos and files, in any order, checked while the person still holds the phone."""

from __future__ import annotations

from flows.definition import Document
from flows.effects import Fetch
from flows.events import Inspected, Media
from flows.messages import Button
from flows.places.asking import current, proceed
from flows.places.registry import PLACES, Place, show
from flows.session import Page
from flows.steps import Step, find, is_met, steps
from flows.talk import Talk, buttons, has_draft
from flows.understanding import pick

_LOOSE = 10
_TRIES_BEFORE_PERSON = 3


def take_media(talk: Talk, media: Media) -> None:
    """A photo or file came, asked for or not."""
    session = talk.session
    if not has_draft(session) or session.place in ("leaving", "language"):
        _keep_loose(talk, media)
        return
    if _known(talk, media):
        return
    if sum(len(pages) for pages in session.documents.values()) >= talk.office.limits.files:
        talk.say("conversation.document_advice.many")
        show(talk)
        return
    step = _place_for(talk, media)
    if step is None:
        _keep_loose(talk, media)
        return
    _add_page(talk, step, media)


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


def _place_for(talk: Talk, media: Media) -> Step | None:
    """Choose the document: the one the caption names, the one asked for, the next missing one."""
    papers = [s for s in steps(talk.definition, talk.session) if isinstance(s.item, Document)]
    wanted = talk.session.returned.paths if talk.session.returned else None
    if wanted is not None:
        papers = [s for s in papers if s.path in wanted or s.item.when]
    open_ones = [s for s in papers if _has_room(talk, s)]
    if media.caption:
        labels = [(s.path, talk.label(talk.key(f"document.{s.name}"))) for s in open_ones]
        named = pick(media.caption, labels)
        if named is not None and not media.caption.strip().isdigit():
            return next(s for s in open_ones if s.path == named)
    if talk.session.place != "collecting":
        return None
    asked = next((s for s in open_ones if s.path == talk.session.asked), None)
    return asked or next((s for s in open_ones if not is_met(s, talk.session)), None)


def _has_room(talk: Talk, step: Step) -> bool:
    assert isinstance(step.item, Document)
    return len(talk.session.documents.get(step.path, [])) < step.item.pages


def _add_page(talk: Talk, step: Step, media: Media) -> None:
    pages = talk.session.documents.setdefault(step.path, [])
    pages.append(Page(media.ref))
    if step.path in talk.session.skipped:
        talk.session.skipped.remove(step.path)
    tries = talk.session.tries.get(step.path, 0)
    talk.want(Fetch(step.item.id, media, step.path, tries))


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
    step = find(talk.definition, talk.session, event.path)
    if step is None:
        return
    talk.say(f"conversation.document_advice.{event.problem}", **_naming(talk, step))
    if talk.session.tries[event.path] >= _TRIES_BEFORE_PERSON:
        talk.say("conversation.offer_officer")
    if talk.session.place in ("collecting", "review"):
        talk.session.place, talk.session.asked = "collecting", event.path
    show(talk)


def _received(talk: Talk, path: str, *, marked: bool) -> None:
    session = talk.session
    step = find(talk.definition, session, path)
    if step is None or not isinstance(step.item, Document):
        return
    pages = session.documents[path]
    key = "document_marked" if marked else "document_received"
    talk.say(f"conversation.{key}", page=len(pages), **_naming(talk, step))
    if session.place != "collecting":
        show(talk)
    elif any(p.id == 0 for p in pages):
        return
    elif step.item.pages > 1 and len(pages) < step.item.pages and session.asked in (path, ""):
        session.asked = path
        _show(talk)
    else:
        proceed(talk)


def _naming(talk: Talk, step: Step) -> dict[str, object]:
    """Name a document in a message: its key, and whose it is in a group."""
    group = talk.key(f"label.group.{step.group}") if step.group else ""
    return {
        "document": talk.key(f"document.{step.name}"),
        "group": group,
        "n": step.member + 1,
    }


def _show(talk: Talk) -> None:
    step = current(talk)
    if step is None or not isinstance(step.item, Document):
        if any(p.id == 0 for pages in talk.session.documents.values() for p in pages):
            talk.say("conversation.checking")
            return
        proceed(talk)
        return
    pages = talk.session.documents.get(step.path, [])
    naming = _naming(talk, step)
    if pages and any(p.id == 0 for p in pages):
        talk.say("conversation.checking")
    elif pages:
        talk.ask("conversation.more_pages", _options(talk), count=len(pages), **naming)
    elif talk.session.loose:
        talk.ask("conversation.photo_for_which", _options(talk), **naming)
    else:
        talk.ask(talk.key(f"ask.document.{step.name}"), _options(talk), n=step.member + 1)


def _options(talk: Talk) -> list[Button]:
    step = current(talk)
    if step is None or not isinstance(step.item, Document):
        return []
    if talk.session.documents.get(step.path):
        return buttons("done")
    if talk.session.loose:
        return buttons("yes", "no")
    return buttons("skip") if step.item.optional else []


def _chosen(talk: Talk, choice: str) -> None:
    step = current(talk)
    session = talk.session
    if step is None:
        proceed(talk)
    elif choice == "yes":
        _add_page(talk, step, session.loose.pop(0))
        talk.say("conversation.checking")
    elif choice == "no":
        session.loose.pop(0)
        _show(talk)
    elif choice == "skip":
        session.skipped.append(step.path)
        proceed(talk)
    else:
        session.asked = ""
        proceed(talk)


def _typed(talk: Talk, text: str) -> None:
    step = current(talk)
    pages = talk.session.documents.get(step.path, []) if step else []
    if step is None or any(page.id == 0 for page in pages):
        talk.say("conversation.checking")
        return
    talk.session.misses += 1
    talk.say("conversation.send_photo_please", **_naming(talk, step))
    if talk.session.misses >= _TRIES_BEFORE_PERSON:
        talk.say("conversation.offer_officer")
    _show(talk)


PLACES["collecting"] = Place(_show, _options, _chosen, _typed)
