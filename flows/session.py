"""Where a citizen's conversation stands; saved after every turn and loaded before the next."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from flows.events import Media


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


class Session(Struct):
    """All that a conversation knows. ``layout`` is raised when its shape changes.

    ``place`` is where the person is, a name of ``flows.places``. ``answers`` maps a path (``name``,
    ``heirs.0.name``) to its canonical value; ``marks`` a path to a warning for the officer.
    ``turn`` counts events; ``prompt`` is the number that buttons carry; ``pressed`` is the last
    button taken, so that a second tap is silent. ``before`` is the place to come back to,
    ``pending`` what waits for a yes; ``loose`` are photos sent before they were asked for.
    ``silent`` after ``stop``: no announcements are wanted.
    """

    layout: int = 1
    language: str = "id"
    place: str = "start"
    turn: int = 0
    prompt: int = 0
    service: str = ""
    digest: str = ""
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
    wake_at: datetime | None = None
