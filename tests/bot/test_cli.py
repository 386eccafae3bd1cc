"""The command line: what it prints, and its exit codes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from bot.setup.services import ROOT
from bot.terminal.drawing import Words, styled
from bot.terminal.sessions import harmless, plain, say

LOKET = [sys.executable, "-c", "from bot.cli import main; main()"]


def loket(
    folder: Path, *arguments: str, words: str = "", **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run one command on data in ``folder``."""
    known = {"PATH": os.environ["PATH"], "LOKET_DATA_DIR": str(folder / "data"), **environ}
    return subprocess.run(
        [*LOKET, *arguments],
        cwd=ROOT,
        env=known,
        input=words,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["console", "--as", "Rina"],
        ["flow", "domisili", "--format", "ascii"],
        ["staff", "invite"],
    ],
)
def test_wrong_usage_is_two(tmp_path: Path, arguments: list[str]) -> None:
    done = loket(tmp_path, *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "unforeseen" not in done.stderr
    assert done.stdout == ""


def test_the_shipped_office_is_sound(tmp_path: Path) -> None:
    done = loket(tmp_path, "check")
    assert (done.returncode, done.stderr) == (0, "")


def test_check_names_file_line_and_key(tmp_path: Path) -> None:
    broken = tmp_path / "config.yaml"
    text = (ROOT / "config.yaml").read_text()
    broken.write_text(text.replace("undo_minutes: 60", "undo_minutes: enam puluh"))
    done = loket(tmp_path, "check", LOKET_CONFIG=str(broken))
    assert done.returncode == 1
    line = next(n for n, row in enumerate(text.splitlines(), 1) if "undo_minutes" in row)
    assert f"config.yaml:{line}: undo_minutes" in done.stderr
    done = loket(tmp_path, "serve", LOKET_CONFIG=str(broken))
    assert done.returncode == 1
    assert f"config.yaml:{line}" in done.stderr


def test_a_missing_configuration_is_said_in_a_sentence(tmp_path: Path) -> None:
    done = loket(tmp_path, "serve", LOKET_CONFIG=str(tmp_path / "none.yaml"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "LOKET_CONFIG" in done.stderr


def test_a_taken_port_is_said_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = loket(tmp_path, "serve", LOKET_PORT=port)
    assert done.returncode == 1
    assert "set LOKET_PORT" in done.stderr
    assert "Traceback" not in done.stderr
    assert "unforeseen" not in done.stderr


def test_services_are_listed_and_drawn(tmp_path: Path) -> None:
    assert "domisili\t" in loket(tmp_path, "flow").stdout
    assert "domisili" in loket(tmp_path, "flow", "domisili").stdout
    assert loket(tmp_path, "flow", "domisili", "--format", "svg").stdout.startswith("<svg")
    unknown = loket(tmp_path, "flow", "siup")
    assert unknown.returncode == 1
    assert "domisili" in unknown.stderr


def test_a_pipe_is_lines_in_and_lines_out(tmp_path: Path) -> None:
    chat = loket(tmp_path, "chat", words="halo\nbikin surat domisili\n")
    assert chat.returncode == 0
    assert "Selamat datang" in chat.stdout
    assert "1. Setuju" in chat.stdout
    assert "\x1b" not in chat.stdout
    again = loket(tmp_path, "console", "--trial", "--as", "Rina", words="/antrean\n/lihat 99\n")
    assert again.returncode == 1
    assert "Antrean" in again.stdout
    nobody = loket(tmp_path, "console", "--trial", "--as", "Hantu")
    assert nobody.returncode == 1
    assert "Rina" in nobody.stderr


def test_the_staff_is_managed_where_no_desk_runs(tmp_path: Path) -> None:
    assert "Belum ada petugas" in loket(tmp_path, "staff", "list").stdout
    assert "/gabung" in loket(tmp_path, "staff", "invite", "Siti", "admin").stdout
    refused = loket(tmp_path, "staff", "invite", "Siti", "raja")
    assert refused.returncode == 1
    assert "counter" in refused.stderr


def test_nothing_steers_the_terminal() -> None:
    assert harmless("a\x1b[31m\x07b\x9b1m\tc\n") == "a[31mb1m\tc\n"
    text = styled(
        "<b>Nama</b>: \x1b]0;x <code>/lihat 1</code> <a href='http://x/y'>lihat</a> &lt;i&gt;"
    )
    assert "\x1b" not in text.plain
    assert text.plain.endswith("lihat (http://x/y) <i>")
    assert Console(file=None).measure(text).maximum > 0


def test_a_table_in_a_pipe_has_tabs_and_buttons_are_commands() -> None:
    line = {
        "text": "Antrean",
        "text_after": "Habis",
        "table": {"columns": ["Nomor", "Nama"], "rows": [["DOM-26-0001", "Siti"]]},
        "files": [{"kind": "letter", "name": "x.pdf"}],
        "buttons": [["cmd:ambil 1", "Ambil"], ["2:ya", "Ya"]],
    }
    assert plain(line) == [
        "Antrean",
        "Nomor\tNama",
        "DOM-26-0001\tSiti",
        "Habis",
        "[x.pdf]",
        "  /ambil 1",
        "  2. Ya",
    ]


def test_commands_and_shown_numbers_are_completed() -> None:
    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document

    words = Words()
    words.commands = ["antrean", "ambil", "bantuan"]
    words.learn({"keys": ["number"], "rows": [["DOM-26-0001"]]})

    def offered(text: str) -> list[str]:
        return [one.text for one in words.get_completions(Document(text), CompleteEvent())]

    assert offered("/a") == ["/antrean", "/ambil"]
    assert offered("/ambil 00") == ["DOM-26-0001"]
    assert offered("halo") == []


def test_the_banner_says_what_to_open() -> None:
    shown = say(
        "serve",
        office="Kantor",
        loket=".venv/bin/loket",
        here="http://127.0.0.1:8080",
        public="",
        trial="http://127.0.0.1:8080/coba?token=x",
        telegram=False,
        whatsapp=False,
        code="K7QF2-M9XRT",
        hours=48,
    )
    for part in (
        "/coba?token=x",
        "TELEGRAM_BOT_TOKEN",
        "TWILIO",
        "/gabung K7QF2-M9XRT",
        ".venv/bin/loket chat",
    ):
        assert part in shown
