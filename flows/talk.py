"""A turn of the conversation in the making: the session being changed and what is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flows.definition import Definition
from flows.effects import AnyEffect, Discard, Say
from flows.messages import Attachment, Button, Part
from flows.office import Office
from flows.session import Session

ASIDES = ("complaint_kind", "complaint_nameless", "complaint_text", "complaint_sure", "erasing")
"""Places outside any service, from which a conversation comes back to where it was."""
DETOURS = ("language", "leaving", "linking", "talking")
"""Places that only put something in between; ``Session.before`` is where they came from."""


@dataclass
class Talk:
    """Collects what one turn says and wants; ``early`` says the event came before the prompt.

    ``standing`` is the question (place and path) that stood before, unless it was tried to be
    answered: asked once more it stays the same prompt, so that an answer on its way is not lost.
    ``lasting`` is what the office says, and says only once. ``upload`` is the address of the page
    that takes files, empty where the channel takes them itself.
    """

    office: Office
    session: Session
    now: datetime
    early: bool = False
    upload: str = ""
    parts: list[Part] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    effects: list[AnyEffect] = field(default_factory=list)
    asking: bool = False
    settle: bool = False
    template: str = ""
    standing: tuple[str, str] | None = None
    lasting: bool = False

    def say(self, key: str, **args: Any) -> None:
        """Add a sentence that wants no answer."""
        self.parts.append(Part(key, args))

    def say_briefly(self, key: str, **args: Any) -> None:
        """Add a sentence without its example: what follows has one of its own."""
        self.parts.append(Part(key, args, brief=True))

    def ask(self, key: str, buttons: Sequence[Button] = (), **args: Any) -> None:
        """Add the question of this turn; its buttons carry the number of this prompt."""
        self.say(key, **args)
        if not self.asking and not self.stands:
            self.session.prompt += 1
        self.asking = True
        number = self.session.prompt
        self.buttons = [Button(f"{number}:{b.choice}", b.key, b.text) for b in buttons]

    @property
    def stands(self) -> bool:
        """Is the question now the one that stood before?"""
        return self.standing == (self.session.place, self.session.asked)

    def want(self, effect: AnyEffect) -> None:
        """Add something to be done."""
        self.effects.append(effect)

    def discard(self, documents: list[int]) -> None:
        """These stored documents are no longer needed."""
        if documents:
            self.want(Discard(documents))

    @property
    def definition(self) -> Definition:
        """The version of the service that this conversation began with."""
        return self.office.service(self.session.service, self.session.digest)

    def key(self, rest: str) -> str:
        """Return a message key of the current service."""
        return f"{self.session.service}.{rest}"

    def label(self, key: str) -> str:
        """Return a short text in the person's language."""
        return self.office.label(self.session.language, key)

    def options(self, buttons: Sequence[Button]) -> list[tuple[str, str]]:
        """Return (choice, label) of buttons, for understanding a typed answer."""
        return [(b.choice, b.text or self.label(b.key)) for b in buttons]

    def finish(self) -> list[AnyEffect]:
        """Return all effects of the turn; what was said comes first, as one message."""
        if self.parts:
            said = Say(
                self.parts,
                self.buttons,
                self.attachments,
                prompt=self.asking,
                stands=self.asking and self.stands,
                settle=self.settle,
                lasting=self.lasting,
                template=self.template,
            )
            return [said, *self.effects]
        return self.effects


def has_draft(session: Session) -> bool:
    """Is something half-finished? (Reading what a service needs is not yet a beginning.)"""
    return bool(session.service and (session.consented or session.returned))


def in_aside(session: Session) -> bool:
    """Is the person saying something else in the middle: a complaint, a wish to be forgotten?"""
    return session.aside is not None and session.place in ASIDES


def step_out(session: Session, place: str) -> None:
    """Be at a place from which the conversation comes back to where it was.

    Whoever is on such a way already keeps what to come back to; what waited for a yes is asked
    again.
    """
    if session.place not in DETOURS:
        session.before = "asking" if session.place == "confirming" else session.place
    session.place = place


def under_way(session: Session) -> bool:
    """Is there a question to come back to?"""
    return has_draft(session) or in_aside(session)


def forget_draft(talk: Talk) -> None:
    """Let go of what is half-finished, its documents with it; a filed request keeps its own."""
    session = talk.session
    theirs = session.returned.documents if session.returned else {}
    kept = {number for numbers in theirs.values() for number in numbers}
    given = [page.id for pages in session.documents.values() for page in pages]
    talk.discard([number for number in given if number and number not in kept])
    clear_draft(session)


def clear_draft(session: Session) -> None:
    """Make room for the next request; language and counters stay."""
    session.service = session.digest = session.asked = session.pending = ""
    session.before = session.group = session.program = ""
    session.answers, session.marks, session.documents = {}, {}, {}
    session.counts, session.tries = {}, {}
    session.skipped, session.loose = [], []
    session.continued = session.returned = None
    session.misses = session.reminded = 0
    session.consented = ""
    if session.aside is not None and in_aside(session):
        session.aside.back = "rest"
    else:
        session.place = "rest"


def yes_no(yes: str = "yes", no: str = "no") -> list[Button]:
    """Return two buttons with the common words for these choices."""
    return [Button(yes, f"common.button.{yes}"), Button(no, f"common.button.{no}")]


def buttons(*choices: str) -> list[Button]:
    """Return buttons with the common words for these choices."""
    return [Button(choice, f"common.button.{choice}") for choice in choices]
