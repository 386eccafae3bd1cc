"""The office that a machine works for: its services, villages, hours and words, as data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from msgspec import Struct, field

from flows.calendar import Calendar
from flows.definition import Definition
from flows.keeping import Keeping
from flows.program import Program


class Village(Struct, frozen=True):
    """A village of the district: ``id`` is its four-digit code (Permendagri 72/2019)."""

    id: str
    name: str


class Limits(Struct, frozen=True):
    """How patient the desk is; durations in hours, sizes in bytes."""

    remind_after: tuple[int, ...] = (24, 72)
    expire_after: int = 168
    text: int = 2000
    file_size: int = 16_000_000
    files: int = 60
    collect_after_days: tuple[int, ...] = (3, 7, 14)
    undo_minutes: int = 60


def _no_label(language: str, key: str) -> str:
    return ""


class Office(Struct, frozen=True):
    """What conversations and workflows may know about their office.

    ``definitions`` holds every version by digest, those of running requests among them;
    ``current`` maps a service to the digest that new conversations begin with. ``label`` looks a
    short text up (language, key) and gives an empty string where there is none.
    """

    name: str
    villages: list[Village]
    groups: dict[str, list[str]]
    definitions: dict[str, Definition]
    current: dict[str, str]
    calendar: Calendar
    languages: list[str] = field(default_factory=lambda: ["id", "en"])
    limits: Limits = Limits()
    keeping: Keeping = Keeping()
    programs: dict[str, Program] = field(default_factory=dict)
    label: Callable[[str, str], str] = _no_label

    def service(self, service: str, digest: str = "") -> Definition:
        """Return the definition with that digest, else the current one of the service."""
        return self.definitions.get(digest) or self.definitions[self.current[service]]

    def keeps(self, service: str, digest: str = "") -> Keeping:
        """Return how long is kept what belongs to that version of a service.

        A request keeps what was promised when it was filed; of a service that nobody knows any
        more, what the office says today holds.
        """
        known = self._known(service, digest)
        return self.keeping.under(known.retention) if known else self.keeping

    def law_of_keeping(self, service: str, digest: str = "") -> list[str]:
        """Return where it is written that this service keeps its things for a time of its own."""
        known = self._known(service, digest)
        return known.retention.law if known else []

    def _known(self, service: str, digest: str) -> Definition | None:
        return self.definitions.get(digest) or self.definitions.get(self.current.get(service, ""))

    def today(self, now: datetime) -> str:
        """Return the office's date at ``now``, as ISO."""
        return self.day(now).isoformat()

    def day(self, now: datetime) -> date:
        """Return the office's date at ``now``."""
        return now.astimezone(self.calendar.zone).date()
