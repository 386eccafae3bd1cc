"""Numbers of identity: what a NIK is made of, and what cannot or need not be true of one.

Province, regency, district, birth date DDMMYY (women: day + 40), serial from 0001; the region is
that of the first registration. Codes of Permendagri 72/2019 and the provinces made in 2022.
"""

from __future__ import annotations

import re
from datetime import date

from flows.numbers import plain_digits

PROVINCES = frozenset(
    {*range(11, 20), 21, *range(31, 37), *range(51, 54), *range(61, 66), *range(71, 77), 81, 82}
    | {*range(91, 98)}
)


def runs_of_digits(text: str) -> list[str]:
    """Return the numbers of a text, each without the spaces, dots and dashes inside it."""
    joined = re.sub(r"(?<=[0-9])[\s.\-_/,]+(?=[0-9])", "", plain_digits(text))
    return re.findall(r"[0-9]+", joined)


def impossible(nik: str) -> str:
    """Return why 16 digits cannot be a NIK: date or serial; empty when they can."""
    day, month = int(nik[6:8]), int(nik[8:10])
    if not (1 <= day <= 31 or 41 <= day <= 71) or not 1 <= month <= 12:
        return "date"
    return "serial" if nik[12:] == "0000" else ""


def doubtful(nik: str, born: str = "") -> str:
    """Return the warning that a possible NIK deserves: nik_date, nik_region, nik_birth or none.

    True NIKs with each of these exist, so none is refused.
    """
    if not _in_calendar(nik):
        return "nik_date"
    if not has_province(nik):
        return "nik_region"
    return "" if agrees(nik, born) else "nik_birth"


def has_province(digits: str) -> bool:
    """Return whether a number begins with the code of a province."""
    return int(digits[:2]) in PROVINCES


def agrees(nik: str, born: str) -> bool:
    """Return whether a NIK holds this birth date (ISO); True where either is not known."""
    if len(nik) != 16 or len(born) != 10:
        return True
    return _day(nik) + nik[8:12] == born[8:] + born[5:7] + born[2:4]


def _day(nik: str) -> str:
    return f"{int(nik[6:8]) % 40:02}"


def _in_calendar(nik: str) -> bool:
    try:
        date(2000 + int(nik[10:12]), int(nik[8:10]), int(_day(nik)))
    except ValueError:
        # 29 February of 1900 was none, that of 2000 was: the century is not known
        return False
    return True
