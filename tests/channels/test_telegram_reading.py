"""Every kind of update, as a table: recorded payload → event."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from bot.channels.telegram_reading import callback_id, read_update
from flows.events import (
    Added,
    Blocked,
    ContactCard,
    Edited,
    Envelope,
    Location,
    Media,
    Migrated,
    Pressed,
    Started,
    Text,
    Unblocked,
    Unusable,
)
from tests.channels import recorded

CITIZEN, OFFICER = "512300871", "733900142"
FORUM, SMALL_GROUP = "-1002014567890", "-4012345678"


def citizen(event: Any) -> dict[str, Any]:
    return {"event": event, "address": CITIZEN, "profile": "Siti Contoh"}


def officer(event: Any, address: str = FORUM, **more: Any) -> dict[str, Any]:
    person = {"sender": OFFICER, "profile": "Budi Petugas", "group": True}
    return {"event": event, "address": address, **person, **more}


def nobody(event: Any) -> dict[str, Any]:
    """An event of a group whose author stays hidden: no officer, whatever their rights."""
    return {"event": event, "address": FORUM, "sender": "", "profile": "", "group": True}


def photo(ref: str, **more: str) -> Media:
    return Media(ref=ref, mime="image/jpeg", size=161203, **more)


ALBUM = "13920114411870001"
TABLE: dict[str, dict[str, Any]] = {
    "text": citizen(Text("Saya mau urus surat domisili 🙏")),
    "text_10000_characters": citizen(Text("surat pengantar " * 625)),
    "text_with_nul_and_marks": citizen(Text("Si\x00ti \u202eContoh\u202c ﷽ 👨‍👩‍👧")),
    "start": citizen(Started()),
    "start_deep_link": citizen(Started("undangan_7Kq2-x")),
    "command_in_private": citizen(Text("/status GT-2026-000012")),
    "command_in_group": officer(Text("/ambil 12")),
    "topic_text": officer(Text("Mohon fotonya diulang, Bu."), thread=93),
    "general_topic_text": officer(Text("/antrean"), thread=0),
    "text_reply_in_group": officer(Text("baik"), thread=0),
    "small_group_text": officer(Text("selamat pagi"), SMALL_GROUP),
    "anonymous_admin": nobody(Text("/antrean")),
    "sent_as_channel": nobody(Text("halo")),
    "photo": citizen(photo("AgACAgUAAxAy")),
    "photo_with_caption": citizen(photo("AgACAgUAAxBy", caption="KTP saya")),
    "album_first": citizen(photo("AgACAgUAAxCy", caption="KK lama", album=ALBUM)),
    "album_second": citizen(photo("AgACAgUAAxDy", album=ALBUM)),
    "document_pdf": citizen(
        Media(
            ref="BQACAgUAAxE1",
            kind="file",
            mime="application/pdf",
            size=240118,
            name="akta kematian.pdf",
            caption="akta",
        )
    ),
    "document_photo": citizen(
        Media(ref="BQACAgUAAxE2", kind="photo", mime="image/jpeg", size=3120555, name="KTP.JPG")
    ),
    "document_unnamed": citizen(Media(ref="BQACAgUAAxE3", kind="file")),
    "voice": citizen(Unusable("voice")),
    "audio": citizen(Unusable("voice")),
    "video": citizen(Unusable("video")),
    "video_note": citizen(Unusable("video")),
    "animation": citizen(Unusable("video")),
    "sticker": citizen(Unusable("sticker")),
    "dice": citizen(Unusable("sticker")),
    "poll": citizen(Unusable("poll")),
    "story": citizen(Unusable("unknown")),
    "location": citizen(Location(-0.497811, 101.443502)),
    "venue": citizen(Location(-0.4978, 101.4435)),
    "contact": citizen(ContactCard("+628120000001", "Siti Contoh")),
    "contact_without_name": citizen(ContactCard("628120000002")),
    "edited_text": citizen(Edited("Siti Aminah Contoh")),
    "edited_caption": citizen(Edited("KTP suami")),
    "button": citizen(Pressed("s:domisili")),
    "button_of_an_old_message": citizen(Pressed("s:domisili")),
    "button_in_topic": officer(Pressed("ambil:12"), thread=93),
    "blocked": citizen(Blocked()),
    "unblocked": citizen(Unblocked()),
    "added_to_group": officer(Added()),
    "added_as_admin": officer(Added()),
    "removed_from_group": officer(Blocked()),
    "migrated": officer(Migrated("-1002099999999"), SMALL_GROUP),
    "text_with_lone_surrogate": {"event": Text("halo ?"), "profile": "Siti ?"},
}
SENSELESS = {
    "added_to_channel",
    "automatic_forward",
    "business_message",
    "button_of_game",
    "button_of_inline_message",
    "channel_post",
    "chat_member",
    "command_for_another_bot",
    "edited_live_location",
    "inline_query",
    "made_admin",
    "members_joined",
    "migrated_from",
    "pinned_message",
    "reaction",
    "restricted_in_group",
    "shape_unknown",
    "topic_created",
    "unknown_in_group",
    "update_without_id",
}


def read(name: str) -> list[Envelope]:
    return read_update(recorded.update(name), "LoketUjiBot")


@pytest.mark.parametrize("name", TABLE)
def test_an_update_becomes_its_event(name: str) -> None:
    (found,) = read(name)
    assert {key: getattr(found, key) for key in TABLE[name]} == TABLE[name]
    assert found.channel == "telegram"
    assert found.key == str(recorded.update(name)["update_id"])


@pytest.mark.parametrize("name", sorted(SENSELESS))
def test_a_senseless_update_gives_nothing(name: str) -> None:
    assert read(name) == []


def test_every_recorded_payload_is_in_a_table() -> None:
    assert recorded.names("telegram") == set(TABLE) | SENSELESS


@pytest.mark.parametrize("name", sorted(TABLE))
def test_an_event_survives_being_stored(name: str) -> None:
    (found,) = read(name)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Envelope) == found


@pytest.mark.parametrize("payload", [{}, {"update_id": 1}, {"update_id": None, "message": []}])
def test_an_empty_or_broken_update_gives_nothing(payload: dict[str, Any]) -> None:
    assert read_update(payload) == []


def test_a_command_is_taken_while_the_own_name_is_not_known() -> None:
    (found,) = read_update(recorded.update("command_in_group"), "")
    assert found.event == Text("/ambil 12")


def test_a_pressed_button_tells_its_query() -> None:
    query = recorded.update("button")["callback_query"]["id"]
    assert callback_id(recorded.update("button")) == query
    assert callback_id(recorded.update("text")) == ""
    assert callback_id({"callback_query": "x"}) == ""


def test_no_prefix_of_a_message_breaks_the_reader() -> None:
    for name in sorted(recorded.names("telegram")):
        whole = recorded.update(name)
        for kind, body in whole.items():
            for left_out in body if isinstance(body, dict) else ():
                part = {key: value for key, value in body.items() if key != left_out}
                read_update(json.loads(json.dumps({**whole, kind: part})))
