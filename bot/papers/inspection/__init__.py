"""What a citizen sent: its real kind, whether it can be used, and a clean copy of it.

Pure functions on bytes: nothing is fetched, stored or logged here.
"""

from __future__ import annotations

from bot.papers.inspection.finding import Inspection
from bot.papers.inspection.pdf import inspect_pdf
from bot.papers.inspection.photo import inspect_photo

__all__ = ["Inspection", "inspect"]


def inspect(content: bytes, *, identity: bool, limit: int) -> Inspection:
    """Look at a file of at most ``limit`` bytes; ``identity`` asks for more detail of a photo.

    The kind is told by the content alone: what a platform or a name says of it proves nothing.
    """
    if len(content) > limit:
        return Inspection.refused("large")
    if not content:
        return Inspection.refused("damaged")
    if content.startswith(b"\xff\xd8\xff"):
        return inspect_photo(content, "JPEG", identity=identity)
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return inspect_photo(content, "PNG", identity=identity)
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return inspect_photo(content, "WEBP", identity=identity)
    if content.lstrip(b"\xef\xbb\xbf\0\t\n\f\r ").startswith(b"%PDF-"):
        return inspect_pdf(content)
    return Inspection.refused("type")
