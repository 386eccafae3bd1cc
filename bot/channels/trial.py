"""The trial page ``/coba``: a phone chat in the browser and an officer's pane beside it."""

from __future__ import annotations

from bot.channels.screen import Screen


class Trial(Screen):
    """Addresses are ``warga:<session>`` for a citizen and ``petugas:<name>`` for an officer."""

    name = "coba"
