"""The trial page ``/coba``: a citizen's phone and an officer's desk in one browser."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec
import structlog
from msgspec import Struct
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from bot import trial
from bot.channels.protocol import FetchError
from bot.channels.screen import Screen
from bot.engine.rendering import load_file
from bot.terminal.screens import look
from bot.web import patience
from bot.web.guards import Limit, is_private, is_same_site
from bot.web.pages import QUIET, data, document, page, plain
from flows.events import Envelope, Media, Pressed, Text
from flows.messages import Message
from storage import contacts, screens
from storage.database import StorageUnavailable, Tx
from storage.screens import Place

if TYPE_CHECKING:
    from bot.engine.desk import Desk

log = structlog.get_logger()
Handler = Callable[[Request, str], Awaitable[Response]]
_COOKIE = "coba"
_COOKIE_SECONDS = 30 * 86_400
_HOLD_SECONDS = 25.0
_MOST_JSON = 64_000
_MOST_TEXT = 10_000
# What a row's number can have; more does not fit into a database's integer.
_MOST_DIGITS = 18
_POSTS_PER_SECOND, _POSTS_AT_ONCE = 5.0, 60.0
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Spoken(Struct):
    """What the page posts: a text or a pressed button; ``id`` is the page's own and unique."""

    id: str
    text: str = ""
    choice: str = ""
    sebagai: str = ""


