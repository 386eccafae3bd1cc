"""A pretended office and person for walking through conversations without any storage."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import msgspec
from msgspec import Struct, field

from bot.setup.config import load_config, office
from bot.setup.facts import office_facts
from bot.setup.services import ROOT, programs_of, read_services
from bot.words.wording import Wording
from flows.conversation import advance
from flows.effects import (
    AnyEffect,
    Complain,
    Erase,
    Fetch,
    FindHeld,
    FindStatus,
    JoinChat,
    MakeCode,
    PartChat,
    Say,
    ShowData,
    Submit,
    UseCode,
)
from flows.events import (
    AnyEvent,
    CodeMade,
    CodeUsed,
    Complained,
    DataFound,
    Erased,
    Filed,
    HeldFound,
    Inspected,
    Joined,
    Parted,
    StatusFound,
)
from flows.messages import Message
from flows.office import Office
from flows.session import Session

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@cache
def the_wording() -> Wording:
    """The example office's words."""
    config = load_config(ROOT / "config.yaml", {})
    return Wording(ROOT / "templates", config.spoken, office_facts(config))


@cache
def the_office() -> Office:
    """The example office, as a conversation knows it."""
    config = load_config(ROOT / "config.yaml", {})
    services = read_services(config)
    return office(config, services, the_wording().label, programs=programs_of(services))


class Walk(Struct):
    """A conversation under way: its state is saved and loaded again between any two events."""

    office: Office = field(default_factory=the_office)
    saved: bytes = b"{}"
    now: datetime = MONDAY
    said: list[Say] = field(default_factory=list)
    submitted: list[Submit] = field(default_factory=list)
    complained: list[Complain] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    documents: int = 0

    @property
    def session(self) -> Session:
        """Where the conversation stands."""
        return msgspec.json.decode(self.saved, type=Session)

    def take(self, event: AnyEvent, *, early: bool = False) -> list[Say]:
        """Take one event and all that follows from it; return what was said."""
        before = len(self.said)
        session, effects = advance(self.office, self.session, event, self.now, early=early)
        self.saved = msgspec.json.encode(session)
        for effect in effects:
            self._follow(effect)
        return self.said[before:]

    def _follow(self, effect: AnyEffect) -> None:
        match effect:
            case Say():
                self.said.append(effect)
                message = Message(effect.parts, effect.buttons, language=self.session.language)
                assert the_wording().render(message).text.strip()
            case Fetch():
                self.documents += 1
                problem = self.problems.pop(0) if self.problems else ""
                usable = problem not in ("damaged", "type", "large", "encrypted", "active", "gone")
                self.take(Inspected(self.documents, effect.path, effect.media.ref, problem, usable))
            case Submit():
                self.submitted.append(effect)
                number = len(self.submitted)
                again = effect.request > 0
                self.take(Filed(number, f"X-{number}", "code", "http://x/", "2026-11-25", again))
            case FindStatus():
                self.take(StatusFound([], effect.number))
            case Complain():
                self.complained.append(effect)
                self.take(Complained(f"ADU-{len(self.complained)}", effect.kind, "2026-11-26"))
            case MakeCode() | UseCode() | JoinChat() | PartChat():
                self._join(effect)
            case ShowData():
                self.take(DataFound("1"))
            case FindHeld():
                self.take(HeldFound({"requests": 1, "documents": 0, "messages": 3}, [], [], []))
            case Erase():
                self.take(Erased({"requests": 1, "documents": 0, "messages": 3}, [], [], []))

    def _join(self, effect: MakeCode | UseCode | JoinChat | PartChat) -> None:
        match effect:
            case MakeCode():
                self.take(CodeMade("48392017", 15))
            case UseCode():
                self.take(CodeUsed("person", 2, "whatsapp"))
            case JoinChat():
                self.take(Joined("whatsapp"))
            case PartChat():
                self.take(Parted(["whatsapp"]))

    def text(self) -> str:
        """What was said last, in words."""
        last = self.said[-1]
        message = Message(last.parts, last.buttons, language=self.session.language)
        return the_wording().render(message).text
