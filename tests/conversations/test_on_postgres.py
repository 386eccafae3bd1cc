"""A transcript of each kind, played on a PostgreSQL: the same words in the same order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import postgres
from tests.conversations.runner import play
from tests.conversations.script import scripts

CHOSEN = (
    "domisili/happy",
    "office/two_officers",
    "people/one_person",
    "people/somebody_else",
    "programs/a_poster",
    "rights/my_data",
    "usaha/reminded",
)


def _chosen() -> list[Path]:
    found = [path for path in scripts() if f"{path.parent.name}/{path.stem}".startswith(CHOSEN)]
    assert len(found) >= len(CHOSEN)
    return found


@pytest.mark.parametrize("path", _chosen(), ids=lambda path: f"{path.parent.name}/{path.stem}")
async def test_a_conversation_goes_as_written(path: Path, tmp_path: Path) -> None:
    await play(path, tmp_path, postgres.new_database())
