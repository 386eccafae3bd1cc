"""Every kind of form, as a table: recorded payload → events; and statuses."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest

from bot.channels.protocol import Fault
from bot.channels.twilio_reading import RANK, channel_of, read_form, read_status
from flows.events import (
    AnyEvent,
    Blocked,
    Envelope,
    Location,
    Media,
    Pressed,
    Text,
    Unblocked,
    Unusable,
)
from tests.channels import recorded

NUMBER, SCOPED = "whatsapp:+628120000001", "whatsapp:ID.13491208655302741918"


def media(form: str, place: int = 0, **more: Any) -> Media:
    found = recorded.form(form)
    mime = found[f"MediaContentType{place}"]
    kind = "photo" if mime.startswith("image/") else "file"
    return Media(ref=found[f"MediaUrl{place}"], kind=kind, mime=mime, **more)


def album(name: str) -> list[AnyEvent]:
    key = recorded.form(name)["MessageSid"]
    first = media(name, 0, caption="KTP, KK", album=key)
    return [first, media(name, 1, album=key), media(name, 2, album=key)]


TABLE: dict[str, list[AnyEvent]] = {
    "text": [Text("Saya mau urus surat domisili 🙏")],
    "text_with_scoped_id": [Text("halo")],
    "text_without_number": [Text("halo lagi")],
    "text_from_nowhere_but_an_id": [Text("halo")],
    "text_with_another_wa_id": [Text("halo")],
    "text_forwarded": [Text("diteruskan")],
    "text_from_an_advertisement": [Text("info")],
    "text_repeated_field": [Text("halo")],
    "text_10000_characters": [Text("surat pengantar " * 625)],
    "text_with_nul": [Text("Si\x00ti \u202eContoh")],
    "photo": [media("photo")],
    "photo_with_caption": [media("photo_with_caption", caption="KTP saya")],
    "several_media": album("several_media"),
    "document_pdf": [media("document_pdf", name="akta kematian.pdf")],
    "document_with_caption": [
        media("document_with_caption", caption="ini akta almarhum bapak saya")
    ],
    "voice": [Unusable("voice")],
    "video": [Unusable("video")],
    "sticker": [Unusable("sticker")],
    "contact": [Media(recorded.form("contact")["MediaUrl0"], "card", "text/vcard")],
    "media_without_address": [Unusable("unknown")],
    "button": [Pressed("ya")],
    "button_without_payload": [Text("Ya, setuju")],
    "list": [Pressed("s:domisili")],
    "location": [Location(-0.497811, 101.443502)],
    "location_unreadable": [Unusable("unknown")],
    "unsupported": [Unusable("unknown")],
    "future_kind": [Unusable("unknown")],
    "sms_text": [Text("STATUS GT-2026-000012")],
    "sms_stop": [Blocked()],
    "sms_start": [Unblocked()],
    "sms_empty": [Unusable("unknown")],
    "reaction": [],
    "no_sid": [],
    "no_sender": [],
    "nothing": [],
}
STATUSES = {
    "status_accepted": ("accepted", 0),
    "status_queued": ("queued", 0),
    "status_sending": ("sending", 0),
    "status_sent": ("sent", 0),
    "status_delivered": ("delivered", 0),
    "status_read": ("read", 0),
    "status_undelivered": ("undelivered", 63016),
    "status_failed": ("failed", 63024),
}


@pytest.mark.parametrize("name", TABLE)
def test_a_form_becomes_its_events(name: str) -> None:
    found = read_form(recorded.form(name))
    assert [envelope.event for envelope in found] == TABLE[name]
    key = recorded.form(name).get("MessageSid", "")
    assert [envelope.key for envelope in found] == [
        key if place == 0 else f"{key}/{place}" for place in range(len(found))
    ]
    for envelope in found:
        assert envelope.channel == ("sms" if name.startswith("sms") else "whatsapp")
        assert msgspec.json.decode(msgspec.json.encode(envelope), type=Envelope) == envelope


@pytest.mark.parametrize(
    ("name", "address", "aliases"),
    [
        ("text", NUMBER, ()),
        ("text_with_scoped_id", NUMBER, (SCOPED,)),
        ("text_without_number", SCOPED, ()),
        ("text_from_nowhere_but_an_id", SCOPED, ()),
        ("text_with_another_wa_id", "whatsapp:+6208120000009", ("whatsapp:+628120000009",)),
        ("sms_text", "+628120000002", ()),
    ],
)
def test_a_person_is_known_under_every_name(
    name: str, address: str, aliases: tuple[str, ...]
) -> None:
    (found,) = read_form(recorded.form(name))
    assert (found.address, found.aliases) == (address, aliases)
    assert found.profile == ("" if name == "sms_text" else "Siti Contoh")


def test_every_recorded_payload_is_in_a_table() -> None:
    assert recorded.names("twilio") == set(TABLE) | set(STATUSES) | {"status_unknown"}


@pytest.mark.parametrize("name", STATUSES)
def test_a_status_is_read_and_is_no_message(name: str) -> None:
    found = read_status(recorded.form(name))
    assert found is not None
    assert (found.status, found.code) == STATUSES[name]
    assert found.platform_id == recorded.form(name)["MessageSid"]
    assert read_form(recorded.form(name)) == []


def test_what_is_no_status_is_not_read_as_one() -> None:
    for name in ("text", "nothing", "status_unknown"):
        assert read_status(recorded.form(name)) is None


def test_a_failed_status_says_the_same_as_a_refusal() -> None:
    said = {}
    for name in STATUSES:
        status = read_status(recorded.form(name))
        assert status is not None
        error = status.error()
        said[name] = error and error.fault
    assert said["status_undelivered"] is Fault.WINDOW
    assert said["status_failed"] is Fault.RECIPIENT
    assert said["status_delivered"] is None


def test_statuses_in_any_order_end_with_the_highest() -> None:
    for order in itertools.permutations(("sent", "delivered", "read", "sending")):
        last = ""
        for status in order:
            last = status if RANK[status] > RANK.get(last, 0) else last
        assert last == "read"
    assert RANK["failed"] > RANK["sent"]
    assert RANK["delivered"] > RANK["undelivered"]


def test_the_channel_is_told_by_the_addresses() -> None:
    assert channel_of(recorded.form("text")) == "whatsapp"
    assert channel_of(recorded.form("text_from_nowhere_but_an_id")) == "whatsapp"
    assert channel_of(recorded.form("sms_text")) == "sms"


def test_no_field_left_out_breaks_the_reader() -> None:
    broken: list[Any] = [None, "x", "-1", "9" * 20, "\ud800", b"bytes"]
    for name in sorted(recorded.names("twilio")):
        whole = dict(recorded.form(name))
        for field in whole:
            read_form({key: value for key, value in whole.items() if key != field})
            for value in broken:
                for envelope in read_form({**whole, field: value}):
                    msgspec.json.encode(envelope)
                read_status({**whole, field: value})
