"""Every letter is set for every choice that its service offers, and says what was answered."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import typst
from pypdf import PdfReader

from bot.letters.content import content_of
from bot.letters.rendering import render_letter
from bot.setup.config import load_config
from bot.setup.services import ROOT, read_services
from flows.checklist import holds
from flows.definition import Definition, Question
from storage.requests import Given
from tests.flows.walking import the_wording

CONFIG = load_config(ROOT / "config.yaml", {})
LETTERS = {id: one for id, one in read_services(CONFIG).items() if one.letter}
DATED = datetime(2026, 11, 24, tzinfo=UTC)
NUMBER = "400.12.2.1/012/KEC-GT/XI/2026"
VALUES = {
    "name": "Siti Aminah",
    "nik": "1409074101800001",
    "kk_number": "1409070101100001",
    "birth_date": "1980-01-01",
    "date": "2026-12-01",
    "past_date": "2026-11-01",
    "future_date": "2026-12-01",
    "period": "2026-12-12/2026-12-13",
    "times": "08:00-17:00",
    "village": "2010",
    "amount": "5250000",
    "count": "4",
    "area": "20000",
    "location": "-0.55123,101.61234",
    "phone": "+6281234567890",
    "yesno": "yes",
}
HOSTILE = '#eval("1") *x* $y$ <b> \\ @z _w_ `v`'


def answer(question: Question) -> str:
    """A likely value of a question; free words try to be markup."""
    if question.check == "choice":
        return question.choices[0]
    return VALUES.get(question.check, HOSTILE)


def answered(definition: Definition, chosen: dict[str, str]) -> dict[str, str]:
    """All that a citizen is asked who chooses so."""
    answers: dict[str, str] = {}
    for question in definition.questions:
        if holds(question.when, answers):
            answers[question.id] = chosen.get(question.id, answer(question))
    for group in definition.groups:
        if holds(group.when, answers):
            for member in range(2):
                prefix = f"{group.id}.{member}"
                answers |= {f"{prefix}.{q.id}": answer(q) for q in group.questions}
    return answers


def cases() -> Iterator[tuple[str, str, str]]:
    """Every service with every choice of every question."""
    for service, definition in LETTERS.items():
        yield service, "", ""
        for question in definition.questions:
            for choice in question.choices:
                yield service, question.id, choice


def content(service: str, answers: dict[str, str]) -> dict[str, Any]:
    """What the letter of a request with these answers is made of."""
    desk: Any = SimpleNamespace(config=CONFIG, wording=the_wording(), trial=False)
    row: Any = SimpleNamespace(number="X-26-0012")
    letter: Any = SimpleNamespace(number=NUMBER, dated="2026-11-24")
    return content_of(desk, LETTERS[service], row, Given(answers, {}), letter)


@pytest.mark.parametrize(("service", "question", "choice"), list(cases()))
def test_a_letter_says_what_was_answered(service: str, question: str, choice: str) -> None:
    definition = LETTERS[service]
    answers = answered(definition, {question: choice} if question else {})
    data = content(service, answers)
    pdf = render_letter(ROOT / "templates", definition.letter, data, DATED)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    text = re.sub(r"\s+", " ", " ".join(pages))
    assert NUMBER in text
    assert "Siti Aminah" in text
    assert "24 November 2026" in text
    assert CONFIG.signers[0].name in text
    assert "none" not in text.casefold()
    assert len(pages) <= 2


@pytest.mark.parametrize("service", list(LETTERS))
def test_the_signature_never_stands_alone_on_a_page(service: str) -> None:
    definition = LETTERS[service]
    pdf = render_letter(
        ROOT / "templates", definition.letter, content(service, answered(definition, {})), DATED
    )
    last = PdfReader(io.BytesIO(pdf)).pages[-1].extract_text()
    assert CONFIG.signers[0].name in last
    assert "Demikian" in last or "Demikianlah" in last


WORDS = {
    0: "nol",
    11: "sebelas",
    15: "lima belas",
    20: "dua puluh",
    100: "seratus",
    119: "seratus sembilan belas",
    1000: "seribu",
    1999: "seribu sembilan ratus sembilan puluh sembilan",
    2001: "dua ribu satu",
    101_000: "seratus satu ribu",
    1_000_000: "satu juta",
    50_250_000: "lima puluh juta dua ratus lima puluh ribu",
    1_000_000_000: "satu miliar",
    10**12: "satu triliun",
}


@pytest.mark.parametrize(("number", "words"), WORDS.items())
def test_numbers_are_written_in_words(number: int, words: str) -> None:
    source = f'#import "letters/office.typ": in-words\n#metadata(in-words({number})) <words>'
    data = msgspec.json.encode(content("domisili", {})).decode()
    compiler = typst.Compiler(
        source.encode(),
        root=str(ROOT / "templates"),
        ignore_system_fonts=True,
        sys_inputs={"data": data},
    )
    found = compiler.query("<words>", field="value", one=True)
    assert msgspec.json.decode(found) == words
