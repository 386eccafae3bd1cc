"""Letters: numbered in the turn that wants them, set by Typst outside it, kept sealed."""

from bot.letters.making import load_letter, make_letter

__all__ = ["load_letter", "make_letter"]
