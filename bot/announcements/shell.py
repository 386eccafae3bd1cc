"""Announcements from this machine's command line: the officers' own command, by the administrator.

Who can open the private door is the system user that the desk runs as. For many people an officer
must agree all the same, from their own chat.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import structs

from bot.commands.explaining import explain
from bot.commands.registry import Answer, Asker, Call, find
from bot.engine.turn import Turn
from flows.messages import Message, Part
from flows.workflow import Refused
from storage.database import Tx
from storage.officers import Officer

if TYPE_CHECKING:
    from bot.terminal.door import Door

ADMINISTRATOR = Officer(0, "", "")
"""Stands for whoever owns this machine where an officer is asked for."""

_WORD = re.compile(r"\s+")
_NAMED = (
    ("village", "desa"),
    ("service", "layanan"),
    ("program", "program"),
    ("language", "bahasa"),
)


def order(request: dict[str, Any]) -> str:
    """Return the words after ``/siaran`` that mean this request of the command line."""
    act, text = str(request.get("act", "")), str(request.get("text", ""))
    if act:
        return f"{act} {request.get('number', '')}".strip()
    if not text:
        return ""
    named = [
        f"{word} {_WORD.sub(' ', said).replace(':', '')}"
        for key, word in _NAMED
        if (said := str(request.get(key, "")).strip())
    ]
    return f"{' '.join(named) or 'semua'}: {text}"


async def announce(door: Door, request: dict[str, Any]) -> dict[str, Any]:
    """Do what is asked and return the words to print; ``refused`` with the words of a refusal."""
    desk = door.desk

    def work(tx: Tx) -> Answer:
        turn = Turn(desk, tx, desk.now())
        command = find("siaran")
        assert command is not None
        call = Call(turn, Asker(None, 0, False, "terminal"), ADMINISTRATOR, order(request))
        try:
            return command.functions[""](call)
        except Refused as refused:
            return explain(turn, refused, None, command.name)

    done = await desk.db.write(work)
    table = structs.asdict(done.table) if done.table else None
    message = Message([Part(f"commands/{done.key}", {**done.args, "table": table})])
    words = desk.wording.render(message).text
    if done.key.startswith("refused/"):
        return {"refused": "announcement", "words": words}
    return {"words": words, "number": done.args.get("id", 0)}
