"""From Telegram's updates to the desk's events."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from bot.channels.telegram_types import (
    CallbackQuery,
    Chat,
    MemberChange,
    Message,
    Origin,
    PhotoSize,
    Update,
    User,
)
from flows.events import (
    Added,
    AnyEvent,
    Blocked,
    ContactCard,
    Edited,
    Envelope,
    Location,
    Media,
    Migrated,
    Pressed,
    Started,
    Text,
    Unblocked,
    Unusable,
)

NAME = "telegram"
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")

_GENERAL_TOPIC = 1
_UNUSABLE = {
    "voice": "voice",
    "audio": "voice",
    "video": "video",
    "video_note": "video",
    "animation": "video",
    "sticker": "sticker",
    "dice": "sticker",
    "poll": "poll",
}
# Notices of the chat itself, written by nobody; newer ones mostly end like the older ones.
_NOTICES = frozenset(
    {
        "pinned_message",
        "new_chat_title",
        "new_chat_photo",
        "delete_chat_photo",
        "new_chat_members",
        "left_chat_member",
        "new_chat_member",
        "message_auto_delete_timer_changed",
        "migrate_from_chat_id",
        "write_access_allowed",
        "proximity_alert_triggered",
        "boost_added",
        "chat_background_set",
        "connected_website",
        "passport_data",
        "successful_payment",
        "refunded_payment",
        "users_shared",
        "chat_shared",
        "gift",
        "unique_gift",
        "chat_owner_left",
        "chat_owner_changed",
    }
)
_NOTICE_ENDINGS = (
    *("_created", "_edited", "_closed", "_reopened", "_hidden", "_unhidden"),
    *("_scheduled", "_started", "_ended", "_invited", "_completed", "_price_changed"),
)


def read_update(payload: Mapping[str, object], username: str = "") -> list[Envelope]:
    """Return what an update says; ``username`` is the bot's own, empty while it is not known.

    An update that has another shape than Telegram's gives nothing.
    """
    try:
        update = msgspec.convert(payload, Update, strict=False)
    except msgspec.ValidationError:
        return []
    found: Envelope | None = None
    if update.message is not None:
        event = _message_event(update.message, payload["message"], username)
        found = _from_message(update, update.message, event)
    elif update.edited_message is not None:
        words = update.edited_message.text or update.edited_message.caption
        event = Edited(_clean(words)) if words else None
        found = _from_message(update, update.edited_message, event)
    elif update.callback_query is not None:
        found = _from_button(update, update.callback_query)
    elif update.my_chat_member is not None:
        found = _from_membership(update, update.my_chat_member)
    return [] if found is None else [found]


def callback_id(payload: Mapping[str, object]) -> str:
    """Return the id of the pressed button that waits for an answer, empty if there is none."""
    query = payload.get("callback_query")
    found = query.get("id") if isinstance(query, Mapping) else None
    return found if isinstance(found, str) else ""


def acknowledgement(payload: Mapping[str, object]) -> bytes:
    """Return the call that stops the clock on a pressed button, as a webhook's answer carries it.

    Telegram does what it finds there and tells nobody how it went: it only pleases the eye, and
    costs no call of our own. Empty where no button was pressed.
    """
    query = callback_id(payload)
    if not query:
        return b""
    return msgspec.json.encode({"method": "answerCallbackQuery", "callback_query_id": query})


def _from_message(update: Update, message: Message, event: AnyEvent | None) -> Envelope | None:
    if event is None or message.chat.type == "channel" or message.is_automatic_forward:
        return None
    group = message.chat.type != "private"
    anonymous = message.sender_chat is not None or (
        message.sender is not None and message.sender.is_bot
    )
    return Envelope(
        channel=NAME,
        key=str(update.update_id),
        address=str(message.chat.id),
        event=event,
        sender=str(message.sender.id) if group and message.sender and not anonymous else "",
        profile="" if anonymous else _name(message.sender),
        thread=_thread(message),
        message=str(message.message_id),
        group=group,
    )


def _from_button(update: Update, query: CallbackQuery) -> Envelope | None:
    origin = query.message
    if origin is None or query.data is None or origin.chat.type == "channel":
        return None
    group = origin.chat.type != "private"
    return Envelope(
        channel=NAME,
        key=str(update.update_id),
        address=str(origin.chat.id),
        event=Pressed(_clean(query.data)),
        sender=str(query.sender.id) if group else "",
        profile=_name(query.sender),
        thread=_thread(origin),
        message=str(origin.message_id),
        group=group,
    )


def _from_membership(update: Update, change: MemberChange) -> Envelope | None:
    was, now = change.old_chat_member.present, change.new_chat_member.present
    if was == now or change.chat.type == "channel":
        return None
    group = _is_group(change.chat)
    back: AnyEvent = Added() if group else Unblocked()
    return Envelope(
        channel=NAME,
        key=str(update.update_id),
        address=str(change.chat.id),
        event=back if now else Blocked(),
        sender=str(change.sender.id) if group and not change.sender.is_bot else "",
        profile=_name(change.sender),
        group=group,
    )


def _message_event(message: Message, raw: object, username: str) -> AnyEvent | None:
    if message.text:
        return _words(_clean(message.text), username, group=_is_group(message.chat))
    if message.migrate_to_chat_id:
        return Migrated(str(message.migrate_to_chat_id))
    for name, what in _UNUSABLE.items():
        if getattr(message, name) is not None:
            return Unusable(what)
    return _file(message) or _shared(message) or _unknown(message, raw)


def _words(text: str, username: str, *, group: bool) -> AnyEvent | None:
    """Read a text; a command's ``@name`` is dropped, and one meant for another bot is not ours."""
    if not text.startswith("/"):
        return Text(text)
    end = next((place for place, sign in enumerate(text) if sign.isspace()), len(text))
    command, rest = text[:end], text[end:]
    command, at, bot = command.partition("@")
    if at and group and username and bot.lower() != username.lower():
        return None
    if command.lower() == "/start":
        return Started(rest.strip())
    return Text(command + rest)


