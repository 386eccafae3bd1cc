"""Nothing half-finished is dropped without asking."""

from __future__ import annotations

from flows.messages import Button
from flows.places.menu import begin_service, greet, open_menu, open_program
from flows.places.registry import PLACES, Place, show
from flows.program import LINK
from flows.talk import Talk, buttons, forget_draft, has_draft, step_out, under_way


def ask_to_cancel(talk: Talk, then: str = "") -> None:
    """Ask whether what is half-finished may go.

    ``then`` is a service or the link of a program to begin, or ``menu``.
    """
    session = talk.session
    if not has_draft(session):
        talk.say("conversation.nothing_to_cancel")
        session.place = "rest"
        open_menu(talk)
        return
    step_out(session, "leaving")
    session.pending = then
    _show(talk)


def _show(talk: Talk) -> None:
    session = talk.session
    key = "leave_sure" if session.pending else "cancel_sure"
    talk.ask(f"conversation.{key}", _options(talk), service=talk.key("title"))


def _options(talk: Talk) -> list[Button]:
    return buttons("keep_going", "drop")


def _chosen(talk: Talk, choice: str) -> None:
    session = talk.session
    pending = session.pending
    if choice == "keep_going":
        session.place, session.pending = session.before, ""
        talk.say("conversation.kept")
        show(talk)
        return
    returned = session.returned
    forget_draft(talk)
    if returned is not None:
        # The office still waits for it: it can be taken up again later.
        session.waiting.append(returned)
    talk.say("conversation.cancelled")
    if pending in talk.office.current:
        begin_service(talk, pending)
    elif pending.removeprefix(LINK) in talk.office.programs:
        open_program(talk, pending.removeprefix(LINK))
    elif pending == "menu":
        open_menu(talk)


def _typed(talk: Talk, text: str) -> None:
    talk.say("conversation.unclear")
    _show(talk)


def resume(talk: Talk) -> None:
    """``lanjut``: go on where the person was, or offer the services."""
    if talk.session.place == "leaving":
        _chosen(talk, "keep_going")
    elif under_way(talk.session):
        show(talk)
    else:
        greet(talk)


PLACES["leaving"] = Place(_show, _options, _chosen, _typed)
