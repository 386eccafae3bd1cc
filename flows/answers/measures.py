"""How much, how many, how large, and where on the map."""

from __future__ import annotations

from flows.answers.vocabulary import MOST_WORDS, About, Accepted, Wrong, check
from flows.measuring import in_indonesia, read_area, read_point
from flows.numbers import read_amount, read_count

MOST_RUPIAH = 10**13


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
