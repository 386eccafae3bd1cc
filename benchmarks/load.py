"""The citizens: each holds the dialogue, the next update once the answer to the last is there."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

import msgspec

from benchmarks.dialogue import STEPS, Step, update
from benchmarks.wire import BotApi, Call, Poster, head_of

_ME = b'{"id":100,"is_bot":true,"first_name":"Loket","username":"LoketUjiBot"}'
_FIRST_CHAT = 1_000_000_000
_PATIENCE = 20.0


class WentWrong(Exception):
    """A contender refused an update, or did not offer a button that must be there."""


class Webhook(Protocol):
    """Where a citizen's updates go."""

    def post(self, body: bytes, done: Callable[[int], None]) -> None:
        """Post one update; ``done`` gets the status."""


class Citizen:
    """One connection, and one person after another who writes over it."""

    def __init__(self, world: World, poster: Webhook, then: Callable[[Citizen], None]) -> None:
        self._world = world
        self._poster = poster
        self._then = then
        self._place = 0
        self.chat = 0
        self._choices: list[str] = []
        self._missing = 0
        self._began = 0.0

    def go(self, began: float) -> None:
        """Send the next update; ``began`` is when it was due (monotonic seconds)."""
        steps = self._world.steps
        if self._place == 0 or self._place == len(steps):
            self._place = 0
            self._world.leave(self)
            self.chat = self._world.enter(self)
        step = steps[self._place]
        self._place += 1
        self._missing = 2
        self._began = began
        pressed = self._button(step) if step.press else ""
        number = self._world.number()
        self._poster.post(update(number, self.chat, step, pressed), self._acknowledged)

    def _button(self, step: Step) -> str:
        for choice in self._choices:
            if choice == step.press or choice.endswith(f":{step.press}"):
                return choice
        raise WentWrong(f"no button {step.press} among {self._choices}")

    def _acknowledged(self, status: int) -> None:
        if status != 200:
            self._world.failed(f"an update was answered with {status}")
            return
        self._finish()

    def answered(self, choices: list[str]) -> None:
        """The desk's message is here."""
        if self._missing == 0:
            self._world.failed("two answers to one update")
            return
        self._choices = choices
        self._world.latencies.append(time.perf_counter() - self._began)
        self._finish()

    def _finish(self) -> None:
        self._missing -= 1
        if self._missing == 0:
            self._then(self)


class World:
    """The Bot API and all citizens; ``latencies`` are seconds from an update to its answer."""

    def __init__(self, steps: tuple[Step, ...] = STEPS) -> None:
        self.steps = steps
        self.latencies: list[float] = []
        self.calls: dict[str, int] = {}
        self.error: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._chats: dict[int, Citizen] = {}
        self._chat = _FIRST_CHAT
        self._update = 0
        self._message = 0
        self._server: asyncio.Server | None = None

    async def open(self) -> str:
        """Begin to answer as the Bot API; return its address."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: BotApi(self._answer), "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        """Stop answering."""
        if self._server is not None:
            self._server.close()

    async def citizen(
        self, port: int, path: str, secret: str, then: Callable[[Citizen], None]
    ) -> Citizen:
        """Connect one more citizen to a webhook; ``then`` is called after each answered update."""
        head = head_of(port, path, secret)
        loop = asyncio.get_running_loop()
        _, poster = await loop.create_connection(
            lambda: Poster(head, self._count), "127.0.0.1", port
        )
        return Citizen(self, poster, then)

    def enter(self, citizen: Citizen) -> int:
        """Give the connection to a person who never wrote before."""
        self._chat += 1
        self._chats[self._chat] = citizen
        return self._chat

    def leave(self, citizen: Citizen) -> None:
        """The person has done."""
        self._chats.pop(citizen.chat, None)

    def number(self) -> int:
        """Return the next update_id."""
        self._update += 1
        return self._update

    def failed(self, why: str) -> None:
        """The measurement is worth nothing."""
        if not self.error.done():
            self.error.set_exception(WentWrong(why))

    def _answer(self, method: str, call: Call) -> bytes:
        self._count(method)
        if method != "sendMessage":
            return _ME if method == "getMe" else b"true"
        self._message += 1
        chat = int(call.chat_id)
        citizen = self._chats.get(chat)
        if citizen is not None:
            rows = call.reply_markup.inline_keyboard if call.reply_markup else []
            # After the answer is written: the platform has the message before the person reads it.
            choices = [button.callback_data for row in rows for button in row]
            asyncio.get_running_loop().call_soon(self._read, citizen, choices)
        return msgspec.json.encode(
            {
                "message_id": self._message,
                "date": 1_790_000_000,
                "chat": {"id": chat, "type": "private", "first_name": "Siti"},
                "text": "ok",
            }
        )

    def _count(self, method: str) -> None:
        self.calls[method] = self.calls.get(method, 0) + 1

    def _read(self, citizen: Citizen, choices: list[str]) -> None:
        try:
            citizen.answered(choices)
        except WentWrong as error:
            self.failed(str(error))


class Full:
    """As fast as it goes: every citizen writes again as soon as the answer is there."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._going = True

    async def run(
        self, connect: Callable[[Callable[[Citizen], None]], object], citizens: int
    ) -> None:
        """Let so many citizens begin."""
        for _ in range(citizens):
            citizen = await connect(self._next)  # type: ignore[misc]
            citizen.go(time.perf_counter())

    def stop(self) -> None:
        """Let nobody write again."""
        self._going = False

    def _next(self, citizen: Citizen) -> None:
        if self._going:
            citizen.go(time.perf_counter())


class Steady:
    """So many updates a second, whether or not the desk keeps up; late ones count from when due."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._free: deque[Citizen] = deque()

    async def run(
        self,
        connect: Callable[[Callable[[Citizen], None]], object],
        citizens: int,
        seconds: float,
    ) -> None:
        """Send for so long."""
        for _ in range(citizens):
            self._free.append(await connect(self._free.append))  # type: ignore[misc]
        began = time.perf_counter()
        for number in range(int(self._rate * seconds)):
            due = began + number / self._rate
            await self._until(due)
            self._free.popleft().go(due)

    async def _until(self, due: float) -> None:
        while True:
            wait = due - time.perf_counter()
            if wait <= 0 and self._free:
                return
            if wait < -_PATIENCE:
                raise WentWrong(f"nobody was answered for {_PATIENCE:.0f} seconds")
            # The loop's timers count milliseconds: the last one is waited for turn by turn.
            await asyncio.sleep(wait - 0.001 if wait > 0.002 else 0)
