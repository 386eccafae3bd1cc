"""Wording: keys and arguments become words, in the person's language, never as markup."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words.markup import to_plain, to_telegram
from bot.words.wording import KeyMissing, Wording, WordsBroken
from flows.messages import Button, Message, Part

FACTS = {
    "name": "Kecamatan Gunung Toar",
    "villages": [SimpleNamespace(id="2001", name="Pulau Mungkur")],
    "zone": "Asia/Jakarta",
}
FILES = {
    "messages/id/common.yaml": """
answer_with_number: Balas dengan <b>angkanya</b>.
ask:
  nik: "Berapa NIK Bapak/Ibu?"
label:
  nik: NIK
  name: "Nama & gelar"
button:
  yes: Ya
  no: Tidak
""",
    "messages/id/conversation.yaml": """
greeting: "Selamat datang di <b>{{ office.name }}</b>."
told: |
  {{ words }}
summary: |-
  {% for line in lines %}
  {{ line.label|label }}: {{ line|shown }}
  {% endfor %}
promised: "{{ day|day }} · {{ at|datetime }} · {{ sum|rupiah }} · {{ nik|mask }}"
broken: "{{ words.upper( }}"
""",
    "messages/id/services/domisili.yaml": """
title: Surat keterangan domisili
choice:
  purpose:
    bank: Membuka rekening
ask:
  purpose: "Untuk apa suratnya?"
""",
    "messages/en/common.yaml": """
ask:
  nik: "What is your NIK?"
button:
  yes: "Yes"
""",
    "messages/en/conversation.yaml": """
