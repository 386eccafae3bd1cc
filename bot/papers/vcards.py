"""Visiting cards that come as files (vCard, RFC 6350): the number in them is the answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.channels.numbers import international
from bot.channels.protocol import FetchError
from bot.engine.jobs import Record, Retry
from flows.events import AnyEvent, ContactCard, Media, Unusable

if TYPE_CHECKING:
    from bot.engine.desk import Desk
    from bot.engine.turn import Turn

KIND = "card"
"""The kind of a ``Media`` event that is a visiting card."""

_MOST_BYTES = 200_000
_WA_ID = re.compile(r"waid=(\d{6,15})", re.IGNORECASE)
_FOLD = re.compile(r"\r?\n[ \t]")


def want(turn: Turn, contact_id: int, channel: str, media: Media) -> None:
    """Have a card fetched; its number then comes as the person's answer."""
    body = {"contact": contact_id, "channel": channel, "ref": media.ref, "seq": turn.seq}
    turn.job("card", f"card:{turn.seq}", body)


async def fetch_card(desk: Desk, body: dict[str, Any]) -> Record:
    """Fetch ``body["ref"]`` and give its number to the conversation; raises Retry."""
    channel = desk.channels.get(body["channel"])
    event: AnyEvent = Unusable("unknown")
    if channel is not None:
        try:
            event = read_card(await channel.fetch(body["ref"], _MOST_BYTES)) or event
        except FetchError as error:
            if not error.gone:
                raise Retry(error.reason) from error

    def record(turn: Turn) -> None:
        turn.put(int(body["contact"]), event, f"card:{body['seq']}")

    return record


def read_card(content: bytes) -> ContactCard | None:
    """Return the first number of a card and the name on it; None where there is none."""
    name, phone = "", ""
    for line in _FOLD.sub("", content.decode("utf-8", "replace")).splitlines():
        head, colon, value = line.partition(":")
        field = head.split(";")[0].rpartition(".")[2].upper()
        if field == "TEL" and colon and not phone:
            known = _WA_ID.search(head)
            phone = international(f"+{known[1]}" if known else value.removeprefix("tel:"))
        elif field == "FN" and colon:
            name = value.replace("\\,", ",").replace("\\;", ";").strip()[:100]
    return ContactCard(phone, name) if phone else None
