"""A photo or file that an officer sends in a request's topic: inspected, then the citizen's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands.registry import actor_of
from flows.events import Inspected, Media, Told
from flows.messages import Message, Part
from storage import audit, documents, requests

if TYPE_CHECKING:
    from bot.engine.turn import Turn
    from storage.contacts import ContactRow
    from storage.officers import Officer

_NAME = "dari-kantor"
PATH = "office"
"""The path of a document that the office sent; it belongs to no request's papers."""


def pass_on(turn: Turn, chat: ContactRow, officer: Officer, request: int, media: Media) -> None:
    """Have a file fetched and looked at; it goes to the citizen when nothing is wrong with it."""
    row = requests.load(turn.tx, request)
    if row is None or "reply" not in actor_of(turn, officer).permissions:
        return
    document = documents.create(
        turn.tx, turn.desk.vault, row.contact_id, PATH, _NAME, turn.instant, identity=False
    )
    audit.note(turn.tx, turn.instant, officer.id, "document.passed", row.number)
    if media.caption:
        said = {"officer": officer.name, "text": media.caption}
        told = Told("conversation.told.reply", said, row.id)
        turn.tell(row.id, told, f"caption:{document}")
    body = {
        "document": document,
        "contact": row.contact_id,
        "lane": -row.id,
        "channel": chat.channel,
        "path": PATH,
        "ref": media.ref,
        "size": media.size,
    }
    turn.job("fetch", f"fetch:{document}", body)


def inspected(turn: Turn, request: int, event: Inspected) -> None:
    """Give the file to the citizen, or say in the topic why it was not sent."""
    if event.usable:
        told = Told("conversation.told.file", {}, request, "message", document=event.document)
        turn.tell(request, told, f"passed:{event.document}")
        return
    flaw = turn.desk.office.label("id", f"commands.flaw.{event.problem}") or event.problem
    part = Part("commands/notices/not_passed", {"problem": flaw})
    for contact_id in turn.staff():
        message = Message([part], request=request)
        turn.say(contact_id, message, key=f"not-passed:{event.document}:{contact_id}")
