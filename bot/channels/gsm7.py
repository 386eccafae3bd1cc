"""What an SMS holds: 160 letters of the GSM alphabet, or 70 of any other (3GPP TS 23.038, 23.040).

A text that needs several pieces loses some room in each to the header that joins them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from bot.words.markup import Form, Run

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("\f^{}\\[~]|€")
_ALONE, _JOINED = 160, 153
_WIDE_ALONE, _WIDE_JOINED = 70, 67

# Signs that a plain one says as well; one of them would cost the whole text half its room.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′´`", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\t", " "),
        **dict.fromkeys("•·●▪◦", "-"),
        **dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u2060\ufe0f\ufeff", ""),
        "…": "...",
        "×": "x",
        "→": "->",
        "©": "(c)",
        "½": "1/2",
        "¼": "1/4",
        "∗": "*",
        "✓": "-",
    }
)


def simplified(text: str) -> str:
    """Replace what has a harmless plain form; anything else stays as the person wrote it.

    Pictures (⚠, 📎) are left out where other letters are plain: they decorate, and would cost 90
    letters of every piece.
    """
    text = text.translate(_PLAIN)
    return text if is_gsm(text) else "".join(map(_simple, text)).replace("  ", " ")


def _simple(sign: str) -> str:
    if sign in _BASIC or sign in _ESCAPED:
        return sign
    if unicodedata.category(sign) in ("So", "Sk"):
        return ""
    bare = unicodedata.normalize("NFKD", sign)
    letters = "".join(one for one in bare if not unicodedata.combining(one))
    return letters if letters and all(one in _BASIC for one in letters) else sign


def is_gsm(text: str) -> bool:
    """Say whether the GSM alphabet has all of these letters."""
    return all(sign in _BASIC or sign in _ESCAPED for sign in text)


def size(text: str) -> int:
    """Count what a text takes: septets of the GSM alphabet, or UTF-16 units beyond it."""
    if is_gsm(text):
        return len(text) + sum(sign in _ESCAPED for sign in text)
    return len(text.encode("utf-16-le", "replace")) // 2


def pieces(text: str) -> int:
    """Return how many SMS a text is sent and billed as."""
    alone, joined = (_ALONE, _JOINED) if is_gsm(text) else (_WIDE_ALONE, _WIDE_JOINED)
    taken = size(text)
    return 1 if taken <= alone else -(-taken // joined)


def room(most: int) -> int:
    """Return the septets of so many joined pieces."""
    return most * _JOINED


def _write(runs: Sequence[Run]) -> str:
    return simplified("".join(run.text for run in runs))


def _septets(runs: Sequence[Run]) -> int:
    """Measure in septets; a letter beyond the alphabet takes 153/67 of one."""
    text = _write(runs)
    return size(text) if is_gsm(text) else -(-size(text) * _JOINED // _WIDE_JOINED)


SMS = Form(_write, _septets, links=False)
"""Plain words as an SMS carries them; limits are in septets (``room``)."""
