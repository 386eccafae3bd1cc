"""aiogram 3: finite states in memory, its webhook on aiohttp."""

from __future__ import annotations

import asyncio
import logging

import uvloop
from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandStart
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.memory import MemoryStorage
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

from benchmarks import contenders as say

router = Router()


class Asks(StatesGroup):
    group = State()
    service = State()
    consent = State()
    name = State()
    nik = State()
    born_at = State()
    born_on = State()
    village = State()
    address = State()
    since = State()
    leaving = State()


def keyboard(choices: list[str]) -> InlineKeyboardMarkup:
    buttons = [[InlineKeyboardButton(text=one, callback_data=one)] for one in choices]
    return InlineKeyboardMarkup(inline_keyboard=buttons)


@router.message(CommandStart())
async def start(message: Message, state: FSMContext) -> None:
    await state.set_state(Asks.group)
    await message.answer(say.GREETING, reply_markup=keyboard(say.GROUPS))


def pressed(before: State, after: State, text: str, choices: list[str] | None = None) -> None:
    """Register what follows a button."""

    @router.callback_query(before)
    async def handler(query: CallbackQuery, state: FSMContext) -> None:
        await query.answer()
        await state.update_data({before.state: query.data})
        await state.set_state(after)
        await query.message.answer(text, reply_markup=keyboard(choices) if choices else None)


def typed(before: State, after: State, text: str, choices: list[str] | None = None) -> None:
    """Register what follows a typed answer."""

    @router.message(before, F.text)
    async def handler(message: Message, state: FSMContext) -> None:
        await state.update_data({before.state: message.text})
        await state.set_state(after)
        await message.answer(text, reply_markup=keyboard(choices) if choices else None)


@router.message(Asks.nik, F.text)
async def nik(message: Message, state: FSMContext) -> None:
    if not (message.text.isdigit() and len(message.text) == 16):
        await message.answer(say.WRONG.format(count=len(message.text)))
        return
    await state.update_data(nik=message.text)
    await state.set_state(Asks.born_at)
    await message.answer(say.BORN_AT)


@router.message(Asks.since, F.text == "batal")
async def cancel(message: Message, state: FSMContext) -> None:
    await state.set_state(Asks.leaving)
    await message.answer(say.SURE, reply_markup=keyboard(["keep_going", "drop"]))


pressed(Asks.group, Asks.service, say.CHOOSE, say.SERVICES)
pressed(Asks.service, Asks.consent, say.CONSENT, ["agree", "disagree"])
pressed(Asks.consent, Asks.name, say.NAME)
typed(Asks.name, Asks.nik, say.NIK)
typed(Asks.born_at, Asks.born_on, say.BORN_ON)
typed(Asks.born_on, Asks.village, say.VILLAGE, say.VILLAGES)
pressed(Asks.village, Asks.address, say.ADDRESS)
typed(Asks.address, Asks.since, say.SINCE)
pressed(Asks.leaving, Asks.since, say.KEPT)


async def serve(port: int, api: str) -> None:
    session = AiohttpSession(api=TelegramAPIServer.from_base(api))
    bot = Bot(say.TOKEN, session=session, default=DefaultBotProperties(parse_mode="HTML"))
    dispatcher = Dispatcher(storage=MemoryStorage())
    dispatcher.include_router(router)
    app = web.Application()
    SimpleRequestHandler(dispatcher, bot, secret_token=say.SECRET).register(app, path=say.PATH)
    setup_application(app, dispatcher, bot=bot)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


def main() -> None:
    given = say.arguments()
    logging.disable(logging.CRITICAL)
    uvloop.run(serve(given.port, given.api))


if __name__ == "__main__":
    main()
