"""Photographs as they come: papers and things drawn at random, seen from an angle, in poor light.

``python -m tests.bot.snapshots 200`` measures how often a picture is called sideways, by kind.
"""

from __future__ import annotations

import io
import itertools
import math
import random
import sys
from collections.abc import Callable

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from bot.papers.inspection.quality import problem_of

_Pen = ImageDraw.ImageDraw
_INK = (30, 30, 45)
_WORDS = [
    "NAMA",
    "ALAMAT",
    "KECAMATAN",
    "KABUPATEN",
    "Gunung",
    "Toar",
    "dengan",
    "ini",
    "menerangkan",
    "bahwa",
    "yang",
    "bersangkutan",
    "benar",
    "penduduk",
    "desa",
    "kami",
    "sejak",
    "tahun",
    "2015",
    "untuk",
    "keperluan",
    "Kepala",
    "Desa",
    "RT",
    "002",
    "RW",
    "001",
    "Kuantan",
    "Singingi",
    "di",
    "pada",
    "yang",
    "dan",
    "surat",
    "pengantar",
    "1409070101800001",
    "Petani",
    "ISLAM",
    "KAWIN",
]


# --- papers --------------------------------------------------------------------------------------


def printed(draw: random.Random) -> Image.Image:
    """Return a letter with a head, lines of different length, a stamp and a signature."""
    sheet, pen = _sheet(draw, 1000, 1414)
    size = draw.randint(17, 24)
    top = _head(draw, pen, 1000)
    for _ in range(draw.randint(2, 5)):
        lines = draw.randint(2, 6)
        top = _lines(draw, pen, (90, top, 910, min(1080, top + int(lines * size * 1.7))), size)
        top += size
    _signed(draw, pen, draw.choice([150, 620]), 1130)
    return sheet


def handwritten(draw: random.Random) -> Image.Image:
    """Return a letter in joined or single letters, often on ruled paper."""
    sheet, pen = _sheet(draw, 1000, 1414)
    step, size = draw.randint(42, 60), draw.randint(11, 17)
    ruled, joined = draw.random() < 0.6, draw.random() < 0.6
    if ruled:
        for line in range(120, 1380, step):
            pen.line((0, line, 1000, line), fill=(150, 175, 215), width=2)
        pen.line((110, 0, 110, 1414), fill=(220, 150, 150), width=2)
    for line in range(120 + step, 120 + step * draw.randint(9, 20), step):
        if joined:
            _joined(draw, pen, 130, line - 4, draw.randint(500, 930), size)
        else:
            _single(draw, sheet, 130, line - 4, draw.randint(500, 900), size * 2)
    return sheet


def card(draw: random.Random) -> Image.Image:
    """Return an identity card: labels, values, a portrait."""
    sheet = Image.new("RGB", (1200, 757), (150 + draw.randint(-15, 15), 195, 220))
    pen = ImageDraw.Draw(sheet)
    pen.polygon([(300, 750), (600, 250), (900, 750)], fill=(140, 185, 210))
    pen.text((410, 20), "PROVINSI RIAU", fill=_INK, font=_font(36))
    pen.text((330, 64), "KABUPATEN KUANTAN SINGINGI", fill=_INK, font=_font(36))
    pen.text((50, 130), f"NIK : 1409{draw.randrange(10**12):012}", fill=_INK, font=_font(52))
    for number in range(draw.randint(10, 13)):
        top = 215 + number * 40
        pen.text((50, top), draw.choice(_WORDS).title(), fill=_INK, font=_font(27))
        pen.text((270, top), ": " + _some(draw, 2, 4).upper(), fill=_INK, font=_font(27))
    _portrait(draw, pen, (870, 170, 1150, 540))
    pen.text((900, 570), _some(draw, 1, 2).upper(), fill=_INK, font=_font(24))
    return sheet


