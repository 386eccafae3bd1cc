"""What happens to a conversation: what a citizen does, and what the desk tells it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class Event(Struct, frozen=True, tag_field="type", tag=str.lower):
    """Anything that is stored in the inbox and advances a machine."""


# --- what a person does -------------------------------------------------------------------------


class Text(Event, frozen=True):
    """Words typed by a person, up to the channel's limit."""

    text: str


class Pressed(Event, frozen=True):
    """A button: ``choice`` is the payload that was sent with it."""

    choice: str


class Media(Event, frozen=True):
    """A photo or file; ``ref`` is what the channel needs to fetch it.

    ``kind`` is photo, file or card (a visiting card as a file); pieces of one album share
    ``album``; ``size`` in bytes, 0 unknown. ``path`` names the document it was sent for, where the
    person was asked for just that one.
    """

    ref: str
    kind: str = "photo"
    mime: str = ""
    size: int = 0
    name: str = ""
    caption: str = ""
    album: str = ""
    path: str = ""


class Edited(Event, frozen=True):
    """A person changed an earlier message into ``text``."""

    text: str


class Started(Event, frozen=True):
    """A person opened the chat, with the payload of a deep link if there was one."""

    payload: str = ""


class Location(Event, frozen=True):
    """A point on the map, in degrees."""

    latitude: float
    longitude: float


class ContactCard(Event, frozen=True):
    """A shared phone number."""

    phone: str
    name: str = ""


class Unusable(Event, frozen=True):
    """Something the desk cannot read: ``what`` is voice, sticker, video, poll or unknown."""

    what: str


class Blocked(Event, frozen=True):
    """The person blocked the desk, or left."""


class Unblocked(Event, frozen=True):
    """The person came back."""


class Added(Event, frozen=True):
    """The desk was added to a group."""


class Migrated(Event, frozen=True):
    """A group got a new address."""

    address: str


# --- what the desk itself tells a machine --------------------------------------------------------


class Inspected(Event, frozen=True):
    """A document was fetched, checked and stored, or could not be.

    ``problem`` is empty for a good one, else the name of the advice (blurry, dark, small,
    sideways, damaged, encrypted, active, type, large, gone…). ``usable`` is False where nothing
    was stored.
    """

    document: int
    path: str
    ref: str = ""
    problem: str = ""
    usable: bool = True
    pages: int = 1


class Woken(Event, frozen=True):
    """A time came that the machine had asked for; stale when ``turn`` is not its current one."""

    turn: int


class Told(Event, frozen=True):
    """The office tells the citizen something; the machine chooses the moment.

    ``closes`` says that the request ended: nothing more is asked for it. ``document`` is a stored
    file that comes with it.
    """

    key: str
    args: dict[str, Any] = field(default_factory=dict)
    request: int = 0
    template: str = ""
    closes: bool = False
    document: int = 0


class Wanted(Event, frozen=True):
    """A request came back: the citizen is asked for just these paths."""

    request: int
    number: str
    service: str
    digest: str
    paths: list[str]
    reason: str
    answers: dict[str, str]
    documents: dict[str, list[int]]
    marks: dict[str, str] = field(default_factory=dict)


class Filed(Event, frozen=True):
    """The request was accepted into the office's books."""

    request: int
    number: str
    code: str
    link: str
    promised: str
    again: bool = False


class Complained(Event, frozen=True):
    """A complaint or suggestion was taken down; it is answered by that day (ISO)."""

    number: str
    kind: str
    answer_by: str


class DataFound(Event, frozen=True):
    """All that is held about the person can be sent: ``ref`` leads to it.

    Empty where their channel carries no files or does not prove who writes.
    """

    ref: str


class HeldFound(Event, frozen=True):
    """What erasing would do: counts of what goes, and what stays and why.

    ``letters`` have number, service and until (ISO); ``requests`` number and service of open ones;
    ``complaints`` are numbers of open ones.
    """

    counts: dict[str, int]
    requests: list[dict[str, str]]
    complaints: list[str]
    letters: list[dict[str, str]]


