"""The kinds of slow work, and what does each."""

from __future__ import annotations

from bot.documents import delete_files, fetch_document, forget_upload
from bot.jobs import Handler
from bot.letters import make_letter
from bot.rights import forget_contact
from bot.vcards import fetch_card

JOB_HANDLERS: dict[str, Handler] = {
    "fetch": fetch_document,
    "delete": delete_files,
    "unstage": forget_upload,
    "letter": make_letter,
    "forget": forget_contact,
    "card": fetch_card,
}
