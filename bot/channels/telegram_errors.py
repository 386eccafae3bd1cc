"""What Telegram's refusals mean, and what is done about each."""

from __future__ import annotations

import re

import msgspec
from msgspec import Struct, field

from bot.channels.protocol import Fault, SendError

UNKNOWN_BOT = "Telegram refuses the bot's token: correct TELEGRAM_BOT_TOKEN (ask @BotFather)"

# Telegram tells these apart by words alone; the lists are the Bot API server's own.
_GONE = (
    "chat not found",
    "user not found",
    "user is deactivated",
    "group chat was deleted",
    "group chat was deactivated",
    "chat was deleted",
    "chat_id is empty",
    "peer_id_invalid",
    "bots can't send messages to bots",
)
_SHUT_OUT = (
    "bot was blocked",
    "bot was kicked",
    "bot is not a member",
    "bot can't initiate conversation",
    "chat_write_forbidden",
    "have no rights to send a message",
    "not enough rights to send",
    "need administrator rights in the channel chat",
    "chat_send_plain_forbidden",
)
_DEFAULT_WAIT = 1.0


class Parameters(Struct):
    """What Telegram adds to some refusals; ``retry_after`` in seconds."""

    retry_after: float = 0.0
    migrate_to_chat_id: int = 0


class Reply(Struct):
    """The answer to any call of the Bot API."""

    ok: bool
    result: msgspec.Raw = field(default_factory=msgspec.Raw)
    error_code: int = 0
    description: str = ""
    parameters: Parameters = field(default_factory=Parameters)


def refusal(status: int, reply: Reply | None) -> SendError:
    """Return the error for an answer that is not ok; ``status`` is HTTP's, ``reply`` its body."""
    code = (reply.error_code if reply else 0) or status
    words = reply.description.lower() if reply else ""
    parameters = reply.parameters if reply else Parameters()
    if code == 429:
        wait = parameters.retry_after or _DEFAULT_WAIT
        return _error(Fault.LATER, "Telegram asks to wait", code, retry_after=wait)
    if parameters.migrate_to_chat_id:
        address = str(parameters.migrate_to_chat_id)
        return _error(Fault.LATER, "the group has a new address", code, address=address)
    if code in {401, 404}:
        return _error(Fault.SENDER, UNKNOWN_BOT, code)
    if any(phrase in words for phrase in _GONE):
        return _error(Fault.RECIPIENT, "this chat no longer exists", code, state="invalid")
    if code == 403 or any(phrase in words for phrase in _SHUT_OUT):
        return _error(Fault.RECIPIENT, "the bot is not let into this chat", code, state="blocked")
    if 400 <= code < 500 and code != 409:
        return _error(Fault.CONTENT, f"Telegram refuses the message: {_told(words)}", code)
    return _error(Fault.LATER, "Telegram is in trouble", code, outage=code >= 500)


def _error(
    fault: Fault,
    reason: str,
    code: int,
    *,
    retry_after: float = 0.0,
    state: str = "",
    address: str = "",
    outage: bool = False,
) -> SendError:
    return SendError(
        fault,
        reason,
        retry_after=retry_after,
        state=state,
        code=str(code),
        address=address,
        outage=outage,
    )


def _told(words: str) -> str:
    """Return Telegram's reason without what it may quote of the message, names and numbers."""
    words = words.removeprefix("bad request: ").partition('"')[0]
    return re.sub(r"\d{5,}", "…", words)[:120].strip() or "no reason given"
