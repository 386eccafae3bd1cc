"""One Twilio account: calls to its REST interface, the signature of its webhooks, its media."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

import msgspec
from msgspec import Struct
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from yarl import URL

from bot.channels import http
from bot.channels.twilio_errors import refusal
from bot.channels.twilio_history import missed_messages
from bot.channels.twilio_media import MediaStore
from bot.setup.hosts import is_loopback_url

API_BASE = "https://api.twilio.com"
_CONTENT_BASE = "https://content.twilio.com"
OVERRIDES = "rc=5&rp=all"
"""What the webhook's address carries after ``#``: Twilio tries five times, after any failure."""

_FORM = "application/x-www-form-urlencoded"
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class Reply(Struct):
    """The part of Twilio's answer that is read: a message's sid, or an error's code."""

    sid: str = ""
    status: str | int = ""
    code: int | None = None
    error_code: int | None = None


class TwilioAccount:
    """What WhatsApp and SMS share. ``public_url`` is the desk's address as Twilio sees it."""

    def __init__(
        self, sid: str, token: str, api_base: str = API_BASE, public_url: str = ""
    ) -> None:
        self._sid = sid
        self._base = api_base.rstrip("/")
        self._public_url = public_url.rstrip("/")
        self._url = URL(f"{self._base}/2010-04-01/Accounts/{sid}/Messages.json")
        content = _CONTENT_BASE if self._base == API_BASE else self._base
        self._content_url = URL(f"{content}/v1/Content")
        self.tail = sid[-8:]
        login = "Basic " + b64encode(f"{sid}:{token}".encode()).decode()
        self._headers = {"Authorization": login, "Content-Type": _FORM}
        self._validator = RequestValidator(token)
        self._http = http.Connections()
        self.media = MediaStore(self._base, login)

    # --- in ---------------------------------------------------------------------------------------

    def is_genuine(
        self, path: str, params: Mapping[str, object] | str | None, signature: str | None
    ) -> bool:
        """Check ``X-Twilio-Signature``; ``path`` is what was asked, with its query.

        ``params`` is the form, with all values of repeated fields (a MultiDict), or the text of a
        JSON body. The address is the public one: behind a proxy Twilio knows no other.
        """
        if not signature:
            return False
        url = self._public_url + path
        try:
            return any(
                self._validator.validate(address, params, signature)
                for address in (url, f"{url}#{OVERRIDES}")
            )
        except UnicodeEncodeError:
            return False

    async def missed(self, to: str, since: datetime) -> list[dict[str, str]]:
        """Return what was sent ``to`` us since then, oldest first, as webhooks would have told it.

        For the time in which no webhook could reach the desk; what is known already is known by
        its sid. Raises SendError.
        """
        return await missed_messages(
            self._sid, self._headers["Authorization"], self._base, to, since
        )

    # --- out --------------------------------------------------------------------------------------

    async def send(self, params: Mapping[str, str]) -> str:
        """Create a message and return its sid; raises SendError."""
        told = {"StatusCallback": f"{self._public_url}/twilio/status"} if self.reaches_us else {}
        body = urlencode({**params, **told}, errors="replace").encode()
        return await self._create(self._url, body, self._headers)

    async def create_content(self, content: Mapping[str, object]) -> str:
        """Make a content for messages with buttons and return its sid; raises SendError."""
        headers = {**self._headers, "Content-Type": "application/json"}
        return await self._create(self._content_url, msgspec.json.encode(content), headers)

    async def _create(self, url: URL, body: bytes, headers: Mapping[str, str]) -> str:
        try:
            async with self._http.session.post(
                url, data=body, headers=headers, allow_redirects=False
            ) as response:
                status, content = response.status, await response.read()
                wait = _seconds(response.headers.get("Retry-After", ""))
        except http.FAILURES as error:
            raise http.unreachable("Twilio", error) from None
        try:
            reply = msgspec.json.decode(content, type=Reply)
        except msgspec.DecodeError:
            reply = Reply()
        if status in {200, 201} and reply.sid and not reply.error_code:
            return reply.sid
        code = reply.error_code or reply.code or 0
        raise refusal(code, 502 if status < 300 else status, wait)

    async def close(self) -> None:
        """Let go of connections."""
        await self.media.close()
        await self._http.close()

    @property
    def reaches_us(self) -> bool:
        """Whether Twilio could call the desk's public address: not where only we can."""
        ours, theirs = URL(self._public_url).host, URL(self._base).host
        return bool(ours) and (not is_loopback_url(self._public_url) or theirs in _LOCAL)


def _seconds(header: str) -> float:
    return float(header) if header.isdecimal() and len(header) < 6 else 0.0
