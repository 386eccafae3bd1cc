"""What the desk says, as keys and arguments; sentences live in ``templates/``."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class Part(Struct, frozen=True):
    """One template and its arguments; parts of a message are joined by an empty line.

    ``brief`` leaves the example away, which is a text's last line: what follows has its own.
    """

    key: str
    args: dict[str, Any] = field(default_factory=dict)
    brief: bool = False


class Button(Struct, frozen=True):
    """One choice under a message; ``choice`` comes back, ``key`` (or literal ``text``) is read.

    Channels send ``choice`` as the platform's payload (at most 64 bytes) and number the buttons
    where the platform has none.
    """

    choice: str
    key: str = ""
    text: str = ""


class Attachment(Struct, frozen=True):
    """A file that goes with a message: ``kind`` is letter, document, thumbnail or qr."""

    kind: str
    ref: str
    name: str = ""


class Message(Struct):
    """Everything one recipient is told at one moment; rendered by the channel when it is sent.

    ``request`` is the id of the request it is about (the forum topic of a group), 0 for none.
    ``template`` names the approved template that may carry it outside WhatsApp's window.
    """

    parts: list[Part]
    buttons: list[Button] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    language: str = "id"
    request: int = 0
    template: str = ""