class TrialPage:
    """The routes of ``/coba`` over a trial desk; ``token`` opens it once."""

    def __init__(
        self, desk: Desk, channel: Screen, token: str, pages: Path, clock: Callable[[], float]
    ) -> None:
        self._desk = desk
        self._channel = channel
        self._token = token
        self._pages = pages
        self._limit = Limit(_POSTS_PER_SECOND, _POSTS_AT_ONCE, clock)

    def routes(self) -> list[Route]:
        """Return the routes, each behind the guards."""
        return [
            Route("/coba", self._guarded(self._open, session=False)),
            *(
                Route(f"/coba/{name}", self._guarded(self._static(name), session=False))
                for name in ("coba.css", "coba.js", "loket.svg")
            ),
            Route("/coba/pesan", self._guarded(self._read)),
            Route("/coba/kirim", self._guarded(self._speak), methods=["POST"]),
            Route("/coba/unggah", self._guarded(self._upload), methods=["POST"]),
            Route("/coba/baru", self._guarded(self._renew), methods=["POST"]),
            Route("/coba/berkas/{row:int}/{n:int}", self._guarded(self._file)),
            Route("/coba/unggahan/{key}", self._guarded(self._uploaded)),
        ]

    # --- guards ----------------------------------------------------------------------------------

    def _guarded(
        self, handler: Handler, *, session: bool = True
    ) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            config = self._desk.config
            private = config.trial == "auto" and is_private(request, config.public_url)
            if not (private or config.trial == "on"):
                return page(self._desk, "tidak-ada", 404)
            if not is_same_site(request, config.public_url):
                return plain("forbidden", 403)
            citizen = self._session(request)
            if session and not citizen:
                return plain("open the link that was printed at the start", 403)
            if request.method == "POST" and not self._limit.allows(citizen):
                return plain("too fast", 429)
            return await handler(request, citizen)

        return guarded

    def _session(self, request: Request) -> str:
        name, _, seal = request.cookies.get(_COOKIE, "").partition(".")
        right = hmac.compare_digest(
            seal.encode(), self._desk.vault.index("coba.session", name).encode()
        )
        return name if name and right else ""

    def _begin(self, response: Response) -> Response:
        name = secrets.token_hex(8)
        response.set_cookie(
            _COOKIE,
            f"{name}.{self._desk.vault.index('coba.session', name)}",
            max_age=_COOKIE_SECONDS,
            path="/coba",
            secure=self._desk.config.public_url.startswith("https:"),
            httponly=True,
            samesite="strict",
        )
        return response

    # --- the page --------------------------------------------------------------------------------

    async def _open(self, request: Request, citizen: str) -> Response:
        token = request.query_params.get("token")
        if token is not None:
            return self._enter(token, citizen)
        if not citizen:
            return page(self._desk, "coba-tertutup", 403)
        label = self._desk.wording.label
        officers = [
            {"name": one.name, "role": label("id", f"commands.role.{one.role}") or one.role}
            for one in trial.officers_of(self._desk.config)
        ]
        html = self._desk.wording.page("coba", office=self._desk.config.office, officers=officers)
        headers = {**QUIET, "Content-Security-Policy": _CSP}
        return Response(html, 200, headers, "text/html")

    def _enter(self, token: str, citizen: str) -> Response:
        there = RedirectResponse("/coba", 303, QUIET)
        if citizen:
            return there
        if not self._token or not hmac.compare_digest(token.encode(), self._token.encode()):
            return page(self._desk, "coba-tertutup", 403)
        self._token = ""
        return self._begin(there)

    def _static(self, name: str) -> Handler:
        path = self._pages / name

        async def static(request: Request, citizen: str) -> Response:
            return FileResponse(path, headers={**QUIET, "Cache-Control": "no-cache"})

        return static

    async def _renew(self, request: Request, citizen: str) -> Response:
        return self._begin(data(b"{}"))

    # --- talking ---------------------------------------------------------------------------------

    def _address(self, citizen: str, acting: str) -> str:
        """Return whose chat it is: the session's citizen, or one of the trial's officers."""
        if acting and any(one.name == acting for one in trial.officers_of(self._desk.config)):
            return trial.address(acting)
        return f"warga:{citizen}"

    async def _speak(self, request: Request, citizen: str) -> Response:
        body = await _body(request, _MOST_JSON)
        if body is None:
            return plain("too large", 413)
        try:
            spoken = msgspec.json.decode(body, type=Spoken)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return plain("unreadable", 400)
        if not 0 < len(spoken.id) <= 64 or not (spoken.text or spoken.choice):
            return plain("nothing said", 400)
        address = self._address(citizen, spoken.sebagai)
        event = Pressed(spoken.choice[:64]) if spoken.choice else Text(spoken.text[:_MOST_TEXT])
        return await self._accept(address, spoken.id, event)

    async def _upload(self, request: Request, citizen: str) -> Response:
        key = request.headers.get("x-id", "")
        if not 0 < len(key) <= 64:
            return plain("no id", 400)
        content = await _body(request, self._desk.config.limits.file_megabytes * 1_000_000)
        if content is None:
            return plain("too large", 413)
        address = f"warga:{citizen}"
        mime = request.headers.get("content-type", "").partition(";")[0].strip()[:100]
        try:
            ref = await self._channel.stage(address, key, content)
        except StorageUnavailable:
            return plain("try again", 503)
        event = Media(
            ref=ref,
            kind="photo" if mime.startswith("image/") else "file",
            mime=mime,
            size=len(content),
            name=unquote(request.headers.get("x-name", ""))[:200],
            album=request.headers.get("x-album", "")[:64],
        )
        return await self._accept(address, key, event)

    async def _accept(self, address: str, key: str, event: Text | Pressed | Media) -> Response:
        envelope = Envelope(self._channel.name, f"{address}:{key}", address, event)
        try:
            await self._desk.accept([envelope])
        except StorageUnavailable:
            return plain("try again", 503)
        return data(b'{"kept":true}')

    async def _read(self, request: Request, citizen: str) -> Response:
        """Hold the answer until something is new; ``after`` is what the last one said.

        ``tunggu`` is for how many seconds at most (25).
        """
        acting = request.query_params.get("sebagai", "")
        address = self._address(citizen, acting)
        addresses = [address, trial.BOARD] if acting else [address]
        after = _places(request.query_params.get("after", ""), len(addresses))
        asked = request.query_params.get("tunggu", "")
        hold = min(_HOLD_SECONDS, float(asked)) if asked.isdecimal() else _HOLD_SECONDS
        seen = await look(self._desk, self._channel, addresses, after, hold)
        answer = {"lines": seen.lines, "after": "_".join(f"{p.told}.{p.said}" for p in seen.places)}
        return data(msgspec.json.encode(answer))

    # --- files -----------------------------------------------------------------------------------

    async def _file(self, request: Request, citizen: str) -> Response:
        """A file of a message that this chat was sent."""
        row, n = request.path_params["row"], request.path_params["n"]
        if row >= 10**_MOST_DIGITS:
            return plain("no such file", 404)
        acting = request.query_params.get("sebagai", "")
        addresses = [self._address(citizen, acting), *([trial.BOARD] if acting else [])]
        for address in addresses:
            message = await self._desk.db.read(partial(self._message, address=address, row=row))
            if message is not None and n < len(message.attachments):
                file = await load_file(self._desk, message.attachments[n])
                if file is not None:
                    return document(file.content, file.mime, file.name)
        return plain("no such file", 404)

    def _message(self, tx: Tx, address: str, row: int) -> Message | None:
        contact = contacts.find(tx, self._desk.vault, self._channel.name, address)
        return screens.one_told(tx, self._desk.vault, contact, row) if contact else None

    async def _uploaded(self, request: Request, citizen: str) -> Response:
        """A file that this chat itself sent, as long as it is kept."""
        address = f"warga:{citizen}"
        vault = self._desk.vault
        event = await self._desk.db.read(
            lambda tx: screens.one_said(
                tx,
                vault,
                contacts.find(tx, vault, self._channel.name, address) or 0,
                self._channel.name,
                f"{address}:{request.path_params['key']}",
            )
        )
        if not isinstance(event, Media):
            return plain("no such file", 404)
        try:
            limit = self._desk.config.limits.file_megabytes * 1_000_000
            content = await self._channel.fetch(event.ref, limit)
        except FetchError:
            # It is among the request's papers now; the page draws a sign in its place.
            return Response(status_code=204)
        return document(content, event.mime, event.name)


async def _body(request: Request, limit: int) -> bytes | None:
    """Read a body into memory, never to disk; None when it is larger than ``limit`` bytes."""
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > limit:
        return None
    content = bytearray()
    try:
        async with asyncio.timeout(patience.for_body(limit)):
            async for chunk in request.stream():
                content += chunk
                if len(content) > limit:
                    return None
    except (ClientDisconnect, TimeoutError):
        return None
    return bytes(content)


def _places(after: str, count: int) -> list[Place]:
    places = []
    for pair in after.split("_")[:count]:
        told, _, said = pair.partition(".")
        fine = told.isdecimal() and said.isdecimal() and max(len(told), len(said)) <= _MOST_DIGITS
        places.append(Place(int(told), int(said)) if fine else Place())
    return places + [Place()] * (count - len(places))
