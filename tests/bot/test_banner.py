"""What is printed at the start works as it is printed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bot.terminal import banner


def test_a_program_of_the_checkout_is_named_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [".venv/bin/loket", "serve"])
    assert banner.program() == ".venv/bin/loket"
    monkeypatch.setattr(sys, "argv", ["/opt/loket/bin/loket"])
    assert banner.program() == "/opt/loket/bin/loket"


def test_an_installed_program_is_named_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "loket"
    installed.write_text("#!/bin/sh\n")
    installed.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert banner.program() == "loket"
