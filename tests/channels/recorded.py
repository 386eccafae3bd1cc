"""Recorded payloads: real in shape, invented in content."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from multidict import MultiDict

_HERE = Path(__file__).parent


def update(name: str) -> dict[str, Any]:
    """Return one of Telegram's updates."""
    found: dict[str, Any] = json.loads((_HERE / "telegram" / f"{name}.json").read_text())
    return found


def names(folder: str) -> set[str]:
    """Return the names of all payloads of a platform."""
    return {path.stem for path in (_HERE / folder).iterdir()}


def form(name: str) -> MultiDict[str]:
    """Return one of Twilio's forms."""
    body = (_HERE / "twilio" / f"{name}.form").read_text().strip()
    return MultiDict(parse_qsl(body, keep_blank_values=True))
