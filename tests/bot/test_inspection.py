"""What citizens send is looked at: its kind, its danger, and whether it can be read."""

from __future__ import annotations

import io
import random
import zlib

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from bot.papers.inspection import Inspection, inspect
from tests.bot import papers, pictures

LIMIT = 16_000_000
CARD, LETTER, HOUSE = pictures.card(), pictures.letter(), pictures.house()


def look(content: bytes, *, identity: bool = True, limit: int = LIMIT) -> Inspection:
    return inspect(content, identity=identity, limit=limit)


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("paper", [CARD, LETTER, HOUSE], ids=["card", "letter", "house"])
@pytest.mark.parametrize("tilt", [0, 4, -6])
def test_a_readable_photo_is_good(paper: Image.Image, tilt: float) -> None:
    found = look(pictures.seen(paper, tilt=tilt))
    assert (found.problem, found.usable, found.pages) == ("", True, 1)
    assert (found.mime, opened(found.content).format) == ("image/jpeg", "JPEG")
    assert (found.width, found.height) == paper.size == opened(found.content).size


@pytest.mark.parametrize("paper", [CARD, LETTER, HOUSE], ids=["card", "letter", "house"])
@pytest.mark.parametrize("blur", [3, 5, 9])
def test_a_blurred_photo_is_marked_and_kept(paper: Image.Image, blur: float) -> None:
    found = look(pictures.seen(paper, blur=blur))
    assert (found.problem, found.usable) == ("blurry", True)
    assert found.content


def test_a_slightly_soft_photo_can_still_be_read() -> None:
    assert look(pictures.seen(LETTER, blur=1)).problem == ""


@pytest.mark.parametrize("blur", [0, 6])
def test_darkness_is_told_before_blur(blur: float) -> None:
    assert look(pictures.seen(CARD, light=0.15, blur=blur)).problem == "dark"


def test_an_identity_card_needs_more_pixels_than_another_paper() -> None:
    photo = saved(LETTER.resize((500, 667)), "JPEG", quality=95)
    assert look(photo, identity=True).problem == "small"
    assert look(photo, identity=False).problem == ""
    assert look(saved(CARD.resize((320, 240)), "JPEG"), identity=False).problem == "small"


def test_a_scan_cropped_to_the_card_may_be_smaller() -> None:
    scan = CARD.crop((140, 170, 1140, 801)).resize((674, 425))
    assert look(saved(scan, "JPEG", quality=95)).problem == ""


@pytest.mark.parametrize("turn", [90, 270])
@pytest.mark.parametrize("tilt", [0, 3])
def test_text_that_runs_up_and_down_is_sideways(turn: int, tilt: float) -> None:
    assert look(pictures.seen(LETTER.rotate(turn, expand=True), tilt=tilt)).problem == "sideways"


@pytest.mark.parametrize("turn", [90, 270])
def test_a_card_on_its_side_is_sideways(turn: int) -> None:
    assert look(pictures.seen(CARD.rotate(turn, expand=True))).problem == "sideways"


@pytest.mark.parametrize(
    ("paper", "turns"),
    [(CARD, (0, 180)), (LETTER, (0, 180)), (HOUSE, (0, 90, 180, 270))],
    ids=["card", "letter", "house"],
)
def test_sideways_is_only_said_when_it_is_sure(paper: Image.Image, turns: tuple[int, ...]) -> None:
    found = [look(pictures.seen(paper.rotate(turn, expand=True))).problem for turn in turns]
    assert found == [""] * len(turns)


@pytest.mark.parametrize("size", [(480, 9000), (9000, 480), (480, 480)])
def test_a_long_strip_is_judged_too(size: tuple[int, int]) -> None:
    assert look(pictures.seen(LETTER.resize(size)), identity=False).usable


_STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize(("orientation", "turn"), _STORED_AS.items())
def test_the_cameras_orientation_is_set_right(
    orientation: int, turn: Image.Transpose | None
) -> None:
    stored = LETTER if turn is None else LETTER.transpose(turn)
    found = look(pictures.talkative(stored, orientation))
    assert (found.problem, found.width, found.height) == ("", *LETTER.size)
    expected, upright = (
        LETTER.convert("L").reduce(40),
        opened(found.content).convert("L").reduce(40),
    )
    pairs = zip(expected.tobytes(), upright.tobytes(), strict=True)
    assert max(abs(one - other) for one, other in pairs) < 12


