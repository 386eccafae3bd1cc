"""What several of these tests begin with."""

from __future__ import annotations

import pytest

from storage import tables


@pytest.fixture
def portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are read in portions so small that there are several."""
    monkeypatch.setattr(tables, "PORTION", 20)
