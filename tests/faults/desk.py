"""A desk on real channels over stand-ins, with short pauses, and what it was asked to say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.channels.telegram import TelegramChannel
from bot.channels.twilio_account import TwilioAccount
from bot.channels.whatsapp import WhatsAppChannel
from bot.engine.desk import Desk
from bot.engine.gate import Gate
from bot.engine.opening import clock_from, open_desk, start_desk, stop_desk
from bot.engine.turn import Turn
from flows.messages import Message, Part
from storage import contacts, officers
from storage.database import Tx
from storage.instant import to_ms
from tests.blank import new_database
from tests.office import MONDAY, configured
from tests.standins.server import until
from tests.standins.telegram import TelegramStandin
from tests.standins.twilio import SID, TOKEN, TwilioStandin

STAFF = "-500"
HEAD = "whatsapp:+62899"
OUR_NUMBER = "+14155238886"
_FAST = 1000.0


@dataclass
class Faulty:
    """The desk, its platforms, and ways to let it speak."""

    desk: Desk
    telegram: TelegramStandin
    twilio: TwilioStandin

    async def say(self, chats: Sequence[str], count: int, channel: str = "telegram") -> None:
        """Let the office tell each chat ``count`` numbered things."""

        def speak(tx: Tx) -> None:
            turn = Turn(self.desk, tx, self.desk.now())
            for chat in chats:
                contact = self._meet(tx, chat, channel)
                for number in range(count):
                    turn.say(contact, numbered(number))

        await self.desk.db.write(speak)

    def _meet(self, tx: Tx, chat: str, channel: str) -> int:
        now = to_ms(self.desk.now())
        address = f"whatsapp:{chat}" if channel == "whatsapp" else chat
        contact = contacts.meet(tx, self.desk.vault, channel, address, now)
        contacts.heard(tx, contacts.load(tx, contact), now)
        return contact

    def numbers(self, chat: str) -> list[int]:
        """Return the numbered things that arrived at a chat, in order."""
        sent = [*self.telegram.sent, *self.twilio.sent]
        texts = [one.text for one in sent if chat in (getattr(one, "chat", ""), _to(one))]
        return [int(text.rpartition("nomor-")[2].split()[0]) for text in texts if "nomor-" in text]

    def alarms(self) -> list[str]:
        """Return what the officers were warned of: in the group, and the head's own chat."""
        group = [one.text for one in self.telegram.sent if one.chat == STAFF]
        return [
            text
            for text in [*group, *(o.text for o in self.twilio.sent if o.to == HEAD)]
            if "⚠" in text
        ]

    async def arrived(self, chats: Sequence[str], count: int, seconds: float = 8.0) -> None:
        """Wait until each chat got everything, in order and once."""
        expected = list(range(count))
        try:
            await until(lambda: all(self.numbers(chat) == expected for chat in chats), seconds)
        except TimeoutError:
            raise AssertionError({chat: self.numbers(chat) for chat in chats}) from None

    async def wait(self, condition: Callable[[], bool], seconds: float = 8.0) -> None:
        """Wait until something is true."""
        await until(condition, seconds)

    async def settled(self, seconds: float = 8.0) -> None:
        """Wait until nothing is left to send: what was refused is given up, the rest is out."""
        async with asyncio.timeout(seconds):
            while await self.count("SELECT COUNT(*) FROM outbox WHERE state < 2"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def count(self, sql: str) -> int:
        """Return a number from the database."""
        row = await self.desk.db.read(lambda tx: tx.one(sql))
        return int(row[0]) if row else 0


def numbered(number: int) -> Message:
    """Return something the office says, told apart by a number."""
    args = {"officer": "Rina", "text": f"nomor-{number} selesai"}
    return Message([Part("conversation.told.reply", args)])


def _to(sent: object) -> str:
    return str(getattr(sent, "to", "")).removeprefix("whatsapp:")


@asynccontextmanager
async def at_work(folder: Path) -> AsyncIterator[Faulty]:
    """Open a desk on stand-ins of Telegram and Twilio, with an officer and the officers' group."""
    async with TelegramStandin() as telegram, TwilioStandin() as twilio:
        new_database(folder / "loket.db")
        desk = await open_desk(configured(folder), now=clock_from(MONDAY))
        account = TwilioAccount(SID, TOKEN, twilio.url)
        desk.channels = {
            "telegram": TelegramChannel(
                telegram.token,
                telegram.url,
                rate=_FAST,
                chat_rate=_FAST,
                group_rate=_FAST * 60,
            ),
            "whatsapp": WhatsAppChannel(account, OUR_NUMBER, _FAST, chat_rate=_FAST),
        }
        desk.sender.refusals.sender_pause = 0.3
        for name in desk.channels:
            desk.sender.gates[name] = Gate(first=0.05, most=0.3)
        await start_desk(desk)
        await desk.db.write(lambda tx: _staff(tx, desk))
        try:
            yield Faulty(desk, telegram, twilio)
        finally:
            await stop_desk(desk)


def _staff(tx: Tx, desk: Desk) -> None:
    now = to_ms(desk.now())
    contacts.meet(tx, desk.vault, "telegram", STAFF, now, kind="staff")
    own = contacts.meet(tx, desk.vault, "whatsapp", HEAD, now)
    contacts.heard(tx, contacts.load(tx, own), now)
    code = officers.invite(tx, desk.vault, "Hani", "head", desk.now())
    officers.join(tx, desk.vault, own, code, "", desk.now())


async def rest(seconds: float) -> None:
    """Let time pass."""
    await asyncio.sleep(seconds)
