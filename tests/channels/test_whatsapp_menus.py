"""WhatsApp's own buttons and lists: their sizes, made once, and numbers where Twilio refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.protocol import Fault, FetchError, File, Rendered, SendError
from bot.channels.twilio_account import TwilioAccount
from bot.channels.twilio_errors import refusal
from bot.channels.whatsapp import WhatsAppChannel
from bot.channels.whatsapp_menus import Forgetful, Menus, content_of, menu_of
from bot.words import markup
from tests.standins.twilio import TwilioStandin

TO = "whatsapp:+628120000001"
HOW = "Balas dengan angka."


@pytest.fixture
def whatsapp(account: TwilioAccount) -> WhatsAppChannel:
    return WhatsAppChannel(account, "+6285550000001", publish=publish)


async def publish(file: File) -> str:
    return f"https://loket.example/f/{file.name}"


def asking(labels: list[str], text: str = "<b>Pilih?</b>", **more: Any) -> Rendered:
    buttons = [(f"7:{n}", label) for n, label in enumerate(labels)]
    return Rendered(text, buttons, how=HOW, choose="Pilih", **more)


def filled(twilio: TwilioStandin, params: dict[str, str]) -> dict[str, Any]:
    """The content as the citizen's phone gets it."""
    (kind,) = twilio.contents[params["ContentSid"]]["types"].items()
    text = json.dumps(kind[1])
    for name, value in json.loads(params["ContentVariables"]).items():
        text = text.replace("{{%s}}" % name, json.dumps(value)[1:-1])  # noqa: UP031
    return {"kind": kind[0], **json.loads(text)}


async def test_up_to_three_short_choices_are_buttons(
    twilio: TwilioStandin, whatsapp: WhatsAppChannel
) -> None:
    await whatsapp.send(TO, asking(["Ya", "Tidak", "x" * 20]))
    (sent,) = twilio.sent
    assert filled(twilio, sent.params) == {
        "kind": "twilio/quick-reply",
        "body": "*Pilih?*",
        "actions": [
            {"title": "Ya", "id": "7:0"},
            {"title": "Tidak", "id": "7:1"},
            {"title": "x" * 20, "id": "7:2"},
        ],
    }
    assert "Body" not in sent.params


async def test_up_to_ten_choices_are_a_list(
    twilio: TwilioStandin, whatsapp: WhatsAppChannel
) -> None:
    await whatsapp.send(TO, asking([f"Desa {n}" for n in range(10)]))
    await whatsapp.send(TO, asking(["Surat keterangan tidak mampu", "KTP"]))
    whole, described = [filled(twilio, sent.params) for sent in twilio.sent]
    assert (whole["kind"], whole["button"]) == ("twilio/list-picker", "Pilih")
    assert whole["items"][9] == {"item": "Desa 9", "id": "7:9"}
    assert described["items"] == [
        {
            "item": "Surat keterangan tidak…",
            "id": "7:0",
            "description": "Surat keterangan tidak mampu",
        },
        {"item": "KTP", "id": "7:1", "description": "KTP"},
    ]


@pytest.mark.parametrize(
    "message",
    [
        asking([f"Desa {n}" for n in range(11)]),
        asking(["x" * 73, "y"]),
        Rendered("a", [("1:a", f"{n}") for n in range(4)], how=HOW),
        Rendered("a", [("x" * 201, "A")], how=HOW, choose="Pilih"),
    ],
)
async def test_what_does_not_fit_is_numbered(
    twilio: TwilioStandin, whatsapp: WhatsAppChannel, message: Rendered
) -> None:
    await whatsapp.send(TO, message)
    assert "1. " in twilio.sent[0].text
    assert HOW in twilio.sent[-1].text
    assert not twilio.contents


async def test_a_shape_is_made_once_and_remembered(
    twilio: TwilioStandin, account: TwilioAccount
) -> None:
    memory = Forgetful()
    for _ in range(2):
        channel = WhatsAppChannel(account, "+6285550000001", memory=memory)
        await channel.send(TO, asking(["Ya", "Tidak"], "Satu?"))
        await channel.send(TO, asking(["Setuju", "Batal"], "Dua?"))
    assert len(twilio.contents) == 1
    assert len(twilio.sent) == 4