def test_nothing_but_the_picture_is_left() -> None:
    content = pictures.talkative(LETTER)
    assert content.count(b"SECRET-") >= 5
    found = look(content)
    for kept in (found.content, found.thumbnail or b""):
        assert b"SECRET" not in kept
        assert set(opened(kept).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert not opened(kept).getexif()


def test_a_file_hidden_behind_a_picture_is_gone() -> None:
    content = pictures.seen(CARD) + b"PK\x03\x04 a zip, <script>alert(1)</script> %PDF-1.7"
    found = look(content)
    assert found.usable
    assert b"script" not in found.content
    assert b"%PDF" not in found.content


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("WEBP", {"quality": 90}), ("WEBP", {"lossless": True})]
)
def test_other_pictures_become_jpeg(kind: str, options: dict[str, object]) -> None:
    found = look(saved(LETTER, kind, **options))
    assert (found.problem, found.mime) == ("", "image/jpeg")


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "I;16", "CMYK"])
def test_every_kind_of_pixel_can_be_read(mode: str) -> None:
    if mode == "I;16":
        wide = LETTER.convert("L").convert("I").point(lambda level: level * 257)
        content = saved(wide.convert("I;16"), "PNG")
    else:
        content = saved(LETTER.convert(mode), "JPEG" if mode == "CMYK" else "PNG")
    found = look(content)
    assert (found.usable, found.problem) == (True, "")
    assert opened(found.content).convert("L").getextrema()[1] > 200


def test_what_is_transparent_becomes_white() -> None:
    sheet = Image.new("RGBA", LETTER.size, (0, 0, 0, 0))
    sheet.paste(LETTER.crop((0, 0, 960, 640)), (0, 0))
    assert opened(look(saved(sheet, "PNG")).content).getpixel((480, 1200)) == (255, 255, 255)


def test_a_large_photo_is_made_smaller_and_gets_a_thumbnail() -> None:
    found = look(saved(LETTER.resize((3000, 4000)), "JPEG", quality=80))
    assert max(opened(found.content).size) <= 2560
    assert max(opened(found.thumbnail or b"").size) == 320


