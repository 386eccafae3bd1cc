"""A request looked at: its card, its history, what colleagues noted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.commands import papers
from bot.commands.registry import Answer, Call, command
from bot.requests import casework
from bot.words.display import mask_numbers
from storage import audit, history, requests
from storage.history import Entry

_STEPS = 10
_NOTES = 4
_SAID = ("noted", "replied")
_SIGNS = "letterwanted"
"""The step whose note is who signs: it stands in its line, not among what was said."""


@command("lihat", "show", wants="request")
def look(call: Call) -> Answer:
    """Show a request: masked in a group, whole to an officer who may see identities."""
    masked = call.asker.group or not call.may("identity")
    turn, request = call.turn, call.request
    if not masked:
        audit.note(turn.tx, turn.instant, call.officer.id, "request.seen", request.number)
    passed = history.entries(turn.tx, request.id)
    texts = _texts(call)
    steps = [_step(call, entry, texts) for entry in passed if entry.kind not in _SAID]
    args = {
        "card": casework.card(turn, request.id, masked=masked),
        "steps": steps[-_STEPS:],
        "earlier": max(0, len(steps) - _STEPS),
        "notes": _notes(call, passed, texts),
        "answers": [] if masked else papers.answers(call),
    }
    return Answer("lihat", args)


def _texts(call: Call) -> dict[int, str]:
    """Return the notes of the steps; none once the request was purged."""
    try:
        return history.notes(call.turn.tx, call.turn.desk.vault, call.request.id)
    except requests.Purged:
        return {}


def _step(call: Call, entry: Entry, texts: Mapping[int, str]) -> dict[str, Any]:
    names, service = call.names, call.request.service
    what = names.label(f"commands.happened.{entry.kind}") or entry.kind
    to = entry.detail and names.stage(service, entry.detail)
    return {
        "time": names.time(entry.at),
        "what": what,
        "to": to,
        "signer": texts.get(entry.id, "") if entry.kind == _SIGNS else "",
        "officer": names.officer(entry.officer),
        "undone": entry.undone,
    }


def _notes(call: Call, passed: list[Entry], texts: Mapping[int, str]) -> list[dict[str, str]]:
    """Return the last reasons, notes and replies."""
    noted = [entry for entry in passed if entry.id in texts and entry.kind != _SIGNS][-_NOTES:]
    return [
        {
            "time": call.names.time(entry.at),
            "officer": call.names.officer(entry.officer),
            "what": call.names.label(f"commands.happened.{entry.kind}") or entry.kind,
            "text": mask_numbers(texts[entry.id]) if call.asker.group else texts[entry.id],
        }
        for entry in noted
    ]
