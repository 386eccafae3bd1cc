from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.commands.hall import Hall


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    place = Hall(tmp_path)
    yield place
    place.close()
