"""The vocabulary of answers: one named check for every kind of thing that is asked.

A check takes what a person wrote and gives the canonical value, or raises ``Wrong`` with the
message key (``answers.<reason>``) that says kindly why not. A canonical value is accepted again
and stays what it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import phonenumbers
from msgspec import Struct, field
from rapidfuzz.fuzz import WRatio

from flows import identity
from flows.calendar import Calendar
from flows.choosing import pick, polarity
from flows.cleaning import clean as clean
from flows.dates import Direction, Unclear, read_date
from flows.definition import Question
from flows.measuring import in_indonesia, read_area, read_point
from flows.names import Unfit, read_name
from flows.numbers import plain_digits, read_amount, read_count
from flows.periods import read_period
from flows.spelling import words
from flows.times import read_times
from flows.words import ABBREVIATED

MOST_RUPIAH = 10**13
MOST_WORDS = 300
"""Characters looked at where a few words are expected."""
MOBILE_LENGTH = range(10, 14)
"""Digits of an Indonesian mobile number, from the 0 on."""
CLOSE = 70
"""Of 100, from where on a village's name is offered as perhaps meant."""
OLDEST = 125
"""Years; nobody on record grew older."""


class About(Struct, frozen=True):
    """What a check may know: the question, the office's date, and words of the person's language.

    ``villages`` are (id, name); ``choice_labels`` gives each choice its label; ``answers`` are
    others of the same person by question, so that a birth date can be held against a NIK;
    ``calendar`` says on which days the office works.
    """

    question: Question
    today: date
    villages: Sequence[tuple[str, str]] = ()
    choice_labels: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    calendar: Calendar = Calendar()


class Accepted(Struct, frozen=True):
    """A canonical value; ``warning`` is a key below ``answers.warning`` for what is doubtful."""

    value: str
    warning: str = ""


