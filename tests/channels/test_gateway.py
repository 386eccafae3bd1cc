"""The office's own SMS gateway: what it tells, and what is told to it."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.channels.gateway import Gateway, read_report
from bot.channels.protocol import Fault, FetchError, File, Rendered, SendError
from bot.channels.sms import SmsChannel
from flows.events import Text, Unusable
from tests.standins.gateway import SECRET, GatewayStandin, came_in, sign, told

TO = "+6281200000001"


@pytest.fixture
async def standin() -> AsyncIterator[GatewayStandin]:
    async with GatewayStandin() as server:
        yield server


@pytest.fixture
async def sms(standin: GatewayStandin) -> AsyncIterator[SmsChannel]:
    channel = SmsChannel(Gateway(standin.address, SECRET))
    yield channel
    await channel.close()


def words(text: str, **more: Any) -> Rendered:
    return Rendered(html=text, **more)


async def test_a_question_is_plain_words_and_numbers(
    standin: GatewayStandin, sms: SmsChannel
) -> None:
    question = words(
        "<b>Setuju?</b> “Ya” –",
        buttons=[("y", "Ya"), ("n", "Tidak")],
        how="Balas dengan angka.",
    )
    receipt = await sms.send(TO, question)
    (sent,) = standin.sent
    assert sent.text == 'Setuju? "Ya" -\n\n1. Ya\n2. Tidak\n\nBalas dengan angka.'
    assert (sent.to, receipt.platform_id) == (TO, "msg-1")
    assert "Authorization" in sent.headers
    assert len(sent.headers["X-Signature"]) == 64


async def test_files_stay_behind(standin: GatewayStandin, sms: SmsChannel) -> None:
    picture = File("qr", "qr.png", "image/png", b"\x89PNG")
    await sms.send(TO, words("Nomor 12", files=[picture]))
    assert [sent.text for sent in standin.sent] == ["Nomor 12"]
    with pytest.raises(SendError) as caught:
        await sms.send(TO, words("", files=[picture]))
    assert caught.value.fault is Fault.CONTENT
    with pytest.raises(FetchError):
        await sms.fetch("x", 10)


async def test_a_long_text_goes_on_where_it_was_interrupted(
    standin: GatewayStandin, sms: SmsChannel
) -> None:
    long = words("kata " * 500)
    await sms.send(TO, long)
    whole = [sent.text for sent in standin.sent]
    assert len(whole) == 3
    standin.sent.clear()
    standin.refuse(status=200, body={}, times=1)
    standin.refuse(status=503, body={"message": "no"})
    with pytest.raises(SendError):
        await sms.send(TO, long)
    await sms.send(TO, long)
    assert [sent.text for sent in standin.sent] == whole


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (401, {}, Fault.SENDER),
        (404, {}, Fault.SENDER),
        (429, {}, Fault.LATER),
        (503, {}, Fault.LATER),
        (400, {"message": "Invalid phone number +62"}, Fault.RECIPIENT),
        (400, {"message": "text is empty"}, Fault.CONTENT),
    ],
)
async def test_a_refusal_has_a_meaning_and_no_number(
    standin: GatewayStandin, sms: SmsChannel, status: int, body: dict[str, Any], fault: Fault
) -> None:
    standin.refuse(status=status, body=body or {"message": "?"})
    with pytest.raises(SendError) as caught:
        await sms.send(TO, words("halo"))
    assert caught.value.fault is fault
    assert "62" not in str(caught.value)


async def test_a_gateway_that_is_off_is_tried_again() -> None:
    channel = SmsChannel(Gateway("http://sms:geheim@127.0.0.1:9", SECRET))
    with pytest.raises(SendError) as caught:
        await channel.send(TO, words("halo"))
    assert caught.value.fault is Fault.LATER
    assert "geheim" not in str(caught.value)
    await channel.close()


def test_the_signature_covers_body_and_moment() -> None:
    gateway, body = Gateway("http://x", SECRET), came_in(TO, "halo")
    now = time.time()
    stamp = str(int(now))
    assert gateway.is_genuine(body, stamp, sign(body, stamp), now)
    assert gateway.is_genuine(body, stamp, sign(body, stamp).upper(), now + 299)
    assert not gateway.is_genuine(body, stamp, sign(body, stamp), now + 302)
    assert not gateway.is_genuine(body, stamp, sign(body, stamp), now - 302)
    assert not gateway.is_genuine(body + b" ", stamp, sign(body, stamp), now)
    assert not gateway.is_genuine(body, stamp, sign(body, stamp, "other"), now)
    assert not gateway.is_genuine(body, "", sign(body, ""), now)
    assert not gateway.is_genuine(body, "x", "é", now)
    assert not Gateway("http://x", "").is_genuine(body, stamp, sign(body, stamp, ""), now)


def test_a_text_that_came_in_is_an_event_of_its_sender() -> None:
    gateway = Gateway("http://x", SECRET)
    (found,) = gateway.read(json.loads(came_in("0812 0000 0001", "SURAT domisili")))
    assert (found.channel, found.address) == ("sms", TO)
    assert found.event == Text("SURAT domisili")
    (again,) = gateway.read(json.loads(came_in("+6281200000001", "SURAT domisili")))
    assert again.key == found.key
    later = came_in("+6281200000001", "SURAT domisili", "2026-11-23T09:01:00.000+07:00")
    assert gateway.read(json.loads(later))[0].key != found.key
    (empty,) = gateway.read(json.loads(came_in(TO, " ")))
    assert empty.event == Unusable("unknown")


@pytest.mark.parametrize(
    "body",
    [
        came_in("TELKOMSEL", "Promo!"),
        came_in("3636", "Sisa pulsa"),
        told("system:ping", {}),
        told("mms:received", {"sender": TO}),
        b'{"event": "sms:received", "payload": []}',
        b"{}",
    ],
)
def test_what_nobody_can_answer_is_left(body: bytes) -> None:
    assert Gateway("http://x", SECRET).read(json.loads(body)) == []


def test_reports_are_statuses() -> None:
    delivered = read_report(json.loads(told("sms:delivered", {"messageId": "m"})))
    assert delivered is not None
    assert (delivered.platform_id, delivered.status, delivered.error) == ("m", "delivered", None)
    failed = {"messageId": "m", "reason": "RESULT_ERROR_RADIO_OFF"}
    report = read_report(json.loads(told("sms:failed", failed)))
    assert report is not None
    assert report.error is not None
    assert report.error.fault is Fault.LATER
    failed["reason"] = "RESULT_ERROR_NULL_PDU"
    report = read_report(json.loads(told("sms:failed", failed)))
    assert report is not None
    assert report.error is not None
    assert report.error.fault is Fault.CONTENT
    assert read_report({"event": "sms:sent", "payload": {}}) is None
    assert read_report({"event": "sms:received", "payload": {"messageId": "m"}}) is None
