"""Measures as people write them: an area (2 hektar, 20 x 30), a point on the map."""

from __future__ import annotations

import re

from flows.numbers import plain_digits, read_number

HECTARE = 10_000
"""Square metres."""
LARGEST = 10_000 * HECTARE
_UNSAID = re.compile(
    r"\b(?:luas(?:nya)?|tanah(?:nya)?|ukuran(?:nya)?|kira|sekitar|lebih|kurang|panjang|lebar"
    r"|about|is|the|area)\b|[±~:]|-(?=\s*kira)"
)
_TIMES = re.compile(r"\s*(?:\bkali\b|[x×*])\s*")
_HECTARES = re.compile(r"\s*\b(?:ha|hektar|hektare|hektaran|hectares?)\b\s*")
_METRES = re.compile(r"\s*(?:\bmeter persegi|\bm persegi|\bsquare met(?:re|er)s?|m2|\bmeter|m)\s*$")
_POINT = re.compile(r"(-?\d{1,2}\.\d{2,})\s*[,;\s]\s*(-?\d{2,3}\.\d{2,})")
_LATITUDES, _LONGITUDES = (-11.5, 6.5), (94.5, 141.5)
"""Degrees between which Indonesia lies."""


def read_area(text: str) -> int | None:
    """Return an area in whole square metres; a bare number counts metres. None where unclear."""
    said = plain_digits(text).casefold().replace("²", "2")
    said = re.sub(r"(?<=\d)(?=[a-z])", " ", said)
    said = " ".join(_UNSAID.sub(" ", said).split()).strip(" .,-")
    sides = _TIMES.split(said)
    if len(sides) == 2:
        lengths = [_number(_METRES.sub("", side)) for side in sides]
        found = None if None in lengths else (lengths[0] or 0) * (lengths[1] or 0)
    elif len(pieces := _HECTARES.split(said)) == 2:
        whole, rest = _number(pieces[0]), _number(_METRES.sub("", pieces[1]) or "0")
        found = None if whole is None or rest is None else whole * HECTARE + rest
    else:
        found = _number(_METRES.sub("", said))
    return round(found) if found is not None and 1 <= found <= LARGEST else None


def read_point(text: str) -> tuple[float, float] | None:
    """Return latitude and longitude in degrees, out of a pair or a map's link; None for neither."""
    found = _POINT.search(plain_digits(text).replace("%2C", ","))
    return (float(found[1]), float(found[2])) if found else None


def in_indonesia(latitude: float, longitude: float) -> bool:
    """Say whether the point may lie in Indonesia."""
    (south, north), (west, east) = _LATITUDES, _LONGITUDES
    return south <= latitude <= north and west <= longitude <= east


def _number(words: str) -> float | None:
    value = read_number(words.strip())
    return None if value is None else float(value)
