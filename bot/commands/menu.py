"""The command menu that Telegram shows in a private chat: a citizen's words, and how to join."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.engine.desk import Desk

_WORDS = ("menu", "status", "ubah", "kembali", "batal", "petugas", "bahasa")
_LONGEST = 100
_LETTERS = 2


def command_menu(desk: Desk) -> dict[str, list[tuple[str, str]]]:
    """Return the menu for each language of the office: (word, what it does).

    Telegram knows a language by two letters (ISO 639-1); others have no menu of their own.
    """
    return {
        language: [
            (word, described[:_LONGEST])
            for word in _WORDS
            if (described := desk.wording.label(language, f"menu.{word}"))
        ]
        for language in desk.config.spoken
        if len(language) == _LETTERS
    }
