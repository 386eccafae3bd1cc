"""``/unggah/{code}``: where people whose channel carries words only send photos of their papers.

A plain form for any phone; where its browser can, small pieces that go on after a broken line.
Whatever arrives is in memory until it is sealed.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.channels.protocol import FetchError
from bot.engine.turn import Turn
from bot.papers.uploads import PATH, Uploads, contact_of
from bot.web.guards import Limit, caller, is_same_site
from bot.web.multipart import read_form
from bot.web.pages import QUIET, data, page, plain
from bot.web.webhooks import read_body
from flows.checklist import Item, checklist, is_brought, is_wanted
from flows.definition import Document
from flows.events import Media
from flows.session import Session
from flows.talk import has_draft
from storage import contacts, conversations
from storage.database import Tx

if TYPE_CHECKING:
    from bot.engine.desk import Desk

log = structlog.get_logger()
PIECE = 64 * 1024
"""Bytes of one piece: about ten seconds on the slowest line."""

_FORM_ROOM = 20_000
_KEY = re.compile(r"[A-Za-z0-9_-]{8,40}")
_STRANGERS_PER_SECOND, _STRANGERS_AT_ONCE = 0.2, 20.0
_BYTES_PER_SECOND, _BYTES_AT_ONCE = 20_000.0, 200e6
_ASKING = 10_000.0
"""What a question without a file costs of the allowance, in bytes."""
_AT_ONCE = 4
_UNFINISHED = 3
"""Files of one contact that may lie half-sent at the same time; a fourth makes the oldest go."""
# Browsers that know nonces ignore 'unsafe-inline'; those of old phones know nothing else.
_POLICY = (
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self';"
    " connect-src 'self'; style-src 'nonce-{0}' 'unsafe-inline';"
    " script-src 'nonce-{0}' 'unsafe-inline'"
)


class Paper(NamedTuple):
    """A document as the page shows it: ``state`` is missing, checking, given or brought."""

    path: str
    name: str
    state: str
    takes: bool


class Waiting(NamedTuple):
    """What a conversation waits for."""

    title: str
    papers: list[Paper]


class UploadPage:
    """The page, its form, and its pieces."""

    def __init__(self, desk: Desk, clock: Callable[[], float]) -> None:
        self._desk = desk
        self._uploads = Uploads(desk.vault, desk.files)
        self._strangers = Limit(_STRANGERS_PER_SECOND, _STRANGERS_AT_ONCE, clock)
        self._bytes = Limit(_BYTES_PER_SECOND, _BYTES_AT_ONCE, clock)
        self._busy = asyncio.Semaphore(_AT_ONCE)
        self._unfinished: dict[int, dict[str, int]] = {}

    def routes(self) -> list[Route]:
        """Return the page's routes."""
        return [
            Route(f"{PATH}/{{code}}", self.show),
            Route(f"{PATH}/{{code}}", self.take_form, methods=["POST"]),
            Route(f"{PATH}/{{code}}/potongan", self.progress),
            Route(f"{PATH}/{{code}}/potongan", self.take_piece, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show what is waited for, and a form for each paper."""
        contact = self._contact(request)
        if isinstance(contact, Response):
            return contact
        waiting = await self._waiting(contact)
        return self._page(waiting, sent=request.query_params.get("terkirim") == "1")

    async def take_form(self, request: Request) -> Response:
        """Take a whole file from the plain form; the same form sent twice is taken once."""
        contact = self._contact(request)
        if isinstance(contact, Response):
            return contact
        async with self._busy:
            body = await self._body(request, contact, self._limit + _FORM_ROOM)
            if isinstance(body, Response):
                return body
            form = read_form(request.headers.get("content-type", ""), body)
            words = {name: field.content.decode("utf-8", "replace") for name, field in form.items()}
            file, key = form.get("berkas"), words.get("kunci", "")
            waiting = await self._waiting(contact)
            paper = _paper(waiting, words.get("untuk", ""))
            if paper is None or not _KEY.fullmatch(key) or file is None:
                return self._page(waiting, problem="lost", status=400)
            if not file.content:
                return self._page(waiting, problem="empty", status=400)
            if len(file.content) > self._limit:
                return self._page(waiting, problem="large", status=413)
            ref = await self._uploads.stage(contact, key, file.content)
        await self._put(contact, key, paper, ref, file.content)
        return RedirectResponse(f"{request.url.path}?terkirim=1", 303, QUIET)

    async def progress(self, request: Request) -> Response:
        """Tell how many pieces are here, so that a broken upload goes on from there."""
        contact = self._contact(request)
        if isinstance(contact, Response):
            return contact
        key, count = request.query_params.get("kunci", ""), _number(request, "jumlah")
        if not (_KEY.fullmatch(key) and 0 < count <= self._most_pieces):
            return plain("senseless", 400)
        if not self._bytes.allows(str(contact), _ASKING):
            return plain("slowly", 429)
        return _told(next=await self._uploads.pieces(contact, key, count))

    async def take_piece(self, request: Request) -> Response:
        """Take one piece; the last one that was missing makes the file whole."""
        contact = self._contact(request)
        if isinstance(contact, Response):
            return contact
        key, count = request.query_params.get("kunci", ""), _number(request, "jumlah")
        place = _number(request, "n")
        if not (_KEY.fullmatch(key) and 0 <= place < count <= self._most_pieces):
            return plain("senseless", 400)
        body = await self._body(request, contact, PIECE)
        if isinstance(body, Response):
            return body
        paper = _paper(await self._waiting(contact), request.query_params.get("untuk", ""))
        if paper is None:
            return plain("not waited for", 409)
        await self._make_room(contact, key, count)
        await self._uploads.keep_piece(contact, key, place, body)
        there = await self._uploads.pieces(contact, key, count)
        if there < count:
            return _told(next=there)
        async with self._busy:
            return await self._join(contact, key, count, paper)

    async def _make_room(self, contact: int, key: str, count: int) -> None:
        """Let nobody fill the disk with beginnings of files: who begins another lets one go."""
        begun = self._unfinished.setdefault(contact, {})
        if key not in begun and len(begun) >= _UNFINISHED:
            oldest = next(iter(begun))
            await self._uploads.drop(contact, oldest, begun.pop(oldest))
        begun[key] = max(count, begun.get(key, 0))

    def _finished(self, contact: int, key: str) -> None:
        begun = self._unfinished.get(contact, {})
        begun.pop(key, None)
        if not begun:
            self._unfinished.pop(contact, None)

    async def _join(self, contact: int, key: str, count: int, paper: Paper) -> Response:
        try:
            content = await self._uploads.joined(contact, key, count)
        except FetchError:
            # Another connection made it whole at the same moment.
            return _told(next=count)
        ref = await self._uploads.stage(contact, key, content, pieces=count)
        self._finished(contact, key)
        await self._put(contact, key, paper, ref, content)
        return _told(next=count)

    # --- parts ------------------------------------------------------------------------------------

    @property
    def _limit(self) -> int:
        return self._desk.office.limits.file_size

    @property
    def _most_pieces(self) -> int:
        return -(-self._limit // PIECE)

    def _contact(self, request: Request) -> int | Response:
        contact = contact_of(self._desk.vault, str(request.path_params["code"])[:64])
        if contact is not None:
            return contact
        if not self._strangers.allows(caller(request)):
            return page(self._desk, "tunggu", 429)
        return page(self._desk, "tidak-ada", 404)

    async def _body(self, request: Request, contact: int, limit: int) -> bytes | Response:
        if not is_same_site(request, self._desk.config.public_url):
            return plain("forbidden", 403)
        if not self._bytes.allows(str(contact), _ASKING):
            return plain("slowly", 429)
        body = await read_body(dict(request.scope["headers"]), request.receive, limit)
        if body is None:
            return self._page(await self._waiting(contact), problem="large", status=413)
        if not self._bytes.allows(str(contact), len(body)):
            return plain("slowly", 429)
        return body

    async def _waiting(self, contact: int) -> Waiting:
        return await self._desk.db.read(lambda tx: _look(tx, self._desk, contact))

    async def _put(self, contact: int, key: str, paper: Paper, ref: str, content: bytes) -> None:
        """Tell the conversation; durable when this returns."""
        photo = not content.startswith(b"%PDF")
        media = Media(
            ref=ref, kind="photo" if photo else "file", size=len(content), path=paper.path
        )
        desk = self._desk
        await desk.db.write(
            lambda tx: Turn(desk, tx, desk.now()).put(contact, media, f"upload:{contact}:{key}")
        )
        log.info("a file came by the upload page", contact=contact, bytes=len(content))

    def _page(
        self, waiting: Waiting, *, sent: bool = False, problem: str = "", status: int = 200
    ) -> HTMLResponse:
        nonce = secrets.token_urlsafe(12)
        html = self._desk.wording.page(
            "unggah",
            nonce=nonce,
            office=self._desk.config.office,
            title=waiting.title,
            papers=waiting.papers,
            sent=sent,
            problem=problem,
            keys={paper.path: secrets.token_urlsafe(12) for paper in waiting.papers},
            megabytes=self._limit // 1_000_000,
            most=self._limit,
            piece=PIECE,
        )
        # Under no-referrer a form would not say that it comes from our own page.
        headers = {**QUIET, "Referrer-Policy": "same-origin"}
        headers["Content-Security-Policy"] = _POLICY.format(nonce)
        return HTMLResponse(html, status, headers)


def _look(tx: Tx, desk: Desk, contact: int) -> Waiting:
    try:
        contacts.load(tx, contact)
    except LookupError:
        return Waiting("", [])
    session = conversations.load(tx, desk.vault, contact).session
    if not has_draft(session):
        return Waiting("", [])
    definition = desk.office.service(session.service, session.digest)
    papers = [
        _shown(desk, session, item, item.what)
        for item in checklist(definition, session)
        if isinstance(item.what, Document) and is_wanted(item, session)
    ]
    label = desk.office.label
    return Waiting(label(session.language, f"{session.service}.title"), papers)


def _shown(desk: Desk, session: Session, item: Item, document: Document) -> Paper:
    pages = session.documents.get(item.path, [])
    label = desk.office.label(session.language, f"{session.service}.document.{item.name}")
    name = f"{label} {item.member + 1}" if item.group else label
    state = "missing"
    if pages:
        state = "checking" if any(one.id == 0 for one in pages) else "given"
    elif is_brought(session, item.path):
        state = "brought"
    return Paper(item.path, name, state, len(pages) < document.pages)


def _paper(waiting: Waiting, path: str) -> Paper | None:
    return next((one for one in waiting.papers if one.path == path and one.takes), None)


def _number(request: Request, name: str) -> int:
    found = request.query_params.get(name, "")
    return int(found) if found.isascii() and found.isdigit() and len(found) < 6 else -1


def _told(**facts: Any) -> Response:
    return data(msgspec.json.encode(facts))
