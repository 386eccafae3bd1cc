"""Do lines of writing run up and down? Judged on a grey copy, in a few milliseconds.

A tile of a page of writing has dense and empty rows (the lines) and, along them, more changes of
ink than across (the strokes). Planks, bricks, louvres and trunks have only one of the two. Each
tile votes upright, sideways or not at all; small tiles forgive a tilt of some ten degrees, and a
table, a portrait or a patterned cloth beside the writing. Upside down looks the same as upright.

The figures are measured: tests/bot/test_sideways.py.
"""

from __future__ import annotations

from itertools import starmap
from typing import NamedTuple

from PIL import Image, ImageChops, ImageStat

_SHRINK = 2
_PAPER = 16
_INK = [min(255, max(0, level - 12) * 5) for level in range(256)]
_LEAST_STEP = 3
_CLEARLY = 5
# Paper is at least half as bright as the brightest place, also in a shadow; grass and a dark table
# are not.
_SHADE = 0.5


class _Look(NamedTuple):
    """One way of looking; sizes in pixels of the shrunken picture.

    ``bare`` leaves straight lines longer than a ``strip`` out of the strokes. ``lines``: how much
    more density must change across the lines than along them. ``strokes``: how much more ink must
    change along the lines than across, and ``changes`` in all. ``votes`` and ``share`` of all tiles
    with strokes are called clear.
    """

    tile: int
    strip: int
    bare: bool
    lines: float
    strokes: float
    changes: int
    votes: int
    share: float


_LOOKS = (
    _Look(48, 16, False, 1.8, 0.85, 16, 5, 0.25),
    # The small print of a family card between its ruled lines.
    _Look(24, 8, True, 1.5, 1.0, 10, 8, 0.4),
)


class _Tile(NamedTuple):
    """What was found in one tile; each from 0 to 255."""

    light: int

    rows: int
    columns: int
    down: int
    right: int
    long_down: int
    long_right: int
    dark: int
    bright: int


def is_sideways(grey: Image.Image) -> bool:
    """Tell whether lines of writing run up and down; False unless that is clear.

    ``grey`` is the whole picture, some 800 pixels long.
    """
    small = grey.reduce(_SHRINK)
    if min(small.size) < 2 * _PAPER:
        return False
    paper = small.reduce(_PAPER)
    least = round(_SHADE * float(ImageStat.Stat(paper).extrema[0][1]))
    paper = paper.resize(small.size, Image.Resampling.BILINEAR)
    seen = (small, ImageChops.subtract(paper, small), ImageChops.subtract(small, paper))
    return any(_is_clear(look, _tiles(look, *seen), least) for look in _LOOKS)


def _is_clear(look: _Look, tiles: list[_Tile], least: int) -> bool:
    found = [_vote(look, tile) for tile in tiles if tile.light >= least]
    votes = [vote for vote in found if vote is not None]
    sideways, upright = votes.count(1), votes.count(-1)
    return (
        sideways >= look.votes
        and sideways >= _CLEARLY * upright
        and sideways >= look.share * len(votes)
    )


def _vote(look: _Look, tile: _Tile) -> int | None:
    """Return 1 for sideways, -1 for upright, 0 for unclear, None where there are no strokes."""
    down, right = tile.down, tile.right
    if look.bare:
        down, right = down - tile.long_down, right - tile.long_right
    if down + right < look.changes:
        return None
    # Ink on paper is darker than its surroundings; leaves and bricks are as often brighter.
    if tile.bright > max(1, tile.dark):
        return 0
    if tile.columns >= max(_LEAST_STEP, look.lines * tile.rows) and down > look.strokes * right:
        return 1
    if tile.rows >= max(_LEAST_STEP, look.lines * tile.columns) and right > look.strokes * down:
        return -1
    return 0


def _tiles(look: _Look, small: Image.Image, dark: Image.Image, bright: Image.Image) -> list[_Tile]:
    size, strip = look.tile, look.strip
    whole = (0, 0, small.width // size * size, small.height // size * size)
    if 0 in whole[2:]:
        return []
    ink = dark.crop(whole).point(_INK)
    rows, columns = ink.reduce((strip, 1)), ink.reduce((1, strip))
    flat, upright = (size // strip, size), (size, size // strip)
    return list(
        starmap(
            _Tile,
            zip(
                small.crop(whole).reduce(size).tobytes(),
                _squared(_change(rows, 0, 3), 64).reduce(flat).tobytes(),
                _squared(_change(columns, 3, 0), 64).reduce(upright).tobytes(),
                _change(ink, 0, 1).reduce(size).tobytes(),
                _change(ink, 1, 0).reduce(size).tobytes(),
                _change(rows, 0, 1).reduce(flat).tobytes(),
                _change(columns, 1, 0).reduce(upright).tobytes(),
                _squared(dark.crop(whole), 16).reduce(size).tobytes(),
                _squared(bright.crop(whole), 16).reduce(size).tobytes(),
                strict=True,
            ),
        )
    )


def _change(picture: Image.Image, right: int, down: int) -> Image.Image:
    return ImageChops.difference(picture, ImageChops.offset(picture, right, down))


def _squared(picture: Image.Image, unit: int) -> Image.Image:
    return picture.point([min(255, level * level // unit) for level in range(256)])
