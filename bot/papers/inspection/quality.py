"""Can this picture be read? Judged on a small grey copy, in a few milliseconds."""

from __future__ import annotations

from PIL import Image, ImageFilter, ImageOps, ImageStat

from bot.papers.inspection.lines import is_sideways

_LOOK = 800
_GRID = 4
_DARK = 40.0
# Measured on synthetic cards, letters, tables and houses of 1280 px with a sensor's noise: sharp
# ones score 270 and more, those blurred by 1.5 px (still readable) 120 to 260, by 3 px under 110.
_BLURRED = 110.0
# A card that fills two thirds of 600 px has 7 px a millimetre: digits of a NIK are 20 px high.
# Other papers are only kept, so a smaller one will do.
_LEAST_IDENTITY, _LEAST_OTHER = 600, 480
# A scan cropped to the card itself (ID-1: 85.6 by 54 mm) has as much detail in fewer pixels.
_CARD, _LEAST_CARD = 85.6 / 54, 400


def problem_of(picture: Image.Image, *, identity: bool) -> str:
    """Return small, dark, blurry or sideways, the first that holds, or an empty string."""
    if _is_small(picture, identity=identity):
        return "small"
    grey = _shrunk(picture.convert("L"), _LOOK)
    # Dark before blurry: stretching the contrast of a dark picture makes its noise look sharp.
    if ImageStat.Stat(grey).mean[0] < _DARK:
        return "dark"
    if sharpness(grey) < _BLURRED:
        return "blurry"
    return "sideways" if is_sideways(grey) else ""


def _is_small(picture: Image.Image, *, identity: bool) -> bool:
    short, long = sorted(picture.size)
    least = _LEAST_IDENTITY if identity else _LEAST_OTHER
    if abs(long / max(short, 1) - _CARD) < 0.06:
        least = _LEAST_CARD
    return short < least


def sharpness(grey: Image.Image) -> float:
    """Return the variance of the Laplacian over the sharpest quarter of the picture.

    A letter of three lines is as sharp as a full page, so only the best tiles count.
    """
    calm = ImageOps.autocontrast(grey.filter(ImageFilter.BoxBlur(1)))
    edges = calm.filter(ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), 1, 128))
    # The filter leaves the outermost pixels as they were, which would look like edges.
    width, height = edges.width - 4, edges.height - 4
    tiles = [
        ImageStat.Stat(
            edges.crop(
                (
                    2 + width * column // _GRID,
                    2 + height * row // _GRID,
                    2 + width * (column + 1) // _GRID,
                    2 + height * (row + 1) // _GRID,
                )
            )
        ).var[0]
        for row in range(_GRID)
        for column in range(_GRID)
    ]
    best = sorted(tiles)[-len(tiles) // 4 :]
    return sum(best) / len(best)


def _shrunk(grey: Image.Image, longest: int) -> Image.Image:
    share = longest / max(grey.size)
    if share >= 1:
        return grey
    size = (max(1, round(grey.width * share)), max(1, round(grey.height * share)))
    return grey.resize(size, Image.Resampling.BILINEAR)
