"""Coming into a program: by the link of its poster, or by its name."""

from __future__ import annotations

from flows.places import leaving, menu
from flows.places.aside import leave
from flows.places.registry import show
from flows.program import LINK, named
from flows.spelling import raw_words
from flows.talk import Talk, has_draft, under_way

_HEADS = ("program", "programme")
_IDLE = ("start", "rest", "groups", "services", "consent")
"""Places where the name alone is enough; elsewhere it could be an answer."""


def asked(talk: Talk, text: str) -> bool:
    """Enter the program that the whole message names; False when it names none."""
    said = raw_words(text)
    if said and said[0] in _HEADS:
        said = said[1:]
    elif talk.session.place not in _IDLE:
        return False
    found = named(talk.office.programs, " ".join(said), lambda one: talk.label(_key(one, "title")))
    if found:
        enter(talk, found)
    return bool(found)


def enter(talk: Talk, program_id: str) -> None:
    """Say what the program is and offer its services; what is half-finished is not dropped."""
    program, session = talk.office.programs[program_id], talk.session
    leave(talk)
    if not program.runs(talk.office.day(talk.now)):
        _closed(talk, program_id)
    elif not has_draft(session):
        menu.open_program(talk, program_id)
    elif session.returned is None and session.service in program.services:
        session.program = program_id
        title = _key(program_id, "title")
        talk.say("conversation.program_joined", program=title, service=talk.key("title"))
        show(talk)
    else:
        leaving.ask_to_cancel(talk, LINK + program_id)


def _closed(talk: Talk, program_id: str) -> None:
    program, day = talk.office.programs[program_id], talk.office.day(talk.now)
    begins = program.begins.isoformat() if program.begins and program.begins > day else ""
    talk.say("conversation.program_closed", program=_key(program_id, "title"), begins=begins)
    if under_way(talk.session):
        show(talk)
    else:
        menu.open_menu(talk)


def _key(program_id: str, text: str) -> str:
    return f"programs.{program_id}.{text}"
