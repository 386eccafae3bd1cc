"""One-time links ``/berkas/{code}``: looking at the link burns nothing, pressing the button does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass

_PER_SECOND, _AT_ONCE = 0.2, 20.0
