"""``loket console`` and ``loket chat``: an officer or a citizen in a terminal of this machine."""

from __future__ import annotations

from bot.channels.screen import Screen


class Terminal(Screen):
    """Addresses are ``petugas:<name>`` for an officer and ``warga:<name>`` for a citizen."""

    name = "terminal"
