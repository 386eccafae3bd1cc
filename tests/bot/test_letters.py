"""Every letter is set for every choice that its service offers, and says what was answered."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import typst
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec import structs
from PIL import Image
from pypdf import PdfReader

from bot.letters.content import content_of
from bot.letters.rendering import render_letter
from bot.setup.config import load_config
from bot.setup.services import ROOT, read_services
from bot.setup.settings import Config, Signer
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
Value = Callable[[Question], str]
HOSTILE = '#eval("1") *x* $y$ <b> \\ @z _w_ `v`'


def answer(question: Question) -> str:
    """A likely value of a question; free words try to be markup."""
    if question.check == "choice":
        return question.choices[0]
    return VALUES.get(question.check, HOSTILE)


def answered(
    definition: Definition, chosen: dict[str, str], members: int = 2, value: Value = answer
) -> dict[str, str]:
    """All that a citizen is asked who chooses so."""
    answers: dict[str, str] = {}
    for question in definition.questions:
        if holds(question.when, answers):
            answers[question.id] = chosen.get(question.id, value(question))
    for group in definition.groups:
        if holds(group.when, answers):
            for member in range(members):
                prefix = f"{group.id}.{member}"
                answers |= {f"{prefix}.{q.id}": value(q) for q in group.questions}
    return answers


def cases() -> Iterator[tuple[str, str, str]]:
    """Every service with every choice of every question."""
    for service, definition in LETTERS.items():
        yield service, "", ""
        for question in definition.questions:
            for choice in question.choices:
                yield service, question.id, choice


def content(
    service: str, answers: dict[str, str], signer: str = "", config: Config = CONFIG
) -> dict[str, Any]:
    """What the letter of a request with these answers is made of."""
    desk: Any = SimpleNamespace(config=config, wording=the_wording(), trial=False)
    row: Any = SimpleNamespace(number="X-26-0012")
    letter: Any = SimpleNamespace(number=NUMBER, dated="2026-11-24")
    return content_of(desk, LETTERS[service], row, Given(answers, {}), letter, signer)


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


words = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGH", min_size=1, max_size=34)
"""As names and places are written, with words far longer than any that is known."""


def as_long_as_allowed(draw: st.DrawFn) -> Value:
    """Values as long as the forms take them: names of 80 characters, addresses of 200."""

    def value(question: Question) -> str:
        if question.check not in ("name", "text", "address", "place"):
            return answer(question)
        most = 80 if question.check == "name" else min(question.most or 200, 200)
        written = " ".join(draw(st.lists(words, min_size=3, max_size=12)))
        return (written * (most // len(written) + 1))[:most].strip()

    return value


def ink_in_margins(data: dict[str, Any], template: str) -> list[int]:
    """The pages on which something stands where only white paper may be, left or right."""
    pages = typst.compile(
        str(ROOT / "templates" / "letters" / f"{template}.typ"),
        root=str(ROOT / "templates"),
        format="png",
        ppi=50,
        ignore_system_fonts=True,
        sys_inputs={"data": msgspec.json.encode(data).decode()},
    )
    found = []
    for number, page in enumerate(pages if isinstance(pages, list) else [pages], 1):
        picture = Image.open(io.BytesIO(page)).convert("L")
        wide, high = picture.size
        left = picture.crop((0, 0, int(wide * 2.35 / 21), high))
        right = picture.crop((int(wide * (21 - 2.05) / 21), 0, wide, high))
        if min(left.getextrema()[0], right.getextrema()[0]) < 250:
            found.append(number)
    return found


@pytest.mark.parametrize("service", list(LETTERS))
@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(drawn=st.data())
def test_the_longest_values_stay_on_the_paper(service: str, drawn: st.DataObject) -> None:
    definition = LETTERS[service]
    answers = answered(definition, {}, 6, as_long_as_allowed(drawn.draw))
    data = content(service, answers)
    assert ink_in_margins(data, definition.letter) == []
    pdf = render_letter(ROOT / "templates", definition.letter, data, DATED)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    assert "Demikian" in squeezed(pages[-1])
    assert CONFIG.signers[0].nip in squeezed(pages[-1])
    for path, value in answers.items():
        if path.endswith("name") or path == "name":
            assert squeezed(value) in squeezed(" ".join(pages)), path


def squeezed(text: str) -> str:
    """The letters alone: lines are broken where they must be."""
    return re.sub(r"[\s\u200b]+", "", unicodedata.normalize("NFKC", text))


HEAD = Signer(id="kasi", title="Kepala Seksi Pemerintahan", name="Contoh Nama Kasi", nip="3")


@pytest.mark.parametrize(
    ("signer", "lines"),
    [
        (HEAD, ["Kepala Seksi Pemerintahan,", "Contoh Nama Kasi"]),
        (
            structs.replace(HEAD, title="Camat Gunung Toar", acting="Plt."),
            ["Plt. Camat Gunung Toar,", "Contoh Nama Kasi"],
        ),
        (
            structs.replace(HEAD, on_behalf="Camat Gunung Toar"),
            ["a.n. Camat Gunung Toar", "Kepala Seksi Pemerintahan,", "Contoh Nama Kasi"],
        ),
        (
            structs.replace(HEAD, on_behalf="Camat Gunung Toar", through="Sekretaris Camat"),
            [
                "a.n. Camat Gunung Toar",
                "Sekretaris Camat,",
                "u.b.",
                "Kepala Seksi Pemerintahan,",
                "Contoh Nama Kasi",
            ],
        ),
    ],
)
@pytest.mark.parametrize("service", ["domisili", "pindah"])
def test_who_signs_is_written_as_officials_do(
    service: str, signer: Signer, lines: list[str]
) -> None:
    config = structs.replace(CONFIG, signers=[*CONFIG.signers, signer])
    data = content(service, answered(LETTERS[service], {}), "kasi", config)
    pdf = render_letter(ROOT / "templates", LETTERS[service].letter, data, DATED)
    text = PdfReader(io.BytesIO(pdf)).pages[-1].extract_text()
    places = [text.rindex(line) for line in lines]
    assert places == sorted(places)


def test_the_office_says_who_signs_what_unless_an_officer_does() -> None:
    config = structs.replace(CONFIG, signed_by={"domisili": "sekcam"})
    assert config.signer_of("domisili").id == "sekcam"
    assert config.signer_of("usaha").id == "camat"
    assert config.signer_of("domisili", "camat").id == "camat"
    assert config.signer_of("usaha", "who left").id == "camat"


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
