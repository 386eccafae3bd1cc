"""Setting a letter by Typst: data stays data, the same data gives the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec


class LetterBroken(Exception):
    """A letter cannot be set; names the template and what Typst says of it."""


def render_letter(root: Path, name: str, data: Mapping[str, Any], dated: datetime) -> bytes:
    """Return the PDF of ``root/letters/<name>.typ`` filled with ``data``; raises LetterBroken.

    ``dated`` becomes the file's own date, so that setting it again gives the same bytes.
    """
    return _set(root, f"letters/{name}.typ", data, dated)


def render_report(root: Path, name: str, data: Mapping[str, Any], dated: datetime) -> bytes:
    """Return the PDF of ``root/reports/<name>.typ`` in the same way; raises LetterBroken."""
    return _set(root, f"reports/{name}.typ", data, dated)


def _set(root: Path, template: str, data: Mapping[str, Any], dated: datetime) -> bytes:
    import typst

    try:
        made = typst.compile(
            str(root / template),
            root=str(root),
            sys_inputs={"data": msgspec.json.encode(data).decode()},
            ignore_system_fonts=True,
            timestamp=int(dated.timestamp()),
        )
    except typst.TypstError as error:
        raise LetterBroken(f"templates/{template}: {error}") from None
    if not isinstance(made, bytes):
        raise LetterBroken(f"templates/{template}: it must make one file")
    return made
