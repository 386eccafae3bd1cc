"""What a real desk writes into its log, as the programs that collect it read it."""

from __future__ import annotations

import asyncio
import json
import signal
from asyncio.subprocess import PIPE, create_subprocess_exec
from pathlib import Path

from bot.setup.services import ROOT
from tests.process.installation import LOKET, TOKEN, Installation, free_port


async def test_every_line_is_an_object_where_the_log_is_json(tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    desk = Installation(tmp_path / "data", nobody, LOKET_LOGS="json")
    process = await create_subprocess_exec(
        LOKET, "serve", cwd=ROOT, env=desk.env, stdout=PIPE, stderr=PIPE
    )
    assert process.stdout is not None
    try:
        # The banner is for whoever started it, on standard output.
        await asyncio.wait_for(process.stdout.readuntil(desk.url.encode()), 60)
        reader, writer = await asyncio.open_connection("127.0.0.1", desk.port)
        writer.write(b"no HTTP at all\r\n\r\n")
        await reader.read()
        writer.close()
    finally:
        process.send_signal(signal.SIGTERM)
        _, log = await asyncio.wait_for(process.communicate(), 60)
    lines = [json.loads(line) for line in log.decode().splitlines()]
    assert all(list(line)[:3] == ["time", "level", "event"] for line in lines)
    assert any("logger" not in line for line in lines)
    assert "uvicorn.error" in {line.get("logger") for line in lines}
    assert TOKEN not in log.decode()
