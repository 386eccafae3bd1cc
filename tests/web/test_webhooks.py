"""The platforms' webhooks: acknowledged when durable, 503 when not, 200 for what is senseless."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.channels.protocol import File, Receipt, Rendered
from bot.channels.sms import SmsChannel
from bot.channels.telegram import TelegramChannel
from bot.channels.twilio_account import TwilioAccount
from bot.channels.twilio_sms import TwilioSms
from bot.channels.whatsapp import WhatsAppChannel
from bot.papers import outgoing
from bot.setup.settings import Secret, Twilio
from bot.web import webhooks
from flows.events import Envelope
from storage.database import StorageUnavailable
from tests.channels import recorded
from tests.standins.twilio import SID, TOKEN, sign
from tests.web.site import HOME, Site, site

SECRET = "rahasia-webhook"
HEADERS = {"X-Telegram-Bot-Api-Secret-Token": SECRET}


class Quiet(TelegramChannel):
    """Telegram's channel without a network: it reads as it does."""

    def __init__(self) -> None:
        super().__init__("1:x", secret_token=SECRET)

    async def send(self, address: str, message: Rendered) -> Receipt:
        return Receipt("1")

    async def open(self) -> None: ...


class QuietWhatsApp(WhatsAppChannel):
    """WhatsApp's channel without a network."""

    async def send(self, address: str, message: Rendered) -> Receipt:
        return Receipt("SM0")


async def stored(it: Site, channel: str = "telegram") -> list[str]:
    sql = "SELECT key FROM inbox WHERE channel = ? ORDER BY seq"
    return [row[0] for row in await it.desk.db.read(lambda tx: tx.all(sql, channel))]


async def post(it: Site, body: bytes, headers: dict[str, str] = HEADERS) -> int:
    answer = await it.browser.post("/telegram/webhook", content=body, headers=headers)
    return answer.status_code


@pytest.fixture
def quiet() -> Quiet:
    return Quiet()


async def test_an_update_is_kept_before_it_is_acknowledged(tmp_path: Path, quiet: Quiet) -> None:
    async with site(tmp_path, channels={"telegram": quiet}) as it:
        update = recorded.update("text")
        for _ in range(2):
            assert await post(it, json.dumps(update).encode()) == 200
        assert await stored(it) == [str(update["update_id"])]
        button = recorded.update("button")
        answer = await it.browser.post(
            "/telegram/webhook", content=json.dumps(button).encode(), headers=HEADERS
        )
        assert answer.json() == {
            "method": "answerCallbackQuery",
            "callback_query_id": button["callback_query"]["id"],
        }
        assert answer.headers["content-type"] == "application/json"


async def test_what_telegram_did_not_sign_is_refused(tmp_path: Path, quiet: Quiet) -> None:
    async with site(tmp_path, channels={"telegram": quiet}) as it:
        body = json.dumps(recorded.update("text")).encode()
        assert await post(it, body, {}) == 403
        assert await post(it, body, {"X-Telegram-Bot-Api-Secret-Token": "x"}) == 403
        assert (await it.browser.get("/telegram/webhook", headers=HEADERS)).status_code == 405
        assert await stored(it) == []


async def test_the_senseless_is_acknowledged_and_the_huge_refused(
    tmp_path: Path, quiet: Quiet
) -> None:
    async with site(tmp_path, channels={"telegram": quiet}) as it:
        for body in (b"", b"{", b"[]", b"\xff\xfe", b'{"update_id": 1, "neu": {}}', b"null"):
            assert await post(it, body) == 200, body
        for name in sorted(recorded.names("telegram")):
            assert await post(it, json.dumps(recorded.update(name)).encode()) == 200, name
        assert await post(it, b"x" * 1_000_001) == 413


