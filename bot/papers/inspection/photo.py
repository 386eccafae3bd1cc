"""Photos: opened with suspicion, set upright, and painted anew without anything hidden in them."""

from __future__ import annotations

import io
import warnings

from PIL import ExifTags, Image

from bot.papers.inspection.finding import Inspection
from bot.papers.inspection.quality import problem_of

MIME = "image/jpeg"
_LONGEST = 2560
_THUMBNAIL = 320
_QUALITY = 88
_THUMBNAIL_QUALITY = 80
# A JPEG can be decoded at a fraction of its size (200-megapixel telephones exist), others cannot.
_MOST_PIXELS = {"JPEG": 220_000_000, "PNG": 36_000_000, "WEBP": 36_000_000}
_T = Image.Transpose
_UPRIGHT = {
    2: _T.FLIP_LEFT_RIGHT,
    3: _T.ROTATE_180,
    4: _T.FLIP_TOP_BOTTOM,
    5: _T.TRANSPOSE,
    6: _T.ROTATE_270,
    7: _T.TRANSVERSE,
    8: _T.ROTATE_90,
}

Image.MAX_IMAGE_PIXELS = max(_MOST_PIXELS.values())
warnings.simplefilter("error", Image.DecompressionBombWarning)
# Pillow speaks of odd metadata; none of it is kept.
warnings.filterwarnings("ignore", category=UserWarning, module="PIL")


class _TooLarge(Exception):
    """More pixels than may be decoded."""


def inspect_photo(content: bytes, kind: str, *, identity: bool) -> Inspection:
    """Return the picture upright, at most 2560 px long, as a JPEG without metadata.

    ``kind`` is Pillow's name of the format; nothing else is tried.
    """
    mime = f"image/{kind.lower()}"
    try:
        picture = _read(content, kind)
    except (_TooLarge, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Inspection.refused("large", mime)
    except Exception:
        # Decoders raise whatever they stumble on in broken input; all of it means the same here.
        return Inspection.refused("damaged", mime)
    problem = problem_of(picture, identity=identity)
    thumbnail = picture.reduce(max(1, max(picture.size) // (2 * _THUMBNAIL)))
    thumbnail.thumbnail((_THUMBNAIL, _THUMBNAIL))
    return Inspection(
        mime=MIME,
        content=_jpeg(picture, _QUALITY),
        thumbnail=_jpeg(thumbnail, _THUMBNAIL_QUALITY),
        problem=problem,
        width=picture.width,
        height=picture.height,
    )


def _read(content: bytes, kind: str) -> Image.Image:
    with Image.open(io.BytesIO(content), formats=[kind]) as image:
        if image.width * image.height > _MOST_PIXELS[kind]:
            raise _TooLarge
        if kind == "JPEG":
            image.draft("RGB", (_LONGEST, _LONGEST))
        image.load()
        return _paint(image, _turned(image))


def _turned(image: Image.Image) -> Image.Transpose | None:
    """Return how the camera says this picture must be turned to stand upright."""
    try:
        return _UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        # A picture with a broken note about itself is still a picture.
        return None


def _paint(image: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    """Copy the pixels, and only them, onto a new white sheet."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode.startswith("I"):
        # Sixteen bits of grey are scaled down; a plain conversion would cut them off.
        image = image.convert("I").point(lambda level: level * (1 / 257)).convert("L")
    elif image.mode != "RGB":
        image = image.convert("RGB")
    if max(image.size) > _LONGEST:
        image.thumbnail((_LONGEST, _LONGEST), Image.Resampling.BICUBIC, reducing_gap=1.5)
    sheet = Image.new("RGB", image.size, "white")
    sheet.paste(image, mask=image if image.mode == "RGBA" else None)
    return sheet if turn is None else sheet.transpose(turn)


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()
