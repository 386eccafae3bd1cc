"""PDFs made by hand, object by object, as honest and dishonest programs make them."""

from __future__ import annotations

import zlib

PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 9 0 R >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"


def catalog(more: bytes = b"") -> bytes:
    """Return a document's catalog with ``more`` entries."""
    return b"<< /Type /Catalog /Pages 2 0 R " + more + b" >>"


def plain(more: bytes = b"", *extra: bytes, trailer: bytes = b"") -> bytes:
    """Return a one-page PDF: ``more`` in its catalog, ``extra`` as objects 4, 5 and so on."""
    objects = [catalog(more), PAGES, PAGE, *extra]
    body = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    places = []
    for number, text in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    start = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    body += b"".join(b"%010d 00000 n \n" % place for place in places)
    body += b"trailer\n<< /Root 1 0 R /Size %d %s >>\n" % (len(objects) + 1, trailer)
    return body + b"startxref\n%d\n%%%%EOF\n" % start


def stream(about: bytes, content: bytes, *, packed: bool = True) -> bytes:
    """Return a stream object's text."""
    data = zlib.compress(content) if packed else content
    entries = about + (b" /Filter /FlateDecode" if packed else b"")
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(data), data)


def held(*objects: tuple[int, bytes], packed: bool = True, more: bytes = b"") -> bytes:
    """Return an object stream that holds these numbered objects."""
    head, body = b"", b""
    for number, text in objects:
        head += b"%d %d " % (number, len(body))
        body += text + b" "
    about = b"/Type /ObjStm /N %d /First %d %s" % (len(objects), len(head), more)
    return stream(about, head + body, packed=packed)
