"""The bridge to gammu-smsd, as the processes that SMSD and an administrator start."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bot.channels.gateway import Gateway
from bot.channels.protocol import SendError
from tests.standins.gateway import SECRET

BRIDGE = Path(__file__).parents[2] / "docs" / "deploy" / "gammu_bridge.py"
TO = "+6281200000001"
INJECT = """#!/bin/sh
printf '%s\\n' "$@" > "$(dirname "$0")/asked"
echo 'gammu-smsd-inject[1]: Created outbox message OUTC20261123_090000_00_+62_sms0.smsbackup'
echo 'Written message with ID /var/spool/gammu/outbox/OUTC20261123_090000_00_+62_sms0.smsbackup'
"""


@asynccontextmanager
async def desk() -> AsyncIterator[tuple[str, list[tuple[bytes, Mapping[str, str]]]]]:
    """Something that takes what the bridge tells."""
    told: list[tuple[bytes, Mapping[str, str]]] = []

    async def take(request: web.Request) -> web.Response:
        told.append((await request.read(), request.headers))
        return web.Response(status=503 if len(told) == 1 else 200)

    app = web.Application()
    app.router.add_post("/sms/webhook", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/sms/webhook", told
    await runner.cleanup()


async def run(*arguments: str, **environment: str) -> asyncio.subprocess.Process:
    whole = {**os.environ, "SMS_GATEWAY_SECRET": SECRET, **environment}
    return await asyncio.create_subprocess_exec(sys.executable, str(BRIDGE), *arguments, env=whole)


async def test_what_came_in_is_told_until_it_is_kept() -> None:
    async with desk() as (webhook, told):
        bridge = await run(
            "received",
            "IN1.txt",
            LOKET_WEBHOOK=webhook,
            SMS_MESSAGES="2",
            DECODED_PARTS="1",
            SMS_1_NUMBER=TO,
            DECODED_1_TEXT="Dusun II, RT 02 RW 01",
        )
        assert await bridge.wait() == 0
        assert len(told) == 2
        (body, headers), gateway = told[-1], Gateway("http://x", SECRET)
        moment, signature = headers["X-Timestamp"], headers["X-Signature"]
        assert gateway.is_genuine(body, moment, signature, float(moment))

        (found,) = gateway.read(json.loads(body))
        assert (found.address, getattr(found.event, "text", "")) == (TO, "Dusun II, RT 02 RW 01")


async def test_a_text_is_given_to_smsd_and_its_id_comes_back(tmp_path: Path) -> None:
    inject = tmp_path / "inject"
    inject.write_text(INJECT)
    inject.chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    bridge = await run("serve", str(port), GAMMU_INJECT=str(inject))
    gateway = Gateway(f"http://127.0.0.1:{port}", SECRET)
    stranger = Gateway(f"http://127.0.0.1:{port}", "other")
    try:
        for _ in range(100):
            try:
                given = await gateway.send(TO, "Setuju?\n1. Ya")
                break
            except SendError:
                await asyncio.sleep(0.05)
        assert given == "OUTC20261123_090000_00_+62_sms0"
        asked = (tmp_path / "asked").read_text().splitlines()
        assert asked[2:4] == ["TEXT", TO]
        assert "-unicode" not in asked
        with pytest.raises(SendError):
            await stranger.send(TO, "halo")
    finally:
        bridge.terminate()
        await bridge.wait()
        await gateway.close()
        await stranger.close()
