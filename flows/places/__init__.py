"""The places a conversation can be in; each module registers its own."""

from flows.places import (
    asking,
    collecting,
    complaining,
    confirming,
    erasing,
    leaving,
    linking,
    menu,
    proving,
    review,
    talking,
)
from flows.places.registry import PLACES, go, show

__all__ = [
    "PLACES",
    "asking",
    "collecting",
    "complaining",
    "confirming",
    "erasing",
    "go",
    "leaving",
    "linking",
    "menu",
    "proving",
    "review",
    "show",
    "talking",
]
