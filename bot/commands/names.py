"""What an office calls things: services, stages, roles, officers, documents, hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from storage import officers
from storage.instant import from_ms

if TYPE_CHECKING:
    from bot.engine.turn import Turn

_LANGUAGE = "id"


@dataclass(frozen=True)
class Names:
    """Looks up short texts for officers; what has no text is called by its identifier."""

    turn: Turn

    def label(self, key: str) -> str:
        """Return the short text of that key, empty where there is none."""
        return self.turn.desk.office.label(_LANGUAGE, key)

    def service(self, service: str) -> str:
        """Return what a service is called."""
        return self.label(f"{service}.title") or service

    def stage(self, service: str, stage: str) -> str:
        """Return what a stage of a service is called."""
        return self.label(f"{service}.stage.{stage}") or stage

    def role(self, role: str) -> str:
        """Return what a role of config.yaml is called."""
        return self.label(f"commands.role.{role}") or role

    def officer(self, officer_id: int | None) -> str:
        """Return an officer's name, empty for nobody."""
        found = officers.by_id(self.turn.tx, officer_id) if officer_id else None
        return found.name if found else ""

    def time(self, instant: int | datetime | None) -> str:
        """Return an instant as ``21/11 08.15`` in the office's zone, empty for none."""
        if instant is None:
            return ""
        moment = from_ms(instant) if isinstance(instant, int) else instant
        return f"{moment.astimezone(self.turn.desk.office.calendar.zone):%d/%m %H.%M}"
