"""The vocabulary of answers: one named check for every kind of thing that is asked.

A check takes what a person wrote and gives the canonical value, or raises ``Wrong`` with the
message key (``answers.<reason>``) that says kindly why not. A canonical value is accepted again
and stays what it is.
"""

from flows.answers import days, measures, people, words
from flows.answers.vocabulary import CHECKS, About, Accepted, Wrong

__all__ = ["CHECKS", "About", "Accepted", "Wrong", "days", "measures", "people", "words"]
