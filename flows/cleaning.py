"""What people send, made fit to be stored and shown."""

from __future__ import annotations

import re
import unicodedata


def clean(text: str) -> str:
    """Return what a person wrote without what cannot be stored or shown.

    Control characters, lone surrogates, marks of direction and other invisible signs go, spaces
    are made one, letters are composed (NFC). Line breaks stay.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    text = re.sub(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", text)
    kept = unicodedata.normalize("NFC", "".join(map(_visible, text)))
    lines = (" ".join(line.split(" ")).strip() for line in re.sub(" +", " ", kept).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _visible(char: str) -> str:
    if char == "\n" or char == "\u200d":  # the second joins emoji
        return char
    category = unicodedata.category(char)
    if category == "Zs" or char == "\t":
        return " "
    unfit = category in ("Cc", "Cf", "Cs") or ord(char) & 0xFFFE == 0xFFFE
    return "" if unfit else char