greeting: "Welcome to <b>{{ office.name }}</b>."
promised: "{{ day|day }} · {{ at|datetime }} · {{ sum|rupiah }} · {{ nik|mask }}"
""",
    "commands/queue.j2": "Antrean: {{ total }} · <b>{{ office.name }}</b>",
    "pages/track.html": "<p class=x>{{ name }} {{ day|date }}</p>",
}


def desk_words(root: Path, **more: str) -> Wording:
    for name, text in {**FILES, **more}.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return Wording(root, ["id", "en"], FACTS)


@pytest.fixture(scope="module")
def wording(tmp_path_factory: pytest.TempPathFactory) -> Wording:
    return desk_words(tmp_path_factory.mktemp("templates"))


def say(wording: Wording, key: str, language: str = "id", **args: object) -> str:
    return wording.render(Message([Part(key, args)], language=language)).text


def test_parts_are_joined_by_an_empty_line(wording: Wording) -> None:
    message = Message([Part("conversation.greeting"), Part("common.ask.nik")])
    worded = wording.render(message)
    assert worded.html == (
        "Selamat datang di <b>Kecamatan Gunung Toar</b>.\n\nBerapa NIK Bapak/Ibu?"
    )
    assert worded.text == "Selamat datang di Kecamatan Gunung Toar.\n\nBerapa NIK Bapak/Ibu?"


def test_buttons_have_labels_in_the_language_of_the_message(wording: Wording) -> None:
    buttons = [Button("1:y", "common.button.yes"), Button("1:n", "common.button.no")]
    literal = Button("1:v", text="<Toar>")
    worded = wording.render(Message([], buttons=[*buttons, literal], language="en"))
    assert worded.buttons == [("1:y", "Yes"), ("1:n", "Tidak"), ("1:v", "<Toar>")]
    assert worded.how == "Balas dengan <b>angkanya</b>."


@pytest.mark.parametrize(
    ("language", "key", "words"),
    [
        ("id", "domisili.ask.purpose", "Untuk apa suratnya?"),
        ("id", "domisili.ask.nik", "Berapa NIK Bapak/Ibu?"),
        ("en", "domisili.ask.nik", "What is your NIK?"),
        ("en", "domisili.ask.purpose", "Untuk apa suratnya?"),
        ("min", "domisili.ask.nik", "Berapa NIK Bapak/Ibu?"),
    ],
)
def test_a_key_falls_back_to_common_then_to_indonesian(
    wording: Wording, language: str, key: str, words: str
) -> None:
    assert say(wording, key, language) == words


def test_a_missing_key_is_named_with_its_language(wording: Wording) -> None:
    with pytest.raises(KeyMissing, match=r'"domisili.ask.nothing" in "en"'):
        say(wording, "domisili.ask.nothing", "en")
    with pytest.raises(KeyMissing, match=r'"conversation.ask.nik"'):
        say(wording, "conversation.ask.nik")
    with pytest.raises(KeyMissing, match=r'"commands/nothing"'):
        say(wording, "commands/nothing")


def test_a_label_is_plain_words_and_empty_where_there_is_none(wording: Wording) -> None:
    assert wording.label("id", "domisili.label.name") == "Nama & gelar"
    assert wording.label("en", "domisili.label.nik") == "NIK"
    assert wording.label("id", "domisili") == "Surat keterangan domisili"
    assert wording.label("id", "domisili.label.nothing") == ""
    assert wording.label("id", "") == ""


def test_a_list_is_shown_line_by_line(wording: Wording) -> None:
    lines = [
        {"label": "domisili.label.name", "check": "name", "value": "<b>Siti</b>", "choice": ""},
        {"label": "domisili.label.nik", "check": "village", "value": "2001", "choice": ""},
        {
            "label": "domisili.label.nik",
            "check": "choice",
            "value": "bank",
            "choice": "domisili.choice.purpose.bank",
        },
    ]
    assert say(wording, "conversation.summary", lines=lines) == (
        "Nama & gelar: <b>Siti</b>\nNIK: Pulau Mungkur\nNIK: Membuka rekening"
    )


@pytest.mark.parametrize(
    ("check", "value", "shown"),
    [
        ("name", "Siti", "Siti"),
        ("village", "2001", "Pulau Mungkur"),
        ("birth_date", "1998-03-12", "12 Maret 1998"),
        ("future_date", "2027-01-01", "1 Januari 2027"),
        ("amount", "1250000", "Rp1.250.000"),
        ("phone", "+6281234567890", "0812-3456-7890"),
        ("yesno", "yes", "Ya"),
        ("name", "", "–"),
    ],
)
def test_answers_are_shown_as_people_write_them(
    wording: Wording, check: str, value: str, shown: str
) -> None:
    line = {"label": "domisili.label.nik", "check": check, "value": value, "choice": ""}
    assert say(wording, "conversation.summary", lines=[line]) == f"NIK: {shown}"


def test_values_look_as_the_language_writes_them(wording: Wording) -> None:
    args = {
        "day": "2026-11-12",
        "at": "2026-11-12T02:05:00+00:00",
        "sum": 1250000,
        "nik": "1409070101900001",
    }
    assert say(wording, "conversation.promised", **args) == (
        "Kamis, 12 November 2026 · 12 November 2026, 09.05 · Rp1.250.000 · 1409**********01"
    )
    assert say(wording, "conversation.promised", "en", **args) == (
        "Thursday, 12 November 2026 · 12 November 2026, 09:05 · Rp1,250,000 · 1409**********01"
    )


def test_officers_answers_and_pages_use_the_same_words(wording: Wording) -> None:
    assert say(wording, "commands/queue", total=3) == "Antrean: 3 · Kecamatan Gunung Toar"
    page = wording.page("track", name="<script>", day="1998-03-12", language="en")
    assert page == "<p class=x>&lt;script&gt; 12 March 1998</p>"


@given(st.text())
def test_a_persons_words_stay_words(wording: Wording, words: str) -> None:
    html = wording.render(Message([Part("conversation.told", {"words": words})])).html
    assert "<" not in html
    assert to_telegram(html).count("<") == 0
    assert to_plain(html) == to_plain(html.strip())


def test_a_template_in_a_persons_words_is_not_run(wording: Wording) -> None:
    assert say(wording, "conversation.told", words="{{ 7 * 7 }}") == "{{ 7 * 7 }}"


def test_a_missing_argument_is_named_without_the_other_arguments(wording: Wording) -> None:
    with pytest.raises(WordsBroken) as error:
        say(wording, "conversation.promised", day="2026-01-01", nik="1409070101900001")
    assert "at" in str(error.value)
    assert "1409" not in str(error.value)


def test_templates_cannot_reach_the_machine(tmp_path: Path) -> None:
    escape = 'bad: "{{ \'\'.__class__.__mro__ }}"\nadd: "{{ items.append(1) }}"\n'
    wording = desk_words(tmp_path, **{"messages/id/extra.yaml": escape})
    with pytest.raises(WordsBroken):
        say(wording, "extra.bad")
    with pytest.raises(WordsBroken):
        say(wording, "extra.add", items=[])


def test_check_names_file_line_and_key(tmp_path: Path) -> None:
    wording = desk_words(tmp_path, **{"messages/id/extra.yaml": "ok: yes\ntwice: a\ntwice: b\n"})
    problems = [str(problem) for problem in wording.check()]
    assert any("conversation.yaml:10: conversation.broken" in one for one in problems)
    assert any("extra.yaml:3: twice" in one for one in problems)
    assert len(problems) == 2


def test_missing_lists_what_a_language_lacks(wording: Wording) -> None:
    assert wording.missing(["domisili.ask.nik", "domisili.ask.purpose", "x.y"]) == [
        ("en", "domisili.ask.purpose"),
        ("id", "x.y"),
        ("en", "x.y"),
    ]
    assert wording.variables("id", "conversation.promised") == {"day", "at", "sum", "nik"}


def test_words_are_plain_text_that_can_be_written_down(wording: Wording) -> None:
    """A message of several parts is told apart by its bytes: what marks text as safe has none."""
    button = Button("yes", "common.button.yes")
    said = wording.render(Message([Part("common.ask.nik")], buttons=[button]))
    assert [type(one) for one in (said.html, said.how, *said.buttons[0])] == [str] * 4
