"""PDFs are kept to the byte, for they may be signed; so what could act is refused instead.

The file is not read as a viewer reads it, by its table of contents, which can be made to hide
objects, but as a whole: all of its bytes and all that can be inflated from them.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from bot.papers.inspection.finding import Inspection

MIME = "application/pdf"
_TAIL = 2048
_MOST_INFLATED = 256_000_000
_MOST_HELD = 32_000_000
_MOST_STREAMS = 20_000
_MOST_OBJECTS = 300_000
_MOST_VERSIONS = 1_000
_MOST_PAGES = 500
_CHUNK = 65_536
_OVERLAP = 64
_ACTION = 400


def _name(*words: str) -> re.Pattern[bytes]:
    """Match these names, also with letters written as ``#4A``, and nothing longer."""
    one = "|".join("".join(f"(?:{c}|(?i:#{ord(c):02x}))" for c in word) for word in words)
    return re.compile(rf"/(?:{one})(?![^\s\0/<>\[\](){{}}%])".encode())


# Actions and what carries them (ISO 32000-1, 12.6.4 and 7.11.4); links to pages are harmless.
_ACTIVE = _name(
    *("JavaScript", "Launch", "EmbeddedFile", "EmbeddedFiles", "RichMedia", "RichMediaContent"),
    *("XFA", "SubmitForm", "ImportData", "GoToE", "GoToR", "Rendition", "Movie"),
)
# Too short to be looked for in compressed bytes, where they turn up by chance.
_ACTIVE_SHORT = _name("JS", "AA")
_OPENS = _name("OpenAction")
_ENCRYPTED = _name("Encrypt")
_OBJECT_STREAM = _name("ObjStm")
_PAGE = _name("Page")
_GOES = _name("GoTo")
_FILTER, _PARAMETERS = _name("Filter", "F"), _name("DecodeParms", "DP")
_FLATE = re.compile(rb"/Filter\s*\[?\s*/(?:FlateDecode|Fl)\s*(?:\]|/|>>)")
_FIRST = re.compile(rb"/First\s+(\d{1,9})")
_OBJECT = re.compile(rb"(?<!\d)(\d{1,10})[\s\0]+\d{1,5}[\s\0]+obj(?![A-Za-z])")
_REFERENCE = re.compile(rb"(\d{1,10})\s+\d{1,5}\s+R")
_STREAM = re.compile(rb">>[\s\0]*stream(?:\r\n|\n|\r)?")

Objects = dict[int, list[bytes]]


class _Refused(Exception):
    """Why this file is not kept."""


def inspect_pdf(content: bytes) -> Inspection:
    """Return the same bytes with their number of pages, or why they are refused."""
    try:
        return Inspection(mime=MIME, content=content, pages=_pages(content))
    except _Refused as refused:
        return Inspection.refused(str(refused), MIME)


def _pages(content: bytes) -> int:
    if content.rfind(b"%%EOF", -_TAIL) < 0 or b"startxref" not in content:
        raise _Refused("damaged")
    if _ENCRYPTED.search(content):
        raise _Refused("encrypted")
    objects = _read(content)
    bodies = [body for versions in objects.values() for body in versions]
    if any(_opens_something(body, objects) for body in bodies):
        raise _Refused("active")
    pages = sum(any(map(_PAGE.search, versions)) for versions in objects.values())
    if not 0 < pages <= _MOST_PAGES:
        raise _Refused("large" if pages else "damaged")
    return pages


def _read(content: bytes) -> Objects:
    """Return every version of every object, without streams; raises _Refused if one could act."""
    if _ACTIVE.search(content):
        raise _Refused("active")
    objects: Objects = {}
    outside: list[bytes] = []
    done = inflated = held = 0
    for begin, end in _streams(content):
        outside.append(content[done:begin])
        done = end
        about = outside[-1][outside[-1].rfind(b"obj") :]
        keep = bool(_OBJECT_STREAM.search(about))
        inner, size = _inflate(content, begin, end, keep)
        inflated += size
        held += len(inner)
        if inflated > _MOST_INFLATED or held > _MOST_HELD:
            raise _Refused("large")
        if keep:
            _add_held(about, content[begin:end], inner, objects)
    outside.append(content[done:])
    _add_plain(b"\n".join(outside), objects)
    if any(_ACTIVE_SHORT.search(body) for versions in objects.values() for body in versions):
        raise _Refused("active")
    return objects


