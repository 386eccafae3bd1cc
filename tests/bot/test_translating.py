"""A language is completed in a spreadsheet, and read back with every row checked."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest

from bot.setup.config import load_config
from bot.setup.languages import Texts, hand_out, still_to_say, take_in, texts_of
from bot.setup.services import ROOT
from flows.messages import Message, Part
from tests.bot.test_cli import loket


@pytest.fixture
def office(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "templates" / "messages", tmp_path / "templates" / "messages")
    return tmp_path


def texts(office: Path, language: str) -> Texts:
    return texts_of(load_config(ROOT / "config.yaml", {}), language, office)


def sheet_of(office: Path, language: str) -> tuple[Path, list[list[str]]]:
    path = office / f"{language}.csv"
    assert hand_out(texts(office, language), path)[1] == []
    return path, list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def fill(path: Path, rows: list[list[str]], separator: str = ",", ends: str = "\r\n") -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, delimiter=separator, lineterminator=ends).writerows(rows)


def say(office: Path, language: str, key: str, **args: object) -> str:
    message = Message([Part(key, args)], language=language)
    return texts(office, language).wording.render(message).text


def files(office: Path, language: str) -> dict[str, str]:
    folder = office / "templates" / "messages" / language
    return {path.name: path.read_text(encoding="utf-8") for path in folder.rglob("*.yaml")}


@pytest.mark.parametrize("language", ["min", "jv", "en"])
def test_a_sheet_that_nobody_touched_changes_nothing(office: Path, language: str) -> None:
    before = files(office, language)
    path, rows = sheet_of(office, language)
    assert len(rows) > 800
    told, problems = take_in(texts(office, language), path)
    assert problems == []
    assert told[0] == "Nothing has changed."
    assert files(office, language) == before


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_what_is_filled_in_is_said(office: Path, separator: str) -> None:
    path, rows = sheet_of(office, "min")
    for row in rows:
        if row[0] == "complaint.choose":
            row[2] = "Silakan piliah salah satu, Bapak/Ibu."
        if row[0] == "sktm.ask.work":
            row[2] = "Apo karajo Bapak/Ibu? \nContoh: <i>buruh tani</i>\n"
    fill(path, rows, separator, "\n")
    told, problems = take_in(texts(office, "min"), path)
    assert problems == []
    assert told[:2] == [
        "templates/messages/min/complaint.yaml is written.",
        "templates/messages/min/services/sktm.yaml is written.",
    ]
    assert say(office, "min", "complaint.choose") == "Silakan piliah salah satu, Bapak/Ibu."
    assert say(office, "min", "sktm.ask.work") == "Apo karajo Bapak/Ibu?\nContoh: buruh tani"
    assert say(office, "min", "sktm.ask.beneficiary").startswith("Siapa nama lengkap")
    assert "complaint.choose:" not in "\n".join(still_to_say(texts(office, "min"))[0])


def test_a_language_that_is_new_begins_with_an_empty_column(office: Path) -> None:
    path, rows = sheet_of(office, "bbc")
    assert {row[2] for row in rows[1:]} == {""}
    rows[1][2] = "Horas! Ro ma hamu tu <b>{{ office.name }}</b>."
    fill(path, rows)
    told, problems = take_in(texts(office, "bbc"), path)
    assert problems == []
    assert "add bbc to partial_languages" in told[-1]
    assert say(office, "bbc", "conversation.greeting").startswith("Horas! Ro ma hamu tu Kec")
    greeting = files(office, "bbc")["conversation.yaml"]
    assert greeting.startswith("# What the desk itself says in a conversation.")


@pytest.mark.parametrize(
    ("key", "cell", "expected"),
    [
        (
            "conversation.greeting",
            "Salamaik datang di <b>{{ office.name }}.",
            "min.csv:2: conversation.greeting: its marks do not fit: <b> is not closed, write",
        ),
        (
            "conversation.status_unknown",
            "Nomor indak basuo.",
            'conversation.status_unknown: leaves out "number", write it where the Indonesian',
        ),
        (
            "conversation.status_unknown",
            "Nomor {{ nomor }} indak basuo.",
            'conversation.status_unknown: "nomor" is not known here, use only number',
        ),
        (
            "conversation.status_unknown",
            "Nomor {{ number } indak basuo.",
            "conversation.status_unknown: cannot be filled in (",
        ),
        (
            "conversation.needs",
            "{{ service|lable }}",
            "conversation.needs: cannot be filled in (No filter named 'lable'",
        ),
        ("common.button.agree", "Satuju jo sadonyo nan di ateh", "write at most 20: it is a"),
        ("common.button.agree", "<u>Satuju</u>", "its marks do not fit: only b, i, code and a"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_written(
    office: Path, key: str, cell: str, expected: str
) -> None:
    before = files(office, "min")
    path, rows = sheet_of(office, "min")
    rows[5][2] = "Ubah"
    for row in rows:
        if row[0] == key:
            row[2] = cell
    fill(path, rows)
    told, problems = take_in(texts(office, "min"), path)
    assert told == []
    assert expected in "\n".join(map(str, problems))
    assert files(office, "min") == before


def test_a_sheet_of_another_day_or_language_is_not_believed(office: Path) -> None:
    path, rows = sheet_of(office, "min")
    source = office / "templates/messages/id/conversation.yaml"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("kept: Baik, kita teruskan.", "kept: Baik."), encoding="utf-8")
    (problem,) = take_in(texts(office, "min"), path)[1]
    row = next(number for number, row in enumerate(rows, 1) if row[0] == "conversation.kept")
    assert (problem.line, problem.key) == (row, "conversation.kept")
    assert "is another one now" in problem.wrong
    (problem,) = take_in(texts(office, "jv"), path)[1]
    assert "does not begin with the columns kunci, id, jv" in problem.wrong
    path.write_bytes(path.read_text(encoding="utf-8-sig").encode("utf-16"))
    (problem,) = take_in(texts(office, "min"), path)[1]
    assert "Unicode (UTF-8)" in problem.write


def test_a_sheet_is_never_overwritten_and_indonesian_has_none(office: Path) -> None:
    path, _ = sheet_of(office, "min")
    assert "is there already" in str(hand_out(texts(office, "min"), path)[1][0])
    for language in ("id", "minang"):
        assert len(hand_out(texts(office, language), office / "x.csv")[1]) == 1
    assert not (office / "x.csv").exists()


def test_the_command_lists_writes_and_refuses(tmp_path: Path) -> None:
    done = loket(tmp_path, "check", "--language", "min")
    assert (done.returncode, done.stderr) == (0, "")
    assert "rights.choose:\n    Silakan pilih Ya atau Tidak, Bapak/Ibu." in done.stdout
    assert done.stdout.rstrip().endswith("the others are said in Indonesian.")
    sheet = tmp_path / "jv.csv"
    done = loket(tmp_path, "check", "--language", "jv", "--write", str(sheet))
    assert (done.returncode, done.stderr) == (0, "")
    rows = sheet.read_text(encoding="utf-8-sig").replace("Sugeng rawuh ing <b>", "Sugeng <u>")
    sheet.write_text(rows, encoding="utf-8")
    done = loket(tmp_path, "check", "--language", "jv", "--read", str(sheet))
    assert done.returncode == 1
    assert f"{sheet}:2: conversation.greeting: its marks do not fit" in done.stderr
    assert loket(tmp_path, "check", "--write", str(sheet)).returncode == 2
