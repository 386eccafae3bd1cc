"""Stands in for Twilio's REST: ``python -m tests.standins.twilio --port N --journal FILE``."""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import uvloop
from aiohttp import web
from msgspec import Struct

from tests.standins.server import Standin, as_json, serve

SID = "AC00000000000000000000000000000001"
TOKEN = "twilio-standin"


class Sent(Struct):
    """A message that took effect; ``at`` in seconds."""

    sid: str
    to: str
    params: dict[str, str]
    at: float = 0.0

    @property
    def text(self) -> str:
        """The words: of a message with buttons those that fill its content."""
        filled = json.loads(self.params.get("ContentVariables", "{}"))
        return self.params.get("Body", "") or "\n".join(filled.values())


def sign(url: str, params: Iterable[tuple[str, str]], token: str = TOKEN) -> str:
    """Return ``X-Twilio-Signature`` for a form posted to ``url``."""
    pairs = sorted(set(params))
    words = url + "".join(name + value for name, value in pairs)
    return base64.b64encode(hmac.digest(token.encode(), words.encode(), "sha1")).decode()


def sign_json(url: str, body: str, token: str = TOKEN) -> tuple[str, str]:
    """Return the address with ``bodySHA256`` and its signature, for a JSON body."""
    digest = hashlib.sha256(body.encode()).hexdigest()
    whole = f"{url}{'&' if '?' in url else '?'}bodySHA256={digest}"
    return whole, sign(whole, [], token)


