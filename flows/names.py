"""Names of people, written as they would be on a letter."""

from __future__ import annotations

import re
import unicodedata

DEGREES = {
    written.replace(".", "").casefold(): written
    for written in (
        "S.Pd", "S.Pd.I", "S.E", "S.H", "S.H.I", "S.Sos", "S.Kom", "S.T", "S.P", "S.Ag", "S.IP",
        "S.AP", "S.STP", "S.Si", "S.Farm", "S.Kep", "S.Ked", "S.KM", "S.Tr", "S.Hut", "S.Pt",
        "M.Pd", "M.Pd.I", "M.M", "M.Si", "M.H", "M.Kom", "M.T", "M.A", "M.Ag", "M.IP", "M.Kes",
        "A.Md", "A.Md.Keb", "A.Md.Kep", "Ph.D", "Lc", "Drs", "Dra", "Ir", "Prof", "Hj", "Dr",
    )
}  # fmt: skip
"""By their letters alone; used where dots or a comma show that a degree is meant."""
LOWER = frozenset({"bin", "binti", "van", "der", "de", "al", "el"})
_SIGNS = "'.,-/() "
_LEAD = re.compile(
    r"^\s*(?:nama(?: lengkap)?(?: saya| ambo| kulo)?(?: adalah| ialah)?|my name is|saya bernama)\b"
    r"[\s:=]*",
    re.IGNORECASE,
)


class Unfit(ValueError):
    """No name: ``reason`` is digits, signs or short."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_name(text: str) -> str:
    """Return the name on one line, in title case if it was all large or all small.

    Raises Unfit when it holds digits, emoji or letters that are not Latin.
    """
    line = unicodedata.normalize("NFC", " ".join(text.split()))
    line = re.sub("[’‘`´ʼ]", "'", line)
    line = _LEAD.sub("", line) or line
    if any(char.isdigit() for char in line):
        raise Unfit("digits")
    if not all(char in _SIGNS or _latin(char) for char in line):
        raise Unfit("signs")
    if sum(map(str.isalpha, line)) < 2:
        raise Unfit("short")
    line = re.sub(r"\s+([.,])", r"\1", line).strip(" ,-/")
    if not (line.islower() or line.isupper()):
        return line
    return " ".join(_word(word, first=not at) for at, word in enumerate(line.split()))


def _latin(char: str) -> bool:
    return unicodedata.combining(char) > 0 or (
        char.isalpha() and unicodedata.name(char, "").startswith("LATIN")
    )


def _word(word: str, *, first: bool) -> str:
    letters = word.replace(".", "").rstrip(",").casefold()
    if letters in DEGREES and ("." in word.rstrip(".,") or letters in ("drs", "dra", "ir", "hj")):
        ending = re.search(r"[.,]*$", word)
        return DEGREES[letters] + (ending[0] if ending else "")
    if word.casefold() in LOWER and not first:
        return word.casefold()
    return re.sub(r"(?:^|(?<=[-./(]))[^\W\d_]", lambda match: match[0].upper(), word.lower())
