"""The texts themselves: complete in every language, agreeing with the code that says them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.setup.config import load_config
from bot.setup.facts import office_facts
from bot.words.markup import parse, to_plain
from bot.words.translation import problems_in
from bot.words.wording import Wording
from flows.keys import keys_of
from flows.loader import load_definitions
from flows.messages import Message, Part
from flows.understanding import anywhere

ROOT = Path(__file__).parents[2]
CONFIG = load_config(ROOT / "config.yaml", {})
COMPLETE = CONFIG.languages
LANGUAGES = CONFIG.spoken
OTHERS = tuple(language for language in COMPLETE if language != "id")
PARTIAL = CONFIG.partial_languages
WORDING = Wording(ROOT / "templates", LANGUAGES, office_facts(CONFIG))
KEYS = sorted(WORDING.keys("id"))
DEFINITIONS = load_definitions(
    {
        file.name: file.read_text(encoding="utf-8")
        for file in (ROOT / "flows" / "services").glob("*.yaml")
    }
)
BUTTON = re.compile(r"(common\.button|groups)\.|\w+\.short$")
ROW = re.compile(r"(?!answers|commands)\w+\.(choice|add)\.|languages\.")
SAID = [*(ROOT / "flows").rglob("*.py"), *(ROOT / "bot").rglob("*.py")]
MAIN = """
    greeting greeting_back choose_group choose_service needs consent consent_declined unclear
    help_words back_impossible document_received document_advice.blurry document_advice.dark
    summary which_to_change filed filed_again wanted cancel_sure cancelled kept leave_sure
    reminder_1 reminder_2 expired status_none status_list officer_called thanks
    told.ready told.ready_again told.accepted_stage told.rejected told.handed_over
