"""How a chat looks to whoever reads it at a screen: the trial page, the console, the terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import structlog
from msgspec import Struct
from msgspec.structs import replace

from bot.channels.screen import Screen
from bot.words.markup import to_plain
from bot.words.wording import KeyMissing, WordsBroken
from flows.events import Media, Pressed, Text
from flows.messages import Message, Part
from storage import contacts, screens
from storage.database import Tx
from storage.screens import Place, Said, Told

if TYPE_CHECKING:
    from bot.engine.desk import Desk

log = structlog.get_logger()
Line = dict[str, Any]
_MARK = "\ue000"
_LOOK_SECONDS = 1.0
_REFUSALS = "commands/refused/"


class Look(Struct):
    """One look at some addresses: the lines in order, and how far each address was read."""

    lines: list[Line]
    places: list[Place]


async def look(
    desk: Desk, channel: Screen, addresses: Sequence[str], after: Sequence[Place], seconds: float
) -> Look:
    """Return what is new at these addresses, waiting for it at most so many seconds."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        # Listen first, then read: a message between the two is not missed.
        rung = [channel.listen(address) for address in addresses]
        found = await desk.db.read(lambda tx: _read(tx, desk, channel.name, addresses, after))
        left = deadline - asyncio.get_running_loop().time()
        if found.lines or left <= 0 or channel.closed:
            return found
        waits = [asyncio.ensure_future(one.wait()) for one in rung]
        if desk.db.shared:
            # Who sends the message may be another process, and cannot ring here.
            left = min(left, _LOOK_SECONDS)
        try:
            await asyncio.wait(waits, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def _read(
    tx: Tx, desk: Desk, channel: str, addresses: Sequence[str], after: Sequence[Place]
) -> Look:
    lines: list[Line] = []
    places: list[Place] = []
    for address, place in zip(addresses, after, strict=True):
        contact = contacts.find(tx, desk.vault, channel, address)
        if contact is None:
            places.append(place)
            continue
        found, reached = screens.lines(tx, desk.vault, contact, channel, place)
        lines += [shown for line in found if (shown := show(desk, line, address))]
        places.append(reached)
    if len(addresses) > 1:
        lines.sort(key=lambda line: line["at"])
    return Look(lines, places)


def show(desk: Desk, line: Said | Told, address: str = "") -> Line | None:
    """Return a line as plain data; None for what has nothing to show."""
    if isinstance(line, Said):
        return _said(line, address)
    shown = told(desk, line.message)
    return shown and {"id": f"o{line.id}", "row": line.id, "at": line.at, "to": address, **shown}


def told(desk: Desk, message: Message) -> Line | None:
    """Return what a message says: html and text, buttons (choice, label), files and a table.

    Where there is a table, ``after`` and ``text_after`` are what stands below it.
    """
    marked, table = _without_rows(desk, message)
    try:
        worded = desk.wording.render(marked)
    except (KeyMissing, WordsBroken) as error:
        log.error("a message has no words", reason=str(error), do="run loket check")
        return None
    above, below = _around(worded.html)
    return {
        "html": above,
        "after": below,
        "text": to_plain(above),
        "text_after": to_plain(below),
        "buttons": [list(button) for button in worded.buttons],
        "files": [{"kind": one.kind, "name": one.name} for one in message.attachments],
        "table": table,
        "refused": any(part.key.startswith(_REFUSALS) for part in message.parts),
    }


def _without_rows(desk: Desk, message: Message) -> tuple[Message, Line | None]:
    """Take a table's rows out of the words, where screens draw a real table; mark the place."""
    for place, part in enumerate(message.parts):
        table = part.args.get("table")
        if not (table and table["rows"]):
            continue
        keys = table["columns"]
        label = desk.wording.label
        names = [label(message.language, f"commands.column.{key}") or key for key in keys]
        shown = {"keys": keys, "columns": names, "rows": table["rows"]}
        marks = {"columns": keys, "rows": [[_MARK, *[""] * (len(keys) - 1)]]}
        marked = Part(part.key, {**part.args, "table": marks})
        parts = [*message.parts[:place], marked, *message.parts[place + 1 :]]
        return replace(message, parts=parts), shown
    return message, None


def _around(html: str) -> tuple[str, str]:
    lines = html.split("\n")
    place = next((n for n, line in enumerate(lines) if _MARK in line), None)
    if place is None:
        return html, ""
    return "\n".join(lines[:place]).strip(), "\n".join(lines[place + 1 :]).strip()


def _said(line: Said, address: str) -> Line | None:
    shown: Line = {"id": line.key.removeprefix(f"{address}:"), "mine": True, "at": line.at}
    match line.event:
        case Text(text):
            return {**shown, "text": text}
        case Pressed(choice):
            return {**shown, "choice": choice}
        case Media() as media:
            return {
                **shown,
                "text": media.caption,
                "file": {"kind": media.kind, "name": media.name},
            }
        case _:
            return None
