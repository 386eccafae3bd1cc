"""Where a citizen's conversation stands; saved after every turn and loaded before the next."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from flows.effects import FindHeld, FindStatus, PartChat, ShowData, UseCode
from flows.events import HandedBack, Media, TakenOver, Told, Wanted


class Page(Struct):
    """One file given for a document.

    ``id`` is the stored document, 0 while it is being inspected; ``problem`` names why it was
    accepted with a mark.
    """

    ref: str
    id: int = 0
    problem: str = ""


class Continued(Struct):
    """The last typed answer: words that follow before the next prompt was sent belong to it."""

    path: str
    text: str


class Returned(Struct):
    """A request that came back: only ``paths`` are asked, then it goes to where it was."""

    request: int
    number: str
    paths: list[str]
    reason: str
    service: str = ""
    digest: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    documents: dict[str, list[int]] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)


class Aside(Struct):
    """Something else in the middle of a conversation: a complaint, or erasing what is held.

    ``back`` is the place to come back to; ``kind``, ``nameless`` (yes or no) and ``text`` are what
    was said so far.
    """

    back: str
    since: datetime
    kind: str = ""
    nameless: str = ""
    text: str = ""


class Proof(Struct):
    """Whose chat it is must be proved first: ``why`` is changed, silent or sms, ``way`` birth or
    code.

    ``back`` is the place to come back to, ``wish`` what was asked for meanwhile; ``held`` is what
    the office said to the person whom this chat belonged to.
    """

    why: str
    way: str
    back: str
    since: datetime
    tries: int = 0
    wish: FindStatus | ShowData | FindHeld | UseCode | PartChat | None = None
    held: list[Told | Wanted | TakenOver | HandedBack] = field(default_factory=list)

    @property
    def doubted(self) -> bool:
        """Say whether somebody else may be writing: then nothing personal is shown."""
        return self.why != "sms"


class Session(Struct):
    """All that a conversation knows. ``layout`` is raised when its shape changes.

    ``place`` is where the person is, a name of ``flows.places``. ``answers`` maps a path (``name``,
    ``heirs.0.name``) to its canonical value; ``marks`` a path to a warning for the officer.
    ``turn`` counts events; ``prompt`` is the number that buttons carry; ``pressed`` is the last
    button taken, so that a second tap is silent. ``before`` is the place to come back to,
    ``pending`` what waits for a yes; ``loose`` are photos sent before they were asked for.
    ``program`` is the one whose link was followed last, until something is filed or let go.
    ``silent`` after ``stop``: no announcements are wanted.
    ``joins`` is the chat (on channel ``joins_at``) that a code led to and that waits for a yes;
    ``tried`` are the codes asked for or tried within the hour.
    """

    layout: int = 1
    language: str = "id"
    place: str = "start"
    turn: int = 0
    prompt: int = 0
    service: str = ""
    digest: str = ""
    program: str = ""
    group: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    documents: dict[str, list[Page]] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    asked: str = ""
    misses: int = 0
    tries: dict[str, int] = field(default_factory=dict)
    continued: Continued | None = None
    loose: list[Media] = field(default_factory=list)
    returned: Returned | None = None
    waiting: list[Returned] = field(default_factory=list)
    before: str = ""
    pending: str = ""
    pressed: str = ""
    consented: str = ""
    reminded: int = 0
    silent: bool = False
    aside: Aside | None = None
    proof: Proof | None = None
    joins: int = 0
    joins_at: str = ""
    tried: list[datetime] = field(default_factory=list)
    wake_at: datetime | None = None
