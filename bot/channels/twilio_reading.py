"""From Twilio's forms to the desk's events; fields that are new to the desk are skipped unseen."""

from __future__ import annotations

import math
from collections.abc import Mapping

from msgspec import Struct

from bot.channels.protocol import SendError
from bot.channels.twilio_errors import refusal
from flows.events import (
    AnyEvent,
    Blocked,
    Envelope,
    Location,
    Media,
    Pressed,
    Text,
    Unblocked,
    Unusable,
)

WHATSAPP, SMS = "whatsapp", "sms"
PREFIX = "whatsapp:"
Form = Mapping[str, object]

RANK = {
    "accepted": 1,
    "scheduled": 1,
    "queued": 2,
    "sending": 3,
    "sent": 4,
    "undelivered": 5,
    "failed": 5,
    "delivered": 6,
    "read": 7,
}
"""The order of statuses: one that comes late never replaces one of a higher rank."""

_STICKER = "image/webp"
_CARDS = frozenset({"text/vcard", "text/x-vcard"})
_MOST_MEDIA = 20
_OPTED: dict[str, AnyEvent] = {"STOP": Blocked(), "START": Unblocked()}
_IGNORED = frozenset({"reaction", "system"})


class Status(Struct, frozen=True):
    """What became of a message we sent; ``code`` is Twilio's error, 0 for none."""

    platform_id: str
    status: str
    code: int = 0

    def error(self) -> SendError | None:
        """Return what went wrong, in the same words as when it is refused at once."""
        failed = self.status in {"failed", "undelivered"}
        return refusal(self.code, 0 if self.code else 500) if failed else None


def channel_of(form: Form) -> str:
    """Return which channel an inbound message came by: ``whatsapp`` or ``sms``."""
    addresses = (_text(form, "From"), _text(form, "To"))
    return WHATSAPP if any(address.startswith(PREFIX) for address in addresses) else SMS


def read_status(form: Form) -> Status | None:
    """Read a status callback; None when it is none."""
    platform_id = _text(form, "MessageSid") or _text(form, "SmsSid")
    status = (_text(form, "MessageStatus") or _text(form, "SmsStatus")).lower()
    if not platform_id or status not in RANK:
        return None
    return Status(platform_id, status, _number(form, "ErrorCode"))


def read_form(form: Form) -> list[Envelope]:
    """Read an inbound message; several media of one message become one album."""
    key = _text(form, "MessageSid") or _text(form, "SmsMessageSid") or _text(form, "SmsSid")
    channel = channel_of(form)
    addresses = _addresses(form, channel)
    if not key or not addresses or read_status(form) is not None:
        return []
    found = []
    for place, event in enumerate(_events(form, key)):
        envelope = Envelope(
            channel=channel,
            key=f"{key}/{place}" if place else key,
            address=addresses[0],
            event=event,
            aliases=tuple(addresses[1:]),
            profile=_text(form, "ProfileName"),
            message=key,
        )
        found.append(envelope)
    return found


def _addresses(form: Form, channel: str) -> list[str]:
    """Return all names of the sender, what can be written to first.

    A WhatsApp user may have a business-scoped id and no number, or both, in either order.
    """
    names = [_text(form, "From")]
    if channel == WHATSAPP:
        number = _text(form, "WaId")
        names.append(f"{PREFIX}+{number}" if number.isdecimal() else "")
        scoped = _text(form, "ExternalUserId").removeprefix(PREFIX)
        names.append(f"{PREFIX}{scoped}" if scoped else "")
    return [name for name in dict.fromkeys(names) if name not in ("", PREFIX)]


def _events(form: Form, key: str) -> list[AnyEvent]:
    kind = _text(form, "MessageType").lower()
    if kind in _IGNORED:
        return []
    opted = _OPTED.get(_text(form, "OptOutType").upper())
    if opted is not None:
        return [opted]
    choice = _text(form, "ButtonPayload") or _text(form, "ListId")
    if choice:
        return [Pressed(choice)]
    media = _media(form, key, kind)
    if media:
        return media
    place = _location(form)
    if place is not None:
        return [place]
    body = _text(form, "Body") or _text(form, "ButtonText") or _text(form, "ListTitle")
    return [Text(body) if body else Unusable("unknown")]


def _media(form: Form, key: str, kind: str) -> list[AnyEvent]:
    count = min(_number(form, "NumMedia"), _MOST_MEDIA)
    found: list[AnyEvent] = []
    for place in range(count):
        url = _text(form, f"MediaUrl{place}")
        mime = _text(form, f"MediaContentType{place}").partition(";")[0].strip().lower()
        if mime in _CARDS or kind in {"contacts", "contact"}:
            found.append(Media(url, "card", mime) if url else Unusable("unknown"))
        elif what := _unusable(mime, kind):
            found.append(Unusable(what))
        elif url:
            body = _text(form, "Body") if not any(isinstance(e, Media) for e in found) else ""
            found.append(_file(url, mime, body, key if count > 1 else ""))
    return found


def _unusable(mime: str, kind: str) -> str:
    if kind == "sticker" or mime == _STICKER:
        return "sticker"
    return {"audio": "voice", "video": "video"}.get(mime.partition("/")[0], "")


def _file(url: str, mime: str, body: str, album: str) -> Media:
    photo = mime.startswith("image/")
    # WhatsApp puts a document's own name where the caption would be.
    named = not photo and "." in body[-6:] and "\n" not in body and len(body) < 200
    return Media(
        ref=url,
        kind="photo" if photo else "file",
        mime=mime,
        name=body if named else "",
        caption="" if named else body,
        album=album,
    )


def _location(form: Form) -> Location | None:
    try:
        latitude = float(_text(form, "Latitude"))
        longitude = float(_text(form, "Longitude"))
    except ValueError:
        return None
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        return None
    return Location(latitude, longitude)


def _text(form: Form, name: str) -> str:
    found = form.get(name)
    if not isinstance(found, str):
        return ""
    return found if found.isascii() else found.encode("utf-8", "replace").decode("utf-8")


def _number(form: Form, name: str) -> int:
    found = _text(form, name)
    return int(found) if found.isdecimal() and len(found) < 9 else 0
