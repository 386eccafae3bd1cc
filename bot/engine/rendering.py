"""From a stored message to what a channel sends: words, buttons, files, topic, template."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol, cast

from bot.channels.protocol import Channel, File, Rendered
from flows.messages import Attachment, Message
from storage import topics

if TYPE_CHECKING:
    from bot.engine.desk import Desk
    from storage.outbox import Handed


class HasTopics(Protocol):
    """A channel whose groups may have a topic for each request."""

    async def create_topic(self, chat: str, name: str) -> int:
        """Open a topic and return its thread, 0 where the group has none."""


async def render(desk: Desk, handed: Handed, channel: Channel) -> Rendered:
    """Make the words and load the files of a message; runs outside any transaction."""
    message = handed.message
    worded = desk.wording.render(message)
    files = [await load_file(desk, item) for item in message.attachments]
    thread = 0
    if handed.kind == "staff" and message.request and hasattr(channel, "create_topic"):
        thread = await _topic(desk, cast(HasTopics, channel), handed.address, message.request)
    return Rendered(
        worded.html,
        worded.buttons,
        [file for file in files if file is not None],
        template=message.template,
        variables=_variables(desk, message),
        thread=thread,
        how=worded.how,
        choose=desk.wording.label(message.language, "common.choose"),
    )


def _variables(desk: Desk, message: Message) -> dict[str, str]:
    """Fill a template's variables, in the order that the configuration gives them."""
    template = desk.config.twilio.templates.get(message.template)
    if template is None:
        return {}
    args: dict[str, Any] = {}
    for part in message.parts:
        args = {**part.args, **args}
    filled = {}
    for position, name in enumerate(template.variables, start=1):
        value = str(args.get(name, ""))
        if name == "service":
            value = desk.wording.label(message.language, value) or value
        # WhatsApp takes no line breaks in a variable.
        filled[str(position)] = " ".join(value.split()) or "-"
    return filled


async def load_file(desk: Desk, item: Attachment) -> File | None:
    """Return an attachment, decrypted in memory; None when it was purged meanwhile."""
    from bot.letters import load_letter
    from bot.papers import documents
    from bot.web.qr import qr_png

    match item.kind:
        case "qr":
            image = await asyncio.to_thread(qr_png, item.ref)
            return File("photo", f"{item.name or 'qr'}.png", "image/png", image)
        case "mydata":
            from bot.rights.dossier import data_file

            return await data_file(desk, int(item.ref))
        case "purges":
            from bot.commands.purged import purges_file

            return await purges_file(desk, item.ref)
        case "slip":
            from bot.people.slip import slip_file

            return await slip_file(desk, item)
        case "letter":
            return await load_letter(desk, int(item.ref))
        case "thumbnail":
            return await documents.load_document(desk, int(item.ref), thumbnail=True)
        case _:
            return await documents.load_document(desk, int(item.ref))


_TOPICS = asyncio.Lock()


async def _topic(desk: Desk, channel: HasTopics, chat: str, request_id: int) -> int:
    """Return the request's topic in the officers' group, opening it at its first message."""
    async with _TOPICS:
        known = await desk.db.read(lambda tx: topics.of_request(tx, request_id))
        if known is not None:
            return known
        name = await desk.db.read(lambda tx: topics.name(tx, request_id))
        thread = await channel.create_topic(chat, name)
        await desk.db.write(lambda tx: topics.keep(tx, request_id, thread))
        return thread