async def test_what_cannot_be_kept_is_never_acknowledged(
    tmp_path: Path, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path, channels={"telegram": quiet}) as it:
        body = json.dumps(recorded.update("text")).encode()

        async def full(envelopes: Sequence[Envelope]) -> None:
            raise StorageUnavailable("disk full")

        async def slow(envelopes: Sequence[Envelope]) -> None:
            await asyncio.sleep(5)

        monkeypatch.setattr(it.desk, "accept", full)
        assert await post(it, body) == 503
        monkeypatch.setattr(it.desk, "accept", slow)
        monkeypatch.setattr(webhooks, "_TELEGRAM_SECONDS", 0.05)
        assert await post(it, body) == 503


def twilio(**more: Any) -> dict[str, Any]:
    account = TwilioAccount(SID, TOKEN, public_url=HOME)
    settings = Twilio(
        sid=Secret(SID), token=Secret(TOKEN), whatsapp_from="whatsapp:+14155238886", **more
    )
    return {
        "channels": {
            "whatsapp": QuietWhatsApp(account, "whatsapp:+14155238886"),
            "sms": SmsChannel(TwilioSms(account, "+14155238886")),
        },
        "twilio": settings,
    }


async def form(it: Site, path: str, fields: list[tuple[str, str]], signature: str = "") -> Any:
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": signature or sign(HOME + path, fields),
    }
    return await it.browser.post(path, content=urlencode(fields), headers=headers)


async def test_a_whatsapp_message_is_kept_once_and_answered_with_empty_twiml(
    tmp_path: Path,
) -> None:
    async with site(tmp_path, **twilio()) as it:
        fields = list(recorded.form("text").items())
        for _ in range(2):
            answer = await form(it, "/twilio/webhook", fields)
            assert answer.status_code == 200
            assert answer.text.endswith("<Response/>")
        assert await stored(it, "whatsapp") == [dict(fields)["MessageSid"]]


async def test_every_recorded_form_is_acknowledged(tmp_path: Path) -> None:
    async with site(tmp_path, **twilio()) as it:
        for name in sorted(recorded.names("twilio")):
            fields = list(recorded.form(name).items())
            assert (await form(it, "/twilio/webhook", fields)).status_code == 200, name
            assert (await form(it, "/twilio/status", fields)).status_code == 200, name


async def test_what_twilio_did_not_sign_is_refused(tmp_path: Path) -> None:
    async with site(tmp_path, **twilio()) as it:
        fields = list(recorded.form("text").items())
        for path in ("/twilio/webhook", "/twilio/status"):
            assert (await form(it, path, fields, "salah")).status_code == 403
            huge = [*fields, ("Extra", "x" * 300_000)]
            assert (await form(it, path, huge)).status_code == 413
        assert await stored(it, "whatsapp") == []


async def test_a_late_status_does_not_overwrite_a_further_one(tmp_path: Path) -> None:
    async with site(tmp_path, **twilio()) as it:
        sql = (
            "INSERT INTO outbox (contact_id, channel, state, priority, prompt, tries, send_at,"
            " platform_id, status, error) VALUES (1, 'whatsapp', 2, 0, 0, 1, 0, 'SM1', 'sent', '')"
        )
        await it.desk.db.write(lambda tx: tx.run(sql))
        for status in ("read", "delivered", "sent"):
            fields = [
                ("MessageSid", "SM1"),
                ("MessageStatus", status),
                ("From", "whatsapp:+14155238886"),
                ("To", "whatsapp:+628111"),
            ]
            assert (await form(it, "/twilio/status", fields)).status_code == 200
        row = await it.desk.db.read(lambda tx: tx.one("SELECT status FROM outbox"))
        assert row == ("read",)


async def test_a_published_file_can_be_fetched_for_a_while(tmp_path: Path) -> None:
    from datetime import timedelta

    async with site(tmp_path, **twilio()) as it:
        file = File("photo", "qr.png", "image/png", b"\x89PNG" + b"x" * 100)
        address = await outgoing.publish(it.desk, file)
        path = address.removeprefix(HOME)
        for _ in range(2):
            answer = await it.browser.get(path)
            assert answer.content == file.content
            assert answer.headers["content-type"] == "image/png"
        assert (await it.browser.get("/kiriman/salah")).status_code == 404
        it.clock.pass_time(timedelta(hours=1))
        assert (await it.browser.get(path)).status_code == 404
