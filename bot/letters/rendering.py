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
    import typst

    try:
        made = typst.compile(
            str(root / "letters" / f"{name}.typ"),
            root=str(root),
            sys_inputs={"data": msgspec.json.encode(data).decode()},
            ignore_system_fonts=True,
            timestamp=int(dated.timestamp()),
        )
    except typst.TypstError as error:
        raise LetterBroken(f"templates/letters/{name}.typ: {error}") from None
    if not isinstance(made, bytes):
        raise LetterBroken(f"templates/letters/{name}.typ: it must make one file")
    return made
