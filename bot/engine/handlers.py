"""The kinds of slow work, and what does each."""

from __future__ import annotations

from bot.engine.jobs import Handler
from bot.letters import make_letter
from bot.papers.documents import delete_files, fetch_document, forget_upload
from bot.papers.vcards import fetch_card
from bot.rights.wishes import forget_contact

JOB_HANDLERS: dict[str, Handler] = {
    "fetch": fetch_document,
    "delete": delete_files,
    "unstage": forget_upload,
    "letter": make_letter,
    "forget": forget_contact,
    "card": fetch_card,
}
