"""The places a conversation can be in; each module registers its own."""

from flows.places import asking, collecting, confirming, leaving, menu, review, talking
from flows.places.registry import PLACES, go, show

__all__ = [
    "PLACES",
    "asking",
    "collecting",
    "confirming",
    "go",
    "leaving",
    "menu",
    "review",
    "show",
    "talking",
]
