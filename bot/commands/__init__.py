"""The operator's command set: one function a command, one grammar, the same answers everywhere."""

# Importing a family registers its commands.
from bot.commands import (  # noqa: F401
    broadcast,
    claims,
    complaints,
    counter,
    failures,
    files,
    guide,
    listing,
    looking,
    purged,
    staff,
    stages,
    talks,
    words,
)
from bot.commands.answering import answer
from bot.commands.registry import Asker

__all__ = ["Asker", "answer"]
