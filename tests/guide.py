"""The files that docs/adding-a-service.md leads a newcomer to write."""

from __future__ import annotations

import re
from pathlib import Path

_BLOCK = re.compile(r"```\w+\n(?:#|//) (\S+/penghasilan\.\w+)\n(.*?)```", re.DOTALL)


def guide_files(root: Path) -> list[tuple[str, str]]:
    """Return (path, text) of every file in the guide."""
    return _BLOCK.findall((root / "docs" / "adding-a-service.md").read_text(encoding="utf-8"))