class TwilioStandin(Standin):
    """Messages and media of one account. ``files`` maps a media sid to (type, content).

    Media are asked for with the account's login and redirect to ``/cdn/``; ``logins`` keeps every
    Authorization header that either of them saw. ``callbacks`` are the statuses that are posted,
    signed, to each message's StatusCallback.
    """

    name = "twilio"

    def __init__(self, journal: Path | None = None, *, callbacks: Iterable[str] = ()) -> None:
        super().__init__(journal)
        self.files: dict[str, tuple[str, bytes]] = {}
        self.inbound: list[dict[str, str]] = []
        self.logins: list[tuple[str, str]] = []
        self.redirect = ""
        self.contents: dict[str, dict[str, Any]] = {}
        self.deleted: list[str] = []
        self._callbacks = tuple(callbacks)
        self._posting: set[asyncio.Task[None]] = set()
        self._outgoing: aiohttp.ClientSession | None = None
        self._next = 1

    def add_routes(self, app: web.Application) -> None:
        account = "/2010-04-01/Accounts/{sid}/Messages"
        app.router.add_post(account + ".json", self._create)
        app.router.add_get(account + ".json", self._list)
        app.router.add_get(account + "/{message}/Media.json", self._list_media)
        app.router.add_get(account + "/{message}/Media/{media}", self._media)
        app.router.add_get("/cdn/{media}", self._cdn)
        app.router.add_delete(account + "/{message}/Media/{media}.json", self._delete_media)
        app.router.add_post("/v1/Content", self._create_content)

    async def stop(self) -> None:
        for task in self._posting:
            task.cancel()
        await asyncio.gather(*self._posting, return_exceptions=True)
        if self._outgoing is not None:
            await self._outgoing.close()
        await super().stop()

    def media_url(self, media: str, message: str = "MM1") -> str:
        """Return the MediaUrl that a webhook would tell."""
        return f"{self.url}/2010-04-01/Accounts/{SID}/Messages/{message}/Media/{media}"

    async def _create(self, request: web.Request) -> web.StreamResponse:
        if not _may(request):
            return _refused(401, 20003, "Authenticate")
        params = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        to = params.get("To", "")
        return await self.answer(request, "Messages", to, lambda: self._message(to, params))

    def _message(self, to: str, params: dict[str, str]) -> web.StreamResponse:
        if not any(params.get(name) for name in ("Body", "MediaUrl", "ContentSid")):
            return _refused(400, 21602, "Message body is required.")
        if len(params.get("Body", "")) > 1600:
            return _refused(400, 21617, "The concatenated message body exceeds the limit.")
        sid = f"SM{self._next:032x}"
        self._next += 1
        self.record(Sent(sid, to, params, time.time()))
        target = params.get("StatusCallback")
        if target and self._callbacks:
            task = asyncio.get_running_loop().create_task(self._tell_status(target, sid, to))
            self._posting.add(task)
            task.add_done_callback(self._posting.discard)
        answer = {"sid": sid, "status": "queued", "to": to, "error_code": None}
        return as_json({**answer, "body": params.get("Body")}, 201)

    async def _tell_status(self, target: str, sid: str, to: str) -> None:
        if self._outgoing is None:
            self._outgoing = aiohttp.ClientSession()
        for status in self._callbacks:
            form = {"MessageSid": sid, "MessageStatus": status, "To": to, "AccountSid": SID}
            headers = {"X-Twilio-Signature": sign(target, form.items())}
            try:
                async with self._outgoing.post(target, data=form, headers=headers) as response:
                    await response.read()
            except aiohttp.ClientError:
                return

    async def _create_content(self, request: web.Request) -> web.StreamResponse:
        if not _may(request):
            return _refused(401, 20003, "Authenticate")
        content = await request.json()

        def make() -> web.Response:
            sid = f"HX{len(self.contents) + 1:032x}"
            self.contents[sid] = content
            return as_json({"sid": sid, "types": content["types"]}, 201)

        return await self.answer(request, "Content", content["friendly_name"], make)

    async def _delete_media(self, request: web.Request) -> web.StreamResponse:
        if not _may(request):
            return _refused(401, 20003, "Authenticate")
        media = request.match_info["media"]

        def delete() -> web.Response:
            if self.files.pop(media, None) is None:
                return _refused(404, 20404, "The requested resource was not found")
            self.deleted.append(media)
            return web.Response(status=204)

        return await self.answer(request, "DeleteMedia", media, delete)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        if not _may(request):
            return _refused(401, 20003, "Authenticate")
        to = request.query.get("To", "")
        found = [_resource(form) for form in self.inbound if form["To"] == to]
        return await self.answer(
            request, "List", to, lambda: as_json({"messages": found, "next_page_uri": None})
        )

    async def _list_media(self, request: web.Request) -> web.Response:
        if not _may(request):
            return _refused(401, 20003, "Authenticate")
        message = request.match_info["message"]
        path = f"/2010-04-01/Accounts/{SID}/Messages/{message}/Media"
        form = next(form for form in self.inbound if form["MessageSid"] == message)
        names = [form[f"MediaUrl{n}"].rpartition("/")[2] for n in range(int(form["NumMedia"]))]
        found = [
            {"sid": name, "uri": f"{path}/{name}.json", "content_type": self.files[name][0]}
            for name in names
        ]
        return as_json({"media_list": found, "next_page_uri": None})

    async def _media(self, request: web.Request) -> web.StreamResponse:
        self.logins.append(("api", request.headers.get("Authorization", "")))
        if not _may(request):
            return _refused(401, 20003, "Authenticate")
        media = request.match_info["media"]
        return await self.answer(request, "Media", media, lambda: self._redirect(media))

    def _redirect(self, media: str) -> web.Response:
        if media not in self.files:
            return _refused(404, 20404, "The requested resource was not found")
        target = self.redirect or f"/cdn/{media}"
        return web.Response(status=307, headers={"Location": target})

    async def _cdn(self, request: web.Request) -> web.StreamResponse:
        self.logins.append(("cdn", request.headers.get("Authorization", "")))
        media = request.match_info["media"]
        mime, content = self.files[media]
        return await self.answer(
            request, "Cdn", media, lambda: web.Response(body=content, content_type=mime)
        )


def _may(request: web.Request) -> bool:
    login = base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
    return request.headers.get("Authorization") == f"Basic {login}"


def _resource(form: Mapping[str, str]) -> dict[str, Any]:
    """Return an inbound message as REST tells it."""
    sent = datetime.fromtimestamp(float(form.get("at", "1795421400")), UTC)
    return {
        "sid": form["MessageSid"],
        "from": form["From"],
        "to": form["To"],
        "body": form.get("Body", ""),
        "num_media": form.get("NumMedia", "0"),
        "direction": form.get("direction", "inbound"),
        "status": "received",
        "date_sent": format_datetime(sent),
        "date_created": format_datetime(sent),
    }


def _refused(status: int, code: int, message: str) -> web.Response:
    return as_json({"code": code, "message": message, "status": status}, status)


def main() -> None:
    """Run the stand-in as a process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--journal", type=Path)
    parser.add_argument("--callbacks", default="", help="statuses to post, comma-separated")
    given = parser.parse_args()

    async def run() -> None:
        callbacks = [status for status in given.callbacks.split(",") if status]
        await serve(TwilioStandin(given.journal, callbacks=callbacks), given.port)

    uvloop.run(run())


if __name__ == "__main__":
    main()
