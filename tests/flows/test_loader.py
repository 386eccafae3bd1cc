"""Definitions are read strictly; whoever writes a wrong one is told where and what to write."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.setup.config import load_config
from bot.setup.settings import Config
from flows.answers import CHECKS
from flows.definition import Definition
from flows.drawing import FORMATS, boxes, draw
from flows.keys import keys_of
from flows.loader import BadDefinitions, Known, digest, load_definitions, read_definitions
from flows.source import Source

ROOT = Path(__file__).parents[2]
BROKEN = sorted((Path(__file__).parent / "broken").glob("*.yaml"))
KNOWN = Known(
    checks={"name", "nik", "village", "choice", "text", "date", "future_date"},
    roles={"counter", "verifier", "signer", "head"},
    letters={"broken", "domisili"},
)
SOUND = """
id: broken
version: 1
group: civil
code: BRK
result: stamp
promise: 0
questions:
  - {id: name, check: name}
  - {id: nik, check: nik}
  - {id: village, check: village}
documents: []
stages:
  - {id: check, role: counter, act: ready}
  - {id: handover, role: counter, act: handover}
"""


def services() -> dict[str, Definition]:
    files = (ROOT / "flows" / "services").glob("*.yaml")
    return load_definitions({file.name: file.read_text(encoding="utf-8") for file in files})


def expected(text: str) -> list[str]:
    lines = text.splitlines()[1:]
    return [line.removeprefix("#   ") for line in lines if line.startswith("#   ")]


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_a_broken_definition_is_told_where_and_what_to_write(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    definitions, problems = read_definitions({"broken.yaml": text}, KNOWN)
    assert definitions == {}
    assert [str(problem) for problem in problems] == expected(text)


def test_the_broken_folder_is_there() -> None:
    assert len(BROKEN) > 40


def test_a_sound_definition_is_read() -> None:
    assert load_definitions({"broken.yaml": SOUND}, KNOWN)["broken"].promise == 0


def test_all_problems_of_all_files_are_told_at_once() -> None:
    wrong = SOUND.replace("check: nik", "check: nikk").replace(
        "role: counter, act: r", "role: c, act: r"
    )
    with pytest.raises(BadDefinitions) as caught:
        load_definitions({"broken.yaml": wrong, "other.yaml": "", "third.yaml": "- 1"}, KNOWN)
    files = [problem.file for problem in caught.value.problems]
    assert files == ["broken.yaml", "broken.yaml", "other.yaml", "third.yaml"]


def test_two_services_of_the_same_code_are_refused() -> None:
    other = SOUND.replace("id: broken", "id: other")
    definitions, problems = read_definitions({"broken.yaml": SOUND, "other.yaml": other}, KNOWN)
    assert list(definitions) == ["broken"]
    assert "also the code of broken" in str(problems[0])


def test_words_mean_what_they_are_used_for_not_what_yaml_guesses() -> None:
    text = SOUND.replace("version: 1", "version: 1\nclassification: 400.10\nletter: no")
    definition = read_definitions({"broken.yaml": text.replace("stamp", "letter")}, KNOWN)[1]
    assert [one.key for one in definition] == ["letter", "stages"]
    source = Source("x", "a: 08:00\nb: 0812\nc: no\n")
    assert source.read(dict[str, str]) == {"a": "08:00", "b": "0812", "c": "no"}


@given(st.text(max_size=200))
def test_any_text_gives_problems_and_never_a_crash(text: str) -> None:
    definitions, problems = read_definitions({"broken.yaml": text}, KNOWN)
    assert not definitions
    assert problems


@given(st.sampled_from(SOUND.splitlines()), st.text(alphabet="{}[]:,-&*#'\" \n", max_size=6))
def test_damaged_lines_give_problems_and_never_a_crash(line: str, damage: str) -> None:
    read_definitions({"broken.yaml": SOUND.replace(line, line + damage)}, KNOWN)


def test_the_digest_depends_on_the_content_alone() -> None:
    definition = load_definitions({"broken.yaml": SOUND})["broken"]
    again = load_definitions({"broken.yaml": "# a remark\n" + SOUND})["broken"]
    other = load_definitions({"broken.yaml": SOUND.replace("promise: 0", "promise: 1")})["broken"]
    assert digest(definition) == digest(again)
    assert digest(definition) != digest(other)
    assert len(digest(definition)) == 16


# --- the services of the example office ---------------------------------------------------------


def test_the_services_are_sound() -> None:
    config = load_config(ROOT / "config.yaml", {})
    files = (ROOT / "flows" / "services").glob("*.yaml")
    texts = {file.name: file.read_text(encoding="utf-8") for file in files}
    letters = {file.stem for file in (ROOT / "templates" / "letters").glob("*.typ")}
    found = load_definitions(texts, Known(checks=CHECKS, roles=config.roles, letters=letters))
    offered = {service for group in config.services.values() for service in group}
    assert offered == set(found)


def test_each_kind_of_family_card_asks_its_own_papers() -> None:
    kk = services()["kk"]

    def papers(**answers: str) -> set[str]:
        return {
            document.id
            for document in kk.documents
            if all(answers.get(name) in values for name, values in document.when.items())
        }

    assert papers(kind="new", basis="marriage") == {"ktp", "marriage_book"}
    assert papers(kind="new", basis="moved_in") == {"ktp", "moving_letter"}
    assert papers(kind="change") == {"ktp", "old_card", "proof"}
    assert papers(kind="lost") == {"ktp", "police_report"}
    assert papers(kind="damaged") == {"ktp", "old_card"}


def test_papers_of_identity_are_marked() -> None:
    for definition in services().values():
        papers = [*definition.documents, *(d for g in definition.groups for d in g.documents)]
        private = re.compile(r"ktp|card|^photo$|^original$")
        cards = {paper.id for paper in papers if private.search(paper.id)}
        assert {paper.id for paper in papers if paper.identity} == cards, definition.id


# --- drawings and keys ---------------------------------------------------------------------------


@pytest.mark.parametrize("service", ["domisili", "kk", "ahli_waris", "ktp", "pindah", "tanah"])
@pytest.mark.parametrize("style", FORMATS)
def test_every_thing_of_a_service_is_drawn(service: str, style: str) -> None:
    definition = services()[service]
    drawn = draw(definition, style, lambda key: f"<{key}> & more" if "title" in key else "")
    assert all(box.name in drawn for box in boxes(definition, lambda key: ""))
    if style in ("svg", "mermaid"):
        assert f"<{service}.title>" not in drawn


def test_keys_of_members_stand_below_their_group() -> None:
    keys = set(keys_of(services()["ahli_waris"]))
    assert {
        "ahli_waris.ask.heirs.nik",
        "ahli_waris.choice.heirs.relation.child",
        "ahli_waris.ask.document.heirs.ktp",
        "ahli_waris.document.death_letter",
        "ahli_waris.more.heirs",
        "ahli_waris.stage.signature",
    } <= keys


def test_a_secret_in_a_file_is_refused_without_being_repeated() -> None:
    source = Source("config.yaml", "telegram:\n  token: 123:ABC\n", {"telegram.token": "TOKEN"})
    source.read(Config)
    told = "\n".join(map(str, source.problems))
    assert "config.yaml:2: telegram.token: is a secret" in told
    assert "set TOKEN" in told
    assert "123:ABC" not in told
