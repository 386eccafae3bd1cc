"""What every channel is to the desk: it reads a platform's payloads, sends, and fetches files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Protocol, runtime_checkable

from msgspec import Struct, field

from bot.words import markup
from flows.events import Envelope


class Fault(Enum):
    """Why a message could not be handed over, and so what happens next.

    LATER retry with back-off, keeping the place; RECIPIENT this address cannot be reached, stop
    (``blocked`` or ``invalid``); CONTENT this message is refused, give it up; WINDOW only a
    template may go out; SENDER our account is wrong: stop all and alarm.
    """

    LATER = "later"
    RECIPIENT = "recipient"
    CONTENT = "content"
    WINDOW = "window"
    SENDER = "sender"


class SendError(Exception):
    """A platform's refusal: ``retry_after`` in seconds, ``state`` the contact's new state.

    ``address`` is the chat's new address where the platform told one: send it there instead.
    ``outage`` says that no message would have been taken; ``unsure`` that this one may have been.
    """

    def __init__(
        self,
        fault: Fault,
        reason: str,
        *,
        retry_after: float = 0.0,
        state: str = "",
        code: str = "",
        address: str = "",
        outage: bool = False,
        unsure: bool = False,
    ) -> None:
        super().__init__(reason)
        self.fault = fault
        self.reason = reason
        self.retry_after = retry_after
        self.state = state
        self.code = code
        self.address = address
        self.outage = outage
        self.unsure = unsure


class FetchError(Exception):
    """A file that cannot be had: ``gone`` (never again) or worth another try."""

    def __init__(self, reason: str, *, gone: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.gone = gone


class File(Struct, frozen=True):
    """An attachment, decrypted and in memory."""

    kind: str
    name: str
    mime: str
    content: bytes


class Rendered(Struct, frozen=True):
    """A message in a person's language: ``html`` uses only b, i, code, a and line breaks.

    ``buttons`` are (choice, label). ``template`` is the name of an approved WhatsApp template with
    ``variables``; ``thread`` is the forum topic, 0 for none.
    ``how`` tells how to answer where buttons can only be numbered lines; ``choose`` is written on
    what opens a list of them.
    """

    html: str
    buttons: list[tuple[str, str]] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    template: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    thread: int = 0
    how: str = ""
    choose: str = ""

    @property
    def text(self) -> str:
        """The words without marks, also where the marks are not ours."""
        try:
            return markup.to_plain(self.html)
        except markup.MarkupError:
            return markup.bare(self.html)


class Receipt(Struct, frozen=True):
    """The platform took it: its id of the message (the last one where it took several)."""

    platform_id: str = ""


@runtime_checkable
class Forgets(Protocol):
    """A channel that keeps a copy of what it was sent until it is told to forget it."""

    async def forget(self, ref: str) -> None:
        """Remove the file with that ref, if it is there still; raises FetchError."""


@runtime_checkable
class Recalls(Protocol):
    """A channel whose platform keeps what it could not deliver to us."""

    name: str

    async def missed(self, since: datetime) -> list[Envelope]:
        """Return the events since then that may not have reached us; raises SendError."""


class Channel(Protocol):
    """One platform. Rates are messages per second: over all, to one person, in a group."""

    name: str
    rate: float
    chat_rate: float
    group_rate: float
    window_hours: float
    """Free text only this long after the person's last message; 0 for no such limit."""
    takes_media: bool
    """Whether people can send files here; elsewhere they get a link to send them by."""

    def read(self, payload: Mapping[str, object]) -> list[Envelope]:
        """Turn a platform's payload into events; what is senseless gives an empty list."""

    async def send(self, address: str, message: Rendered) -> Receipt:
        """Hand the message over; raises SendError."""

    async def fetch(self, ref: str, limit: int) -> bytes:
        """Return a file of at most ``limit`` bytes, in memory only; raises FetchError."""

    async def open(self) -> None:
        """Make ready (connections, command menu)."""

    async def close(self) -> None:
        """Let go of connections."""