def family(draw: random.Random) -> Image.Image:
    """Return a family card: two ruled tables of small print, wider than high."""
    sheet, pen = _sheet(draw, 1700, 1200)
    pen.text((640, 40), "KARTU KELUARGA", fill=_INK, font=_font(48))
    for line in range(4):
        pen.text((60, 120 + line * 32), _some(draw, 3, 6), fill=_INK, font=_font(22))
        pen.text((1200, 120 + line * 32), _some(draw, 2, 4), fill=_INK, font=_font(22))
    people, top = draw.randint(1, 7), 270
    for _ in range(2):
        places = [40, 90, *sorted(draw.sample(range(330, 1600, 90), 6)), 1660]
        for row in range(12):
            pen.line((40, top + row * 33, 1660, top + row * 33), fill=_INK, width=2)
            for left, right in itertools.pairwise(places):
                if row <= people:
                    word = _fitting(draw, right - left - 12)
                    pen.text((left + 6, top + row * 33 + 6), word, fill=_INK, font=_font(18))
        for left in places:
            pen.line((left, top, left, top + 11 * 33), fill=_INK, width=2)
        top += 400
    _signed(draw, pen, 1250, 1060)
    return sheet


def certificate(draw: random.Random) -> Image.Image:
    """Return a certificate: an ornamental frame, an emblem, a few centred lines."""
    sheet, pen = _sheet(draw, 1000, 1414)
    for place in range(40, 960, 22):
        for spot in ((place, 40), (place, 1360)):
            pen.ellipse((spot[0], spot[1], spot[0] + 16, spot[1] + 16), outline=(60, 110, 90))
    for place in range(40, 1376, 22):
        for spot in ((40, place), (944, place)):
            pen.ellipse((spot[0], spot[1], spot[0] + 16, spot[1] + 16), outline=(60, 110, 90))
    pen.ellipse((440, 100, 560, 230), fill=(190, 160, 60))
    for line in range(draw.randint(9, 16)):
        words = _some(draw, 3, 7)
        pen.text((500, 300 + line * 52), words, fill=_INK, font=_font(24), anchor="ma")
    _signed(draw, pen, 580, 1150)
    return sheet


PAPERS: dict[str, Callable[[random.Random], Image.Image]] = {
    "printed": printed,
    "handwritten": handwritten,
    "card": card,
    "family": family,
    "certificate": certificate,
}


# --- what is no paper ----------------------------------------------------------------------------


