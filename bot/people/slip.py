"""The slip of the counter: the request's number, and codes that link a phone to it, to print."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import segno

from bot.channels.protocol import File
from bot.letters.rendering import render_report
from bot.words import display
from flows.messages import Attachment
from storage import requests
from storage.database import Tx

if TYPE_CHECKING:
    from bot.engine.desk import Desk

_LANGUAGE = "id"


async def slip_file(desk: Desk, item: Attachment) -> File | None:
    """Return the slip that an attachment names (request and code), in memory only."""
    number, _, code = item.ref.partition(":")
    content = await desk.db.read(lambda tx: _content(desk, tx, int(number), code))
    if content is None:
        return None
    now, root = desk.now(), desk.wording.root
    pdf = await asyncio.to_thread(render_report, root, "slip", content, now)
    return File("document", item.name, "application/pdf", pdf)


def links(desk: Desk, row: requests.RequestRow, code: str) -> list[tuple[str, str]]:
    """Return (what, address) of all that the slip's pictures lead to; chats first."""
    found = []
    number = "".join(filter(str.isdigit, desk.config.twilio.whatsapp_from))
    if "whatsapp" in desk.channels and number:
        words = quote(f"hubungkan {code[:5]}-{code[5:]}")
        found.append(("whatsapp", f"https://wa.me/{number}?text={words}"))
    username = getattr(desk.channels.get("telegram"), "username", "")
    if username:
        found.append(("telegram", f"https://t.me/{username}?start=hubung-{code}"))
    found.append(("track", f"{desk.config.public_url.rstrip('/')}/lacak/{row.code}"))
    return found


def _content(desk: Desk, tx: Tx, request_id: int, code: str) -> dict[str, Any] | None:
    row = requests.load(tx, request_id)
    if row is None:
        return None

    def word(key: str) -> str:
        return desk.wording.label(_LANGUAGE, f"identity.slip.{key}")

    zone, config = desk.office.calendar.zone, desk.config
    promised = row.state.promised_at.astimezone(zone).date().isoformat()
    return {
        "office": config.office.name,
        "title": word("title"),
        "sample": desk.trial,
        "rows": [
            [word("number"), row.number],
            [word("service"), desk.wording.label(_LANGUAGE, f"{row.service}.title")],
            [word("name"), row.name],
            [word("filed"), display.show_time(row.state.filed_at, _LANGUAGE, zone)],
            [word("promised"), display.show_date(promised, _LANGUAGE)],
        ],
        "how": word("how"),
        "write": f"hubungkan {code[:5]}-{code[5:]}",
        "once": word("once"),
        "codes": [{"caption": word(what), "svg": _svg(to)} for what, to in links(desk, row, code)],
        "free": word("free"),
    }


def _svg(text: str) -> str:
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", border=2, xmldecl=False)
    return out.getvalue().decode()
