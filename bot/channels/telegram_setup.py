"""What is said to Telegram once, at the start, through python-telegram-bot.

Its import takes most of a second and 27 MB, its client twenty times a plain call: messages go
another way (``telegram.py``).
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Mapping, Sequence

from bot.channels.protocol import Fault, SendError
from bot.channels.telegram_errors import UNKNOWN_BOT

Menu = Mapping[str, Sequence[tuple[str, str]]]
_DEFAULT_LANGUAGE = "id"


async def introduce(token: str, api_base: str, menu: Menu) -> str:
    """Set the command menu (per language) and return the bot's name; raises SendError."""
    # In a thread, so that the desk answers meanwhile.
    telegram = await asyncio.to_thread(importlib.import_module, "telegram")
    # These log addresses, and the address holds the token.
    for name in ("httpx", "httpcore", "telegram"):
        logging.getLogger(name).setLevel(logging.WARNING)
    bot = telegram.Bot(token, base_url=f"{api_base}/bot", base_file_url=f"{api_base}/file/bot")
    try:
        async with bot:
            for language, commands in menu.items():
                code = None if language == _DEFAULT_LANGUAGE else language
                await bot.set_my_commands(list(commands), language_code=code)
            return str(bot.username)
    except (telegram.error.InvalidToken, telegram.error.Forbidden):
        raise SendError(Fault.SENDER, UNKNOWN_BOT) from None
    except telegram.error.TelegramError as error:
        reason = f"Telegram cannot be asked now ({type(error).__name__})"
        raise SendError(Fault.LATER, reason) from None