class Erased(Event, frozen=True):
    """What could go is gone; the rest as in ``HeldFound``."""

    counts: dict[str, int]
    requests: list[dict[str, str]]
    complaints: list[str]
    letters: list[dict[str, str]]


class StatusFound(Event, frozen=True):
    """The person's own requests, for ``status``.

    ``closed`` is a request that takes no more answers; ``full`` says that none more may be opened.
    ``complaints`` are the person's own.
    """

    requests: list[dict[str, Any]]
    asked: str = ""
    closed: int = 0
    full: bool = False
    complaints: list[dict[str, Any]] = field(default_factory=list)


class Doubted(Event, frozen=True):
    """It must be proved first whose chat this is.

    ``why`` is changed, silent or sms; ``way`` is birth (a date that only the person knows) or code
    (``code`` was sent there). ``wish`` is the effect that waits for it, as plain data.
    """

    why: str
    way: str
    code: str = ""
    wish: dict[str, Any] = field(default_factory=dict)


class Proved(Event, frozen=True):
    """What was said proves that it is the person, or does not."""

    ok: bool


class Detached(Event, frozen=True):
    """The first word of a conversation with whoever has the number now; ``why`` as in Detach."""

    why: str


class CodeMade(Event, frozen=True):
    """A code that joins another chat to this one, for so many minutes."""

    code: str
    minutes: int


class CodeUsed(Event, frozen=True):
    """Where a code led: ``kind`` is person, own, slip or none.

    ``contact`` and ``channel`` are the other chat's; ``requests`` are lines of status.
    """

    kind: str
    contact: int = 0
    channel: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)


class Joined(Event, frozen=True):
    """Two chats are one person's now."""

    channel: str
    requests: list[dict[str, Any]] = field(default_factory=list)


class Parted(Event, frozen=True):
    """This chat is a person's own again; ``channels`` are those that it was parted from."""

    channels: list[str]


class TakenOver(Event, frozen=True):
    """An officer speaks with the citizen now."""

    officer: str


class HandedBack(Event, frozen=True):
    """The officer gave the conversation back to the desk."""


class Digest(Event, frozen=True):
    """The officers' morning overview is due."""

    day: str


class LetterMade(Event, frozen=True):
    """The letter's file exists: its number, its file and its hash are final."""

    letter: int
    number: str
    file: str
    sha256: str


class ComplaintDue(Event, frozen=True):
    """A complaint's time limit comes near or is over; stale when ``version`` is not its current."""

    complaint: int
    version: int


class JobFailed(Event, frozen=True):
    """Slow work was given up; an officer must look."""

    kind: str
    error: str


AnyEvent = (
    Text
    | Pressed
    | Media
    | Edited
    | Started
    | Location
    | ContactCard
    | Unusable
    | Blocked
    | Unblocked
    | Added
    | Migrated
    | Inspected
    | Woken
    | Told
    | Wanted
    | Filed
    | Complained
    | DataFound
    | HeldFound
    | Erased
    | StatusFound
    | Doubted
    | Proved
    | Detached
    | CodeMade
    | CodeUsed
    | Joined
    | Parted
    | TakenOver
    | HandedBack
    | Digest
    | LetterMade
    | ComplaintDue
    | JobFailed
)


class Envelope(Struct, frozen=True):
    """An event as it came in: who, from where, and the platform's own identity of it.

    ``key`` is unique within ``channel`` (that row is the de-duplication); ``address`` is the chat;
    ``sender`` the person in a group chat, else empty; ``aliases`` are other addresses of the same
    person (a WhatsApp number and business-scoped id); ``thread`` is a forum topic; ``group`` says
    that the chat has many people.
    """

    channel: str
    key: str
    address: str
    event: AnyEvent
    sender: str = ""
    aliases: tuple[str, ...] = ()
    profile: str = ""
    thread: int = 0
    message: str = ""
    group: bool = False
