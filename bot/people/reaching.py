"""A chat that cannot be reached any more: what was told there is said in the other one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from bot.requests import notices
from flows.messages import Message
from storage import contacts, persons, requests

if TYPE_CHECKING:
    from bot.engine.turn import Turn

_TOLD = ".told."


def carry_over(turn: Turn, contact_id: int, messages: Sequence[tuple[int, Message]]) -> bool:
    """Say in the person's other chat what these messages (id, message) told; False for no other.

    Questions stay behind: they belong to the conversation there. What a returned request waits
    for is asked anew.
    """
    citizen = contacts.load(turn.tx, contact_id).citizen_id or 0
    other = next(
        (
            chat
            for chat in persons.chats(turn.tx, citizen)
            if chat.id != contact_id
            and chat.state == "open"
            and not chat.doubt
            and chat.channel in turn.desk.channels
        ),
        None,
    )
    if other is None:
        return False
    language = contacts.load(turn.tx, other.id).language
    for row, message in messages:
        parts = [part for part in message.parts if _TOLD in part.key]
        if parts:
            told = replace(message, parts=parts, buttons=[], language=language)
            turn.say(other.id, told, key=f"carried:{row}")
    for request in requests.of_citizen(turn.tx, citizen, 50):
        notices.want_again(turn, request, other.id)
    return True
