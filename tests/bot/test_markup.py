"""Markup: only four marks, and a person's own words never become one."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words.markup import (
    PLAIN,
    TELEGRAM,
    WHATSAPP,
    MarkupError,
    cut,
    numbered,
    plain,
    to_plain,
    to_telegram,
    to_whatsapp,
    units,
)

hostile = st.text(
    st.one_of(
        st.sampled_from("*_~`<>&\"'/ab1 \n\x00\u202e\ud83d😀\u0301>-"),
        st.characters(),
    ),
    max_size=60,
)
marked = st.recursive(
    hostile.map(plain),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map("".join),
        st.tuples(st.sampled_from(["b", "i", "code"]), hostile.map(plain)).map(
            lambda pair: f"<{pair[0]}>{pair[1]}</{pair[0]}>"
        ),
        hostile.map(lambda text: f'<a href="https://desk.id/lacak/a_b">{plain(text)}</a>'),
        hostile.map(lambda text: f"<b>{plain(text)} <i>{plain(text)}</i></b>"),
    ),
    max_leaves=12,
)


class Reader(HTMLParser):
    """What a platform sees: the tags in order, and the words."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.words += data


def obeyed_by_whatsapp(text: str) -> list[str]:
    """Formatting WhatsApp would find: marks at the edge of words, on one line, code anywhere."""
    found = re.findall(r"(?<![^\W_])([*_~])(?=\S)[^\n]*?\S?\1(?![^\W_])", text)
    return found + re.findall(r"`|^> ", text, re.MULTILINE)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize(
    ("html", "telegram", "whatsapp", "words"),
    [
        ("<b>Siap</b> diambil", "<b>Siap</b> diambil", "*Siap* diambil", "Siap diambil"),
        ("<b> Siap </b>ya", "<b> Siap </b>ya", " *Siap* ya", " Siap ya"),
        ("<b>a <i>b</i></b>", "<b>a <i>b</i></b>", "*a* *_b_*", "a b"),
        ("<b>satu\ndua</b>", "<b>satu\ndua</b>", "*satu*\n*dua*", "satu\ndua"),
        ("Rp<b>0</b>", "Rp<b>0</b>", "Rp0", "Rp0"),
        ("<code>DOM-1</code>", "<code>DOM-1</code>", "```DOM-1```", "DOM-1"),
        ("*tebal* &lt;b&gt; &amp;", "*tebal* &lt;b&gt; &amp;", "∗tebal∗ <b> &", "*tebal* <b> &"),
        ("a_b 2*3", "a_b 2*3", "a_b 2*3", "a_b 2*3"),
        ("&gt; kutip", "&gt; kutip", "› kutip", "> kutip"),
        (
            '<a href="https://x.id/a?b=1&amp;c=2">Lacak</a>.',
            '<a href="https://x.id/a?b=1&amp;c=2">Lacak</a>.',
            "Lacak: https://x.id/a?b=1&c=2.",
            "Lacak: https://x.id/a?b=1&c=2.",
        ),
        (
            '<a href="https://x.id/_a_">https://x.id/_a_</a>',
            '<a href="https://x.id/_a_">https://x.id/_a_</a>',
            "https://x.id/_a_",
            "https://x.id/_a_",
        ),
    ],
)
def test_each_channel_writes_the_marks_its_own_way(
    html: str, telegram: str, whatsapp: str, words: str
) -> None:
    assert (to_telegram(html), to_whatsapp(html), to_plain(html)) == (telegram, whatsapp, words)


@pytest.mark.parametrize(
    "html",
    [
        "<u>x</u>",
        "<b>x",
        "x</b>",
        "<b><i>x</b></i>",
        "<b><b>x</b></b>",
        "<script>alert(1)</script>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href="https://x" onclick="y">x</a>',
        "<!-- x -->",
        "1 < 2",
    ],
)
def test_anything_else_is_refused(html: str) -> None:
    with pytest.raises(MarkupError):
        to_telegram(html)


def test_an_error_does_not_repeat_the_words_of_a_person() -> None:
    with pytest.raises(MarkupError) as error:
        to_telegram("Budi 1409070101900001 <u>x")
    assert "1409" not in str(error.value)


@given(hostile)
def test_hostile_words_never_open_a_tag(words: str) -> None:
    read = Reader(to_telegram(f"<b>{plain(words)}</b>{plain(words)}"))
    assert [tag for tag in read.tags if tag not in {"b", "/b"}] == []
    assert len(read.tags) == (2 if words else 0)
    assert bool(to_plain(plain(words)).encode()) == bool(words)


@given(hostile)
def test_hostile_words_never_become_formatting_on_whatsapp(words: str) -> None:
    assert obeyed_by_whatsapp(to_whatsapp(plain(words))) == []
    assert obeyed_by_whatsapp(to_whatsapp(f"Nama: {plain(words)}\nAlamat: {plain(words)}")) == []


@given(marked, st.integers(2, 90))
def test_pieces_fit_and_rejoin_on_telegram(html: str, limit: int) -> None:
    pieces = cut(html, limit, TELEGRAM)
    read = [Reader(piece) for piece in pieces]
    assert all(0 < units(piece.words) <= limit for piece in read)
    assert all(piece.tags.count("b") == piece.tags.count("/b") for piece in read)
    assert all(to_telegram(piece) == piece for piece in pieces)
    words = Reader(to_telegram(html)).words
    assert squeezed("".join(piece.words for piece in read)) == squeezed(words)


@given(marked, st.integers(20, 90))
def test_pieces_fit_and_rejoin_in_words(html: str, limit: int) -> None:
    pieces = cut(html, limit, PLAIN)
    assert all(0 < units(piece) <= limit for piece in pieces)
    assert squeezed("".join(pieces)) == squeezed(to_plain(html))


@given(marked, st.integers(20, 90))
def test_pieces_fit_on_whatsapp_and_lose_no_letter(html: str, limit: int) -> None:
    pieces = cut(html, limit, WHATSAPP)
    assert all(0 < units(piece) <= limit for piece in pieces)
    letters = [[c for c in text if c.isalnum()] for text in ("".join(pieces), to_plain(html))]
    assert letters[0] == letters[1]


def test_a_long_message_is_cut_at_paragraphs_then_lines_then_words() -> None:
    assert cut("satu dua\n\ntiga empat", 12, PLAIN) == ["satu dua", "tiga empat"]
    assert cut("satu dua\ntiga empat", 12, PLAIN) == ["satu dua", "tiga empat"]
    assert cut("satu dua tiga", 9, PLAIN) == ["satu dua", "tiga"]
    assert cut("<b>satu dua</b>", 5, TELEGRAM) == ["<b>satu</b>", "<b>dua</b>"]
    assert cut("<b>satu dua</b>", 6, WHATSAPP) == ["*satu*", "*dua*"]
    assert cut("x" * 5000, 4096, TELEGRAM) == ["x" * 4096, "x" * 904]
    assert cut("", 10, PLAIN) == []


def test_a_sign_outside_the_basic_plane_is_never_halved() -> None:
    assert cut("😀" * 3, 5, TELEGRAM) == ["😀😀", "😀"]


def test_buttons_become_numbered_lines_where_there_are_none() -> None:
    buttons = [("a", "Ya & setuju"), ("b", "Tidak")]
    assert numbered("Setuju?", buttons, "Balas dengan angkanya.") == (
        "Setuju?\n\n1. Ya &amp; setuju\n2. Tidak\n\nBalas dengan angkanya."
    )
    assert numbered("Terima kasih.", [], "Balas dengan angkanya.") == "Terima kasih."
