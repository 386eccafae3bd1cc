"""The part of Telegram's Update that the desk reads; everything else is skipped unseen."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class User(Struct):
    """A person or bot."""

    id: int
    is_bot: bool = False
    first_name: str = ""
    last_name: str = ""


class Chat(Struct):
    """``type`` is private, group, supergroup or channel."""

    id: int
    type: str


class PhotoSize(Struct):
    """One size of a photo, in pixels."""

    file_id: str
    width: int = 0
    height: int = 0
    file_size: int = 0


class Document(Struct):
    """A file sent as such."""

    file_id: str
    file_name: str = ""
    mime_type: str = ""
    file_size: int = 0


class Point(Struct):
    """Degrees."""

    latitude: float
    longitude: float


class Card(Struct):
    """A shared contact."""

    phone_number: str
    first_name: str = ""
    last_name: str = ""


class Message(Struct):
    """A message, also an edited one; what is only told apart by its presence is ``Any``."""

    message_id: int
    chat: Chat
    sender: User | None = field(default=None, name="from")
    sender_chat: Chat | None = None
    message_thread_id: int = 0
    is_topic_message: bool = False
    is_automatic_forward: bool = False
    media_group_id: str = ""
    text: str = ""
    caption: str = ""
    photo: list[PhotoSize] = field(default_factory=list)
    document: Document | None = None
    location: Point | None = None
    contact: Card | None = None
    migrate_to_chat_id: int = 0
    voice: Any = None
    audio: Any = None
    video: Any = None
    video_note: Any = None
    animation: Any = None
    sticker: Any = None
    dice: Any = None
    poll: Any = None


class Origin(Struct):
    """The message under which a button was pressed; Telegram may no longer have its content."""

    message_id: int
    chat: Chat
    message_thread_id: int = 0
    is_topic_message: bool = False


class CallbackQuery(Struct):
    """A pressed button."""

    id: str
    sender: User = field(name="from")
    message: Origin | None = None
    data: str | None = None


class Member(Struct):
    """``status`` is creator, administrator, member, restricted, left or kicked."""

    status: str
    is_member: bool = True

    @property
    def present(self) -> bool:
        return self.status not in {"left", "kicked"} and self.is_member


class MemberChange(Struct):
    """What became of the bot itself in a chat."""

    chat: Chat
    sender: User = field(name="from")
    old_chat_member: Member
    new_chat_member: Member


class Update(Struct):
    """One update; at most one of the optional fields is there."""

    update_id: int
    message: Message | None = None
    edited_message: Message | None = None
    callback_query: CallbackQuery | None = None
    my_chat_member: MemberChange | None = None
