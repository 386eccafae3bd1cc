"""Answers of the web: pages from ``templates/pages`` and the headers that keep them harmless."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, Response

if TYPE_CHECKING:
    from bot.engine.desk import Desk

QUIET = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_CLOSED = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
# A PDF viewer does not open inside a sandbox; a PDF's own scripts never reach our origin.
_PICTURE = "default-src 'none'; frame-ancestors 'none'; sandbox"
_PDF = "default-src 'none'; frame-ancestors 'none'; style-src 'unsafe-inline'; object-src 'self'"
_SHOWN = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "application/pdf"})


def page(desk: Desk, name: str, status: int = 200, **data: object) -> HTMLResponse:
    """Render a page that runs no script and whose one style sheet stands inside it."""
    nonce = secrets.token_urlsafe(12)
    html = desk.wording.page(name, nonce=nonce, office=desk.config.office, **data)
    headers = {**QUIET, "Content-Security-Policy": f"{_CLOSED}; style-src 'nonce-{nonce}'"}
    return HTMLResponse(html, status, headers)


def document(content: bytes, mime: str, name: str = "") -> Response:
    """Answer with a file in memory: pictures and PDFs are shown, anything else is downloaded."""
    known = mime if mime in _SHOWN else "application/octet-stream"
    headers = {**QUIET, "Content-Security-Policy": _PDF if known.endswith("pdf") else _PICTURE}
    kind = "inline" if known in _SHOWN else "attachment"
    safe = "".join(
        letter for letter in name if letter.isascii() and (letter.isalnum() or letter in "-_. ")
    )
    headers["Content-Disposition"] = f'{kind}; filename="{safe or "berkas"}"'
    return Response(content, media_type=known, headers=headers)


def plain(text: str, status: int = 200) -> Response:
    """Answer a machine in a word."""
    return Response(text, status, QUIET, "text/plain")


def data(content: bytes, status: int = 200, **headers: Any) -> Response:
    """Answer with JSON."""
    return Response(content, status, {**QUIET, **headers}, "application/json")
