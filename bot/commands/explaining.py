"""Why a command cannot be done: identifiers become the names that people use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.commands.names import Names
from bot.commands.registry import Answer
from flows.workflow import Refused
from storage.requests import RequestRow

if TYPE_CHECKING:
    from bot.engine.turn import Turn


def explain(turn: Turn, refused: Refused, row: RequestRow | None, command: str) -> Answer:
    """Return the refusal's answer: ``commands/refused/<why>`` with names instead of ids."""
    names = Names(turn)
    about: dict[str, Any] = {"number": row.number if row else "", "command": command}
    about |= refused.about
    service = row.service if row else ""
    if isinstance(officer := about.get("officer"), int):
        about["officer"] = names.officer(officer)
    if "stage" in about:
        about["stage"] = names.stage(service, about["stage"])
    if "status" in about:
        about["status"] = names.stage(service, about["status"])
    if "role" in about:
        about["role"] = names.role(about["role"])
    return Answer(f"refused/{refused.why}", about)
