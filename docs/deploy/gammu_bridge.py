#!/usr/bin/env python3
"""Joins gammu-smsd (a modem) to a desk: needs nothing but Python 3.9 and gammu-smsd-inject.

    gammu_bridge.py serve [PORT]     listens on this machine for the desk's texts (SMS_GATEWAY_URL)
    gammu_bridge.py received ID…     for smsdrc's RunOnReceive: tells the desk what came in
    gammu_bridge.py sent ID          for smsdrc's RunOnSent; failed ID for RunOnFailure

Environment: LOKET_WEBHOOK (https://…/sms/webhook), SMS_GATEWAY_SECRET (the desk's own), and for
``serve`` GAMMU_INJECT (gammu-smsd-inject) and GAMMU_CONFIG (/etc/gammu-smsdrc).
See docs/sms-gateway.md.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_REPLAY_SECONDS = 300
_TRIES = 5
_MOST_BYTES = 100_000
_ID = re.compile(r"written message with ID (\S+)", re.IGNORECASE)
_NUMBER = re.compile(r"\+?[0-9]{6,15}")


def signature(body: bytes, moment: str) -> str:
    """Return X-Signature of a post at ``moment`` (seconds)."""
    secret = os.environ["SMS_GATEWAY_SECRET"].encode()
    return hmac.new(secret, body + moment.encode(), hashlib.sha256).hexdigest()


def tell(event: str, key: str, payload: Mapping[str, object]) -> None:
    """Post to the desk until it has kept it; exits with 1 when it did not."""
    body = json.dumps({"event": event, "id": key, "deviceId": "gammu", "payload": payload}).encode()
    for attempt in range(_TRIES):
        moment = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "X-Timestamp": moment,
            "X-Signature": signature(body, moment),
        }
        request = urllib.request.Request(os.environ["LOKET_WEBHOOK"], body, headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=15):  # noqa: S310
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(2**attempt)
    sys.exit(1)


def received(ids: list[str]) -> None:
    """Tell of what SMSD put into the environment: a long text comes decoded as a whole."""
    parts = int(os.environ.get("DECODED_PARTS", "0"))
    messages = int(os.environ.get("SMS_MESSAGES", "0"))
    if parts:
        words = "".join(os.environ.get(f"DECODED_{n}_TEXT", "") for n in range(1, parts + 1))
    else:
        words = "".join(os.environ.get(f"SMS_{n}_TEXT", "") for n in range(1, messages + 1))
    moment = datetime.now(timezone.utc).isoformat()  # noqa: UP017 (Python 3.9)
    payload = {"sender": os.environ["SMS_1_NUMBER"], "message": words, "receivedAt": moment}
    tell("sms:received", " ".join(ids) or moment, payload)


class Handler(BaseHTTPRequestHandler):
    """Takes the desk's posts and hands them to SMSD."""

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length", "0")), _MOST_BYTES))
        moment = self.headers.get("X-Timestamp", "")
        given = self.headers.get("X-Signature", "")
        fresh = moment.isdecimal() and abs(time.time() - int(moment)) <= _REPLAY_SECONDS
        if not fresh or not hmac.compare_digest(signature(body, moment).encode(), given.encode()):
            self._answer(403, {"message": "wrong signature"})
            return
        told = json.loads(body)
        number, words = str(told["phoneNumbers"][0]), str(told["textMessage"]["text"])
        if not _NUMBER.fullmatch(number):
            self._answer(400, {"message": "no phone number"})
            return
        made = inject(number, words)
        self._answer(202 if made else 503, {"id": made, "state": "Pending"})

    def _answer(self, status: int, told: Mapping[str, object]) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing: addresses and numbers belong in no log."""


def inject(number: str, words: str) -> str:
    """Give a text to SMSD and return its ID there, empty where SMSD does not take it."""
    command = [
        os.environ.get("GAMMU_INJECT", "gammu-smsd-inject"),
        *("-c", os.environ.get("GAMMU_CONFIG", "/etc/gammu-smsdrc")),
        *("TEXT", number, "-autolen", "1600", "-report", "-textutf8", words),
    ]
    if not words.isascii():
        command.append("-unicode")
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    found = _ID.search(done.stdout)
    return os.path.splitext(os.path.basename(found[1]))[0] if found else ""  # noqa: PTH119, PTH122


def main() -> None:
    """Do what the first argument says."""
    what, rest = (sys.argv[1] if len(sys.argv) > 1 else ""), sys.argv[2:]
    if what == "serve":
        port = int(rest[0]) if rest else 8089
        ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
    elif what == "received":
        received(rest)
    elif what in ("sent", "failed") and rest:
        name = os.path.splitext(os.path.basename(rest[0]))[0]  # noqa: PTH119, PTH122
        tell(f"sms:{what}", f"{name}-{what}", {"messageId": name, "reason": ""})
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
