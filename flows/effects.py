"""What a conversation wants done; the turn that called it does it in the same transaction."""

from __future__ import annotations

from msgspec import Struct, field

from flows.events import Media
from flows.messages import Attachment, Button, Part


class Effect(Struct, frozen=True, tag_field="type", tag=str.lower):
    """Anything that leaves a machine."""


class Say(Effect, frozen=True):
    """Tell the person this. All that one turn says becomes one message.

    ``prompt`` marks a question: an unsent older prompt is replaced by it; ``stands`` says that it
    only repeats the one that is being answered. ``settle`` waits a moment for more words of the
    same answer before it is handed to the platform. ``lasting`` is never replaced: the office said
    something in it that is not said again.
    """

    parts: list[Part]
    buttons: list[Button] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    prompt: bool = False
    stands: bool = False
    settle: bool = False
    lasting: bool = False
    template: str = ""


class Fetch(Effect, frozen=True):
    """Fetch, check and store this document for ``path``; an ``Inspected`` event follows."""

    document: str
    media: Media
    path: str
    attempt: int = 0


class Discard(Effect, frozen=True):
    """These stored documents are no longer needed."""

    documents: list[int]


class Submit(Effect, frozen=True):
    """File a request (``request`` 0) or answer a returned one; a ``Filed`` event follows.

    ``program`` is the one whose link the person followed.
    """

    service: str
    digest: str
    answers: dict[str, str]
    marks: dict[str, str]
    documents: dict[str, list[int]]
    request: int = 0
    program: str = ""


class FindStatus(Effect, frozen=True):
    """Look up the person's own requests; a ``StatusFound`` event follows."""

    number: str = ""


class Complain(Effect, frozen=True):
    """Take down a complaint or suggestion; a ``Complained`` event follows.

    ``nameless`` asks that no officer learns who it was.
    """

    kind: str
    text: str
    nameless: bool = False


class ShowData(Effect, frozen=True):
    """Gather all that is held about the person; a ``DataFound`` event follows."""


class FindHeld(Effect, frozen=True):
    """Find out what could be erased and what must stay; a ``HeldFound`` event follows."""


class Erase(Effect, frozen=True):
    """Erase what can go; an ``Erased`` event follows."""


class Announcements(Effect, frozen=True):
    """The person wants to hear what the office tells many, or no more."""

    wanted: bool


class MakeCode(Effect, frozen=True):
    """Make a code that joins another chat to this person; a ``CodeMade`` event follows."""


class UseCode(Effect, frozen=True):
    """Look where a code leads and use it up; a ``CodeUsed`` event follows."""

    code: str


class JoinChat(Effect, frozen=True):
    """Make this chat and that one a single person's; a ``Joined`` event follows."""

    contact: int


class PartChat(Effect, frozen=True):
    """Make this chat a person's own again; a ``Parted`` event follows."""


class Prove(Effect, frozen=True):
    """Hold what was said against what only the person knows; a ``Proved`` event follows."""

    text: str
    way: str


class Detach(Effect, frozen=True):
    """This number is somebody else's now: a ``Detached`` event begins their own conversation.

    ``why`` is other (they said so) or tries (they could not prove it).
    """

    why: str


class CallOfficer(Effect, frozen=True):
    """A person of the office is wanted; ``reason`` is asked, misses or trouble."""

    reason: str
    text: str = ""


class PassOn(Effect, frozen=True):
    """The citizen's words or file go to the officer who speaks with them."""

    text: str = ""
    media: Media | None = None


class EndTalk(Effect, frozen=True):
    """The citizen ended the talk with the officer."""


AnyEffect = (
    Say
    | Fetch
    | Discard
    | Submit
    | FindStatus
    | Announcements
    | Complain
    | ShowData
    | FindHeld
    | Erase
    | CallOfficer
    | PassOn
    | MakeCode
    | UseCode
    | JoinChat
    | PartChat
    | Prove
    | Detach
    | EndTalk
)