def _file(message: Message) -> AnyEvent | None:
    caption, album = _clean(message.caption), message.media_group_id
    if message.photo:
        largest = max(message.photo, key=_area)
        return Media(
            ref=largest.file_id,
            mime="image/jpeg",
            size=largest.file_size,
            caption=caption,
            album=album,
        )
    if (document := message.document) is not None:
        mime = document.mime_type.lower()
        return Media(
            ref=document.file_id,
            kind="photo" if mime.startswith("image/") else "file",
            mime=mime,
            size=document.file_size,
            name=_clean(document.file_name),
            caption=caption,
            album=album,
        )
    return None


def _shared(message: Message) -> AnyEvent | None:
    if message.location is not None:
        return Location(message.location.latitude, message.location.longitude)
    if (card := message.contact) is not None:
        return ContactCard(_clean(card.phone_number), _joined(card.first_name, card.last_name))
    return None


def _unknown(message: Message, raw: object) -> AnyEvent | None:
    """Tell a kind that is new to the desk from a notice of the chat; groups are left in peace."""
    names = set(raw) if isinstance(raw, Mapping) else set()
    notice = any(name in _NOTICES or str(name).endswith(_NOTICE_ENDINGS) for name in names)
    return None if notice or _is_group(message.chat) else Unusable("unknown")


def _thread(message: Message | Origin) -> int:
    """Return the forum topic; a reply outside a forum has a thread too, which is none."""
    thread = message.message_thread_id if message.is_topic_message else 0
    return 0 if thread == _GENERAL_TOPIC or not _is_group(message.chat) else thread


def _is_group(chat: Chat) -> bool:
    return chat.type in {"group", "supergroup"}


def _area(size: PhotoSize) -> tuple[int, int]:
    return size.width * size.height, size.file_size


def _name(person: User | None) -> str:
    return _joined(person.first_name, person.last_name) if person is not None else ""


def _joined(*names: str) -> str:
    return _clean(" ".join(name for name in names if name))


def _clean(text: str) -> str:
    """Replace lone halves of signs, which no database and no platform takes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
