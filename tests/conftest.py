"""What all tests share: how Hypothesis looks for what breaks.

``make test`` tries the same examples each time, so that a red run means a change. ``make explore``
tries others, and more of them; what it finds becomes a test of its own.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
