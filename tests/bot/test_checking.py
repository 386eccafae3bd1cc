"""``loket check`` finds what an office can get wrong, and says what to write."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.setup.checking import Findings, check_all
from tests.guide import guide_files

ROOT = Path(__file__).parents[2]
Change = Callable[[str, str, str], None]


@pytest.fixture
def office(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "config.yaml", tmp_path / "config.yaml")
    for folder in ("services", "programs"):
        shutil.copytree(ROOT / "flows" / folder, tmp_path / "flows" / folder)
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    return tmp_path


@pytest.fixture
def change(office: Path) -> Change:
    def replace(file: str, old: str, new: str) -> None:
        path = office / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace


def check(office: Path, **environ: str) -> Findings:
    return check_all(office / "config.yaml", environ, office)


def told(office: Path, **environ: str) -> str:
    return "\n".join(map(str, check(office, **environ).problems))


def test_the_example_office_has_nothing_wrong() -> None:
    found = check_all(ROOT / "config.yaml", {}, ROOT)
    assert [str(problem) for problem in found.problems] == []


def test_configuration_and_services_and_texts_are_told_together(
    office: Path, change: Change
) -> None:
    change("config.yaml", "settle_ms", "setle_ms")
    change("flows/services/kk.yaml", "check: nik", "check: nikk")
    change("templates/messages/en/services/domisili.yaml", "title:", "titel:")
    problems = told(office)
    assert "config.yaml:" in problems
    assert "flows/services/kk.yaml:" in problems
    assert "templates/messages/en/services/domisili.yaml: title: has no text" in problems


def test_without_any_configuration_the_rest_is_still_checked(office: Path, change: Change) -> None:
    (office / "config.yaml").unlink()
    change("flows/services/kk.yaml", "check: nik", "check: nikk")
    problems = told(office).splitlines()
    assert len(problems) == 2
    assert "there is no such file" in problems[0]


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("config.yaml", "[domisili, kk,", "[domisili, kkk, kk,", '"kkk" has no sound file'),
        ("config.yaml", "[domisili, kk,", "[domisili,", "kk is in no menu, add it to services.kep"),
        ("config.yaml", "[ahli_waris,", "[ahli_waris, kk,", "kk is also in"),
        ("config.yaml", 'emblem: ""', "emblem: no.svg", "templates/no.svg does not exist"),
        ("config.yaml", "signer: [", "signatory: [", '"signer" is no role of config.yaml'),
        ("config.yaml", "[number, reason]", "[number]", "write [number, reason]"),
        ("config.yaml", "languages: [id, en]", "languages: [id, en, de]", "messages/de/"),
        (
            "config.yaml",
            "partial_languages: [min, jv]",
            "partial_languages: [min, en]",
            '"en" is also in languages, keep it where it belongs',
        ),
        (
            "templates/messages/min/conversation.yaml",
            "greeting_back: |-\n  Salamaik",
            "greeting_bak: |-\n  Salamaik",
            'greeting_bak: is no text of this desk, write "conversation.greeting_back"',
        ),
        (
            "templates/messages/jv/conversation.yaml",
            "greeting: |-\n  Sugeng rawuh ing <b>",
            "greeting: |-\n  Sugeng rawuh ing ",
            "conversation.greeting: its marks do not fit: </b> closes what is not open",
        ),
        (
            "templates/messages/min/conversation.yaml",
            "Nomor {{ number }} indak",
            "Nomor itu indak",
            'conversation.status_unknown: leaves out "number", write it where the Indonesian',
        ),
        (
            "templates/messages/jv/conversation.yaml",
            "Nomer {{ number }} mboten",
            "Nomer {{ nomer }} mboten",
            'conversation.status_unknown: "nomer" is not known here, use only number',
        ),
        (
            "templates/messages/jv/common.yaml",
            "agree: Sarujuk",
            "agree: Kula sarujuk sanget kaliyan punika",
            "common.button.agree: has 34 letters, write at most 20: it is a button",
        ),
        (
            "flows/services/kk.yaml",
            "group: kependudukan",
            "group: keluarga",
            "kk says that it belongs to keluarga",
        ),
        ("flows/services/domisili.yaml", "letter: domisili", "letter: domisil", "domisil.typ does"),
        (
            "flows/programs/ajak.yaml",
            "[akta_lahir]",
            "[akte_lahir]",
            'flows/programs/ajak.yaml:3: services.1: "akte_lahir" is not known, write "akta_lahir"',
        ),
        (
            "flows/programs/ajak.yaml",
            "begins:",
            'villages: ["2099"]\nbegins:',
            'flows/programs/ajak.yaml:4: villages.1: "2099" is not known, write',
        ),
        (
            "templates/messages/en/programs.yaml",
            "  title: AJAK\n",
            "",
            "templates/messages/en/programs.yaml: ajak.title: has no text, write one",
        ),
        (
            "templates/messages/id/common.yaml",
            "    ktp: |-",
            "    ktpx: |-",
            "id/services/domisili.yaml: ask.document.ktp: has no text, write one",
        ),
        (
            "templates/messages/id/services/kk.yaml",
            "title: Kartu",
            'title: "{{ broken"\ntitel: Kartu',
            "templates/messages/id/services/kk.yaml:1: kk.title: this is no template",
        ),
    ],
)
def test_a_mistake_is_told(
    office: Path, change: Change, file: str, old: str, new: str, expected: str
) -> None:
    change(file, old, new)
    assert expected in told(office)


def test_what_is_not_set_is_a_note_and_no_problem(office: Path) -> None:
    notes = "\n".join(check(office).notes)
    assert "TELEGRAM_BOT_TOKEN is not set" in notes
    assert "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set" in notes
    assert "LOKET_SECRET_KEY is not set" in notes
    notes = "\n".join(check(office, TWILIO_ACCOUNT_SID="x", TWILIO_AUTH_TOKEN="x").notes)
    assert "TWILIO_WHATSAPP_FROM is not set" in notes


def test_a_misspelt_variable_is_noted(office: Path) -> None:
    notes = check(office, LOKET_PROT="9000", LOKET_CONFIG="x", LOKET_SECRET_KEY_FILE="").notes
    assert "LOKET_PROT is set and not read: did you mean LOKET_PORT?" in notes
    assert not any("LOKET_CONFIG " in note for note in notes)


def test_templates_are_printed_for_approval_until_they_have_their_sid(
    office: Path, change: Change
) -> None:
    ready = [note for note in check(office).notes if note.startswith("WhatsApp template ready")]
    assert "{{1}}" in ready[0]
    assert "Kecamatan Gunung Toar" in ready[0]
    change("config.yaml", 'service], content_sid: ""', "service], content_sid: HX1")
    assert not any("template ready" in note for note in check(office).notes)


def test_the_guide_leads_to_a_sound_service(office: Path, change: Change) -> None:
    blocks = guide_files(ROOT)
    assert len(blocks) == 4
    for file, text in blocks:
        (office / file).write_text(text, encoding="utf-8")
    assert "penghasilan is in no menu, add it to services.keluarga" in told(office)
    change("config.yaml", "keluarga: [", "keluarga: [penghasilan, ")
    assert told(office) == ""
