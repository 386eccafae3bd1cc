"""Telegram: what comes in, what goes out."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Mapping, Sequence

import structlog
from msgspec import Struct

from bot.channels.parts import Parts, Step
from bot.channels.pieces import pieces_of
from bot.channels.protocol import Fault, File, Receipt, Rendered, SendError
from bot.channels.telegram_api import BotApi, Params
from bot.channels.telegram_reading import ALLOWED_UPDATES, NAME, callback_id, read_update
from bot.channels.telegram_setup import Menu, introduce
from bot.words import markup
from flows.events import Envelope

log = structlog.get_logger()

API_BASE = "https://api.telegram.org"
_TEXT = 4096
_CAPTION = 1024
_CALLBACK_DATA = 64
_TOPIC_NAME = 128
_PHOTO_BYTES = 10_000_000
_PHOTOS = frozenset({"image/jpeg", "image/png"})
_SHORT_LABEL = 18
_SETUP_RETRY = 60.0
_LOST_TOPIC = ("thread not found", "topic_deleted", "topic_closed", "topic_id_invalid")


class Sent(Struct):
    """The part of a sent message that is kept."""

    message_id: int


class Topic(Struct):
    """A forum topic."""

    message_thread_id: int


class TelegramChannel:
    """The desk on Telegram.

    ``rate`` is messages per second over all chats, ``chat_rate`` per second in a chat and
    ``group_rate`` per MINUTE in a group, as Telegram counts them. ``menu`` holds, per language,
    the commands with their descriptions that Telegram shows.
    """

    name = NAME
    window_hours = 0.0
    takes_media = True

    def __init__(
        self,
        token: str,
        api_base: str = API_BASE,
        secret_token: str = "",
        rate: float = 30.0,
        chat_rate: float = 1.0,
        group_rate: float = 20.0,
        menu: Menu | None = None,
    ) -> None:
        self.rate = rate
        self.chat_rate = chat_rate
        self.group_rate = group_rate / 60
        self.api = BotApi(token, api_base)
        self.username = ""
        self._token = token
        self._menu = menu or {}
        # Without a secret of its own the webhook is guarded by one that only the token gives.
        self._secret = secret_token or _digest(token)
        self._introduction: asyncio.Task[None] | None = None
        self._parts = Parts()

    # --- in ---------------------------------------------------------------------------------------

    def read(self, payload: Mapping[str, object]) -> list[Envelope]:
        """Turn an update into at most one event; its key is the update_id."""
        return read_update(payload, self.username)

    def is_genuine(self, header: str | None) -> bool:
        """Compare ``X-Telegram-Bot-Api-Secret-Token`` with our secret, in constant time."""
        return hmac.compare_digest((header or "").encode(), self._secret.encode())

    async def acknowledge(self, payload: Mapping[str, object]) -> None:
        """Stop the clock on a pressed button, once its event is durable.

        It only pleases the eye, so that a refusal (the query is too old) is no error.
        """
        query = callback_id(payload)
        if not query:
            return
        try:
            await self.api.call("answerCallbackQuery", {"callback_query_id": query}, bool)
        except SendError as error:
            log.debug("a button was not acknowledged", code=error.code, reason=error.reason)

    async def updates(self, offset: int, seconds: int) -> list[dict[str, object]]:
        """Wait up to so many seconds for updates from ``offset`` on; raises SendError."""
        params: Params = {"timeout": seconds, "allowed_updates": ALLOWED_UPDATES}
        if offset:
            params["offset"] = offset
        return await self.api.call("getUpdates", params, list[dict[str, object]], seconds + 20)

    async def fetch(self, ref: str, limit: int) -> bytes:
        """Return a file by its file_id, of at most ``limit`` bytes; raises FetchError."""
        return await self.api.fetch(ref, limit)

    # --- out --------------------------------------------------------------------------------------

    async def send(self, address: str, message: Rendered) -> Receipt:
        """Send text with its buttons, and files; the last part carries the buttons."""
        target: Params = {"chat_id": int(address) if _is_number(address) else address}
        if message.thread:
            target["message_thread_id"] = message.thread
        return await self._parts.send(address, message, self._steps(target, message))

    async def create_topic(self, chat: str, name: str) -> int:
        """Open a forum topic and return its thread; 0 where the group has no topics."""
        try:
            params: Params = {"chat_id": chat, "name": name[:_TOPIC_NAME]}
            return (await self.api.call("createForumTopic", params, Topic)).message_thread_id
        except SendError as error:
            if error.fault is not Fault.CONTENT:
                raise
            log.warning("no topic in the group: turn topics on, let the bot manage them")
            return 0

    def _steps(self, target: Params, message: Rendered) -> list[Step]:
        keyboard = keyboard_of(message.buttons)
        pieces, files = pieces_of(message, _TEXT, markup.TELEGRAM), message.files
        if not pieces and (keyboard or not files):
            raise SendError(Fault.CONTENT, "the message has no words")
        if len(files) == 1 and len(pieces) <= 1 and markup.units("".join(pieces)) <= _CAPTION:
            caption: Params = {"caption": pieces[0], "parse_mode": "HTML"} if pieces else {}
            return [self._file_step({**target, **caption, **keyboard}, files[0])]
        steps = [self._file_step(target, file) for file in files]
        for number, piece in enumerate(pieces, 1):
            below = keyboard if number == len(pieces) else {}
            steps.append(self._text_step({**target, "text": piece, **below}))
        return steps

    def _text_step(self, params: Params) -> Step:
        params |= {"parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}

        async def step() -> str:
            return str((await self._deliver("sendMessage", params)).message_id)

        return step

    def _file_step(self, params: Params, file: File) -> Step:
        async def step() -> str:
            as_photo = file.mime in _PHOTOS and len(file.content) <= _PHOTO_BYTES
            if as_photo and file.kind != "letter":
                try:
                    return str((await self._deliver("sendPhoto", params, file)).message_id)
                except SendError as error:
                    # A picture of an odd shape is refused as a photo, never as a file.
                    if error.fault is not Fault.CONTENT:
                        raise
            return str((await self._deliver("sendDocument", params, file)).message_id)

        return step

    async def _deliver(self, method: str, params: Params, file: File | None = None) -> Sent:
        """Send one part; where its topic was deleted, send it to the group itself."""
        try:
            return await self._hand_over(method, params, file)
        except SendError as error:
            lost = any(words in error.reason for words in _LOST_TOPIC)
            if not lost or "message_thread_id" not in params:
                raise
        outside = {key: value for key, value in params.items() if key != "message_thread_id"}
        return await self._hand_over(method, outside, file)

    async def _hand_over(self, method: str, params: Params, file: File | None) -> Sent:
        if file is None:
            return await self.api.call(method, params, Sent)
        field = "photo" if method == "sendPhoto" else "document"
        return await self.api.upload(method, params, field, file, Sent)

    # --- opening and closing ----------------------------------------------------------------------

    async def open(self) -> None:
        """Begin; the bot's name and command menu follow by themselves, the desk need not wait."""
        if self._introduction is None:
            self._introduction = asyncio.create_task(self._introduce())

    async def close(self) -> None:
        """Let go of connections."""
        if self._introduction is not None:
            self._introduction.cancel()
            await asyncio.gather(self._introduction, return_exceptions=True)
            self._introduction = None
        await self.api.close()

    async def set_webhook(self, public_url: str) -> None:
        """Have updates delivered to ``public_url``/telegram/webhook; tries until it is done."""
        params: Params = {
            "url": f"{public_url.rstrip('/')}/telegram/webhook",
            "secret_token": self._secret,
            "allowed_updates": ALLOWED_UPDATES,
        }
        while True:
            try:
                await self.api.call("setWebhook", params, bool)
                return
            except SendError as error:
                log.error("Telegram does not take the webhook's address", reason=error.reason)
                await asyncio.sleep(max(_SETUP_RETRY, error.retry_after))

    async def drop_webhook(self) -> None:
        """Have updates wait for polling instead; none is lost. Raises SendError."""
        await self.api.call("deleteWebhook", {"drop_pending_updates": False}, bool)

    async def _introduce(self) -> None:
        """Learn the bot's name and set its menu, however long it takes to reach Telegram."""
        while True:
            try:
                self.username = await introduce(self._token, self.api.base, self._menu)
                return
            except SendError as error:
                log.error("the bot could not introduce itself", reason=error.reason)
            await asyncio.sleep(_SETUP_RETRY)


def keyboard_of(buttons: Sequence[tuple[str, str]]) -> Params:
    """Lay out buttons: short ones two a row, the others alone; raises SendError."""
    rows: list[list[Params]] = []
    room = False
    for choice, label in buttons:
        if len(choice.encode()) > _CALLBACK_DATA:
            raise SendError(Fault.CONTENT, f"a button carries more than {_CALLBACK_DATA} bytes")
        button: Params = {"text": label, "callback_data": choice}
        short = len(label) <= _SHORT_LABEL
        if room and short:
            rows[-1].append(button)
            room = False
        else:
            rows.append([button])
            room = short
    return {"reply_markup": {"inline_keyboard": rows}} if rows else {}


def _is_number(address: str) -> bool:
    return address.removeprefix("-").isdecimal()


def _digest(token: str) -> str:
    return hmac.new(token.encode(), b"telegram webhook", hashlib.sha256).hexdigest()
