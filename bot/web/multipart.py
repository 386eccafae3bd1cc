"""Reading a posted form with a file (RFC 7578) in memory: nothing touches the disk in plain."""

from __future__ import annotations

import re
from typing import NamedTuple

_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_PARAMETER = re.compile(r'(name|filename)="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_MOST_PARTS = 20
_MOST_HEADER = 8_000


class Field(NamedTuple):
    """One field: ``filename`` is None for words; ``mime`` is what the browser says."""

    content: bytes
    filename: str | None = None
    mime: str = ""


def read_form(content_type: str, body: bytes) -> dict[str, Field]:
    """Return a form's fields by name; what is not a whole form gives those that are whole."""
    found = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/form-data") or found is None:
        return {}
    mark = b"--" + (found[1] or found[2]).encode("latin-1", "replace")
    fields: dict[str, Field] = {}
    # Each part begins after a mark on a line of its own and ends before the next one.
    pieces = (b"\r\n" + body).split(b"\r\n" + mark, _MOST_PARTS + 1)
    for piece in pieces[1:-1]:
        part = _read_part(piece)
        if part is not None:
            fields.setdefault(*part)
    return fields


def _read_part(piece: bytes) -> tuple[str, Field] | None:
    head, gap, content = piece.partition(b"\r\n\r\n")
    if not gap or len(head) > _MOST_HEADER:
        return None
    name, filename, mime = "", None, ""
    for line in head.decode("utf-8", "replace").split("\r\n"):
        header, _, value = line.partition(":")
        if header.strip().lower() == "content-disposition":
            told = {key.lower(): text for key, text in _PARAMETER.findall(value)}
            name, filename = told.get("name", ""), told.get("filename")
        elif header.strip().lower() == "content-type":
            mime = value.partition(";")[0].strip().lower()
    return (name, Field(content, filename, mime)) if name else None
