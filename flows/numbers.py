"""Numbers as people write them: 1.500.000, 1,5 juta, 500rb, lima puluh, duo, five hundred."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal

NUMBER_WORDS: dict[str, int] = {
    # Indonesian
    "nol": 0, "kosong": 0, "satu": 1, "dua": 2, "tiga": 3, "empat": 4, "lima": 5, "enam": 6,
    "tujuh": 7, "delapan": 8, "lapan": 8, "sembilan": 9, "sepuluh": 10, "sebelas": 11,
    # Minang and Kuantan
    "ciek": 1, "duo": 2, "tigo": 3, "ampek": 4, "limo": 5, "anam": 6, "tujuah": 7, "salapan": 8,
    "sambilan": 9, "sapuluah": 10, "sabaleh": 11,
    # Javanese
    "siji": 1, "loro": 2, "telu": 3, "papat": 4, "enem": 6, "pitu": 7, "wolu": 8, "songo": 9,
    # English
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13,
    "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
TEEN = {"belas", "baleh"}
SMALL_SCALES = {"puluh": 10, "puluah": 10, "ratus": 100, "ratuih": 100, "hundred": 100}
SCALES = {
    "ribu": 10**3, "rb": 10**3, "rebu": 10**3, "k": 10**3, "thousand": 10**3,
    "juta": 10**6, "jt": 10**6, "jeti": 10**6, "million": 10**6,
    "miliar": 10**9, "milyar": 10**9, "m": 10**9, "billion": 10**9, "triliun": 10**12,
}  # fmt: skip
HALF = {"setengah", "satangah"}
VOCABULARY = {*NUMBER_WORDS, *TENS, *TEEN, *SMALL_SCALES, *SCALES, *HALF}
ONE = {"se", "sa"}
"""One, grown together with the scale that follows it: seratus, sajuta."""


def _either(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_LITERAL = r"[0-9]+(?:[.,][0-9]+)*"
_ONE = rf"(?:{_either(ONE)})(?={_either([*SMALL_SCALES, *SCALES])})"
_TOKEN = re.compile(rf"\s*(?:and\b\s*)?({_LITERAL}|{_either(VOCABULARY)}|{_ONE})")
_ABOUT = re.compile(
    r"^\W*(?:kira[- ]kira|kira2|sekitar|kurang lebih|lebih kurang|kurleb|about|±)\W*"
)
_MONEY = re.compile(
    r"(?<![a-z0-9])(?:rp|idr)\.?(?=[\s0-9])|\b(?:rp|idr|rupiah)\b\.?"
    r"|,-|\b(?:per |se)bulan\b|/ ?bulan\b"
)
_NOTHING = {"gratis", "tidak ada", "tdk ada", "gak ada", "nihil", "free", "none", "nothing"}
LONGEST = 200
"""Characters; a number that takes more is no number."""


def plain_digits(text: str) -> str:
    """Return the text with every kind of digit (Arabic-Indic, full-width…) as 0–9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(char, char)) for char in text)


def read_number(text: str) -> Decimal | None:
    """Return the number that the whole text is, in digits or words; None if it is none."""
    tokens = _tokens(plain_digits(text).casefold().strip())
    if not tokens:
        return None
    sum_ = _Sum()
    return sum_.value() if all(sum_.take(token, tokens) for token in tokens) else None


def read_amount(text: str) -> Decimal | None:
    """Return an amount of money: ``Rp 1.500.000,-``, ``sekitar 2 juta per bulan``, ``gratis``."""
    said = plain_digits(text).casefold()
    said = _ABOUT.sub("", said)
    said = _MONEY.sub(" ", said).strip(" .=:\n")
    return Decimal(0) if said in _NOTHING else read_number(said)


def read_count(text: str) -> Decimal | None:
    """Return the number that a text begins with; only what is counted may follow it."""
    said = re.sub(r"(?<=[0-9])(?=[a-z])", " ", plain_digits(text).casefold())
    parts = said.split()
    for end in range(len(parts), 0, -1):
        value = read_number(" ".join(parts[:end]))
        if value is not None:
            return None if any(map(_numeric, parts[end:])) else value
    return None


def _numeric(word: str) -> bool:
    return read_number(word) is not None or any(char.isdigit() for char in word)


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    position = 0
    while position < len(text) <= LONGEST:
        match = _TOKEN.match(text, position)
        if match is None:
            return []
        found.append(match[1])
        position = match.end()
    return found


def _literal(text: str, scaled: bool) -> Decimal | None:
    """Read dots and commas: groups of three are thousands, one shorter tail is a fraction.

    Before a scale word a comma is a fraction (1,500 juta), as it is in Indonesian.
    """
    whole, fraction = text, ""
    marks = [char for char in text if char in ".,"]
    if len(set(marks)) == 2:  # the last kind is the fraction's: 1.500.000,00 or 1,500,000.00
        whole, _, fraction = text.rpartition(marks[-1])
        if marks[-1] in whole:
            return None
    elif len(marks) == 1:
        head, mark, tail = text.partition(marks[0])
        if len(tail) != 3 or head.startswith("0") or (scaled and mark == ","):
            whole, fraction = head, tail
    groups = re.split("[.,]", whole)
    if len(groups) > 1 and (len(groups[0]) > 3 or any(len(each) != 3 for each in groups[1:])):
        return None
    return Decimal("".join(groups) + (f".{fraction}" if fraction else ""))


class _Sum:
    """A number that is being read: ``lima | ratus | dua puluh | ribu``."""

    def __init__(self) -> None:
        self.total = Decimal(0)
        self.group: Decimal | None = None
        self.unit: Decimal | None = None
        self.ceiling = 10**18
        self.step = 10**3

    def take(self, token: str, tokens: list[str]) -> bool:
        """Add one token; False when it makes no sense here."""
        if token in SCALES:
            return self._scale(SCALES[token])
        if token in SMALL_SCALES:
            return self._multiply(SMALL_SCALES[token])
        if token in TEEN:
            return self.unit is not None and self._add(self.unit + 10, 20)
        if token in TENS:
            return self.unit is None and self._add(Decimal(TENS[token]), 100)
        if token in HALF:
            self.unit = (self.unit or Decimal(0)) + Decimal("0.5")
            return True
        if self.unit is not None:
            return False
        if token in NUMBER_WORDS or token in ONE:
            self.unit = Decimal(NUMBER_WORDS.get(token, 1))
        else:
            self.unit = _literal(token, not SCALES.keys().isdisjoint(tokens))
        return self.unit is not None and self.unit < (
            self.ceiling if self.group is None else self.step
        )

    def value(self) -> Decimal:
        """Return all that was read so far."""
        return self.total + (self.group or 0) + (self.unit or 0)

    def _multiply(self, scale: int) -> bool:
        return self.unit is not None and self._add(self.unit * scale, scale * 10)

    def _add(self, amount: Decimal, step: int) -> bool:
        if step > self.step:
            return False
        self.group, self.unit = (self.group or Decimal(0)) + amount, None
        self.step = step // 10
        return True

    def _scale(self, scale: int) -> bool:
        if scale >= self.ceiling or (self.group is None and self.unit is None):
            return False
        self.total += ((self.group or Decimal(0)) + (self.unit or Decimal(0))) * scale
        self.group, self.unit, self.ceiling, self.step = None, None, scale, 10**3
        return True
