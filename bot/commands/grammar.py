"""How officers write: a command word, what it is about, and the words that follow."""

from __future__ import annotations

import re

from msgspec import Struct

PRESSED = "cmd:"
HERE = "."
"""Written for the number within a request's topic."""

_COMMAND = re.compile(r"(/?)([A-Za-z_]+)(?:@\w+)?(?:\s+|$)(.*)", re.DOTALL)
_TALK = re.compile(r"[Pp](\d{1,15})")
_SHORT = re.compile(r"#?([A-Za-z]{0,8})[-/.]?(\d{1,6})")
_FULL = re.compile(r"#?\w+(?:[-/.]\w+)+")


class Spoken(Struct, frozen=True):
    """A line split into its command word (lower case) and the rest; ``slash`` if it had one."""

    word: str
    rest: str
    slash: bool = False


class Short(Struct, frozen=True):
    """The tail of a registration number: letters that may stand before it, and its sequence."""

    letters: str
    sequence: int


def read(text: str) -> Spoken | None:
    """Split a line; None for what cannot be a command (no word at its beginning).

    A pressed button (``cmd:ambil 12``) is the command it carries; a bot's name is dropped.
    """
    line = text.strip()
    if line.startswith(PRESSED):
        line = "/" + line.removeprefix(PRESSED).lstrip("/ ")
    found = _COMMAND.fullmatch(line)
    if found is None:
        return None
    return Spoken(found[2].lower(), found[3].strip(), bool(found[1]))


def first_word(rest: str) -> tuple[str, str]:
    """Split the first word off; what follows keeps its line breaks."""
    pieces = rest.split(None, 1)
    return pieces[0] if pieces else "", pieces[1].strip() if len(pieces) > 1 else ""


def talk_of(word: str) -> int:
    """Return the contact of ``P12``, 0 when the word names no conversation."""
    found = _TALK.fullmatch(word)
    return int(found[1]) if found else 0


def names_request(word: str) -> bool:
    """Whether the word may be a registration number or its tail."""
    if _SHORT.fullmatch(word):
        return True
    return bool(_FULL.fullmatch(word)) and any(letter.isdigit() for letter in word)


def tail_of(word: str) -> Short | None:
    """Read ``12``, ``#12``, ``dom12`` or ``DOM-0012``."""
    found = _SHORT.fullmatch(word)
    return Short(found[1].upper(), int(found[2])) if found else None
