"""Polling: nothing is confirmed to Telegram before it is durable here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from structlog.testing import capture_logs

from bot.channels import telegram_polling
from bot.channels.protocol import SendError
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_polling import Poller
from flows.events import Envelope, Text
from storage.database import StorageUnavailable
from tests.channels import recorded
from tests.standins.server import until
from tests.standins.telegram import TelegramStandin


class Inbox:
    """Takes events in, unless told that it cannot."""

    def __init__(self) -> None:
        self.events: list[Envelope] = []
        self.broken = 0

    async def accept(self, envelopes: Sequence[Envelope]) -> None:
        if self.broken:
            self.broken -= 1
            raise StorageUnavailable("the disk is full")
        self.events += envelopes


@pytest.fixture
async def standin() -> AsyncIterator[TelegramStandin]:
    async with TelegramStandin() as server:
        yield server


@pytest.fixture
async def channel(standin: TelegramStandin) -> AsyncIterator[TelegramChannel]:
    made = TelegramChannel(standin.token, standin.url)
    yield made
    await made.close()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_polling, "_FIRST_PAUSE", 0.01)


async def test_updates_are_confirmed_only_after_they_are_durable(
    standin: TelegramStandin, channel: TelegramChannel
) -> None:
    inbox = Inbox()
    poller = Poller(channel, inbox.accept, seconds=0)
    standin.push(recorded.update("text"), recorded.update("photo"))
    inbox.broken = 1
    with pytest.raises(StorageUnavailable):
        await poller.step()
    await poller.step()
    assert standin.unconfirmed == 2
    assert len(inbox.events) == 2
    await poller.step()
    assert standin.unconfirmed == 0
    assert len(inbox.events) == 2
    asked = standin.params["getUpdates"]["allowed_updates"]
    assert asked == ["message", "edited_message", "callback_query", "my_chat_member"]


async def test_a_senseless_update_is_confirmed_too(
    standin: TelegramStandin, channel: TelegramChannel
) -> None:
    inbox = Inbox()
    poller = Poller(channel, inbox.accept, seconds=0)
    standin.push(recorded.update("inline_query"), recorded.update("shape_unknown"))
    await poller.step()
    await poller.step()
    assert (standin.unconfirmed, inbox.events) == (0, [])


async def test_half_a_sign_in_one_update_does_not_hide_the_others(
    standin: TelegramStandin, channel: TelegramChannel
) -> None:
    inbox = Inbox()
    standin.push(recorded.update("text_with_lone_surrogate"), recorded.update("start"))
    await Poller(channel, inbox.accept, seconds=0).step()
    assert [event.address for event in inbox.events] == ["512300871"] * 2
    assert inbox.events[0].event == Text("halo ?")


async def test_polling_goes_on_through_every_trouble(
    standin: TelegramStandin, channel: TelegramChannel
) -> None:
    inbox = Inbox()
    inbox.broken = 2
    conflict = "Conflict: terminated by other getUpdates request"
    standin.refuse(method="getUpdates", drop=True)
    standin.refuse(
        method="getUpdates",
        status=409,
        body={"ok": False, "error_code": 409, "description": conflict},
    )
    standin.refuse(method="getUpdates", status=502)
    standin.push(*(recorded.update(name) for name in ("text", "button", "location")))
    with capture_logs() as lines:
        task = asyncio.create_task(Poller(channel, inbox.accept, seconds=1).run())
        await until(lambda: not standin.unconfirmed and "answerCallbackQuery" in standin.calls)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert [event.key for event in inbox.events] == ["880120301", "880120343", "880120329"]
    assert isinstance(inbox.events[0].event, Text)
    reasons = " / ".join(str(line.get("reason", "")) for line in lines)
    assert "another desk reads this bot's messages" in reasons
    assert "the disk is full" in reasons
    assert standin.calls["deleteWebhook"] == 1
    assert standin.params["deleteWebhook"] == {"drop_pending_updates": False}


async def test_a_wrong_token_says_what_to_correct(standin: TelegramStandin) -> None:
    channel = TelegramChannel("1:wrong", standin.url)
    with pytest.raises(SendError, match="correct TELEGRAM_BOT_TOKEN"):
        await channel.updates(0, 0)
    await channel.close()
