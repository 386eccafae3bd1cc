"""Papers to photograph: synthetic pictures that are sharp, blurred, dark or on their side."""

from __future__ import annotations

import io
import random
from functools import cache

from PIL import Image, ImageDraw, ImageFilter


@cache
def photo(kind: str = "sharp", seed: int = 1) -> bytes:
    """Return a JPEG of a card with lines of text: sharp, blurry, dark, small or sideways."""
    draw_random = random.Random(seed)
    image = Image.new("RGB", (1280, 810), (168, 198, 222))
    pen = ImageDraw.Draw(image)
    for line in range(18):
        text = "".join(draw_random.choice("ABCDEFGHKLMNPRSTUVXYZ 0123456789") for _ in range(46))
        pen.text((60, 40 + line * 42), text, fill=(20, 20, 30), font_size=30)
    if kind == "blurry":
        image = image.filter(ImageFilter.GaussianBlur(9))
    elif kind == "dark":
        image = image.point(lambda value: value // 12)
    elif kind == "small":
        image = image.resize((160, 101))
    elif kind == "sideways":
        image = image.transpose(Image.Transpose.ROTATE_90)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


@cache
def scan(seed: int = 9) -> bytes:
    """Return a PDF of one page that holds such a card."""
    out = io.BytesIO()
    Image.open(io.BytesIO(photo("sharp", seed))).save(out, "PDF")
    return out.getvalue()
