"""How lines are split into a command and its words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.grammar import Spoken, first_word, names_request, read, talk_of


@pytest.mark.parametrize(
    ("line", "spoken"),
    [
        ("/ambil 12", Spoken("ambil", "12", True)),
        ("ambil 12", Spoken("ambil", "12")),
        ("/AMBIL@LoketBot  12", Spoken("ambil", "12", True)),
        ("cmd:serahkan 12 sama", Spoken("serahkan", "12 sama", True)),
        ("  /bantuan  ", Spoken("bantuan", "", True)),
        ("/balas 12 satu\ndua", Spoken("balas", "12 satu\ndua", True)),
        ("12", None),
        ("", None),
        ("/", None),
        ("👍", None),
    ],
)
def test_a_line_is_a_command_and_its_words(line: str, spoken: Spoken | None) -> None:
    assert read(line) == spoken


@given(st.text())
def test_no_line_breaks_the_grammar(line: str) -> None:
    spoken = read(line)
    if spoken is not None:
        assert spoken.word == spoken.word.lower()
        first_word(spoken.rest)


@pytest.mark.parametrize("word", ["12", "#12", "dom12", "DOM-12", "DOM-26-0012", "001/DOM/2026"])
def test_these_name_a_request(word: str) -> None:
    assert names_request(word)


@pytest.mark.parametrize("word", ["ktp", "foto-gelap", "", "P", "2026tahun"])
def test_these_name_no_request(word: str) -> None:
    assert not names_request(word)


def test_a_conversation_is_named_by_its_contact() -> None:
    assert (talk_of("P12"), talk_of("p7"), talk_of("12"), talk_of("P")) == (12, 7, 0, 0)
