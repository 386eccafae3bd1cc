"""Synthetic papers for the inspection, and how phones see them."""

from __future__ import annotations

import io
import random
import struct
import zlib

from PIL import ExifTags, Image, ImageChops, ImageDraw, ImageFilter, ImageFont

_WORDS = ("NAMA", "ALAMAT", "KECAMATAN", "Gunung", "Toar", "dengan", "menerangkan", "bahwa", "002")


def card() -> Image.Image:
    """Return an identity card on a table, 1280 by 960."""
    image = Image.new("RGB", (1280, 960), (120, 90, 70))
    pen = ImageDraw.Draw(image)
    pen.rectangle((140, 170, 1140, 800), fill=(150, 195, 220))
    pen.text((480, 185), "PROVINSI RIAU", fill=(20, 20, 20), font_size=36)
    pen.text((160, 240), "NIK : 1409070101010001", fill=(20, 20, 20), font_size=48)
    _write(pen, (160, 310, 820, 780), 28)
    pen.rectangle((860, 270, 1110, 600), fill=(180, 60, 50))
    pen.ellipse((910, 330, 1060, 520), fill=(210, 170, 140))
    return image


def letter() -> Image.Image:
    """Return a page of text, 960 by 1280."""
    image = Image.new("RGB", (960, 1280), (238, 236, 230))
    _write(ImageDraw.Draw(image), (90, 130, 870, 1200), 20)
    return image


def house() -> Image.Image:
    """Return a house of planks: many lines, none of them text."""
    image = Image.new("RGB", (1280, 960), (150, 190, 230))
    pen = ImageDraw.Draw(image)
    pen.polygon([(150, 400), (640, 150), (1130, 400)], fill=(140, 60, 50))
    for left in range(200, 1080, 40):
        pen.rectangle((left, 400, left + 36, 850), fill=(170 + left % 30, 140, 100))
        pen.line((left, 400, left, 850), fill=(60, 40, 30), width=4)
    pen.rectangle((560, 550, 720, 850), fill=(70, 50, 40))
    return image


def seen(image: Image.Image, *, blur: float = 0.0, light: float = 1.0, tilt: float = 0.0) -> bytes:
    """Return a JPEG as a phone makes it: tilted, out of focus, unevenly lit, with noise."""
    image = image.rotate(tilt, Image.Resampling.BICUBIC, fillcolor=(110, 90, 80))
    if blur:
        image = image.filter(ImageFilter.GaussianBlur(blur))
    shade = Image.linear_gradient("L").resize(image.size)
    shade = shade.point([int((255 - level // 4) * light) for level in range(256)])
    image = ImageChops.multiply(image, Image.merge("RGB", [shade] * 3))
    noise = Image.effect_noise(image.size, 6)
    return jpeg(ImageChops.add(image, Image.merge("RGB", [noise] * 3), 1, -128))


def jpeg(image: Image.Image, **options: object) -> bytes:
    """Return a picture as a JPEG file."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85, **options)
    return out.getvalue()


def talkative(image: Image.Image, orientation: int = 1) -> bytes:
    """Return a JPEG that tells who took it, where and with what, in every place it can."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Artist] = "SECRET-ARTIST"
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef] = "S"
    place[ExifTags.GPS.GPSLatitude] = (0.0, 31.0, 12.0)
    place[ExifTags.GPS.GPSMapDatum] = "SECRET-PLACE"
    return jpeg(
        image,
        exif=exif,
        comment=b"SECRET-COMMENT",
        xmp=b"<x:xmpmeta>SECRET-XMP</x:xmpmeta>",
        icc_profile=b"SECRET-PROFILE" * 20,
    )


def bomb(side: int) -> bytes:
    """Return a small PNG that says it is ``side`` pixels wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 + (side + 7) // 8) * side, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _write(pen: ImageDraw.ImageDraw, box: tuple[int, int, int, int], size: int) -> None:
    """Fill a box with lines of words."""
    draw = random.Random(3)
    font = ImageFont.load_default(size)
    left, top, right, bottom = box
    while top + size < bottom:
        line = ""
        while pen.textlength(line, font=font) < right - left - 5 * size:
            line += draw.choice(_WORDS) + " "
        pen.text((left, top), line, fill=(25, 25, 35), font=font)
        top += int(size * 1.6)
