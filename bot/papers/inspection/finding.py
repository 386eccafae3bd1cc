"""What an inspection found."""

from __future__ import annotations

from msgspec import Struct


class Inspection(Struct, frozen=True):
    """The verdict on one file, with the copy that may be kept.

    ``problem`` is empty or the name of an advice: damaged, encrypted, active, type and large make
    it unusable; small, dark, blurry and sideways do not. ``width`` and ``height`` are pixels of
    the cleaned picture, 0 for a PDF.
    """

    mime: str
    content: bytes
    thumbnail: bytes | None = None
    problem: str = ""
    usable: bool = True
    pages: int = 1
    width: int = 0
    height: int = 0

    @classmethod
    def refused(cls, problem: str, mime: str = "") -> Inspection:
        """Nothing of this file is kept."""
        return cls(mime=mime, content=b"", problem=problem, usable=False, pages=0)
