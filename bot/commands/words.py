"""Words on a request: to the citizen, and for colleagues."""

from __future__ import annotations

from bot.commands.registry import Answer, Call, command
from bot.requests import casework
from flows.events import Told
from flows.workflow import Refused
from storage import persons


@command("balas", "reply", wants="request", needs="reply")
def reply(call: Call) -> Answer:
    """Write to the citizen whose request it is; one officer speaks with them at a time."""
    text, request = call.words("no_text"), call.request
    if request.state.officer not in (0, call.officer.id) and not request.state.closed:
        raise Refused("held", officer=request.state.officer)
    if not persons.reached(call.turn.tx, request.id, call.turn.desk.channels):
        raise Refused("no_chat", number=request.number)
    told = Told("conversation.told.reply", {"officer": call.officer.name, "text": text}, request.id)
    call.turn.tell(request.id, told, call.key("reply"))
    casework.note(call.turn, request.id, text, call.actor, kind="replied")
    return Answer("balas", {"number": request.number, "talk": 0})


@command("catat", "note", wants="request", needs="note")
def note(call: Call) -> Answer:
    """Leave a note for colleagues; the citizen never sees it."""
    casework.note(call.turn, call.request.id, call.words("no_note"), call.actor)
    return Answer("catat", {"number": call.request.number})