async def test_a_long_question_comes_before_its_buttons(
    twilio: TwilioStandin, whatsapp: WhatsAppChannel
) -> None:
    picture = File("qr", "qr.png", "image/png", b"\x89PNG")
    await whatsapp.send(TO, asking(["Ya", "Tidak"], "kata " * 300, files=[picture]))
    file, first, last = twilio.sent
    assert file.params["MediaUrl"].endswith("qr.png")
    assert len(first.text) <= 1024
    assert filled(twilio, last.params)["body"].startswith("kata")


async def test_a_refused_menu_goes_as_numbers_and_rests(
    twilio: TwilioStandin, whatsapp: WhatsAppChannel
) -> None:
    twilio.refuse(method="Messages", status=400, body={"code": 63005})
    for _ in range(2):
        await whatsapp.send(TO, asking(["Ya", "Tidak"]))
    assert [sent.text for sent in twilio.sent] == [f"*Pilih?*\n\n1. Ya\n2. Tidak\n\n{HOW}"] * 2


async def test_trouble_is_no_refusal(twilio: TwilioStandin, whatsapp: WhatsAppChannel) -> None:
    twilio.refuse(method="Messages", status=503, body={})
    with pytest.raises(SendError) as caught:
        await whatsapp.send(TO, asking(["Ya", "Tidak"]))
    assert caught.value.fault is Fault.LATER
    await whatsapp.send(TO, asking(["Ya", "Tidak"]))
    assert "ContentSid" in twilio.sent[0].params


async def test_a_late_refusal_sends_the_menu_again_as_numbers(
    twilio: TwilioStandin, whatsapp: WhatsAppChannel
) -> None:
    receipt = await whatsapp.send(TO, asking(["Ya", "Tidak"]))
    gone = refusal(63024)
    assert whatsapp.menus.reconsidered("other", refusal(63005)).fault is Fault.CONTENT  # type: ignore[union-attr]
    again = whatsapp.menus.reconsidered(receipt.platform_id, refusal(63005))
    assert again is not None
    assert again.fault is Fault.LATER
    await whatsapp.send(TO, asking(["Ya", "Tidak"]))
    assert "1. Ya" in twilio.sent[-1].text
    assert whatsapp.menus.reconsidered(receipt.platform_id, gone) is gone
    assert whatsapp.menus.reconsidered(receipt.platform_id, None) is None


async def test_a_rested_shape_is_tried_again_after_an_hour(account: TwilioAccount) -> None:
    now = 0.0
    menus = Menus(account, clock=lambda: now)
    menu = menu_of("Pilih?", [("a", "A")], "Pilih")
    assert menu is not None
    menus.rest(menu.shape, refusal(63005))
    assert await menus.sid(menu) == ""
    now = 3601.0
    assert await menus.sid(menu) == "HX00000000000000000000000000000001"


@given(
    st.lists(st.text(min_size=1, max_size=80), min_size=1, max_size=12),
    st.text(min_size=1, max_size=1100),
)
def test_no_menu_is_larger_than_whatsapp_takes(labels: list[str], body: str) -> None:
    menu = menu_of(body, [(f"9:{n}", label) for n, label in enumerate(labels)], "Pilih")
    if menu is None:
        return
    ((kind, content),) = content_of(menu.shape)["types"].items()
    values = menu.variables
    assert set(content_of(menu.shape)["variables"]) == set(values)
    assert markup.units(values["1"]) <= 1024
    if kind == "twilio/quick-reply":
        assert len(content["actions"]) == len(labels) <= 3
        assert all(markup.units(label) <= 20 for label in labels)
        return
    assert len(content["items"]) == len(labels) <= 10
    for item in content["items"]:
        title = values[item["item"].strip("{}")]
        assert 0 < markup.units(title) <= 24
        described = item.get("description")
        assert described is None or markup.units(values[described.strip("{}")]) <= 72


async def test_a_stored_file_is_forgotten_at_twilio(
    twilio: TwilioStandin, whatsapp: WhatsAppChannel
) -> None:
    twilio.files["ME1"] = ("image/jpeg", b"\xff\xd8")
    await whatsapp.forget(twilio.media_url("ME1"))
    await whatsapp.forget(twilio.media_url("ME1"))
    await whatsapp.forget("https://elsewhere.example/ME1")
    assert twilio.deleted == ["ME1"]
    twilio.refuse(method="DeleteMedia", status=500, body={})
    with pytest.raises(FetchError):
        await whatsapp.forget(twilio.media_url("ME1"))
