"""Who somebody is, and how they are reached: their numbers, names, telephones."""

from __future__ import annotations

import re

import phonenumbers

from flows import identity
from flows.answers.vocabulary import MOST_WORDS, About, Accepted, Wrong, bounded, check
from flows.names import Unfit, read_name
from flows.numbers import plain_digits

MOBILE_LENGTH = range(10, 14)
"""Digits of an Indonesian mobile number, from the 0 on."""


@check
def nik(text: str, about: About) -> Accepted:
    """Accept a NIK: only what cannot be one is refused, what is unlikely is marked."""
    digits = _sixteen(text, "nik")
    if problem := identity.impossible(digits):
        raise Wrong(f"nik.{problem}")
    return Accepted(digits, identity.doubtful(digits, about.answers.get("birth_date", "")))


@check
def kk_number(text: str, about: About) -> Accepted:
    """Accept the number of a family card: 16 digits."""
    digits = _sixteen(text, "kk")
    return Accepted(digits, "" if identity.has_province(digits) else "kk_region")


@check
def npwp(text: str, about: About) -> Accepted:
    """Accept a tax number of 15 digits, or of 16 as it is since 2024 (PMK 112/2022)."""
    digits = re.sub(r"[^0-9]", "", plain_digits(text))
    if len(digits) not in (15, 16):
        raise Wrong("npwp.length", count=len(digits))
    return Accepted(digits)


def _sixteen(text: str, kind: str) -> str:
    runs = identity.runs_of_digits(text)
    exact = {run for run in runs if len(run) == 16}
    if len(exact) != 1:
        raise Wrong(f"{kind}.length", count=max(map(len, runs), default=0))
    return exact.pop()


@check
def name(text: str, about: About) -> Accepted:
    """Accept a person's name in Latin letters, with degrees; ``most`` letters, 100 unless said."""
    try:
        found = read_name(text)
    except Unfit as unfit:
        raise Wrong(f"name.{unfit.reason}") from None
    bounded(len(found), about, "name", least=2, most=100)
    return Accepted(found)


@check
def phone(text: str, about: About) -> Accepted:
    """Accept a telephone number, Indonesian unless it says otherwise, as E.164."""
    runs = re.findall(r"\+?[0-9][0-9\s().\-]{5,}", plain_digits(text[:MOST_WORDS]))
    if len(runs) != 1:
        raise Wrong("phone.format")
    number = re.sub(r"[^0-9+]", "", runs[0])
    if number.startswith(("62", "00")):
        number = f"+{number.removeprefix('00')}"
    elif number.startswith("8"):
        number = f"0{number}"
    try:
        parsed = phonenumbers.parse(number, "ID")
    except phonenumbers.NumberParseException:
        raise Wrong("phone.format") from None
    mobile = parsed.country_code == 62 and str(parsed.national_number).startswith("8")
    fits = not mobile or len(str(parsed.national_number)) + 1 in MOBILE_LENGTH
    if not fits or not phonenumbers.is_possible_number(parsed):
        raise Wrong("phone.length")
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return Accepted(written, "" if phonenumbers.is_valid_number(parsed) else "phone")


@check
def email(text: str, about: About) -> Accepted:
    """Accept an e-mail address, in small letters."""
    found = re.findall(r"[a-z0-9._%+\-]{1,64}@[a-z0-9\-]+(?:\.[a-z0-9\-]+)+", text.casefold())
    if len(found) != 1 or len(found[0]) > 254:
        raise Wrong("email.format")
    return Accepted(found[0])
