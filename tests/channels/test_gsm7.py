"""What an SMS holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import gsm7
from bot.words import markup


@pytest.mark.parametrize(
    ("text", "size", "pieces"),
    [
        ("", 0, 1),
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("€" * 80, 160, 1),
        ("[x]", 5, 1),
        ("ж" * 70, 70, 1),
        ("ж" * 71, 71, 2),
        ("😀" * 35, 70, 1),
        ("😀" * 36, 72, 2),
    ],
)
def test_pieces_are_counted_as_they_are_billed(text: str, size: int, pieces: int) -> None:
    assert (gsm7.size(text), gsm7.pieces(text)) == (size, pieces)


@pytest.mark.parametrize(
    ("rich", "plain"),
    [
        ("“Ya” – ‘tidak’…", "\"Ya\" - 'tidak'..."),
        ("08.00–16.00", "08.00-16.00"),
        ("⚠️ Penting", " Penting"),
        ("Café Ōsaka", "Café Osaka"),
        ("Жанна", "Жанна"),
        ("tidak\u00a0putus\u200b", "tidak putus"),
    ],
)
def test_what_is_harmless_becomes_plain(rich: str, plain: str) -> None:
    assert gsm7.simplified(rich) == plain


@given(st.text(max_size=900))
def test_a_text_is_cut_into_what_a_phone_joins(text: str) -> None:
    for piece in markup.cut(markup.plain(text), gsm7.room(2), gsm7.SMS):
        assert gsm7.pieces(piece) <= 2


def test_a_long_text_of_plain_letters_fills_its_pieces() -> None:
    cut = markup.cut("kata " * 400, gsm7.room(8), gsm7.SMS)
    assert len(cut) == 2
    assert all(gsm7.pieces(piece) <= 8 for piece in cut)
