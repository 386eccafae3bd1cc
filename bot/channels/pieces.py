"""A message's words in pieces that a platform takes."""

from __future__ import annotations

from functools import lru_cache

import structlog

from bot.channels.protocol import Rendered
from bot.words import markup

log = structlog.get_logger()


@lru_cache(maxsize=256)
def _known(html: str, limit: int, form: markup.Form) -> tuple[str, ...]:
    # The same questions are asked again and again.
    return tuple(markup.cut(html, limit, form))


def pieces_of(
    message: Rendered, limit: int, form: markup.Form, *, numbered: bool = False
) -> list[str]:
    """Cut the words into pieces of at most ``limit`` units, with numbered choices where asked.

    Words that are not our markup go out all the same, without any mark.
    """
    buttons = message.buttons if numbered else []
    try:
        return list(_known(markup.numbered(message.html, buttons, message.how), limit, form))
    except markup.MarkupError:
        log.error("a message holds marks that are not ours: it goes out without any")
        return markup.cut(
            markup.numbered(markup.plain(message.text), buttons, message.how), limit, form
        )
