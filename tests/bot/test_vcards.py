"""Visiting cards that come as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.papers.vcards import read_card
from flows.events import ContactCard, Media
from tests.office import office

CARD = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Contoh;Joko;;;\r\nFN:Joko\\, Contoh\r\n"
    "item1.TEL;waid=6281200000009:+62 812-0000-0009\r\nitem1.X-ABLabel:Ponsel\r\nEND:VCARD\r\n"
)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (CARD, ContactCard("+6281200000009", "Joko, Contoh")),
        ("TEL;TYPE=CELL:0812 0000 0009", ContactCard("+6281200000009")),
        ("TEL;VALUE=uri:tel:+62-812-0000-0009", ContactCard("+6281200000009")),
        ("TEL:+62812\r\n 00000009\r\nTEL:+6281200000010", ContactCard("+6281200000009")),
        ("FN:Joko\r\nEMAIL:a@b.example", None),
        ("TEL:123", None),
        ("\xff\x00", None),
        ("", None),
    ],
)
def test_the_first_number_of_a_card_counts(content: str, found: ContactCard | None) -> None:
    assert read_card(content.encode("latin-1")) == found


async def test_a_card_is_fetched_and_is_a_shared_number(tmp_path: Path) -> None:
    async with office(tmp_path) as it:
        it.channel.files["card"] = CARD.encode()
        await it.event("1", Media("card", "card", "text/vcard"))
        shared = it.last("1").text
        await it.event("2", ContactCard("+6281200000009", "Joko"))
        assert it.last("2").text == shared
        await it.event("3", Media("gone", "card", "text/vcard"))
        assert it.last("3").text != shared
