"""Where a request stands, and its clocks: the stage's deadline, the promise, what wakes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import takewhile
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from flows.calendar import Calendar
from flows.checklist import holds
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


def route(definition: Definition, answers: Mapping[str, str]) -> Definition:
    """Return the definition with just the stages that a request with these answers runs through.

    A stage's ``day`` becomes the day itself, as ISO; empty where it was not asked.
    """
    stages = [
        replace(stage, day=answers.get(stage.day, "")) if stage.day else stage
        for stage in definition.stages
        if holds(stage.when, answers)
    ]
    return replace(definition, stages=stages)


def optional_next(stages: Sequence[Stage]) -> list[Stage]:
    """Return the optional stages at the beginning of these: those that may be named now."""
    return list(takewhile(lambda stage: stage.optional, stages))


def begin(definition: Definition, now: datetime, calendar: Calendar) -> State:
    """Return the state of a request filed at ``now``: first stage, promise in working time."""
    minutes = definition.promise_minutes
    if minutes:
        promised = calendar.add_working_minutes(now, minutes)
    else:
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
    if is_expected(stage):
        return replace(state, wake_at=reminder(state, calendar, limits))
    if stage.day:
        return appoint(state, date.fromisoformat(stage.day), now, calendar)
    if waits or not stage.minutes:
        return state
    due = calendar.add_working_minutes(now, stage.minutes)
    return replace(state, stage_due_at=due, wake_at=calendar.next_office_moment(due))


def appoint(state: State, day: date, now: datetime, calendar: Calendar) -> State:
    """Expect the citizen on that day: remind them the day before; it is late when it is over."""
    due = calendar.closing(day) or datetime.combine(day, time(23, 59), calendar.zone)
    before = datetime.combine(day - timedelta(days=1), time(), calendar.zone)
    remind = calendar.next_office_moment(before)
    wake = remind if now < remind < due else calendar.next_office_moment(due)
    return replace(state, stage_due_at=due, wake_at=wake)


def stop(state: State, now: datetime) -> State:
    """Let the office's clock stand still."""
    return state if state.stopped_at else replace(state, stopped_at=now)


def resume(state: State, now: datetime, calendar: Calendar) -> State:
    """Start the clock again: the promise moves by the working days that it stood still.

    A promise of minutes, which ends within a day, moves by working minutes.
    """
    if state.stopped_at is None:
        return state
    if state.promised_at != calendar.closing(state.promised_at.astimezone(calendar.zone).date()):
        minutes = calendar.working_minutes_between(state.stopped_at, now)
        promised = calendar.add_working_minutes(state.promised_at, minutes)
        return replace(state, stopped_at=None, promised_at=promised)
    first, last = (at.astimezone(calendar.zone).date() for at in (state.stopped_at, now))
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    stood = sum(calendar.is_working_day(day) for day in days)
    promised = state.promised_at
    if stood:
        # The promise is a closing time, when the office counts as closed already.
        promised = calendar.add_working_days(promised - timedelta(minutes=1), stood)
    return replace(state, stopped_at=None, promised_at=promised)


def is_expected(stage: Stage) -> bool:
    """Say whether the citizen is to come, on whatever day: they are reminded of it."""
    return stage.act == "handover" or (stage.waits == "citizen" and not stage.day)


def reminder(state: State, calendar: Calendar, limits: Limits) -> datetime | None:
    """Return when the next reminder to come is due: an open office, no quiet hour."""
    if state.reminders >= len(limits.collect_after_days):
        return None
    days = limits.collect_after_days[state.reminders]
    return calendar.next_office_moment(state.stage_at + timedelta(days=days))
