"""How numbers are written: ``{kode}/{nomor:03}/{unit}/{bulan_romawi}/{tahun}`` and the like."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

_FIELD = re.compile(r"\{([a-z_0-9]*)(?::0([1-9]))?\}")
_PLAIN = re.compile(r"[^{}]*")
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
FIELDS = ("kode", "nomor", "unit", "bulan", "bulan_romawi", "tahun", "tahun2", "hari")
_PADDED = ("kode", "nomor", "bulan", "hari")

Per = Literal["code", "office"]
Restart = Literal["year", "never"]


def write(pattern: str, number: int, day: date, *, code: str = "", unit: str = "") -> str:
    """Return the number written by a pattern that has no ``faults``.

    ``{nomor:05}`` is padded with zeros to five digits; a longer number is never cut.
    """
    values = {
        "kode": code,
        "nomor": str(number),
        "unit": unit,
        "hari": f"{day.day:02}",
        "bulan": f"{day.month:02}",
        "bulan_romawi": _ROMAN[day.month - 1],
        "tahun": f"{day.year:04}",
        "tahun2": f"{day.year % 100:02}",
    }
    return _FIELD.sub(lambda found: values[found[1]].zfill(int(found[2] or 0)), pattern)


def period(restart: Restart, day: date) -> str:
    """Return the period within which a series counts."""
    return str(day.year) if restart == "year" else ""


def series(kind: str, per: Per, code: str) -> str:
    """Return the name of the series a number is drawn from: one a code, or one for the office."""
    return f"{kind}:{code}" if per == "code" else kind


def faults(pattern: str, per: Per, restart: Restart) -> list[str]:
    """Return what is wrong with a pattern: ``field:x``, ``braces``, ``length:x``, ``missing:x``.

    Two numbers must never be written alike: what a series counts by must stand in the pattern.
    """
    found = [f"field:{name}" for name, _ in _FIELD.findall(pattern) if name not in FIELDS]
    used = {name for name, _ in _FIELD.findall(pattern)}
    lengths = {name for name, length in _FIELD.findall(pattern) if length}
    found += [f"length:{name}" for name in sorted(lengths & {*FIELDS} - {*_PADDED})]
    if not _PLAIN.fullmatch(_FIELD.sub("", pattern)):
        found.append("braces")
    if "nomor" not in used:
        found.append("missing:nomor")
    if per == "code" and "kode" not in used:
        found.append("missing:kode")
    if restart == "year" and not used & {"tahun", "tahun2"}:
        found.append("missing:tahun")
    return found
