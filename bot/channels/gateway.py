"""The office's own SMS gateway, both ways: an Android phone, or a modem behind gammu-smsd.

It speaks as "SMS Gateway for Android" (capcom6) does: a JSON post to send, and signed JSON posts
to us for what came in and what became of a text. ``docs/sms-gateway.md`` tells how to set it up.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct
from yarl import URL

from bot.channels import http
from bot.channels.numbers import international
from bot.channels.protocol import Fault, SendError
from bot.channels.twilio_reading import SMS
from flows.events import AnyEvent, Envelope, Text, Unusable

REPLAY_SECONDS = 300
STATUSES = {"sms:sent": "sent", "sms:delivered": "delivered", "sms:failed": "failed"}
RANK = {"sent": 4, "failed": 5, "delivered": 6}
"""A text of several pieces is reported piece by piece, in any order."""

_PATH = "/message"
_ACCOUNT = "the SMS gateway refuses us: correct SMS_GATEWAY_URL (http://name:password@host…)"
# What Android says when sending once more may help; anything else is the number's or the text's.
_PASSING = ("GENERIC", "RADIO_OFF", "NO_SERVICE", "LIMIT", "RIL_", "NETWORK", "MODEM", "TIMEOUT")
_PAUSE = 300.0


class Reply(Struct):
    """The part of the gateway's answer that is read."""

    id: str = ""


class Report(Struct, frozen=True):
    """What became of a text; ``error`` is why it failed."""

    platform_id: str
    status: str
    error: SendError | None = None


class Gateway:
    """The port at the office's own gateway.

    ``url`` is where a text is posted, with name and password; a bare host means its ``/message``.
    ``secret`` signs what the gateway posts to us, and what we post to it.
    """

    def __init__(self, url: str, secret: str) -> None:
        whole = URL(url)
        self._url = (whole if whole.path.strip("/") else whole.with_path(_PATH)).with_user(None)
        login = b64encode(f"{whole.user}:{whole.password or ''}".encode()).decode()
        self._login = {"Authorization": f"Basic {login}"} if whole.user else {}
        self._secret = secret.encode()
        self._http = http.Connections()

    # --- in ---------------------------------------------------------------------------------------

    def is_genuine(self, body: bytes, timestamp: str, signature: str, now: float) -> bool:
        """Check ``X-Signature``: HMAC-SHA256 over the body and ``X-Timestamp``, in hex.

        A timestamp (seconds) more than five minutes off is a replay. Without a secret nothing is
        genuine.
        """
        if not (self._secret and timestamp.isdecimal() and len(timestamp) < 12):
            return False
        fresh = abs(now - int(timestamp)) <= REPLAY_SECONDS
        expected = self.sign(body, timestamp)
        return hmac.compare_digest(expected.encode(), signature.lower().encode()) and fresh

    def sign(self, body: bytes, timestamp: str) -> str:
        """Return the signature of a post."""
        return hmac.new(self._secret, body + timestamp.encode(), hashlib.sha256).hexdigest()

    def read(self, payload: Mapping[str, object]) -> list[Envelope]:
        """Read ``sms:received``; what nobody can answer (names, short numbers) gives nothing."""
        told = payload.get("payload")
        if payload.get("event") != "sms:received" or not isinstance(told, Mapping):
            return []
        sender = international(_text(told, "sender") or _text(told, "phoneNumber"))
        words = _text(told, "message")
        if not sender:
            return []
        # The same text may be told twice, by two registered webhooks: its moment is its identity.
        moment = _text(told, "receivedAt")
        identity = "\n".join((sender, moment, words)) if moment else _text(payload, "id")
        if not identity:
            return []
        key = hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()[:32]
        event: AnyEvent = Text(words) if words.strip() else Unusable("unknown")
        return [Envelope(SMS, f"gateway:{key}", sender, event, message=key)]

    async def missed(self, since: datetime) -> list[Envelope]:
        """Return nothing: the gateway keeps what it could not tell, and tells it again for days."""
        return []

    # --- out --------------------------------------------------------------------------------------

    async def send(self, number: str, text: str) -> str:
        """Hand over one text and return the gateway's id of it; raises SendError."""
        body = msgspec.json.encode(
            {"textMessage": {"text": text}, "phoneNumbers": [number], "withDeliveryReport": True}
        )
        moment = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "X-Timestamp": moment,
            "X-Signature": self.sign(body, moment),
            **self._login,
        }
        try:
            async with self._http.session.post(
                self._url, data=body, headers=headers, allow_redirects=False
            ) as response:
                status, content = response.status, await response.read()
        except http.FAILURES as error:
            raise http.unreachable("the SMS gateway", error) from None
        if 200 <= status < 300:
            return _id_of(content)
        raise _refusal(status, content)

    async def close(self) -> None:
        """Let go of connections."""
        await self._http.close()


def read_report(payload: Mapping[str, object]) -> Report | None:
    """Read what became of a text we sent; None when it is no such report."""
    status = STATUSES.get(_text(payload, "event"))
    told = payload.get("payload")
    if status is None or not isinstance(told, Mapping) or not _text(told, "messageId"):
        return None
    error = None
    if status == "failed":
        reason = _text(told, "reason").upper()
        passing = not reason or any(word in reason for word in _PASSING)
        error = (
            SendError(Fault.LATER, "the gateway could not send it", retry_after=_PAUSE)
            if passing
            else SendError(Fault.CONTENT, "the network refused the text")
        )
    return Report(_text(told, "messageId"), status, error)


def _refusal(status: int, content: bytes) -> SendError:
    """Return the error for an answer that is none; the gateway's words may quote the number."""
    code = str(status)
    if status == 429 or status >= 500 or status in {408, 409, 423, 425}:
        return SendError(Fault.LATER, "the SMS gateway is in trouble", code=code)
    if status == 400 and b"phone" in content.lower():
        reason = "the gateway does not take this number"
        return SendError(Fault.RECIPIENT, reason, state="invalid", code=code)
    if status in {400, 413, 422}:
        return SendError(Fault.CONTENT, "the gateway does not take this text", code=code)
    return SendError(Fault.SENDER, _ACCOUNT, code=code)


def _id_of(content: bytes) -> str:
    try:
        return msgspec.json.decode(content, type=Reply).id
    except msgspec.MsgspecError:
        return ""


def _text(told: Mapping[str, object], name: str) -> str:
    found = told.get(name)
    if not isinstance(found, str):
        return ""
    return found.encode("utf-8", "replace").decode("utf-8")