class Wrong(Exception):
    """The answer cannot be one: ``answers.<reason>`` says why, with ``args_`` for its template."""

    def __init__(self, reason: str, **args: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.args_ = args


Check = Callable[[str, About], Accepted]
CHECKS: dict[str, Check] = {}


def check(function: Check) -> Check:
    """Enter a function into the vocabulary, under its own name."""

    def checked(text: str, about: About) -> Accepted:
        text = clean(text)
        if not text:
            raise Wrong("empty")
        return function(text, about)

    CHECKS[function.__name__.rstrip("_")] = checked
    return checked


# --- numbers of identity -------------------------------------------------------------------------


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


# --- dates ---------------------------------------------------------------------------------------


@check
def birth_date(text: str, about: About) -> Accepted:
    """Accept the birth date of somebody alive or lately alive, as ISO."""
    born = _date(text, about, "past", yearless=False)
    if (about.today - born).days > OLDEST * 366:
        raise Wrong("date.too_old")
    agrees = identity.agrees(about.answers.get("nik", ""), born.isoformat())
    return Accepted(born.isoformat(), "" if agrees else "nik_birth")


@check
def past_date(text: str, about: About) -> Accepted:
    """Accept a date up to today, as ISO; ``most`` is how many days ago it may be."""
    day = _date(text, about, "past")
    most = about.question.most
    if most is not None and (about.today - day).days > most:
        raise Wrong("date.too_long_ago", days=most)
    return Accepted(day.isoformat())


@check
def future_date(text: str, about: About) -> Accepted:
    """Accept a date from today on, as ISO; ``least`` and ``most`` are days from today."""
    day = _ahead(text, about)
    return Accepted(day.isoformat(), "date_far" if (day - about.today).days > 2 * 366 else "")


@check
def office_day(text: str, about: About) -> Accepted:
    """Accept a day to come on which the office works, as ISO; bounded like ``future_date``."""
    day = _ahead(text, about)
    if not about.calendar.is_working_day(day):
        raise Wrong("date.closed")
    return Accepted(day.isoformat())


def _ahead(text: str, about: About) -> date:
    day = _date(text, about, "future")
    ahead, question = (day - about.today).days, about.question
    if question.least is not None and ahead < question.least:
        raise Wrong("date.too_soon", days=question.least)
    if question.most is not None and ahead > question.most:
        raise Wrong("date.too_far", days=question.most)
    return day


@check
def date_(text: str, about: About) -> Accepted:
    """Accept any date from 1900 to 2100, as ISO."""
    return Accepted(_date(text, about, "any").isoformat())


@check
def period(text: str, about: About) -> Accepted:
    """Accept one day or several from today on, as ISO days with a stroke between.

    ``most`` is how many days they may be.
    """
    try:
        days = read_period(text, about.today)
    except Unclear as unclear:
        kind = "period" if unclear.reason in ("backwards", "unclear") else "date"
        raise Wrong(f"{kind}.{unclear.reason}") from None
    if days.last < about.today:
        raise Wrong("date.in_past")
    most = about.question.most
    if most is not None and (days.last - days.first).days >= most:
        raise Wrong("period.long", most=most)
    far = (days.last - about.today).days > 2 * 366
    return Accepted(days.canonical(), "date_far" if far else "")


@check
def times(text: str, about: About) -> Accepted:
    """Accept a time of day, or when something begins and ends: ``20:00``, ``08:00-17:00``."""
    found = read_times(text)
    if found is None:
        raise Wrong("times.unclear")
    return Accepted(found.canonical())


def _date(text: str, about: About, direction: Direction, *, yearless: bool = True) -> date:
    try:
        day = read_date(text, about.today, direction, yearless=yearless)
    except Unclear as unclear:
        raise Wrong(f"date.{unclear.reason}") from None
    if direction == "past" and day > about.today:
        raise Wrong("date.in_future")
    if direction == "future" and day < about.today:
        raise Wrong("date.in_past")
    return day


# --- names, places, words ------------------------------------------------------------------------


@check
def name(text: str, about: About) -> Accepted:
    """Accept a person's name in Latin letters, with degrees; ``most`` letters, 100 unless said."""
    try:
        found = read_name(text)
    except Unfit as unfit:
        raise Wrong(f"name.{unfit.reason}") from None
    _bounded(len(found), about, "name", least=2, most=100)
    return Accepted(found)


@check
def place(text: str, about: About) -> Accepted:
    """Accept the name of a place anywhere, such as where somebody was born."""
    line = " ".join(text.split())
    if any(char.isdigit() for char in line) or sum(map(str.isalpha, line)) < 2:
        raise Wrong("place.unclear")
    _bounded(len(line), about, "text", least=2, most=60)
    return Accepted(line.title() if line.islower() or line.isupper() else line)


@check
def village(text: str, about: About) -> Accepted:
    """Accept a village of the office by name, number in the list or code."""
    said = [ABBREVIATED.get(word, word) for word in words(text[:MOST_WORDS])]
    while len(said) > 1 and said[0] in ("desa", "ds", "kel", "kelurahan", "dusun", "nagari"):
        said = said[1:]
    wanted = " ".join(said)
    found = pick(text, about.villages) or pick(wanted, about.villages)
    if found is not None:
        return Accepted(found)
    scores = [(WRatio(wanted, known.casefold()), known) for _, known in about.villages]
    close = [known for score, known in sorted(scores, reverse=True) if score >= CLOSE]
    if close and wanted:
        raise Wrong("village.which", options=close[:4])
    raise Wrong("village.unknown", options=[known for _, known in about.villages])


@check
def address(text: str, about: About) -> Accepted:
    """Accept an address, on one line."""
    line = re.sub(r"\s*,?\s*\n\s*", ", ", text)
    if not any(map(str.isalpha, line)):
        raise Wrong("address.unclear")
    _bounded(len(line), about, "address", least=5, most=200)
    return Accepted(line)


@check
def text(text: str, about: About) -> Accepted:
    """Accept words of any kind, from ``least`` (2) to ``most`` (500) characters."""
    if not any(map(str.isalnum, text)):
        raise Wrong("text.empty")
    _bounded(len(text), about, "text", least=2, most=500)
    return Accepted(text)


@check
def email(text: str, about: About) -> Accepted:
    """Accept an e-mail address, in small letters."""
    found = re.findall(r"[a-z0-9._%+\-]{1,64}@[a-z0-9\-]+(?:\.[a-z0-9\-]+)+", text.casefold())
    if len(found) != 1 or len(found[0]) > 254:
        raise Wrong("email.format")
    return Accepted(found[0])


def _bounded(size: int, about: About, kind: str, *, least: int, most: int) -> None:
    least = least if about.question.least is None else about.question.least
    most = most if about.question.most is None else about.question.most
    if size < least:
        raise Wrong(f"{kind}.short", least=least)
    if size > most:
        raise Wrong(f"{kind}.long", most=most, count=size)


# --- choices -------------------------------------------------------------------------------------


@check
def choice(text: str, about: About) -> Accepted:
    """Accept one of the question's choices, by number, label or nearly its label."""
    choices = about.question.choices
    options = [(each, about.choice_labels.get(each, each)) for each in choices]
    found = pick(text[:MOST_WORDS], options)
    if found is None:
        raise Wrong("choice.which", options=[label for _, label in options])
    return Accepted(found)


@check
def yesno(text: str, about: About) -> Accepted:
    """Accept ``yes`` or ``no`` in all the ways people say them."""
    options = [(each, about.choice_labels.get(each, each)) for each in ("yes", "no")]
    yes = polarity(text[:MOST_WORDS])
    found = pick(text[:MOST_WORDS], options) if yes is None else ("yes" if yes else "no")
    if found is None:
        raise Wrong("yesno.which")
    return Accepted(found)


# --- numbers -------------------------------------------------------------------------------------


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
def amount(text: str, about: About) -> Accepted:
    """Accept an amount of money as whole rupiah; ``least`` and ``most`` bound the value."""
    value = read_amount(text)
    if value is None or value != int(value):
        raise Wrong("amount.unclear")
    question = about.question
    if question.least is not None and value < question.least:
        raise Wrong("amount.least", least=question.least)
    if value > (MOST_RUPIAH if question.most is None else question.most):
        raise Wrong("amount.most", most=MOST_RUPIAH if question.most is None else question.most)
    return Accepted(str(int(value)), "amount" if 0 < value < 1000 else "")


@check
def area(text: str, about: About) -> Accepted:
    """Accept an area as whole square metres: ``2 hektar``, ``20 x 30``, ``600 m2``."""
    value = read_area(text[:MOST_WORDS])
    if value is None:
        raise Wrong("area.unclear")
    return Accepted(str(value))


@check
def location(text: str, about: About) -> Accepted:
    """Accept a point on the map as ``latitude,longitude`` in degrees, to about a metre."""
    point = read_point(text[:MOST_WORDS])
    if point is None:
        raise Wrong("location.unclear")
    if not in_indonesia(*point):
        raise Wrong("location.far")
    return Accepted(f"{point[0]:.5f},{point[1]:.5f}")


@check
def count(text: str, about: About) -> Accepted:
    """Accept how many there are, in digits or words, such as ``tiga orang``."""
    value = read_count(text[:MOST_WORDS])
    if value is None or value != int(value) or value > 10**9:
        raise Wrong("count.unclear")
    question = about.question
    if question.least is not None and value < question.least:
        raise Wrong("count.least", least=question.least)
    if question.most is not None and value > question.most:
        raise Wrong("count.most", most=question.most)
    return Accepted(str(int(value)))