"""

PAPER = {"key": "domisili.document.ktp", "each": "ahli_waris.label.group.heirs", "sure": True}
LINE = {
    "kind": "answer",
    "label": "domisili.label.name",
    "group": "ahli_waris.label.group.heirs",
    "n": 1,
    "path": "name",
    "check": "name",
    "value": "Siti",
    "choice": "",
}
ITEM = {"label": "domisili.label.name", "group": "ahli_waris.label.group.heirs", "n": 2}
REQUEST = {
    "number": "DOM-26-0001",
    "service": "domisili.title",
    "stage": "domisili.stage.check",
    "promised": "2026-11-12",
    "link": "https://desk.id/lacak/abc",
    "result": "1234567890123",
    "waits": "citizen",
}
SAMPLES: dict[str, object] = {
    "service": "domisili.title",
    "about": "domisili.about",
    "documents": [PAPER, {**PAPER, "each": "", "sure": False}],
    "lines": [LINE, {**LINE, "kind": "document", "count": 2, "marked": True, "n": 2}],
    "items": [ITEM, {**ITEM, "group": ""}],
    "requests": [REQUEST],
    "kind": "complaint.kind.bribe",
    "counts": {"requests": 1, "documents": 2, "messages": 3},
    "letters": [
        {
            "service": "domisili.title",
            "number": "1/I/2026",
            "until": "2036-01-01",
            "law": "UU 1/2026",
        }
    ],
    "papers": [{"document": "domisili.document.ktp", "group": "", "n": 0}],
    "channel": "telegram",
    "program": "programs.sipaten-guwa.title",
    "title": "programs.sipaten-guwa.title",
    "keeps": {"documents_days": 90, "answers_days": 365, "letters_years": 10},
    "draft": "domisili.title",
    "complaints": [
        {"kind": "complaint.kind.bribe", "number": "P-1", "state": "open", "due": "2026-11-24"}
    ],
    "document": "domisili.document.ktp",
    "group": "ahli_waris.label.group.heirs",
    "stage": "domisili.stage.check",
    "result": "letter",
    "day": "2026-11-24",
    "come": "ktp.come.recording",
    "value": "2026-09-01",
    "promised": "2026-11-12",
    "link": "https://desk.id/lacak/abc",
    "days": 1,
    "cost": 0,
    "least": 2,
    "most": 20,
    "count": 2,
    "page": 2,
    "n": 2,
}


def said_in_code() -> Iterator[tuple[str, str, set[str], bool]]:
    """Every literal message key in the code: place, key, names of arguments, open-ended?"""
    for file in SAID:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            first = node.args[0]
            if name not in {"say", "ask", "Part", "Told"} or not isinstance(first, ast.Constant):
                continue
            key = first.value
            if not isinstance(key, str) or not key.startswith(("conversation.", "common.")):
                continue
            given = {one.arg for one in node.keywords if one.arg}
            loose = any(one.arg is None for one in node.keywords)
            if name in {"Part", "Told"}:
                given, loose = set(), len(node.args) > 1 or bool(node.keywords)
                for argument in node.args[1:]:
                    if isinstance(argument, ast.Dict):
                        loose = False
                        given |= {k.value for k in argument.keys if isinstance(k, ast.Constant)}
            yield f"{file.name}:{node.lineno}", key, given, loose


def words(language: str, key: str) -> str:
    args = {name: SAMPLES.get(name, "contoh") for name in WORDING.variables(language, key)}
    return WORDING.render(Message([Part(key, args)], language=language)).html


def test_every_text_is_sound() -> None:
    assert [str(problem) for problem in WORDING.check()] == []


@pytest.mark.parametrize("language", OTHERS)
def test_languages_have_the_same_keys(language: str) -> None:
    here, there = set(WORDING.keys(language)), set(KEYS)
    assert (here - there, there - here) == (set(), set())


@pytest.mark.parametrize("language", OTHERS)
def test_languages_use_the_same_arguments(language: str) -> None:
    for key in KEYS:
        assert WORDING.variables(language, key) == WORDING.variables("id", key), key


@pytest.mark.parametrize("language", PARTIAL)
def test_a_language_in_part_has_what_every_conversation_says(language: str) -> None:
    """What is rare may be left to Indonesian; this is what everybody reads."""
    said = WORDING.keys(language).keys()
    assert {f"conversation.{name}" for name in MAIN.split()} - said == set()
    assert len(said) > 200
    assert [str(problem) for problem in problems_in(WORDING, language)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_can_be_said_with_the_known_marks_only(language: str) -> None:
    for key in KEYS:
        html = words(language, key)
        assert parse(html), key
        assert "\n\n\n" not in html, key
        assert len(to_plain(html)) < 900, key


def test_every_key_in_the_code_has_a_text_that_its_arguments_fit() -> None:
    found = list(said_in_code())
    assert len(found) > 20
    for place, key, given, loose in found:
        wanted = WORDING.variables("id", key)
        assert loose or wanted <= given, f"{place}: {key} lacks {wanted - given}"


def test_every_service_menu_and_template_has_its_texts() -> None:
    wanted = [key for definition in DEFINITIONS.values() for key in keys_of(definition)]
    wanted += [f"languages.{language}" for language in LANGUAGES]
    wanted += [f"groups.{group}" for group in CONFIG.services]
    wanted += [f"whatsapp.{name}" for name in CONFIG.twilio.templates]
    assert WORDING.missing(wanted, COMPLETE) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_buttons_fit_whatsapp(language: str) -> None:
    """Titles of quick replies have at most 20 letters, rows of lists 24."""
    for key in KEYS:
        if BUTTON.match(key):
            assert len(to_plain(words(language, key))) <= 20, key
        if ROW.match(key):
            assert len(to_plain(words(language, key))) <= 24, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_typed_label_is_never_taken_for_another_command(language: str) -> None:
    """Where there are no buttons, people type what the button says."""
    for key in KEYS:
        if BUTTON.match(key) or ROW.match(key):
            command = anywhere(to_plain(words(language, key)))
            meant = {key.split(".")[-1], "language" if key.startswith("languages.") else ""}
            assert command is None or command.kind in meant, key


@pytest.mark.parametrize(
    ("language", "example"),
    [("id", "Contoh:"), ("en", "Example:"), ("min", "Conto"), ("jv", "Conto")],
)
def test_every_question_has_an_example_and_every_reason_ends_with_one(
    language: str, example: str
) -> None:
    for key in KEYS:
        where = key.split(".")
        if where[1] == "ask" and where[2] not in {"document", "group"}:
            assert example in words(language, key), key
        if where[0] == "answers" and where[1] not in {"warning", "empty"}:
            assert words(language, key).splitlines()[-1].startswith(example), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatsapp_templates_neither_begin_nor_end_with_a_variable(language: str) -> None:
    for name, template in CONFIG.twilio.templates.items():
        text = WORDING.keys(language if language in COMPLETE else "id")[
            f"whatsapp.{name}"
        ].source.strip()
        assert not text.startswith("{{"), name
        assert not text.endswith("}}"), name
        assert WORDING.variables(language, f"whatsapp.{name}") == set(template.variables), name


def test_citizens_are_addressed_kindly() -> None:
    for key in KEYS:
        if not key.startswith("commands"):
            found = re.search(r"\b(anda|kamu|user|error|invalid|submit)\b", words("id", key), re.I)
            assert found is None, key
