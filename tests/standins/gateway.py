"""Stands in for an Android phone with an SMS gateway app: ``python -m tests.standins.gateway``."""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import aiohttp
import uvloop
from aiohttp import web
from msgspec import Struct

from tests.standins.server import Standin, as_json, serve

NAME, PASSWORD, SECRET = "sms", "gateway-standin", "gateway-secret"


class Sent(Struct):
    """A text that went out; ``at`` in seconds."""

    id: str
    to: str
    text: str
    headers: dict[str, str]
    at: float = 0.0


def sign(body: bytes, moment: str, secret: str = SECRET) -> str:
    """Return ``X-Signature`` for a post at ``moment`` (``X-Timestamp``, seconds)."""
    return hmac.new(secret.encode(), body + moment.encode(), hashlib.sha256).hexdigest()


def told(event: str, payload: dict[str, Any], *, key: str = "ev-1") -> bytes:
    """Return the body of a webhook as the app posts it."""
    whole = {"deviceId": "dev-1", "event": event, "id": key, "payload": payload, "webhookId": "wh"}
    return json.dumps(whole).encode()


def came_in(number: str, words: str, moment: str = "2026-11-23T09:00:00.000+07:00") -> bytes:
    """Return the body that tells of a text that came in."""
    return told(
        "sms:received",
        {
            "messageId": "a1b2c3",
            "message": words,
            "sender": number,
            "recipient": None,
            "phoneNumber": number,
            "simNumber": 1,
            "receivedAt": moment,
        },
    )


def signed(body: bytes, moment: float | None = None) -> dict[str, str]:
    """Return the headers of a genuine post."""
    stamp = str(int(time.time() if moment is None else moment))
    return {
        "Content-Type": "application/json",
        "X-Timestamp": stamp,
        "X-Signature": sign(body, stamp),
    }


class GatewayStandin(Standin):
    """The phone: sends what it is posted, and posts ``reports`` about each to ``webhook``."""

    name = "gateway"

    def __init__(
        self, journal: Path | None = None, *, webhook: str = "", reports: tuple[str, ...] = ()
    ) -> None:
        super().__init__(journal)
        self.webhook = webhook
        self.reports = reports
        self._posting: set[asyncio.Task[None]] = set()
        self._next = 1

    @property
    def address(self) -> str:
        """What SMS_GATEWAY_URL is to be."""
        return self.url.replace("http://", f"http://{NAME}:{PASSWORD}@")

    def add_routes(self, app: web.Application) -> None:
        app.router.add_post("/message", self._create)

    async def stop(self) -> None:
        for task in self._posting:
            task.cancel()
        await asyncio.gather(*self._posting, return_exceptions=True)
        await super().stop()

    async def post(self, body: bytes) -> int:
        """Post to the desk as the app does and return the answer's status."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.webhook, data=body, headers=signed(body)) as response,
        ):
            return response.status

    async def _create(self, request: web.Request) -> web.StreamResponse:
        login = base64.b64encode(f"{NAME}:{PASSWORD}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {login}":
            return as_json({"message": "Unauthorized"}, 401)
        body = await request.json()
        to = body["phoneNumbers"][0]
        headers = dict(request.headers)
        return await self.answer(request, "message", to, lambda: self._send(to, body, headers))

    def _send(self, to: str, body: dict[str, Any], headers: dict[str, str]) -> web.Response:
        name = f"msg-{self._next}"
        self._next += 1
        self.record(Sent(name, to, body["textMessage"]["text"], headers, time.time()))
        if self.webhook and self.reports:
            task = asyncio.get_running_loop().create_task(self._report(name, to))
            self._posting.add(task)
            task.add_done_callback(self._posting.discard)
        return as_json({"id": name, "state": "Pending", "recipients": [{"phoneNumber": to}]}, 202)

    async def _report(self, name: str, to: str) -> None:
        for event in self.reports:
            payload = {"messageId": name, "recipient": to, "reason": "RESULT_ERROR_NO_SERVICE"}
            await self.post(told(event, payload, key=f"{name}-{event}"))


def main() -> None:
    """Run the stand-in as a process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--journal", type=Path)
    parser.add_argument("--webhook", default="", help="the desk's /sms/webhook")
    given = parser.parse_args()
    uvloop.run(serve(GatewayStandin(given.journal, webhook=given.webhook), given.port))


if __name__ == "__main__":
    main()
