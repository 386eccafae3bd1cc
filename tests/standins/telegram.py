"""Stands in for the Bot API: ``python -m tests.standins.telegram --port N --journal FILE``."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import deque
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from aiohttp import web
from msgspec import Struct, field

from tests.standins.server import Standin, as_json, serve

_MESSAGES = frozenset({"sendMessage", "sendPhoto", "sendDocument"})
_TRUE = {
    "answerCallbackQuery",
    "setMyCommands",
    "setWebhook",
    "deleteWebhook",
    "logOut",
    "close",
}


class Sent(Struct):
    """A message that took effect; ``files``: field → (name, type, size), ``at`` in seconds."""

    method: str
    chat: str
    params: dict[str, Any]
    message_id: int
    files: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    at: float = 0.0

    @property
    def text(self) -> str:
        return str(self.params.get("text") or self.params.get("caption") or "")

    @property
    def buttons(self) -> list[str]:
        """Return the payloads of the buttons."""
        rows = self.params.get("reply_markup", {}).get("inline_keyboard", [])
        return [button["callback_data"] for row in rows for button in row]


class TelegramStandin(Standin):
    """The Bot API for one token. ``calls`` counts every method; ``uploads`` keeps sent bytes.

    ``rate`` and ``chat_rate`` (messages per second, 0 for none) refuse what is too quick with 429,
    as Telegram does.
    """

    name = "telegram"

    def __init__(
        self,
        token: str = "100:standin",
        journal: Path | None = None,
        *,
        rate: float = 0.0,
        chat_rate: float = 0.0,
        keep_uploads: bool = True,
    ) -> None:
        super().__init__(journal)
        self.token = token
        self.calls: dict[str, int] = {}
        self.params: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.uploads: list[bytes] = []
        self.too_quick = 0
        self._keep_uploads = keep_uploads
        self._rate, self._chat_rate = rate, chat_rate
        self._all: deque[float] = deque()
        self._chats: dict[str, float] = {}
        self._updates: deque[dict[str, Any]] = deque()
        self._pushed = asyncio.Event()
        self._next_message = 1000
        self._next_update = 1

    def add_routes(self, app: web.Application) -> None:
        app.router.add_post("/_standin/push", self._push)
        app.router.add_get("/_standin/too_quick", self._tell_too_quick)
        app.router.add_get("/file/bot{token}/{path:.*}", self._file)
        app.router.add_route("*", "/bot{token}/{method}", self._method)

    def push(self, *updates: dict[str, Any]) -> None:
        """Let updates be polled; one without an update_id is given the next."""
        for update in updates:
            update.setdefault("update_id", self._next_update)
            self._next_update = max(self._next_update, update["update_id"]) + 1
            self._updates.append(update)
        self._pushed.set()

    @property
    def unconfirmed(self) -> int:
        """Return how many updates are still to be confirmed by an offset."""
        return len(self._updates)

    async def _push(self, request: web.Request) -> web.Response:
        found = msgspec.json.decode(await request.read())
        self.push(*(found if isinstance(found, list) else [found]))
        return web.Response()

    async def _tell_too_quick(self, request: web.Request) -> web.Response:
        return as_json(self.too_quick)

    async def _file(self, request: web.Request) -> web.Response:
        content = self.files.get(request.match_info["path"].removeprefix("files/"))
        if request.match_info["token"] != self.token or content is None:
            return web.Response(status=404)
        return web.Response(body=content, content_type="application/octet-stream")

    async def _method(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if request.match_info["token"] != self.token:
            return _refused(401, "Unauthorized")
        params, files = await self._read(request)
        self.calls[method] = self.calls.get(method, 0) + 1
        self.params[method] = params
        chat = str(params.get("chat_id", ""))
        if method == "getUpdates":
            await self._wait(int(params.get("offset", 0)), float(params.get("timeout", 0)))
        if method in _MESSAGES and (wait := self._wait_needed(chat)):
            self.too_quick += 1
            return _refused(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        return await self.answer(
            request, method, chat, lambda: self._effect(method, chat, params, files)
        )

    def _effect(
        self,
        method: str,
        chat: str,
        params: dict[str, Any],
        files: dict[str, tuple[str, str, int]],
    ) -> web.StreamResponse:
        if method in _MESSAGES:
            return self._message(method, chat, params, files)
        if method in _TRUE:
            return _done(True)
        if method == "getUpdates":
            # The plain encoder: it passes on half a sign, as a hostile client may send it.
            return web.json_response({"ok": True, "result": list(self._updates)[:100]})
        if method == "getMe":
            me = {"id": 100, "is_bot": True, "first_name": "Loket", "username": "LoketUjiBot"}
            return _done(me)
        if method == "createForumTopic":
            self._next_message += 1
            return _done({"message_thread_id": self._next_message, "name": params["name"]})
        if method == "getFile":
            content = self.files.get(str(params.get("file_id")))
            if content is None:
                return _refused(400, "Bad Request: invalid file_id")
            path = {"file_id": params["file_id"], "file_size": len(content)}
            return _done({**path, "file_path": f"files/{params['file_id']}"})
        return _refused(404, "Not Found")

    def _message(
        self,
        method: str,
        chat: str,
        params: dict[str, Any],
        files: dict[str, tuple[str, str, int]],
    ) -> web.StreamResponse:
        text = str(params.get("text", params.get("caption", "")))
        if method == "sendMessage" and not text:
            return _refused(400, "Bad Request: message text is empty")
        self._next_message += 1
        self.record(Sent(method, chat, params, self._next_message, files, time.time()))
        where = {"id": chat, "type": "private"}
        return _done({"message_id": self._next_message, "date": 0, "chat": where})

    async def _read(
        self, request: web.Request
    ) -> tuple[dict[str, Any], dict[str, tuple[str, str, int]]]:
        if request.content_type == "application/json":
            return msgspec.json.decode(await request.read()), {}
        params: dict[str, Any] = dict(request.query)
        files: dict[str, tuple[str, str, int]] = {}
        for key, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                content = value.file.read()
                value.file.close()
                files[key] = (value.filename, value.content_type, len(content))
                if self._keep_uploads:
                    self.uploads.append(content)
            else:
                params[key] = _value(value) if isinstance(value, str) else value
        return params, files

    async def _wait(self, offset: int, seconds: float) -> None:
        while self._updates and self._updates[0]["update_id"] < offset:
            self._updates.popleft()
        if self._updates:
            return
        self._pushed.clear()
        try:
            await asyncio.wait_for(self._pushed.wait(), seconds)
        except TimeoutError:
            return

    def _wait_needed(self, chat: str) -> int:
        now = time.monotonic()
        while self._all and self._all[0] <= now - 1:
            self._all.popleft()
        if self._rate and len(self._all) >= self._rate:
            return 1
        if self._chat_rate and now - self._chats.get(chat, 0.0) < 0.98 / self._chat_rate:
            return 1
        self._all.append(now)
        self._chats[chat] = now
        return 0


def _value(text: str) -> Any:
    """Read a form's value as the Bot API does: structures are JSON text."""
    if text[:1] not in "{[":
        return text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _done(result: object) -> web.Response:
    return as_json({"ok": True, "result": result})


def _refused(code: int, description: str, **parameters: int) -> web.Response:
    body = {"ok": False, "error_code": code, "description": description}
    return as_json({**body, "parameters": parameters} if parameters else body, code)


def main() -> None:
    """Run the stand-in as a process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--journal", type=Path)
    parser.add_argument("--token", default="100:standin")
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--chat-rate", type=float, default=0.0)
    given = parser.parse_args()

    async def run() -> None:
        standin = TelegramStandin(
            given.token,
            given.journal,
            rate=given.rate,
            chat_rate=given.chat_rate,
            keep_uploads=False,
        )
        await serve(standin, given.port)

    uvloop.run(run())


if __name__ == "__main__":
    main()
