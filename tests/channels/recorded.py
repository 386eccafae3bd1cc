"""Recorded payloads: real in shape, invented in content."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


def update(name: str) -> dict[str, Any]:
    """Return one of Telegram's updates."""
    found: dict[str, Any] = json.loads((_HERE / "telegram" / f"{name}.json").read_text())
    return found


def names(folder: str) -> set[str]:
    """Return the names of all payloads of a platform."""
    return {path.stem for path in (_HERE / folder).iterdir()}