def _streams(content: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the bytes of each stream begin and end."""
    place = 0
    for _ in range(_MOST_STREAMS):
        found = _STREAM.search(content, place)
        if found is None:
            return
        place = content.find(b"endstream", found.end())
        if place < 0:
            raise _Refused("damaged")
        yield found.end(), place
    raise _Refused("large")


def _inflate(content: bytes, begin: int, end: int, keep: bool) -> tuple[bytes, int]:
    """Look for actions in what a stream inflates to; return that, if wanted, and its size."""
    head = content[begin : begin + 2]
    if len(head) < 2 or head[0] & 15 != 8 or int.from_bytes(head, "big") % 31:
        return b"", 0
    engine = zlib.decompressobj()
    kept = bytearray()
    last, size = b"", 0
    for piece in _pieces(engine, content, begin, end):
        if _ACTIVE.search(last + piece):
            raise _Refused("active")
        last = piece[-_OVERLAP:]
        size += len(piece)
        if keep:
            kept += piece
        if size > _MOST_INFLATED or len(kept) > _MOST_HELD:
            raise _Refused("large")
    return bytes(kept), size


def _pieces(engine: zlib._Decompress, content: bytes, begin: int, end: int) -> Iterator[bytes]:
    """Yield what a stream inflates to, a piece at a time, up to its end or its first fault."""
    for place in range(begin, end, _CHUNK):
        rest = content[place : min(end, place + _CHUNK)]
        while rest and not engine.eof:
            try:
                yield engine.decompress(rest, _CHUNK)
            except zlib.error:
                # A viewer shows what came before the fault, and so much was looked at.
                return
            rest = engine.unconsumed_tail
        if engine.eof:
            return


def _add_held(about: bytes, raw: bytes, inner: bytes, objects: Objects) -> None:
    """Add the objects of an object stream; one that hides behind rare filters is refused."""
    text = inner
    if not _FILTER.search(about):
        text = raw
    elif _PARAMETERS.search(about) or not _FLATE.search(about):
        raise _Refused("active")
    first = _FIRST.search(about)
    head = text[: int(first[1])].split() if first else []
    if not head or len(head) % 2 or not all(number.isdigit() for number in head):
        raise _Refused("damaged")
    begins = int(first[1]) if first else 0
    places = sorted(zip(map(int, head[1::2]), map(int, head[::2]), strict=True))
    stops = [place for place, _ in places[1:]] + [len(text)]
    for (start, number), stop in zip(places, stops, strict=True):
        _add(objects, number, text[begins + start : begins + stop])


def _add_plain(text: bytes, objects: Objects) -> None:
    """Add the objects that stand in the file itself; what precedes the first one counts as 0."""
    number, start = 0, 0
    for found in _OBJECT.finditer(text):
        _add(objects, number, text[start : found.start()])
        number, start = int(found[1]), found.end()
    _add(objects, number, text[start:])


def _add(objects: Objects, number: int, body: bytes) -> None:
    if len(objects) > _MOST_OBJECTS or len(objects.get(number, ())) > _MOST_VERSIONS:
        raise _Refused("large")
    objects.setdefault(number, []).append(body)


def _opens_something(body: bytes, objects: Objects) -> bool:
    """Tell whether opening the file does more than go to a page of it."""
    followed: set[int] = set()
    for found in _OPENS.finditer(body):
        action = body[found.end() : found.end() + _ACTION].lstrip()
        reference = _REFERENCE.match(action)
        if reference is None:
            if _does_more(action):
                return True
        elif (number := int(reference[1])) not in followed:
            followed.add(number)
            # An object that cannot be found may be one that a viewer finds.
            if any(map(_does_more, objects.get(number, [b"<<"]))):
                return True
    return False


def _does_more(action: bytes) -> bool:
    action = action[:_ACTION].lstrip()
    return action.startswith(b"<<") and not _GOES.search(action)
