"""How often a photo is called sideways, measured on pictures of many kinds.

``python -m tests.bot.snapshots 32`` measures the same on more of them: docs/photos.md has it.
"""

from __future__ import annotations

import pytest

from tests.bot import snapshots

_PAPERS, _THINGS = 5, 3
# At least so many of the papers on their side are noticed; the small print of a family card is
# seldom clear enough from above a table, and then the officer turns the picture.
_NOTICED = {
    "printed": 0.5,
    "handwritten": 0.7,
    "card": 0.7,
    "family": 0.1,
    "certificate": 0.7,
}


@pytest.mark.parametrize("kind", snapshots.PAPERS)
def test_papers_on_their_side_are_noticed_and_upright_ones_are_not_blamed(kind: str) -> None:
    blamed, noticed = snapshots.rates(kind, range(_PAPERS))
    assert blamed == 0
    assert noticed >= _NOTICED[kind]


@pytest.mark.parametrize("kind", snapshots.THINGS)
def test_what_is_no_paper_is_never_blamed(kind: str) -> None:
    assert snapshots.rates(kind, range(_THINGS))[0] == 0
