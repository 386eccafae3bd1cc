"""The Bot API itself: kept connections, answers as typed results, refusals as SendError."""

from __future__ import annotations

import io
from typing import TypeVar

import aiohttp
import msgspec
from yarl import URL

from bot.channels import http
from bot.channels.lines import Lines
from bot.channels.protocol import Fault, FetchError, File, SendError
from bot.channels.telegram_errors import Reply, refusal

T = TypeVar("T")
Params = dict[str, object]
_SECONDS = 30.0


class RemoteFile(msgspec.Struct):
    """Where a file waits; a local Bot API server may give a path of its own disk."""

    file_path: str = ""
    file_size: int = 0


class BotApi:
    """Calls Telegram. The token is part of every address, so no address is ever in an error."""

    def __init__(self, token: str, base: str) -> None:
        self.base = base.rstrip("/")
        self._token = token
        self._http = http.Connections()
        self._lines = Lines(self.base)
        self._path = f"{URL(self.base).raw_path.rstrip('/')}/bot{token}/"

    async def call(
        self, method: str, params: Params, result: type[T], seconds: float = _SECONDS
    ) -> T:
        """Call a method and return its result as ``result``; raises SendError."""
        body = msgspec.json.encode(params)
        try:
            status, answer = await self._lines.post(self._path + method, body, seconds)
        except http.FAILURES as error:
            raise http.unreachable("Telegram", error) from None
        return _result(status, answer, result)

    async def upload(
        self, method: str, params: Params, field: str, file: File, result: type[T]
    ) -> T:
        """Call a method with a file in ``field``; raises SendError."""
        form = aiohttp.FormData(quote_fields=False)
        for key, value in params.items():
            text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            form.add_field(key, text)
        form.add_field(
            field,
            io.BytesIO(file.content),
            filename=file.name or field,
            content_type=file.mime or "application/octet-stream",
        )
        url = URL(f"{self.base}/bot{self._token}/{method}")
        patience = http.UPLOAD_TIMEOUT
        try:
            async with self._http.session.post(
                url, data=form, timeout=patience, allow_redirects=False
            ) as response:
                status, answer = response.status, await response.read()
        except http.FAILURES as error:
            raise http.unreachable("Telegram", error) from None
        return _result(status, answer, result)

    async def fetch(self, file_id: str, limit: int) -> bytes:
        """Return a file of at most ``limit`` bytes; raises FetchError."""
        try:
            found = await self.call("getFile", {"file_id": file_id}, RemoteFile)
        except SendError as error:
            raise FetchError(error.reason, gone=error.fault is Fault.CONTENT) from None
        if found.file_size > limit:
            raise FetchError(http.TOO_LARGE, gone=True)
        if not found.file_path or found.file_path.startswith("/"):
            raise FetchError("the Bot API server keeps files to itself: start it without --local")
        url = URL(f"{self.base}/file/bot{self._token}/{found.file_path}")
        try:
            async with self._http.session.get(url, allow_redirects=False) as response:
                if response.status != 200:
                    gone = response.status in {400, 404, 410}
                    raise FetchError(f"Telegram answers {response.status}", gone=gone)
                return await http.read_limited(response, limit)
        except http.FAILURES as error:
            raise http.not_fetched("Telegram", error) from None

    async def close(self) -> None:
        """Let go of connections."""
        await self._lines.close()
        await self._http.close()


def _result(status: int, body: bytes, result: type[T]) -> T:
    """Return what a call gave; raises SendError."""
    reply: Reply | None = None
    try:
        reply = _reply(body)
        if reply.ok and status == 200:
            return msgspec.json.decode(reply.result, type=result)
    except msgspec.DecodeError:
        # Whatever sits between us and Telegram answered in its place: nothing is known.
        status = 502 if status == 200 else status
    raise refusal(status, reply)


def _reply(body: bytes) -> Reply:
    """Read an answer; one update with half a sign in it must not hide the others for ever."""
    try:
        return msgspec.json.decode(body, type=Reply)
    except (msgspec.DecodeError, UnicodeDecodeError):
        try:
            return msgspec.json.decode(http.mended(body), type=Reply)
        except ValueError as error:
            raise msgspec.DecodeError(str(type(error))) from None
