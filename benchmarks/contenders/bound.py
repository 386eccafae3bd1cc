"""The bound: durable accept and durable reply with nothing around it.

One thread commits in groups with full synchronisation; no framework, no encryption, no rendering,
no understanding, no limits, no retries. What a desk adds above this is what a desk costs.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections import deque
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import uvloop

from benchmarks import contenders as say

NEXT: list[tuple[str, list[str]]] = [
    (say.GREETING, say.GROUPS),
    (say.CHOOSE, say.SERVICES),
    (say.CONSENT, ["agree", "disagree"]),
    (say.NAME, []),
    (say.NIK, []),
    (say.WRONG.format(count=3), []),
    (say.BORN_AT, []),
    (say.BORN_ON, []),
    (say.VILLAGE, say.VILLAGES),
    (say.ADDRESS, []),
    (say.SINCE, []),
    (say.SURE, ["keep_going", "drop"]),
    (say.KEPT, []),
]
TABLES = """
PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
CREATE TABLE inbox (key INTEGER PRIMARY KEY, body BLOB);
CREATE TABLE conversation (chat INTEGER PRIMARY KEY, place INTEGER, said TEXT);
CREATE TABLE outbox (id INTEGER PRIMARY KEY, chat INTEGER, body BLOB, state INTEGER);
"""


class Chat(msgspec.Struct):
    id: int


class Message(msgspec.Struct):
    chat: Chat
    text: str = ""


class Query(msgspec.Struct):
    id: str
    data: str
    message: Message


class Update(msgspec.Struct):
    update_id: int
    message: Message | None = None
    callback_query: Query | None = None


class Desk:
    """The writer's thread and the connections to the Bot API."""

    def __init__(self, folder: Path, api: str) -> None:
        self.loop = asyncio.get_running_loop()
        self.work: queue.SimpleQueue = queue.SimpleQueue()
        self.path = folder / "bound.db"
        self.api = urlsplit(api)
        self.idle: deque[Client] = deque()
        self.read = msgspec.json.Decoder(Update).decode
        threading.Thread(target=self.write, daemon=True).start()

    def write(self) -> None:
        database = sqlite3.connect(self.path, isolation_level=None)
        database.executescript(TABLES)
        while True:
            batch = [self.work.get()]
            while len(batch) < 200 and not self.work.empty():
                batch.append(self.work.get())
            database.execute("BEGIN IMMEDIATE")
            done = [(then, unit(database)) for unit, then in batch]
            database.execute("COMMIT")
            self.loop.call_soon_threadsafe(self.settle, done)

    @staticmethod
    def settle(done: list) -> None:
        for then, result in done:
            then(result)

    def accept(self, body: bytes, acknowledge) -> None:
        """Store an update and its answer in one transaction, then acknowledge, then answer."""
        update = self.read(body)
        query = update.callback_query
        chat = (query or update).message.chat.id
        said = query.data if query else update.message.text

        def unit(database: sqlite3.Connection) -> tuple[int, bytes] | None:
            new = database.execute(
                "INSERT INTO inbox VALUES (?, ?) ON CONFLICT DO NOTHING", (update.update_id, body)
            )
            if not new.rowcount:
                return None
            row = database.execute(
                "SELECT place, said FROM conversation WHERE chat = ?", (chat,)
            ).fetchone()
            place, before = row or (0, "")
            text, choices = NEXT[place % len(NEXT)]
            answer = {"chat_id": chat, "text": text, "parse_mode": "HTML"}
            if choices:
                rows = [[{"text": one, "callback_data": one}] for one in choices]
                answer["reply_markup"] = {"inline_keyboard": rows}
            reply = msgspec.json.encode(answer)
            database.execute(
                "INSERT OR REPLACE INTO conversation VALUES (?, ?, ?)",
                (chat, place + 1, f"{before}\n{said}"),
            )
            added = database.execute(
                "INSERT INTO outbox (chat, body, state) VALUES (?, ?, 1)", (chat, reply)
            )
            return added.lastrowid, reply

        def then(result: tuple[int, bytes] | None) -> None:
            acknowledge()
            if result is not None:
                number, reply = result
                self.call("sendMessage", reply, lambda: self.work.put((sent(number), ignore)))
            if query:
                body = msgspec.json.encode({"callback_query_id": query.id})
                self.call("answerCallbackQuery", body, lambda: None)

        self.work.put((unit, then))

    def call(self, method: str, body: bytes, then) -> None:
        head = f"POST /bot{say.TOKEN}/{method} HTTP/1.1\r\nHost: {self.api.netloc}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        if self.idle:
            self.idle.pop().post(head.encode() + body, then)
        else:
            self.loop.create_task(self.connect(head.encode() + body, then))

    async def connect(self, request: bytes, then) -> None:
        _, client = await self.loop.create_connection(
            lambda: Client(self), self.api.hostname, self.api.port
        )
        client.post(request, then)


def sent(number: int):
    return lambda database: database.execute("UPDATE outbox SET state = 2 WHERE id = ?", (number,))


def ignore(result: object) -> None:
    """Nobody waits for this."""


class Client(asyncio.Protocol):
    """A kept connection to the Bot API: one call at a time."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def connection_made(self, transport) -> None:
        self.transport = transport

    def post(self, request: bytes, then) -> None:
        self.then, self.buffer = then, b""
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if whole(self.buffer) is not None:
            self.desk.idle.append(self)
            self.then()


class Server(asyncio.Protocol):
    """Takes webhooks."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.buffer = b""

    def connection_made(self, transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        body = whole(self.buffer)
        if body is None:
            return
        self.buffer = b""
        if say.SECRET.encode() in data:
            self.desk.accept(body, self.acknowledge)

    def acknowledge(self) -> None:
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def whole(buffer: bytes) -> bytes | None:
    """Return the body once all of it is there."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    at = buffer.lower().find(b"content-length:", 0, end)
    length = int(buffer[at + 15 : buffer.find(b"\r", at)])
    return buffer[end + 4 :] if len(buffer) >= end + 4 + length else None


async def serve() -> None:
    given = say.arguments()
    desk = Desk(Path(given.data), given.api)
    server = await desk.loop.create_server(lambda: Server(desk), "127.0.0.1", given.port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve())
