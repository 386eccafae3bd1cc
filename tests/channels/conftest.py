"""The platforms' stand-ins that several channels' tests begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.channels.twilio_account import TwilioAccount
from tests.standins.twilio import SID, TOKEN, TwilioStandin


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioStandin]:
    async with TwilioStandin() as server:
        yield server


@pytest.fixture
async def account(twilio: TwilioStandin) -> AsyncIterator[TwilioAccount]:
    made = TwilioAccount(SID, TOKEN, twilio.url, "https://loket.example")
    yield made
    await made.close()
