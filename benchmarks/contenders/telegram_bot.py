"""python-telegram-bot's ConversationHandler, state in memory, its own webhook server."""

from __future__ import annotations

import asyncio
import logging

import uvloop
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.constants import ParseMode
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
    filters,
)

from benchmarks import contenders as say

Context = ContextTypes.DEFAULT_TYPE
(GROUP, SERVICE, CONSENT, NAME, NIK, BORN_AT, BORN_ON, VILLAGE, ADDRESS, SINCE, LEAVING) = range(11)


def keyboard(choices: list[str]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(one, callback_data=one)] for one in choices])


async def reply(update: Update, text: str, choices: list[str] | None = None) -> None:
    await update.effective_chat.send_message(
        text, parse_mode=ParseMode.HTML, reply_markup=keyboard(choices) if choices else None
    )


def asked(state: int, text: str, choices: list[str] | None = None, key: str = ""):
    """Return a handler that keeps the answer, asks the next thing and goes to ``state``."""

    async def handler(update: Update, context: Context) -> int:
        query = update.callback_query
        if query is not None:
            await query.answer()
        if key:
            context.user_data[key] = query.data if query else update.message.text
        await reply(update, text, choices)
        return state

    return handler


async def nik(update: Update, context: Context) -> int:
    text = update.message.text
    if not (text.isdigit() and len(text) == 16):
        await reply(update, say.WRONG.format(count=len(text)))
        return NIK
    context.user_data["nik"] = text
    await reply(update, say.BORN_AT)
    return BORN_AT


async def since(update: Update, context: Context) -> int:
    if update.message.text == "batal":
        await reply(update, say.SURE, ["keep_going", "drop"])
        return LEAVING
    context.user_data["since"] = update.message.text
    return ConversationHandler.END


def conversation() -> ConversationHandler:
    text = filters.TEXT & ~filters.COMMAND

    def words(handler):
        return [MessageHandler(text, handler)]

    def button(handler):
        return [CallbackQueryHandler(handler)]

    return ConversationHandler(
        entry_points=[CommandHandler("start", asked(GROUP, say.GREETING, say.GROUPS))],
        states={
            GROUP: button(asked(SERVICE, say.CHOOSE, say.SERVICES, "group")),
            SERVICE: button(asked(CONSENT, say.CONSENT, ["agree", "disagree"], "service")),
            CONSENT: button(asked(NAME, say.NAME, key="consent")),
            NAME: words(asked(NIK, say.NIK, key="name")),
            NIK: words(nik),
            BORN_AT: words(asked(BORN_ON, say.BORN_ON, key="born_at")),
            BORN_ON: words(asked(VILLAGE, say.VILLAGE, say.VILLAGES, "born_on")),
            VILLAGE: button(asked(ADDRESS, say.ADDRESS, key="village")),
            ADDRESS: words(asked(SINCE, say.SINCE, key="address")),
            SINCE: words(since),
            LEAVING: button(asked(SINCE, say.KEPT)),
        },
        fallbacks=[],
        allow_reentry=True,
    )


def main() -> None:
    given = say.arguments()
    logging.disable(logging.CRITICAL)
    asyncio.set_event_loop(uvloop.new_event_loop())
    application = Application.builder().token(say.TOKEN).base_url(f"{given.api}/bot").build()
    application.add_handler(conversation())
    application.run_webhook(
        "127.0.0.1",
        given.port,
        say.PATH.strip("/"),
        webhook_url=f"http://127.0.0.1:{given.port}{say.PATH}",
        secret_token=say.SECRET,
    )


if __name__ == "__main__":
    main()
