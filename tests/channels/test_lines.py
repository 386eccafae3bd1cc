"""Kept connections: what is used again, what never is, and what a broken one means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from bot.channels.lines import Lines, NotConnected

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@asynccontextmanager
async def platform(talk: Talk) -> AsyncIterator[Lines]:
    tasks: list[asyncio.Task[None]] = []

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.append(task)
        try:
            await talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(met, "127.0.0.1", 0)
    lines = Lines(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        yield lines
    finally:
        await lines.close()
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)


async def asked(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.partition(b"Content-Length: ")[2].split(b"\r")[0])
    return await reader.readexactly(length)


async def test_a_connection_is_used_again() -> None:
    met: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(b"new")
        while True:
            met.append(await asked(reader))
            writer.write(OK)

    async with platform(talk) as lines:
        assert await lines.post("/a", b"1") == (200, b"ok")
        assert await lines.post("/a", b"2") == (200, b"ok")
    assert met == [b"new", b"1", b"2"]


async def test_an_answer_in_chunks_and_pieces_is_put_together() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asked(reader)
        whole = (
            b"HTTP/1.1 429 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        )
        for byte in range(len(whole)):
            writer.write(whole[byte : byte + 1])
            await writer.drain()

    async with platform(talk) as lines:
        assert await lines.post("/", b"") == (429, b"abcde")


async def test_a_connection_that_the_platform_closed_is_not_used_again() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asked(reader)
        writer.write(OK)
        writer.close()

    async with platform(talk) as lines:
        for _ in range(3):
            assert await lines.post("/", b"") == (200, b"ok")
            await asyncio.sleep(0.02)


async def test_an_answer_that_breaks_off_is_an_error_and_nobody_elses_answer() -> None:
    calls = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        await asked(reader)
        writer.write(OK[:-1] if calls == 1 else OK)
        writer.close()

    async with platform(talk) as lines:
        with pytest.raises(ConnectionResetError):
            await lines.post("/", b"")
        assert await lines.post("/", b"") == (200, b"ok")


async def test_silence_ends_after_its_time() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asked(reader)
        await asyncio.sleep(5)

    async with platform(talk) as lines:
        with pytest.raises(TimeoutError):
            await lines.post("/", b"", seconds=0.05)


async def test_who_stops_waiting_leaves_no_answer_for_the_next() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            word = await asked(reader)
            if word == b"slow":
                await asyncio.sleep(0.1)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(word), word))

    async with platform(talk) as lines:
        slow = asyncio.create_task(lines.post("/", b"slow"))
        await asyncio.sleep(0.03)
        slow.cancel()
        assert await lines.post("/", b"next") == (200, b"next")


async def test_what_cannot_be_reached_was_surely_not_sent() -> None:
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    with pytest.raises(NotConnected):
        await Lines(f"http://127.0.0.1:{port}").post("/", b"")


async def test_more_than_there_are_connections_wait_for_their_turn() -> None:
    met = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal met
        met += 1
        while True:
            await asked(reader)
            await asyncio.sleep(0.01)
            writer.write(OK)

    async with platform(talk) as lines:
        answers = await asyncio.gather(*(lines.post("/", b"") for _ in range(250)))
    assert answers == [(200, b"ok")] * 250
    assert met == 100
