"""The tracking link as a picture that a phone's camera reads."""

from __future__ import annotations

import io

import segno


def qr_png(text: str) -> bytes:
    """Return ``text`` as a QR code: PNG, black on white, 6 pixels a module with a quiet border."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="png", scale=6, border=4)
    return out.getvalue()
