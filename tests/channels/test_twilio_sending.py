"""What goes out by WhatsApp and SMS, and what Twilio's refusals become."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.channels.protocol import Fault, File, Rendered, SendError
from bot.channels.sms import SmsChannel
from bot.channels.twilio_account import TwilioAccount
from bot.channels.twilio_sms import TwilioSms
from bot.channels.whatsapp import WhatsAppChannel
from flows.events import Media, Text
from tests.standins.twilio import SID, TOKEN, TwilioStandin, sign

TO = "whatsapp:+628120000001"
PICTURE = File("qr", "qr.png", "image/png", b"\x89PNG")
LETTER = File("letter", "surat.pdf", "application/pdf", b"%PDF")
TEMPLATES = {"letter_ready": "HX00000000000000000000000000000001", "reminder": ""}


async def publish(file: File) -> str:
    return f"https://loket.example/f/{file.name}"


@pytest.fixture
def whatsapp(account: TwilioAccount) -> WhatsAppChannel:
    return WhatsAppChannel(account, "+6285550000001", templates=TEMPLATES, publish=publish)


@pytest.fixture
def sms(account: TwilioAccount) -> SmsChannel:
    return SmsChannel(TwilioSms(account, "+15550000001"))


def words(text: str, **more: Any) -> Rendered:
    return Rendered(html=text, **more)


async def test_a_question_goes_out_with_its_choices_as_numbers(
    twilio: TwilioStandin, whatsapp: WhatsAppChannel
) -> None:
    twilio.refuse(method="Content", status=400, body={"code": 63041})
    buttons = [("y", "Ya"), ("n", "Tidak")]
    receipt = await whatsapp.send(
        TO, words("<b>Setuju?</b>", buttons=buttons, how="Balas dengan angka.")
    )
    (sent,) = twilio.sent
    assert sent.params == {
        "To": TO,
        "From": "whatsapp:+6285550000001",
        "Body": "*Setuju?*\n\n1. Ya\n2. Tidak\n\nBalas dengan angka.",
        "StatusCallback": "https://loket.example/twilio/status",
    }
    assert receipt.platform_id == sent.sid


async def test_a_long_text_is_cut(twilio: TwilioStandin, whatsapp: WhatsAppChannel) -> None:
    text = "\n\n".join(f"{number}. " + "🙏 mohon " * 40 for number in range(12))
    receipt = await whatsapp.send(TO, words(text))
    assert len(twilio.sent) > 1
    assert all(len(sent.text.encode("utf-16-le")) // 2 <= 1600 for sent in twilio.sent)
    assert "".join("".join(sent.text.split()) for sent in twilio.sent) == "".join(text.split())
    assert receipt.platform_id == twilio.sent[-1].sid


async def test_outside_the_window_the_approved_template_goes(
    twilio: TwilioStandin, whatsapp: WhatsAppChannel
) -> None:
    variables = {"1": "GT-2026-000012", "2": "Siti"}
    await whatsapp.send(TO, words("selesai", template="letter_ready", variables=variables))
    assert twilio.sent[0].params["ContentSid"] == TEMPLATES["letter_ready"]
    assert twilio.sent[0].params["ContentVariables"] == '{"1":"GT-2026-000012","2":"Siti"}'
    assert "Body" not in twilio.sent[0].params


@pytest.mark.parametrize("name", ["reminder", "unknown"])
async def test_without_an_approved_template_the_window_is_closed(
    name: str, twilio: TwilioStandin, whatsapp: WhatsAppChannel
) -> None:
    with pytest.raises(SendError) as caught:
        await whatsapp.send(TO, words("halo", template=name))
    assert caught.value.fault is Fault.WINDOW
    assert twilio.sent == []


async def test_a_picture_takes_its_words_along_and_other_files_go_first(
    twilio: TwilioStandin, whatsapp: WhatsAppChannel
) -> None:
    await whatsapp.send(TO, words("Nomor 12", files=[PICTURE]))
    await whatsapp.send(TO, words("Surat", files=[PICTURE, LETTER]))
    told = [(sent.text, sent.params.get("MediaUrl", "")[-9:]) for sent in twilio.sent]
    assert told == [
        ("Nomor 12", "/f/qr.png"),
        ("", "/f/qr.png"),
        ("", "surat.pdf"),
        ("Surat", ""),
    ]


async def test_where_files_cannot_be_published_the_words_go_alone(
    twilio: TwilioStandin, account: TwilioAccount
) -> None:
    channel = WhatsAppChannel(account, "whatsapp:+6285550000001")
    await channel.send(TO, words("Nomor 12", files=[PICTURE]))
    assert "MediaUrl" not in twilio.sent[0].params
    with pytest.raises(SendError, match="LOKET_PUBLIC_URL") as caught:
        await channel.send(TO, words("", files=[LETTER]))
    assert caught.value.fault is Fault.CONTENT


async def test_a_retry_goes_on_with_the_part_that_failed(
    twilio: TwilioStandin, whatsapp: WhatsAppChannel
) -> None:
    message = words("kata " * 700)
    twilio.refusals.clear()
    await whatsapp.send(TO, message)
    whole = [sent.text for sent in twilio.sent]
    twilio.sent.clear()
    twilio.refuse(slow=0.0)
    twilio.refuse(status=429, headers={"Retry-After": "4"}, body={"code": 20429})
    with pytest.raises(SendError) as caught:
        await whatsapp.send(TO, message)
    assert (caught.value.fault, caught.value.retry_after) == (Fault.LATER, 4.0)
    await whatsapp.send(TO, message)
    assert [sent.text for sent in twilio.sent] == whole


async def test_an_sms_is_plain_words_and_numbers(twilio: TwilioStandin, sms: SmsChannel) -> None:
    message = words("<b>Setuju?</b>", buttons=[("y", "Ya")], files=[PICTURE])
    await sms.send("+628120000001", message)
    assert twilio.sent[0].params == {
        "To": "+628120000001",
        "From": "+15550000001",
        "Body": "Setuju?\n\n1. Ya",
        "StatusCallback": "https://loket.example/twilio/status",
    }
    with pytest.raises(SendError) as caught:
        await sms.send("+628120000001", words("", files=[PICTURE]))
    assert caught.value.fault is Fault.CONTENT


async def test_a_messaging_service_is_named_as_such(
    twilio: TwilioStandin, account: TwilioAccount
) -> None:
    service = "MG00000000000000000000000000000001"
    await SmsChannel(TwilioSms(account, service)).send("+628120000001", words("halo"))
    await WhatsAppChannel(account, service).send(TO, words("halo"))
    assert [sent.params.get("MessagingServiceSid") for sent in twilio.sent] == [service] * 2


@pytest.mark.parametrize(
    ("theirs", "ours", "reached"),
    [
        ("https://api.twilio.com", "http://127.0.0.1:8080", False),
        ("https://api.twilio.com", "", False),
        ("https://api.twilio.com", "https://loket.example", True),
        ("http://127.0.0.1:9", "http://127.0.0.1:8080", True),
    ],
)
def test_an_address_that_twilio_cannot_reach_is_not_given_to_it(
    theirs: str, ours: str, reached: bool
) -> None:
    assert TwilioAccount(SID, TOKEN, theirs, ours).reaches_us is reached


async def test_without_an_address_no_callback_is_asked_for(twilio: TwilioStandin) -> None:
    account = TwilioAccount(SID, TOKEN, twilio.url)
    await WhatsAppChannel(account, "+6285550000001").send(TO, words("halo"))
    assert "StatusCallback" not in twilio.sent[0].params
    await account.close()


REFUSALS: list[tuple[int, int, Fault, dict[str, Any]]] = [
    (400, 21211, Fault.RECIPIENT, {"state": "invalid", "code": "21211"}),
    (400, 63003, Fault.RECIPIENT, {"state": "invalid"}),
    (400, 63024, Fault.RECIPIENT, {"state": "invalid"}),
    (400, 21610, Fault.RECIPIENT, {"state": "optedout"}),
    (400, 63014, Fault.RECIPIENT, {"state": "optedout"}),
    (400, 63007, Fault.SENDER, {}),
    (401, 20003, Fault.SENDER, {}),
    (404, 20404, Fault.SENDER, {}),
    (401, 0, Fault.SENDER, {"code": "401"}),
    (400, 63016, Fault.WINDOW, {}),
    (400, 63018, Fault.LATER, {"retry_after": 5.0}),
    (429, 20429, Fault.LATER, {"retry_after": 1.0}),
    (429, 0, Fault.LATER, {"retry_after": 1.0}),
    (400, 63021, Fault.CONTENT, {}),
    (400, 63032, Fault.LATER, {"retry_after": 21600.0}),
    (400, 63049, Fault.LATER, {"retry_after": 21600.0}),
    (400, 30008, Fault.LATER, {"retry_after": 0.0}),
    (400, 99999, Fault.CONTENT, {"code": "99999"}),
    (400, 0, Fault.CONTENT, {}),
    (503, 0, Fault.LATER, {"code": "503"}),
    (301, 0, Fault.LATER, {}),
    (201, 0, Fault.LATER, {}),
]


@pytest.mark.parametrize(("status", "code", "fault", "more"), REFUSALS)
async def test_a_refusal_has_its_meaning(
    status: int,
    code: int,
    fault: Fault,
    more: dict[str, Any],
    twilio: TwilioStandin,
    whatsapp: WhatsAppChannel,
) -> None:
    said = f"The 'To' number {TO} is not a valid phone number."
    twilio.refuse(status=status, body={"code": code or None, "message": said, "status": status})
    with pytest.raises(SendError) as caught:
        await whatsapp.send(TO, words("halo"))
    assert caught.value.fault is fault
    assert {key: getattr(caught.value, key) for key in more} == more
    assert "8120000001" not in str(caught.value)


async def test_a_message_that_fails_at_once_is_refused(
    twilio: TwilioStandin, whatsapp: WhatsAppChannel
) -> None:
    twilio.refuse(status=201, body={"sid": "SM1", "status": "failed", "error_code": 63024})
    with pytest.raises(SendError) as caught:
        await whatsapp.send(TO, words("halo"))
    assert caught.value.fault is Fault.RECIPIENT


async def test_the_login_is_in_no_error_and_no_log(
    twilio: TwilioStandin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    twilio.refuse(drop=True, done=True)
    for base in (twilio.url, "http://127.0.0.1:9"):
        account = TwilioAccount(SID, TOKEN, base)
        channel = WhatsAppChannel(account, "+6285550000001")
        with pytest.raises(SendError) as caught:
            await channel.send(TO, words("halo rahasia"))
        assert caught.value.fault is Fault.LATER
        assert caught.value.__suppress_context__
        with pytest.raises(SendError):
            await TwilioAccount(SID, "wrong", base).missed(TO, datetime(2026, 11, 20, tzinfo=UTC))
        await account.close()
    assert len(twilio.sent) == 1
    assert not any(secret in caplog.text for secret in (TOKEN, "8120000001", "rahasia"))


async def test_what_was_missed_is_read_like_a_webhook(
    twilio: TwilioStandin, whatsapp: WhatsAppChannel
) -> None:
    ours = "whatsapp:+6285550000001"
    twilio.files["ME1"] = ("image/jpeg", b"jpeg")
    url = twilio.media_url("ME1", "MM2")
    later = {"MessageSid": "MM2", "From": TO, "To": ours, "NumMedia": "1", "MediaUrl0": url}
    twilio.inbound += [
        {**later, "at": "1795421500"},
        {"MessageSid": "SM1", "From": TO, "To": ours, "Body": "halo", "at": "1795421400"},
        {"MessageSid": "SM3", "From": ours, "To": ours, "direction": "outbound-api"},
        {"MessageSid": "SM4", "From": TO, "To": "whatsapp:+6285550000009", "Body": "lain"},
    ]
    found = await whatsapp.missed(datetime(2026, 11, 20, tzinfo=UTC))
    assert [(event.key, event.address, event.event) for event in found] == [
        ("SM1", TO, Text("halo")),
        ("MM2", TO, Media(ref=url, mime="image/jpeg")),
    ]


async def test_the_standin_tells_statuses_signed() -> None:
    heard: list[tuple[dict[str, str], bool]] = []
    from aiohttp import web

    async def listen(request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        genuine = request.headers["X-Twilio-Signature"] == sign(str(request.url), form.items())
        heard.append((form, genuine))
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/twilio/status", listen)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    public = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with TwilioStandin(callbacks=("sent", "delivered")) as twilio:
        account = TwilioAccount(SID, TOKEN, twilio.url, public)
        await WhatsAppChannel(account, "+6285550000001").send(TO, words("halo"))
        from tests.standins.server import until

        await until(lambda: len(heard) == 2)
        await account.close()
    await runner.cleanup()
    assert [(form["MessageStatus"], genuine) for form, genuine in heard] == [
        ("sent", True),
        ("delivered", True),
    ]
