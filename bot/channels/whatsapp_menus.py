"""Choices as WhatsApp's own buttons and lists, inside the 24 hours.

Twilio sends them as content that was made beforehand. Everything in it is a variable, so that one
content serves every question of its shape: it is made once, and its ContentSid is remembered.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import structlog
from msgspec import Struct

from bot.channels.protocol import Fault, SendError
from bot.channels.twilio_account import TwilioAccount
from bot.words import markup

log = structlog.get_logger()

BODY = 1024
_QUICK, _QUICK_TITLE = 3, 20
_ROWS, _ROW_TITLE, _ROW_TEXT = 10, 24, 72
_ID = 200
_REST_SECONDS = 3600.0
_REMEMBERED = 5000
_LANGUAGE = "id"


class Memory(Protocol):
    """Where ContentSids are kept between two starts."""

    async def recall(self, name: str) -> str:
        """Return what was remembered under that name, empty for nothing."""

    async def remember(self, name: str, value: str) -> None:
        """Keep a value under that name."""


class Forgetful:
    """A memory that lasts as long as the process."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    async def recall(self, name: str) -> str:
        """Return what was remembered under that name, empty for nothing."""
        return self._known.get(name, "")

    async def remember(self, name: str, value: str) -> None:
        """Keep a value under that name."""
        self._known[name] = value


class Menu(Struct, frozen=True):
    """A question's choices: ``shape`` names the content, ``variables`` fill it (1 is the body)."""

    shape: str
    variables: dict[str, str]


def menu_of(body: str, buttons: Sequence[tuple[str, str]], choose: str) -> Menu | None:
    """Return the choices as buttons or a list; None where they fit neither.

    ``choose`` is written on what opens the list.
    """
    if not buttons or not body or markup.units(body) > BODY:
        return None
    if any(not 0 < len(choice) <= _ID or not label for choice, label in buttons):
        return None
    titles = {_short(label) for _, label in buttons}
    if len(titles) < len(buttons):
        return None
    longest = max(markup.units(label) for _, label in buttons)
    if len(buttons) <= _QUICK and longest <= _QUICK_TITLE:
        words = [body, *(part for choice, label in buttons for part in (label, choice))]
        return Menu(f"quick-{len(buttons)}", _numbered(words))
    if len(buttons) > _ROWS or longest > _ROW_TEXT or not choose:
        return None
    described = longest > _ROW_TITLE
    rows = [
        part
        for choice, label in buttons
        for part in (_short(label), choice, *([label] if described else []))
    ]
    shape = f"{'described' if described else 'list'}-{len(buttons)}"
    return Menu(shape, _numbered([body, choose[:_QUICK_TITLE], *rows]))


def content_of(shape: str) -> dict[str, Any]:
    """Return what Twilio's Content API is posted to make a shape."""
    kind, _, count = shape.partition("-")
    body = {"body": "{{1}}"}
    if kind == "quick":
        used = 1 + 2 * int(count)
        actions = [{"title": _slot(n), "id": _slot(n + 1)} for n in range(2, used, 2)]
        types = {"twilio/quick-reply": {**body, "actions": actions}}
    else:
        step = 3 if kind == "described" else 2
        used = 2 + step * int(count)
        items = [
            {"item": _slot(n), "id": _slot(n + 1)}
            | ({"description": _slot(n + 2)} if step == 3 else {})
            for n in range(3, used, step)
        ]
        types = {"twilio/list-picker": {**body, "button": _slot(2), "items": items}}
    samples = {str(n): f"contoh {n}" for n in range(1, used + 1)}
    name = f"loket-{shape}"
    return {"friendly_name": name, "language": _LANGUAGE, "variables": samples, "types": types}


class Menus:
    """Makes contents when they are first needed, and rests a shape that Twilio refuses."""

    def __init__(
        self,
        account: TwilioAccount,
        memory: Memory | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._account = account
        self._memory = memory or Forgetful()
        self._clock = clock
        self._resting: dict[str, float] = {}
        self._sent: OrderedDict[str, str] = OrderedDict()

    async def sid(self, menu: Menu) -> str:
        """Return the ContentSid of a menu's shape, empty while that cannot be had."""
        if self._resting.get(menu.shape, 0.0) > self._clock():
            return ""
        name = f"whatsapp-content:{self._account.tail}:{menu.shape}"
        known = await self._memory.recall(name)
        if known:
            return known
        try:
            known = await self._account.create_content(content_of(menu.shape))
        except SendError as error:
            self.rest(menu.shape, error)
            return ""
        await self._memory.remember(name, known)
        return known

    def rest(self, shape: str, error: SendError) -> None:
        """Send this shape as numbered lines for an hour."""
        log.warning("choices go out as numbers", shape=shape, code=error.code, reason=error.reason)
        self._resting[shape] = self._clock() + _REST_SECONDS

    def sent(self, platform_id: str, shape: str) -> None:
        """Remember which message had which shape, for a refusal that comes later."""
        self._sent[platform_id] = shape
        if len(self._sent) > _REMEMBERED:
            self._sent.popitem(last=False)

    def reconsidered(self, platform_id: str, fault: SendError | None) -> SendError | None:
        """Return what is to be done about a late refusal: a refused menu goes again as numbers."""
        shape = self._sent.pop(platform_id, "") if fault is not None else ""
        if not shape or fault is None or fault.fault is not Fault.CONTENT:
            return fault
        self.rest(shape, fault)
        return SendError(Fault.LATER, "choices go again as numbers", code=fault.code)


def _numbered(words: Sequence[str]) -> dict[str, str]:
    return {str(place): word for place, word in enumerate(words, 1)}


def _slot(number: int) -> str:
    return f"{{{{{number}}}}}"


def _short(label: str) -> str:
    """Cut a label to a row's title."""
    if markup.units(label) <= _ROW_TITLE:
        return label
    kept = label
    while markup.units(kept) > _ROW_TITLE - 1:
        kept = kept[:-1]
    return kept.rstrip() + "…"
