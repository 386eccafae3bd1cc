"""A conversation taken over: an officer speaks with a citizen who may have no request yet."""

from __future__ import annotations

from bot.commands.registry import Answer, Call, command
from flows.events import HandedBack, TakenOver, Told
from flows.workflow import Refused
from storage import conversations, officers


@command("ambil", "take", wants="talk", needs="claim")
def take(call: Call) -> Answer:
    """Take a conversation over: the machine is silent until it is handed back."""
    if not _hold(call):
        raise Refused("already_yours")
    return Answer("ambil_percakapan", {"talk": call.talk})


@command("lepas", "release", wants="talk", needs="claim")
def release(call: Call) -> Answer:
    """Hand a conversation back to the machine."""
    holder = officers.talking_to(call.turn.tx, call.talk)
    if not holder:
        raise Refused("nobody_has_it")
    if holder != call.officer.id and not call.may("staff"):
        raise Refused("held", officer=holder)
    hand_back(call, call.talk)
    return Answer("lepas_percakapan", {"talk": call.talk})


@command("balas", "reply", wants="talk", needs="reply")
def reply(call: Call) -> Answer:
    """Write to the citizen, taking the conversation over where nobody has it."""
    text = call.words("no_text")
    _hold(call)
    told = Told("conversation.told.reply", {"officer": call.officer.name, "text": text})
    call.turn.put(call.talk, told, call.key("reply"))
    return Answer("balas", {"talk": call.talk, "number": ""})


def hand_back(call: Call, contact_id: int) -> None:
    """End an officer's talk with this contact; the machine goes on where it was."""
    conversations.set_talking(call.turn.tx, contact_id, None)
    call.turn.put(contact_id, HandedBack(), call.key(f"back:{contact_id}"))


def _hold(call: Call) -> bool:
    """Make the conversation this officer's; False when it was already. One speaks at a time."""
    holder = officers.talking_to(call.turn.tx, call.talk)
    if holder == call.officer.id:
        return False
    if holder or not officers.take_talk(call.turn.tx, call.talk, call.officer.id):
        raise Refused("held", officer=holder)
    call.turn.put(call.talk, TakenOver(call.officer.name), call.key("take"))
    return True
