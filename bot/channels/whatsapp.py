"""WhatsApp through Twilio."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import msgspec
import structlog

from bot.channels.cost import Cost
from bot.channels.parts import Parts, Step
from bot.channels.pieces import pieces_of
from bot.channels.protocol import Fault, File, Receipt, Rendered, SendError
from bot.channels.twilio_account import TwilioAccount
from bot.channels.twilio_reading import PREFIX, WHATSAPP, read_form
from bot.channels.whatsapp_menus import BODY, Memory, Menu, Menus, menu_of
from bot.setup.settings import Prices
from bot.words import markup
from flows.events import Envelope

log = structlog.get_logger()

Publish = Callable[[File], Awaitable[str]]
"""Puts a file where Twilio can fetch it for a while and returns its address."""

_TEXT = 1600
_CAPTION = 1024
_FREE = Prices()
_NO_FILES = "files cannot go to WhatsApp: LOKET_PUBLIC_URL must be an address Twilio can reach"


class WhatsAppChannel:
    """The desk on WhatsApp.

    ``sender`` is our number; ``templates`` maps names to ContentSids of approved templates;
    without ``publish`` a message goes out without its files. A message with ``template`` set is
    sent as that template: leave it empty inside the window.
    """

    name = WHATSAPP
    window_hours = 24.0
    takes_media = True

    def __init__(
        self,
        account: TwilioAccount,
        sender: str,
        rate: float = 80.0,
        templates: Mapping[str, str] | None = None,
        publish: Publish | None = None,
        chat_rate: float = 3.0,
        memory: Memory | None = None,
        prices: Prices = _FREE,
        cost: Cost | None = None,
    ) -> None:
        self.rate = rate
        self.chat_rate = chat_rate
        self.group_rate = chat_rate
        self.account = account
        self._sender = sender if sender.startswith((PREFIX, "MG")) else PREFIX + sender
        self._templates = dict(templates or {})
        self._publish = publish
        self._parts = Parts()
        self._prices = prices
        self._cost = cost or Cost()
        self.menus = Menus(account, memory)

    def read(self, payload: Mapping[str, object]) -> list[Envelope]:
        """Turn the form of a webhook into events; the key is the MessageSid."""
        return [event for event in read_form(payload) if event.channel == self.name]

    async def missed(self, since: datetime) -> list[Envelope]:
        """Return the events since then that may not have reached us; raises SendError."""
        forms = await self.account.missed(self._sender, since)
        return [event for form in forms for event in self.read(form)]

    async def send(self, address: str, message: Rendered) -> Receipt:
        """Send text with its choices, and files; or a template outside the window.

        Choices are buttons or a list where they fit, else numbered lines.
        """
        steps = [self._template(address, message)] if message.template else []
        return await self._parts.send(address, message, steps or self._steps(address, message))

    async def fetch(self, ref: str, limit: int) -> bytes:
        """Return a file by its MediaUrl, of at most ``limit`` bytes; raises FetchError."""
        return await self.account.media.fetch(ref, limit)

    async def forget(self, ref: str) -> None:
        """Remove a citizen's file from Twilio, now that the desk keeps it; raises FetchError."""
        await self.account.media.delete(ref)

    async def open(self) -> None:
        """Nothing is needed before the first message."""

    async def close(self) -> None:
        """Let go of connections."""
        await self.account.close()

    def _template(self, address: str, message: Rendered) -> Step:
        content = self._templates.get(message.template, "")
        if not content:
            raise SendError(Fault.WINDOW, f"no approved template {message.template}")
        params = {"ContentSid": content}
        if message.variables:
            params["ContentVariables"] = msgspec.json.encode(message.variables).decode()
        return self._step(address, params, price=self._prices.template)

    def _steps(self, address: str, message: Rendered) -> list[Step]:
        asked = self._asked(message)
        plain = pieces_of(message, _TEXT, markup.WHATSAPP, numbered=True)
        pieces = plain if asked is None else asked[0]
        files = message.files
        if files and self._publish is None:
            if not pieces:
                raise SendError(Fault.CONTENT, _NO_FILES)
            log.warning("a message goes out without its files", reason=_NO_FILES)
            files = []
        if not pieces and not files:
            raise SendError(Fault.CONTENT, "the message has no words")
        if asked is not None:
            return [
                *(self._step(address, {}, file) for file in files),
                *(self._step(address, {"Body": piece}) for piece in pieces[:-1]),
                self._menu_step(address, asked[1], self._numbered(message, pieces[-1])),
            ]
        captioned = len(files) == 1 and len(pieces) == 1 and files[0].mime.startswith("image/")
        if captioned and markup.units(pieces[0]) <= _CAPTION:
            return [self._step(address, {"Body": pieces[0]}, files[0])]
        return [
            *(self._step(address, {}, file) for file in files),
            *(self._step(address, {"Body": piece}) for piece in pieces),
        ]

    def _asked(self, message: Rendered) -> tuple[list[str], Menu] | None:
        """Return the words, and the choices that go below the last piece, if they fit there."""
        pieces = pieces_of(message, BODY, markup.WHATSAPP) if message.buttons else []
        menu = menu_of(pieces[-1], message.buttons, message.choose) if pieces else None
        if menu is None or markup.units(self._numbered(message, pieces[-1])) > _TEXT:
            return None
        return pieces, menu

    def _numbered(self, message: Rendered, piece: str) -> str:
        """Return the last piece with its choices as numbered lines."""
        lines = markup.numbered("", message.buttons, message.how)
        return "\n\n".join([piece, *markup.cut(lines, _TEXT, markup.WHATSAPP)])

    def _menu_step(self, address: str, menu: Menu, numbered: str) -> Step:
        async def step() -> str:
            content = await self.menus.sid(menu)
            if content:
                variables = msgspec.json.encode(menu.variables).decode()
                params = {"ContentSid": content, "ContentVariables": variables}
                try:
                    sent = await self._step(address, params)()
                except SendError as error:
                    if error.fault is not Fault.CONTENT:
                        raise
                    self.menus.rest(menu.shape, error)
                else:
                    self.menus.sent(sent, menu.shape)
                    return sent
            return await self._step(address, {"Body": numbered})()

        return step

    def _step(
        self, address: str, params: dict[str, str], file: File | None = None, price: float = -1
    ) -> Step:
        price = self._prices.whatsapp if price < 0 else price
        origin = "MessagingServiceSid" if self._sender.startswith("MG") else "From"

        async def step() -> str:
            media: dict[str, str] = {}
            if file is not None and self._publish is not None:
                media = {"MediaUrl": await self._publish(file)}
            sent = await self.account.send({"To": address, origin: self._sender, **params, **media})
            self._cost.charge(self.name, price)
            return sent

        return step
