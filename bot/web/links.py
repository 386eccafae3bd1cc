"""One-time links ``/berkas/{code}``: looking at one burns nothing, pressing its button does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from bot.engine.rendering import load_file
from bot.engine.turn import Turn
from bot.people import counter
from bot.web.guards import Limit, caller, is_same_site
from bot.web.pages import document, page, plain
from flows.messages import Attachment
from storage import audit, links, requests
from storage.database import Tx
from storage.instant import to_ms

if TYPE_CHECKING:
    from bot.engine.desk import Desk

_PER_SECOND, _AT_ONCE = 0.2, 20.0
_KINDS = ("document", "letter", "slip")


class OneTime:
    """Shows a document or letter once to whoever holds its link; each view is in the audit."""

    def __init__(self, desks: Sequence[Desk], clock: Callable[[], float]) -> None:
        self._desks = desks
        self._limit = Limit(_PER_SECOND, _AT_ONCE, clock)

    async def ask(self, request: Request) -> Response:
        """Show the button; a chat's preview of the link comes no further."""
        if not self._limit.allows(caller(request)):
            return page(self._desks[0], "tunggu", 429)
        code = str(request.path_params["code"])
        for desk in self._desks:
            good = await desk.db.read(partial(_kind, desk=desk, code=code))
            if good:
                shown = page(desk, "berkas", trial=desk.trial)
                # Under no-referrer a browser's form says that it comes from nowhere ("null").
                shown.headers["Referrer-Policy"] = "same-origin"
                return shown
        return page(self._desks[0], "berkas-habis", 404)

    async def open(self, request: Request) -> Response:
        """Use the link up and answer with the file, decrypted in memory."""
        if not self._limit.allows(caller(request)):
            return page(self._desks[0], "tunggu", 429)
        if not is_same_site(request, self._desks[0].config.public_url):
            return plain("forbidden", 403)
        code = str(request.path_params["code"])
        for desk in self._desks:
            found = await desk.db.write(partial(_use, desk=desk, code=code))
            file = await load_file(desk, found) if found is not None else None
            if file is not None:
                return document(file.content, file.mime, file.name)
        return page(self._desks[0], "berkas-habis", 404)


def _kind(tx: Tx, desk: Desk, code: str) -> str:
    now = desk.now()
    known = (kind for kind in _KINDS if links.look(tx, desk.vault, code, kind, now))
    return next(known, "")


def _use(tx: Tx, desk: Desk, code: str) -> Attachment | None:
    now = desk.now()
    for kind in _KINDS:
        link = links.look(tx, desk.vault, code, kind, now)
        if link is not None and links.use(tx, desk.vault, code, kind, now) is not None:
            audit.note(tx, to_ms(now), link.officer_id, f"{kind}.opened", link.ref)
            if kind == "slip":
                return _slip(tx, desk, int(link.ref), link.officer_id or 0)
            return Attachment(kind, link.ref)
    return None


def _slip(tx: Tx, desk: Desk, request_id: int, officer_id: int) -> Attachment | None:
    """Make the code only now, which nobody but the slip's reader is to know."""
    row = requests.load(tx, request_id)
    if row is None:
        return None
    _, attachment = counter.slip(Turn(desk, tx, desk.now()), row, officer_id)
    return attachment
