"""The stand-ins as processes: what they print, journal and obey."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import aiohttp
import pytest

from bot.channels.protocol import Channel, Fault, Rendered, SendError
from bot.channels.telegram import TelegramChannel
from bot.channels.twilio_account import TwilioAccount
from bot.channels.whatsapp import WhatsAppChannel
from tests.standins.server import until
from tests.standins.telegram import TelegramStandin
from tests.standins.twilio import SID, TOKEN

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("platform", ["telegram", "twilio"])
async def test_a_standin_runs_by_itself_and_journals_every_message(
    platform: str, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    command = (sys.executable, "-m", f"tests.standins.{platform}", "--journal", str(journal))
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE)
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    channel: Channel = TelegramChannel("100:standin", url)
    if platform == "twilio":
        channel = WhatsAppChannel(TwilioAccount(SID, TOKEN, url), "+6285550000001")
    await asyncio.gather(*(channel.send(str(n), Rendered("halo")) for n in range(200)))
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + "/_standin/refuse", json={"status": 503}) as answer,
    ):
        assert answer.status == 200
        with pytest.raises(SendError) as caught:
            await channel.send("1", Rendered("halo"))
        assert caught.value.fault is Fault.LATER
        async with session.get(url + "/_standin/sent?from=150") as told:
            assert len(await told.json()) == 50
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert sorted(int(line.get("chat") or line.get("to")) for line in lines) == [*range(200)]
    process.terminate()
    assert await process.wait() == 0
    await channel.close()


async def test_the_standin_refuses_what_is_too_quick() -> None:
    async with TelegramStandin(chat_rate=1.0) as standin:
        channel = TelegramChannel(standin.token, standin.url)
        await channel.send("1", Rendered("halo"))
        await channel.send("2", Rendered("halo"))
        with pytest.raises(SendError) as caught:
            await channel.send("1", Rendered("halo"))
        assert (caught.value.retry_after, standin.too_quick) == (1.0, 1)
        await channel.close()


async def test_a_slow_answer_takes_effect_in_the_end() -> None:
    async with TelegramStandin() as standin:
        channel = TelegramChannel(standin.token, standin.url)
        standin.refuse(slow=0.05)
        task = asyncio.create_task(channel.send("1", Rendered("halo")))
        await asyncio.sleep(0.01)
        assert standin.sent == []
        await task
        await until(lambda: len(standin.sent) == 1)
        await channel.close()
