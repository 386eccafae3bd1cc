"""The job that makes a letter's file, and the way back to it."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.channels.protocol import File
from bot.engine.jobs import GiveUp, Record
from bot.letters.content import content_of
from bot.letters.rendering import LetterBroken, render_letter
from flows.events import LetterMade
from storage import letters, requests
from storage.database import Tx
from storage.letters import LetterRow
from storage.requests import Given, RequestRow

if TYPE_CHECKING:
    from bot.engine.desk import Desk
    from bot.engine.turn import Turn

_PLACE = "letter.file"
_Wanted = tuple[RequestRow, Given, LetterRow]


async def make_letter(desk: Desk, body: dict[str, Any]) -> Record:
    """Set the letter of ``body["request"]``, keep it sealed, and return what records it.

    Setting it again gives the same bytes under the same name; raises GiveUp for a broken template.
    """
    row, given, letter = await desk.db.read(lambda tx: _wanted(tx, desk, int(body["request"])))
    definition = desk.office.service(row.service, row.digest)
    content = content_of(desk, definition, row, given, letter, body.get("signer", ""))
    dated = datetime.fromisoformat(letter.dated).replace(tzinfo=desk.office.calendar.zone)
    root = desk.wording.root
    try:
        pdf = await asyncio.to_thread(render_letter, root, definition.letter, content, dated)
    except LetterBroken as error:
        raise GiveUp(str(error)) from None
    key, sealed_key = desk.vault.new_key()
    name = desk.vault.name_of(pdf + letter.id.to_bytes(8, "big"))
    sha256 = hashlib.sha256(pdf).hexdigest()
    await desk.files.put(name, desk.vault.seal_with(key, _PLACE, pdf))

    def record(turn: Turn) -> None:
        letters.made(turn.tx, letter.id, name, sha256, sealed_key, turn.instant)
        made = LetterMade(letter.id, letter.number, name, sha256)
        turn.put(-row.id, made, f"letter:{letter.id}:{turn.instant}")

    return record


def _wanted(tx: Tx, desk: Desk, request_id: int) -> _Wanted:
    row = requests.load(tx, request_id)
    letter = letters.of_request(tx, request_id)
    if row is None or letter is None or letter.state == "cancelled":
        raise GiveUp("the letter is no longer wanted")
    return row, requests.given(tx, desk.vault, request_id), letter


async def load_letter(desk: Desk, letter_id: int) -> File | None:
    """Return a letter's PDF, decrypted in memory; None where it was not made or is purged."""
    letter = await desk.db.read(lambda tx: letters.load(tx, letter_id))
    if letter is None or letter.key is None or not letter.file:
        return None
    sealed = await desk.files.get(letter.file)
    pdf = desk.vault.unseal_with(desk.vault.open_key(letter.key), _PLACE, sealed)
    name = letter.number.replace("/", "-")
    return File("letter", f"{name}.pdf", "application/pdf", pdf)
