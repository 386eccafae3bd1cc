"""Words made to be read as something else are only ever words, wherever they are shown."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from pypdf import PdfReader
from rich.console import Console

from bot.channels.pieces import pieces_of
from bot.engine.desk import Desk
from bot.letters import load_letter
from bot.terminal.drawing import _pieces
from bot.terminal.screens import told
from bot.terminal.sessions import harmless, plain
from bot.web.pages import page
from bot.web.tracking import tracked
from bot.words import markup
from flows.messages import Message, Part
from tests.conversations.runner import act
from tests.conversations.stage import Stage
from tests.flows.walking import the_wording
from tests.security.desk import happy, opened, say

SCRIPT = "<script>alert(1)</script><b>tebal</b>"
JINJA = "{{ 7*7 }}{% raw %}{{ office.__class__ }}"
TYPST = '#panic("x") $x$ *bold* _it_ \\ #image("/config.yaml") <label> @ref // c /* d'
FORMULA = '=cmd|"/C calc"!A1'
ESCAPE = "\x1b]0;diambil alih\x07\x1b[2J\x1b[31mmerah\x9b1m\x08\x7f"
HIDDEN = "\u202eterbalik\u2066\u200b\u200e\ufeff\u2028\u00ad"
NUL = "nol\x00nol\ud800"
HOSTILE = " ".join((SCRIPT, JINJA, TYPST, FORMULA, ESCAPE, HIDDEN, NUL))
MARKS = "*a* _b_ ~c~ `d` ```e``` [f](https://evil.example) >g"


def _steers(text: str) -> set[str]:
    """Return the signs in a text that steer a terminal or turn the reading direction."""
    unfit = {"Cc", "Cf", "Cs"}
    return {c for c in text if unicodedata.category(c) in unfit and c not in "\n\t\u200d"}


async def _file(stage: Stage) -> None:
    """File the happy request with hostile words for every answer in free words."""
    for step in happy("domisili").steps:
        said = step.inputs[0] if step.inputs else None
        if said is not None and not said.who:
            if said.text.startswith(("Dusun", "tahun", "membuka")):
                parts = {"D": HOSTILE[:190], "t": HOSTILE[:59], "m": HOSTILE[-190:]}
                await say(stage, parts[said.text[0]])
                continue
            if said.text == "status":
                continue
        await act(stage, step)


async def test_a_whole_request_of_hostile_words(tmp_path: Path) -> None:
    stage = await opened(tmp_path, happy("domisili"))
    try:
        await _file(stage)
        await say(stage, f"/catat 1 {HOSTILE} {MARKS}", "/lihat 1", "/cari Siti", who="Rina")
        for _, address in stage.people.values():
            for message in stage.telegram.sent[address]:
                assert "<script" not in message.html
                for form in (markup.TELEGRAM, markup.WHATSAPP, markup.PLAIN):
                    written = "".join(pieces_of(message, 1600, form, numbered=True))
                    assert not [c for c in written if unicodedata.category(c) in ("Cs",)]
                    assert "\x1b" not in written
                    assert "\x00" not in written
        shown = "".join(m.text for m in stage.telegram.sent[stage.people["Rina"][1]])
        # What the citizen wrote is there, as words.
        assert "{{ 7*7 }}" in shown
        assert "<script>alert(1)</script>" in shown
        letter = await load_letter(stage.desk, 1)
        assert letter is not None
        pages = PdfReader(io.BytesIO(letter.content)).pages
        text = " ".join("".join(p.extract_text() for p in pages).split())
        assert "<script>alert(1)</script>" in text
        assert "{{ 7*7 }}" in text
        desk = stage.desk
        row = await desk.db.read(lambda tx: tx.one("SELECT code FROM request"))
        assert row is not None
        found = await desk.db.read(lambda tx: tracked(tx, desk, row[0]))
        html = bytes(page(desk, "lacak", request=found, language="id", trial=False).body).decode()
        assert "script" not in html
        assert "Siti" not in html
    finally:
        await stage.close()


@pytest.mark.parametrize("words", [HOSTILE, MARKS, f"[red]x[/red] {ESCAPE}", HIDDEN, "x" * 5000])
def test_an_officers_terminal_is_not_steered(words: str) -> None:
    args = {"contact": 5, "name": words, "service": "", "channel": "telegram", "media": False}
    message = Message([Part("commands/talks/passed", {**args, "text": words})])
    desk = SimpleNamespace(wording=the_wording())
    line = told(cast(Desk, desk), message)
    assert line is not None
    line["table"] = {"keys": ["name"], "columns": ["Nama"], "rows": [[words]]}
    line["buttons"] = [["cmd:" + words, words], ["1:x", words]]
    line["files"] = [{"kind": "photo", "name": words}]
    assert _steers(harmless("\n".join(plain(line)))) == set()
    out = io.StringIO()
    console = Console(file=out, width=200, force_terminal=False, highlight=False)
    for piece in _pieces(line):
        console.print(piece)
    assert _steers(out.getvalue()) == set()
    if "[red]" in words:
        assert "[red]x[/red]" in out.getvalue()


def test_marks_of_a_citizen_are_no_marks_on_whatsapp() -> None:
    written = "".join(markup.cut(markup.plain(MARKS), 1600, markup.WHATSAPP))
    assert not set("*~`") & set(written)


def test_a_link_of_a_citizen_is_never_one() -> None:
    words = '<a href="https://evil.example">klik</a> javascript:alert(1)'
    assert markup.to_telegram(markup.plain(words)).startswith("&lt;a href=")
