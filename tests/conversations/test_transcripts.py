"""Every transcript is played; every service has the four that show how it treats people."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.setup.config import load_config
from bot.setup.services import ROOT
from tests.conversations.runner import Differs, play
from tests.conversations.script import HERE, scripts

KINDS = ("happy", "correcting", "cancelling", "reminded")


@pytest.mark.parametrize("path", scripts(), ids=lambda path: f"{path.parent.name}/{path.stem}")
async def test_a_conversation_goes_as_written(path: Path, tmp_path: Path) -> None:
    report = ""
    try:
        await play(path, tmp_path)
    except Differs as difference:
        report = str(difference)
    if report:
        pytest.fail(report, pytrace=False)


@pytest.mark.parametrize(
    "service",
    [s for group in load_config(ROOT / "config.yaml", {}).services.values() for s in group],
)
def test_every_service_has_a_transcript_of_each_kind(service: str) -> None:
    found = [path.stem for path in (HERE / service).glob("*.chat")]
    missing = [kind for kind in KINDS if not any(name.startswith(kind) for name in found)]
    assert not missing, f"write tests/conversations/{service}/{missing[0]}_….chat"
