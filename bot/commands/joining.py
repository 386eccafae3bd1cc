"""How a stranger becomes an officer: an invite code, written in a private chat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands import grammar
from bot.commands.registry import Answer, Asker
from storage import audit, officers

if TYPE_CHECKING:
    from bot.engine.turn import Turn

WORDS = frozenset({"gabung", "join"})


def join(turn: Turn, asker: Asker, text: str) -> Answer | None:
    """Let the bearer of a valid code in; None (as if nothing was said) for everybody else."""
    spoken = grammar.read(text)
    if spoken is None or spoken.word not in WORDS or asker.group:
        return None
    code, name = grammar.first_word(spoken.rest)
    vault = turn.desk.vault
    invited = officers.invited(turn.tx, vault, code, turn.now)
    if invited is None:
        return None
    if not (invited.name or name):
        return Answer("gabung_nama", {"code": code})
    try:
        officer = officers.join(turn.tx, vault, asker.contact_id, code, name, turn.now)
    except officers.NameTaken:
        return Answer("gabung_nama", {"code": code, "taken": True})
    if officer is None or not officer.active:
        return None
    audit.note(turn.tx, turn.instant, officer.id, "staff.join", str(asker.contact_id))
    role = turn.desk.office.label("id", f"commands.role.{officer.role}") or officer.role
    return Answer("gabung", {"name": officer.name, "role": role})
