"""The tracking page ``/lacak/{code}``: where a request stands, for whoever holds its link."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from bot.requests import cards
from bot.web.guards import Limit, caller
from bot.web.pages import page
from flows.definition import Stage
from flows.standing import State, stage_of
from storage import contacts, history, requests
from storage.database import Tx
from storage.history import Entry
from storage.requests import RequestRow

if TYPE_CHECKING:
    from bot.engine.desk import Desk

_PER_SECOND, _AT_ONCE = 0.5, 30.0
_MOST_CODE = 64


class Step(Struct, frozen=True):
    """A stage on the page: ``state`` is done, now or ahead; ``at`` when it ended, or began."""

    label: str
    state: str
    at: datetime | None = None


class Tracked(Struct, frozen=True):
    """All that the page shows: no name, only initials; no answer, only what is asked again."""

    number: str
    service: str
    initials: str
    status: str
    waits: str
    steps: list[Step]
    filed_at: datetime
    promised: str
    closed_at: datetime | None
    wanted: list[str]
    language: str


class Tracking:
    """Serves the page of the first desk that knows the code, not too often to one caller."""

    def __init__(self, desks: Sequence[Desk], clock: Callable[[], float]) -> None:
        self._desks = desks
        self._desk = desks[0]
        self._limit = Limit(_PER_SECOND, _AT_ONCE, clock)

    async def show(self, request: Request) -> Response:
        """Answer with the page, or kindly that there is none."""
        if not self._limit.allows(caller(request)):
            answer = page(self._desk, "tunggu", 429)
            answer.headers["Retry-After"] = "60"
            return answer
        code = str(request.path_params["code"])
        if not (code.isascii() and len(code) <= _MOST_CODE):
            return page(self._desk, "tidak-ada", 404)
        for desk in self._desks:
            found = await desk.db.read(partial(tracked, desk=desk, code=code))
            if found is not None:
                language = found.language
                return page(desk, "lacak", request=found, language=language, trial=desk.trial)
        return page(self._desk, "tidak-ada", 404)


def tracked(tx: Tx, desk: Desk, code: str) -> Tracked | None:
    """Return what the page of a tracking link shows."""
    row = requests.by_code(tx, code)
    if row is None:
        return None
    language = contacts.load(tx, row.contact_id).language
    definition = cards.route_of(tx, desk, row)
    entered = _entered(history.entries(tx, row.id), row.state)

    def label(key: str) -> str:
        return desk.wording.label(language, f"{row.service}.{key}")

    current = stage_of(definition, row.state.stage)
    stages = [
        stage.id
        for stage in definition.stages
        if not stage.optional or stage.id in entered or stage.id == current.id
    ]
    steps = _steps(stages, current.id, row, entered)
    return Tracked(
        number=row.number,
        service=label("title"),
        initials=initials(row.name),
        status=row.state.status,
        waits=_waits(row.state, current),
        steps=[Step(label(f"stage.{stage}"), how, at) for stage, how, at in steps],
        filed_at=row.state.filed_at,
        promised=desk.office.today(row.state.promised_at),
        closed_at=row.closed_at,
        wanted=[_name(label, path) for path in row.state.returned],
        language=language,
    )


def initials(name: str) -> str:
    """Return the first letters of a name: ``S. A.``."""
    return " ".join(f"{word[0].upper()}." for word in name.split() if word[0].isalpha())


def _entered(entries: list[Entry], state: State) -> dict[str, datetime]:
    """Return when each stage was entered last, from the states before every step."""
    left = [(one.at, one.before.stage) for one in entries if one.before and not one.undone]
    reached = [stage for _, stage in left[1:]] + [state.stage]
    return {
        stage: at for (at, before), stage in zip(left, reached, strict=False) if stage != before
    }


def _steps(
    stages: list[str], current: str, row: RequestRow, entered: dict[str, datetime]
) -> list[tuple[str, str, datetime | None]]:
    """Return (stage, done | now | ahead, when): a done stage with its end, the present its start.

    What was closed before its end stays where it stopped.
    """
    here = len(stages) if row.state.status == "done" else stages.index(current)
    steps: list[tuple[str, str, datetime | None]] = []
    for place, stage in enumerate(stages):
        if place < here:
            following = stages[place + 1] if place + 1 < len(stages) else ""
            steps.append((stage, "done", entered.get(following, row.closed_at)))
        elif place == here:
            steps.append((stage, "now", row.state.stage_at))
        else:
            steps.append((stage, "ahead", None))
    return steps


def _waits(state: State, stage: Stage) -> str:
    if state.closed:
        return ""
    if state.status == "returned":
        return "answers"
    if stage.act == "handover":
        return "collect"
    return stage.waits or "office"


def _name(label: Callable[[str], str], path: str) -> str:
    """Name what is asked again by its label, a group's member with its place counted from 1."""
    first, *rest = path.split(".")
    name = f"{first}.{rest[1]}" if len(rest) > 1 else first
    shown = label(f"document.{name}") or label(f"label.{name}") or name
    return f"{shown} {int(rest[0]) + 1}" if rest and rest[0].isdecimal() else shown