def test_a_bomb_is_refused_unopened() -> None:
    content = pictures.bomb(20_000)
    assert len(content) < 100_000
    found = look(content)
    assert (found.problem, found.usable, found.content) == ("large", False, b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_half_a_picture_is_damaged(kind: str, share: float) -> None:
    content = saved(LETTER, kind)
    found = look(content[: int(len(content) * share)])
    assert (found.problem, found.usable, found.content) == ("damaged", False, b"")


def test_noise_after_a_true_beginning_is_damaged() -> None:
    noise = random.Random(1).randbytes(5000)
    for start in (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"):
        assert look(start + noise).problem == "damaged"


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_broken_notes_do_not_break_the_picture() -> None:
    content = pictures.jpeg(LETTER, exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\xfe" * 60)
    assert look(content).usable


@pytest.mark.parametrize(
    "content",
    [
        b"GIF89a" + bytes(50),
        b"\0\0\0\x18ftypheic" + bytes(50),
        b"PK\x03\x04 a document of words",
        b"MZ" + bytes(50),
        b"<html>%PDF-1.7</html>",
        b"<svg onload=alert(1)>",
        b"just words",
    ],
)
def test_anything_else_is_refused_by_its_kind(content: bytes) -> None:
    found = look(content)
    assert (found.problem, found.usable, found.content) == ("type", False, b"")


def test_a_size_beyond_the_limit_is_refused_unopened() -> None:
    assert look(pictures.seen(CARD), limit=1000).problem == "large"
    assert look(b"").problem == "damaged"


# --- PDFs ---------------------------------------------------------------------------------------


def written(pages: int = 1, password: str = "") -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_pdf_is_kept_to_the_byte_and_its_pages_counted() -> None:
    for content in (written(3), written(3) + b"\r\n", b"\xef\xbb\xbf" + written(3)):
        found = look(content)
        assert (found.content, found.pages, found.problem) == (content, 3, "")
        assert (found.mime, found.thumbnail) == ("application/pdf", None)


def test_an_object_stream_is_read() -> None:
    content = papers.plain(b"", papers.held((3, papers.PAGE), (20, papers.PAGE)))
    assert look(content).pages == 2


def test_a_page_changed_by_an_update_counts_once() -> None:
    update = b"3 0 obj\n" + papers.PAGE + b"\nendobj\nstartxref\n9\n%%EOF\n"
    assert look(papers.plain() + update).pages == 1


def test_the_handmade_pdf_is_what_others_call_a_pdf() -> None:
    assert len(PdfReader(io.BytesIO(papers.plain())).pages) == 1


def test_a_locked_pdf_is_refused() -> None:
    found = look(written(password="rahasia"))
    assert (found.problem, found.usable, found.content) == ("encrypted", False, b"")


_JAVASCRIPT = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"


@pytest.mark.parametrize(
    "more",
    [
        b"/OpenAction " + _JAVASCRIPT,
        b"/OpenAction 4 0 R",
        b"/OpenAction << /S /URI /URI (https://example.org) >>",
        b"/OpenAction 77 0 R",
        b"/Open#41ction << /S /URI /URI (https://example.org) >>",
        b"/AA << /WC << /S /URI /URI (https://example.org) >> >>",
        b"/Names << /JavaScript 4 0 R >>",
        b"/Names << /J#61va#53cript 4 0 R >>",
        b"/Names << /EmbeddedFiles 4 0 R >>",
        b"/AcroForm << /XFA 4 0 R >>",
        b"/X << /S/Launch/F(cmd.exe) >>",
        b"/X << /Subtype/RichMedia >>",
        b"/X << /Type /EmbeddedFile >>",
        b"/X << /S /Rendition /JS 4 0 R >>",
        b"/X << /S /SubmitForm >>",
    ],
)
def test_a_pdf_that_acts_is_refused(more: bytes) -> None:
    address = b"<< /S /URI /URI (https://example.org) >>"
    found = look(papers.plain(more, address))
    assert (found.problem, found.usable, found.content) == ("active", False, b"")
    inside = papers.held((1, papers.catalog(more)), (4, address))
    assert look(papers.plain(b"", inside)).problem == "active"


def test_an_action_is_found_wherever_it_hides() -> None:
    hiding = [
        papers.stream(b"/Type /Anything", _JAVASCRIPT),
        papers.stream(b"/Type /Anything", b"x" * 65_530 + _JAVASCRIPT),
        papers.stream(b"/Type /Anything", _JAVASCRIPT, packed=False),
        papers.held((9, _JAVASCRIPT), packed=False),
        papers.held((9, b"<< /A /B >>"), more=b"/DecodeParms << /Predictor 12 >>"),
        papers.held((9, b"<< /A /B >>"), packed=False, more=b"/Filter /LZWDecode"),
        papers.held((9, b"<< /A /B >>"), packed=False, more=b"/Filter [/ASCIIHexDecode]"),
    ]
    assert [look(papers.plain(b"", one)).problem for one in hiding] == ["active"] * len(hiding)
    unlisted = papers.plain() + b"99 0 obj\n" + _JAVASCRIPT + b"\nendobj\nstartxref\n9\n%%EOF\n"
    assert look(unlisted).problem == "active"


@pytest.mark.parametrize(
    "more",
    [
        b"/OpenAction [3 0 R /Fit]",
        b"/OpenAction 4 0 R",
        b"/OpenAction << /S /GoTo /D [3 0 R /Fit] >>",
        b"/Lang (id-ID) /MarkInfo << /Marked true >>",
        b"/X << /Subtype /Link /A << /S /URI /URI (https://example.org) >> >>",
        b"/X << /F1 5 0 R /JSX 1 /AAB 2 /LaunchPad 3 >>",
    ],
)
def test_a_pdf_that_only_shows_is_kept(more: bytes) -> None:
    content = papers.plain(more, b"[3 0 R /XYZ 0 0 0]", papers.stream(b"", b"BT (Surat) Tj ET"))
    assert (look(content).problem, look(content).content) == ("", content)


def test_compressed_noise_is_not_taken_for_a_name() -> None:
    noise = b"/JS /AA " * 50 + random.Random(2).randbytes(200_000)
    assert look(papers.plain(b"", papers.stream(b"/Subtype /Image", noise))).problem == ""
    assert look(papers.plain(b"", papers.stream(b"", noise, packed=False))).problem == ""


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_half_a_pdf_is_damaged(share: float) -> None:
    content = written(20)
    assert look(content[: int(len(content) * share)]).problem == "damaged"


def test_a_pdf_without_pages_or_with_broken_streams_is_damaged() -> None:
    assert look(b"%PDF-1.7\nstartxref\n0\n%%EOF").problem == "damaged"
    assert look(papers.plain(b"", papers.held())).problem == "damaged"
    broken = papers.plain(b"", b"<< /Length 10 >>\nstream\nnever ends")
    assert look(broken).problem == "damaged"


def test_a_pdf_that_inflates_without_end_is_refused() -> None:
    engine = zlib.compressobj(9)
    packed = b"".join(engine.compress(bytes(1_000_000)) for _ in range(300)) + engine.flush()
    stream = b"<< /Filter /FlateDecode >>\nstream\n" + packed + b"\nendstream"
    assert look(papers.plain(b"", stream)).problem == "large"


def test_any_bytes_after_a_pdfs_beginning_are_judged_without_an_error() -> None:
    draw = random.Random(5)
    words = [b"obj", b"endobj", b"1 0 ", b"stream\n", b"endstream", b">>", b"<<", b"/Type /Page "]
    words += [
        b"/Type /ObjStm ",
        b"/First 99 ",
        b"/N 3 ",
        b"/OpenAction 1 0 R ",
        b"\x78\x9c",
        b"\xff",
    ]
    for _ in range(300):
        middle = b"".join(draw.choice(words) for _ in range(60))
        found = look(b"%PDF-1.4 " + middle + b"startxref\n0\n%%EOF")
        assert found.usable == (found.problem == "")