def house(draw: random.Random) -> Image.Image:
    """Return a house: planks or bricks, a roof of corrugated sheets or tiles, windows, a fence."""
    scene = Image.new("RGB", (1280, 960), (150, 190, 230))
    pen = ImageDraw.Draw(scene)
    _speckle(draw, pen, (0, 700, 1280, 960), (90, 120, 60))
    wall = (200, 400, 1080, 850)
    step = draw.randint(14, 50)
    _planks(draw, pen, wall, step, across=draw.random() < 0.5)
    if draw.random() < 0.4:
        _bricks(draw, pen, wall)
    for left in range(150, 1130, draw.randint(10, 24)):
        shade = draw.randint(-20, 20)
        pen.line((left, 400, 640 + (left - 640) // 2, 170), fill=(150 + shade, 70, 55), width=5)
    for left in draw.sample((260, 420, 640, 800, 930), draw.randint(1, 4)):
        pen.rectangle((left, 500, left + 100, 640), fill=(50, 45, 40))
        for slat in range(510, 640, draw.choice((9, 14, 40))):
            pen.line((left, slat, left + 100, slat), fill=(190, 180, 150), width=3)
    if draw.random() < 0.5:
        for left in range(0, 1280, draw.randint(18, 40)):
            pen.rectangle((left, 780, left + 9, 930), fill=(230, 225, 210))
    return scene


def land(draw: random.Random) -> Image.Image:
    """Return land: grass, furrows, palms or rubber trees, a hill, a pole."""
    scene = Image.new("RGB", (1280, 960), (170, 200, 230))
    pen = ImageDraw.Draw(scene)
    _speckle(draw, pen, (0, 380, 1280, 960), (80, 120, 50))
    if draw.random() < 0.5:
        for top in range(420, 960, draw.randint(14, 40)):
            pen.line((0, top, 1280, top + draw.randint(-9, 9)), fill=(70, 60, 40), width=4)
    for _ in range(draw.randint(0, 40)):
        left, foot = draw.randrange(1280), draw.randint(450, 900)
        pen.line((left, foot, left + draw.randint(-9, 9), foot - 350), fill=(70, 55, 45), width=9)
        for _ in range(14):
            away = (left + draw.randint(-90, 90), foot - 350 + draw.randint(-60, 60))
            pen.line((left, foot - 350, *away), fill=(40, 80, 30), width=4)
    return scene


def stall(draw: random.Random) -> Image.Image:
    """Return a stall: shelves with packets and bottles, a banner with a few words."""
    scene = Image.new("RGB", (1280, 960), (140, 120, 100))
    pen = ImageDraw.Draw(scene)
    for top in range(180, 900, draw.randint(80, 150)):
        left = 40
        while left < 1220:
            width, height = draw.randint(12, 60), draw.randint(40, 75)
            colour = tuple(draw.randint(30, 240) for _ in range(3))
            pen.rectangle((left, top - height, left + width, top), fill=colour)
            pen.rectangle((left + 4, top - height + 9, left + width - 4, top - 20), outline=_INK)
            left += width + draw.randint(2, 14)
        pen.rectangle((0, top, 1280, top + 8), fill=(80, 55, 40))
    pen.rectangle((100, 20, 1180, 110), fill=(220, 60, 40))
    pen.text((160, 30), "WARUNG BU SITI", fill=(250, 250, 250), font=_font(64))
    return scene


def person(draw: random.Random) -> Image.Image:
    """Return a person before a curtain or a wall."""
    scene = Image.new("RGB", (960, 1280), (180, 40, 40))
    pen = ImageDraw.Draw(scene)
    if draw.random() < 0.7:
        _planks(draw, pen, (0, 0, 960, 1280), draw.randint(16, 70), across=draw.random() < 0.3)
    _portrait(draw, pen, (180, 150, 780, 1280), ground=False)
    for line in range(900, 1280, draw.randint(9, 30)):
        pen.line((260, line, 700, line), fill=(230, 230, 240), width=4)
    return scene


def weave(draw: random.Random) -> Image.Image:
    """Return a mat, tiles, a blind or a barcode: regular, and no text at all."""
    scene = Image.new("RGB", (1280, 960), (200, 180, 140))
    pen = ImageDraw.Draw(scene)
    box, step = (0, 0, 1280, 960), draw.randint(7, 60)
    how = draw.randrange(4)
    if how == 0:
        _bricks(draw, pen, box)
    elif how == 1:
        _planks(draw, pen, box, step, across=draw.random() < 0.5)
    elif how == 2:
        for left in range(0, 1280, step):
            for top in range(0, 960, step):
                if (left + top) // step % 2:
                    pen.rectangle((left, top, left + step - 2, top + step // 2), fill=(90, 60, 40))
    else:
        pen.rectangle(box, fill=(245, 245, 245))
        for top in range(40, 900, 230):
            left = 60
            while left < 1200:
                width = draw.randint(2, 14)
                pen.rectangle((left, top, left + width, top + 180), fill=_INK)
                left += width + draw.randint(3, 14)
    return scene


THINGS: dict[str, Callable[[random.Random], Image.Image]] = {
    "house": house,
    "land": land,
    "stall": stall,
    "person": person,
    "weave": weave,
}


# --- the telephone -------------------------------------------------------------------------------


def snapshot(kind: str, seed: int) -> Image.Image:
    """Return what a telephone sends of a thing, upright.

    At most 8 degrees askew and 10 percent narrower at one edge; a shadow, slight blur, noise, and
    a JPEG of quality 40 to 85, 1280 pixels long.
    """
    draw = random.Random(f"{kind} {seed}")
    if kind in PAPERS:
        paper = PAPERS[kind](draw)
        ground = _ground(draw, paper.width > paper.height)
    else:
        paper = THINGS[kind](draw)
        ground = Image.new("RGB", paper.size, (120, 120, 110))
    frame = _laid(draw, paper, ground, whole=kind in THINGS)
    out = io.BytesIO()
    _lit(draw, frame).save(out, "JPEG", quality=draw.randint(40, 85))
    return Image.open(out).convert("RGB")


_TURNS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}


def _ground(draw: random.Random, wide: bool) -> Image.Image:
    """Return a table, a mat, a tiled floor, a patterned cloth, a bed of gravel or a plain wall."""
    size = (1280, 960) if wide else (960, 1280)
    colour = tuple(draw.randint(50, 190) for _ in range(3))
    ground = Image.new("RGB", size, colour)
    pen, box = ImageDraw.Draw(ground), (0, 0, *size)
    how = draw.randrange(6)
    if how == 0:
        _planks(draw, pen, box, draw.randint(20, 120), across=draw.random() < 0.5)
    elif how == 1:
        _bricks(draw, pen, box)
    elif how == 2:
        _speckle(draw, pen, box, (120, 110, 95))
    elif how == 3:
        for left in range(0, size[0], 60):
            for top in range(0, size[1], 60):
                pen.ellipse((left, top, left + 30, top + 40), outline=(220, 210, 180), width=4)
    elif how == 4:
        pen.rectangle((0, size[1] // 2, *size), fill=(40, 30, 25))
    return ground


def _laid(
    draw: random.Random, paper: Image.Image, ground: Image.Image, *, whole: bool
) -> Image.Image:
    """Return the paper on its ground, askew and seen from an angle; ``whole`` fills the frame."""
    width, height = ground.size
    share = draw.uniform(0.97, 1.0) if whole else draw.uniform(0.7, 1.02)
    scale = min(width / paper.width, height / paper.height) * share
    if whole:
        scale = max(width / paper.width, height / paper.height) * 1.2
    askew = math.radians(draw.uniform(-8, 8))
    corners: list[float] = []
    for x, y in ((0, 0), (0, height), (width, height), (width, 0)):
        away = 1 + draw.uniform(-0.05, 0.05)
        over, under = (x - width / 2) / scale * away, (y - height / 2) / scale * away
        corners += [
            paper.width / 2 + over * math.cos(askew) - under * math.sin(askew),
            paper.height / 2 + over * math.sin(askew) + under * math.cos(askew),
        ]
    seen = paper.convert("RGBA").transform(
        ground.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC
    )
    frame = ground.copy()
    frame.paste(seen, mask=seen.getchannel("A"))
    return frame


def _lit(draw: random.Random, frame: Image.Image) -> Image.Image:
    """Return the picture with uneven light, a shadow with an edge, blur and noise."""
    light = Image.linear_gradient("L").rotate(draw.choice((0, 90, 180, 270))).resize(frame.size)
    deep = draw.uniform(0.1, 0.45)
    light = light.point([int(255 - level * deep) for level in range(256)])
    if draw.random() < 0.5:
        shadow = Image.new("L", frame.size, 255)
        edge = draw.randint(100, frame.width - 100)
        foot = edge + draw.randint(-300, 300)
        ImageDraw.Draw(shadow).polygon(
            [(0, 0), (edge, 0), (foot, frame.height), (0, frame.height)], fill=150
        )
        light = ImageChops.multiply(light, shadow.filter(ImageFilter.GaussianBlur(12)))
    frame = ImageChops.multiply(frame, Image.merge("RGB", [light] * 3))
    frame = frame.filter(ImageFilter.GaussianBlur(draw.uniform(0, 1.2)))
    # Pillow's own noise cannot be repeated.
    wide = draw.uniform(2, 9) * math.sqrt(12)
    noise = Image.frombytes("L", frame.size, draw.randbytes(frame.width * frame.height))
    noise = noise.point([int(128 + (level / 255 - 0.5) * wide) for level in range(256)])
    return ImageChops.add(frame, Image.merge("RGB", [noise] * 3), 1, -128)


# --- strokes -------------------------------------------------------------------------------------


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _sheet(draw: random.Random, width: int, height: int) -> tuple[Image.Image, _Pen]:
    white = draw.randint(215, 248)
    sheet = Image.new("RGB", (width, height), (white, white, white - draw.randint(0, 12)))
    return sheet, ImageDraw.Draw(sheet)


def _some(draw: random.Random, least: int, most: int) -> str:
    return " ".join(draw.choices(_WORDS, k=draw.randint(least, most)))


def _fitting(draw: random.Random, width: int) -> str:
    text = _some(draw, 1, 3)
    while text and _font(18).getlength(text) > width:
        text = text[:-1]
    return text


def _lines(draw: random.Random, pen: _Pen, box: tuple[int, int, int, int], size: int) -> int:
    left, top, right, bottom = box
    font = _font(size)
    while top + size < bottom:
        end, text = right - draw.randint(0, 260), ""
        while pen.textlength(text, font=font) < end - left - 4 * size:
            text += draw.choice(_WORDS) + " "
        pen.text((left, top), text, fill=_INK, font=font)
        top += int(size * 1.6)
    return top


def _head(draw: random.Random, pen: _Pen, width: int) -> int:
    pen.ellipse((90, 60, 190, 170), fill=(90, 120, 80))
    for line, words in enumerate(("PEMERINTAH KABUPATEN", "KECAMATAN GUNUNG TOAR", "DESA BARU")):
        place = (width // 2, 60 + line * 42)
        pen.text(place, words, fill=_INK, font=_font(34), anchor="ma")
    pen.line((80, 205, width - 80, 205), fill=_INK, width=5)
    return 240 + draw.randint(0, 60)


def _signed(draw: random.Random, pen: _Pen, left: int, top: int) -> None:
    pen.text((left, top - 40), "Kepala Desa,", fill=_INK, font=_font(22))
    pen.ellipse((left - 60, top - 20, left + 110, top + 150), outline=(80, 70, 170), width=5)
    _joined(draw, pen, left, top + 80, left + 220, 30)
    pen.text((left, top + 110), _some(draw, 2, 2).upper(), fill=_INK, font=_font(22))


def _joined(
    draw: random.Random, pen: _Pen, left: float, line: float, right: float, size: int
) -> None:
    """Write words of joined loops, some reaching up or down."""
    while left < right:
        points = []
        for letter in range(draw.randint(3, 10)):
            high = size * draw.choice((1, 1, 1, 2.2)) + draw.uniform(-2, 2)
            low = size * draw.choice((0, 0, 0, 0, 0.9))
            wide = size * draw.uniform(0.5, 0.9)
            points += [(left, line), (left + wide * 0.7, line - high)]
            points += [(left + wide * 0.5, line - high * 0.4), (left + wide, line + low)]
            left += wide + letter % 2
        pen.line(points, fill=(35, 40, 110), width=3, joint="curve")
        left += size * draw.uniform(1.2, 2)
        line += draw.uniform(-1.5, 1.5)


def _single(
    draw: random.Random, sheet: Image.Image, left: float, line: int, right: float, size: int
) -> None:
    """Write words letter by letter, each a little askew, higher or larger than the last."""
    while left < right:
        for letter in draw.choice(_WORDS):
            font = _font(size + draw.randint(-3, 3))
            tile = Image.new("L", (2 * size, 2 * size))
            ImageDraw.Draw(tile).text(
                (size, 1.6 * size), letter, fill=255, font=font, anchor="ms", stroke_width=0
            )
            tile = tile.rotate(draw.uniform(-14, 8), Image.Resampling.BILINEAR)
            place = (int(left), line - int(1.6 * size) + draw.randint(-2, 2))
            sheet.paste((35, 40, 110), place, tile)
            left += font.getlength(letter) + draw.uniform(0, 3)
        left += size * draw.uniform(0.4, 0.8)


def _portrait(
    draw: random.Random, pen: _Pen, box: tuple[int, int, int, int], *, ground: bool = True
) -> None:
    left, top, right, bottom = box
    wide, high = right - left, bottom - top
    if ground:
        pen.rectangle(box, fill=draw.choice([(180, 50, 45), (45, 80, 170)]))
    shirt = (left + wide // 8, top + high * 3 // 5, right - wide // 8, bottom)
    pen.rectangle(shirt, fill=(235, 235, 240))
    face = (left + wide // 4, top + high // 8, right - wide // 4, top + high * 5 // 8)
    pen.ellipse((face[0] - 12, face[1] - 14, face[2] + 12, face[3] + 8), fill=(40, 35, 35))
    pen.ellipse(face, fill=(200, 155, 120))


def _planks(
    draw: random.Random, pen: _Pen, box: tuple[int, int, int, int], step: int, *, across: bool
) -> None:
    left, top, right, bottom = box
    for start in range(top if across else left, bottom if across else right, step):
        shade = draw.randint(-18, 18)
        colour, end = (150 + shade, 115 + shade, 80 + shade), start + step
        plank = (left, start, right, end) if across else (start, top, end, bottom)
        pen.rectangle(plank, fill=colour, outline=(70, 50, 35), width=2)


def _bricks(draw: random.Random, pen: _Pen, box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    high, wide = draw.choice([(24, 60), (60, 60), (14, 50), (90, 90)])
    pen.rectangle(box, fill=(185, 180, 170))
    for row, start in enumerate(range(top, bottom, high)):
        for place in range(left - (row % 2) * wide // 2, right, wide):
            shade = draw.randint(-20, 20)
            brick = (max(left, place), start, min(right, place + wide - 4), start + high - 4)
            pen.rectangle(brick, fill=(165 + shade, 90 + shade, 70))


def _speckle(
    draw: random.Random, pen: _Pen, box: tuple[int, int, int, int], colour: tuple[int, int, int]
) -> None:
    pen.rectangle(box, fill=colour)
    for _ in range(3000):
        x, y = draw.randrange(box[0], box[2]), draw.randrange(box[1], box[3])
        shade = draw.randint(-45, 45)
        size = draw.randint(2, 9)
        blade = (x, y, x + draw.randint(-4, 4), y + size)
        pen.line(blade, fill=tuple(part + shade for part in colour), width=draw.randint(1, 5))


# --- rates ---------------------------------------------------------------------------------------


def rates(kind: str, seeds: range) -> tuple[float, float]:
    """Return how often is said sideways: upright or upside down, and turned by a quarter.

    What is already said to be dark or blurred is left out.
    """
    upright, turned = [], []
    for seed in seeds:
        picture = snapshot(kind, seed)
        for turn in (0, 90, 180, 270):
            view = picture.transpose(_TURNS[turn]) if turn else picture
            problem = problem_of(view, identity=False)
            if problem in ("", "sideways"):
                (turned if turn % 180 else upright).append(problem == "sideways")
    return sum(upright) / max(1, len(upright)), sum(turned) / max(1, len(turned))


def measure(count: int) -> None:
    """Print both rates of every kind."""
    for kind in [*PAPERS, *THINGS]:
        upright, turned = rates(kind, range(count))
        print(f"{kind:12} upright {upright:7.2%}   turned {turned:7.2%}", flush=True)  # noqa: T201


if __name__ == "__main__":
    measure(int(sys.argv[1]))
