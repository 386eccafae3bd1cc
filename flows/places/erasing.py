"""``dataku`` and ``hapus data``: what is held about a person is shown, and erased after a yes."""

from __future__ import annotations

from flows.effects import Erase, FindHeld, ShowData
from flows.events import DataFound, Erased, HeldFound
from flows.messages import Attachment, Button
from flows.places.aside import come_back, step_aside
from flows.places.registry import PLACES, Place, show
from flows.talk import Talk, forget_draft, has_draft, under_way

FILE = "data-saya.pdf"


def ask_data(talk: Talk) -> None:
    """``dataku``: everything held comes as a file."""
    talk.want(ShowData())


def data_found(talk: Talk, event: DataFound) -> None:
    """Send it, and go on where the conversation was."""
    if event.ref:
        talk.attachments.append(Attachment("mydata", event.ref, FILE))
        talk.say("rights.data")
    else:
        talk.say("rights.data_elsewhere")
    if under_way(talk.session):
        show(talk)


def ask_erasing(talk: Talk) -> None:
    """``hapus data``: first find out what would go."""
    talk.want(FindHeld())


def held_found(talk: Talk, event: HeldFound) -> None:
    """Say what goes and what stays, and ask for a yes."""
    draft = talk.key("title") if has_draft(talk.session) else ""
    stays = {"requests": event.requests, "complaints": event.complaints, "letters": event.letters}
    if not draft and not any(event.counts.values()):
        talk.say("rights.nothing_to_erase", **stays)
        if under_way(talk.session):
            show(talk)
        return
    talk.say("rights.would_erase", counts=event.counts, draft=draft, **stays)
    step_aside(talk, "erasing")


def erased(talk: Talk, event: Erased) -> None:
    """Say plainly what is gone and what the law keeps."""
    stays = {"requests": event.requests, "complaints": event.complaints, "letters": event.letters}
    talk.say("rights.erased", **stays)
    come_back(talk)


def _sure(talk: Talk) -> list[Button]:
    return [Button("yes", "rights.button.erase"), Button("no", "rights.button.keep")]


def _show(talk: Talk) -> None:
    talk.ask("rights.erase_sure", _sure(talk))


def _decide(talk: Talk, choice: str) -> None:
    if choice != "yes":
        talk.say("rights.kept")
        come_back(talk)
        return
    session = talk.session
    returned = session.returned
    forget_draft(talk)
    if returned is not None:
        # The office still waits for it: an open request is not erased.
        session.waiting.append(returned)
    talk.want(Erase())


def _typed(talk: Talk, text: str) -> None:
    talk.say("rights.choose")
    _show(talk)


PLACES["erasing"] = Place(_show, _sure, _decide, _typed)
