"""Where a request stands, and its clocks: the stage's deadline, the promise, what wakes it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from flows.calendar import Calendar
from flows.definition import Definition, Stage
from flows.office import Limits


class State(Struct, frozen=True):
    """Where a request stands: at which stage, with whom, since when, until when.

    ``role`` is whose work the stage is, ``officer`` who has the request, 0 nobody; ``asked_by``
    is the stage that returned it; ``stopped_at`` is since when the office's clock stands still;
    ``letter`` says that a number is reserved, ``made`` that its file exists; ``late`` and
    ``reminders`` count what was told in this stage; ``version`` counts changes.
    """

    stage: str
    role: str
    filed_at: datetime
    promised_at: datetime
    stage_at: datetime
    status: Literal["open", "returned", "done", "rejected", "cancelled"] = "open"
    officer: int = 0
    returned: tuple[str, ...] = ()
    asked_by: str = ""
    stage_due_at: datetime | None = None
    stopped_at: datetime | None = None
    wake_at: datetime | None = None
    late: int = 0
    reminders: int = 0
    letter: bool = False
    made: bool = False
    version: int = 1

    @property
    def closed(self) -> bool:
        """Say whether nothing more will happen."""
        return self.status in ("done", "rejected", "cancelled")


def begin(definition: Definition, now: datetime, calendar: Calendar) -> State:
    """Return the state of a request filed at ``now``: first stage, promise in working days."""
    promised = calendar.add_working_days(now, definition.promise)
    first = definition.stages[0]
    fresh = State(stage=first.id, role=first.role, filed_at=now, promised_at=promised, stage_at=now)
    return enter(fresh, first, now, calendar, Limits())


def stage_of(definition: Definition, name: str) -> Stage:
    """Return the stage with that id; one that a definition lost counts as its first."""
    return next((s for s in definition.stages if s.id == name), definition.stages[0])


def enter(state: State, stage: Stage, now: datetime, calendar: Calendar, limits: Limits) -> State:
    """Begin a stage: its own deadline in working time, or a stopped clock where it waits."""
    state = replace(
        state,
        stage=stage.id,
        role=stage.role,
        stage_at=now,
        stage_due_at=None,
        wake_at=None,
        late=0,
        reminders=0,
    )
    waits = stage.waits or ("citizen" if stage.act == "handover" else "")
    state = stop(state, now) if waits else resume(state, now, calendar)
    if stage.act == "handover":
        return replace(state, wake_at=reminder(state, calendar, limits))
    if waits or not stage.minutes:
        return state
    due = calendar.add_working_minutes(now, stage.minutes)
    return replace(state, stage_due_at=due, wake_at=calendar.next_office_moment(due))


def stop(state: State, now: datetime) -> State:
    """Let the office's clock stand still."""
    return state if state.stopped_at else replace(state, stopped_at=now)


def resume(state: State, now: datetime, calendar: Calendar) -> State:
    """Start the clock again: the promise moves by the working days that it stood still."""
    if state.stopped_at is None:
        return state
    first, last = (at.astimezone(calendar.zone).date() for at in (state.stopped_at, now))
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    stood = sum(calendar.is_working_day(day) for day in days)
    promised = state.promised_at
    if stood:
        # The promise is a closing time, when the office counts as closed already.
        promised = calendar.add_working_days(promised - timedelta(minutes=1), stood)
    return replace(state, stopped_at=None, promised_at=promised)


def reminder(state: State, calendar: Calendar, limits: Limits) -> datetime | None:
    """Return when the next reminder to collect is due: an open office, no quiet hour."""
    if state.reminders >= len(limits.collect_after_days):
        return None
    days = limits.collect_after_days[state.reminders]
    return calendar.next_office_moment(state.stage_at + timedelta(days=days))
