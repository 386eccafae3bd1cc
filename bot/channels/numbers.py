"""Telephone numbers as senders write them."""

from __future__ import annotations

import phonenumbers

_HOME = "ID"


def international(written: str) -> str:
    """Return a number as +62…; empty for what nobody can answer.

    Short numbers and names (an operator's advertisements) are senders that no person reads.
    """
    try:
        number = phonenumbers.parse(written, _HOME)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number) or len(str(number.national_number)) < 7:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
