"""The request's state machine: stages, owners, clocks, returns. Pure, like the conversation."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec.structs import replace

from flows import steps
from flows.calendar import Calendar
from flows.definition import Definition, Document, Question, Stage
from flows.office import Limits
from flows.standing import State, begin, enter, is_expected, optional_next, reminder, stage_of, stop
from flows.steps import Actor, Command, Happened

__all__ = ["Refused", "State", "advance", "begin", "may_act", "names_path", "stage_of", "undo"]

Step = tuple[State, list[Happened]]

STANDS_IN = "any_stage"
"""The permission to do the work of every role."""
ASSIGNS = "assign"
"""The permission to give and take work of others."""


class Refused(Exception):
    """A command cannot be done now: ``key`` is the template that says why and what can be.

    ``about`` are its arguments: identifiers only (stage, officer, role, paths), no personal data.
    """

    def __init__(self, why: str, **about: Any) -> None:
        self.why = why
        self.key = f"commands/refused/{why}"
        self.about = about
        super().__init__(why)


def advance(
    definition: Definition,
    state: State,
    command: Command,
    actor: Actor,
    now: datetime,
    calendar: Calendar,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Step:
    """Return the state after ``command`` and what happened; raises Refused.

    An unclaimed request is claimed by whoever acts on it. The clock's ``Wake`` never refuses.
    """
    work = _Work(definition, state, actor, now, calendar, limits)
    if isinstance(command, steps.Wake):
        after, happened = work.wake()
    else:
        after, happened = work.order(command)
    return replace(after, version=state.version + 1), happened


def may_act(actor: Actor, stage: Stage) -> bool:
    """Say whether the actor may do the work of the stage."""
    return actor.role == stage.role or STANDS_IN in actor.permissions


def names_path(definition: Definition, path: str) -> bool:
    """Say whether ``path`` names a question or document (``ktp``, ``heirs.0.ktp``)."""
    first, *rest = path.split(".")
    if not rest:
        return first in _ids(definition.questions, definition.documents)
    group = next((g for g in definition.groups if g.id == first), None)
    if group is None or len(rest) != 2 or not rest[0].isdecimal() or int(rest[0]) >= group.most:
        return False
    return rest[1] in _ids(group.questions, group.documents)


def _ids(questions: list[Question], documents: list[Document]) -> set[str]:
    return {question.id for question in questions} | {document.id for document in documents}


def undo(
    state: State,
    before: State,
    done_at: datetime,
    now: datetime,
    limits: Limits = Limits(),  # noqa: B008
) -> State:
    """Return the state as it was before an officer's own last step; raises Refused.

    Rejecting, cancelling and returning can be taken back (the citizen is told of the correction);
    a result that was handed over has left the house and stays so. A reserved number stays.
    """
    if state.status == "done":
        raise Refused("undo_handed_over")
    if now - done_at > timedelta(minutes=limits.undo_minutes):
        raise Refused("undo_too_late", minutes=limits.undo_minutes)
    return replace(
        before,
        letter=before.letter or state.letter,
        made=before.made and state.made,
        version=state.version + 1,
    )


class _Work:
    """One command on one request: everything that its rules look at."""

    def __init__(
        self,
        definition: Definition,
        state: State,
        actor: Actor,
        now: datetime,
        calendar: Calendar,
        limits: Limits,
    ) -> None:
        self.definition = definition
        self.state = state
        self.actor = actor
        self.now = now
        self.calendar = calendar
        self.limits = limits
        self.stage = stage_of(definition, state.stage)

    def order(self, command: Command) -> Step:
        if self.state.closed:
            raise Refused("closed", status=self.state.status)
        match command:
            case steps.Claim():
                return self.claim()
            case steps.Release():
                return self.release()
            case steps.Assign(officer):
                return self.assign(officer)
            case steps.Answered():
                return self.answered()
            case steps.LetterDone() | steps.LetterLost():
                return self.letter(command)
        return self.work(command)

    # --- who has it -----------------------------------------------------------------------------

    def claim(self) -> Step:
        self.check_role()
        if self.state.officer == self.actor.id:
            raise Refused("already_yours")
        self.check_owner()
        return replace(self.state, officer=self.actor.id), [steps.Claimed(self.actor.id)]

    def release(self) -> Step:
        if not self.state.officer:
            raise Refused("nobody_has_it")
        if self.state.officer != self.actor.id and ASSIGNS not in self.actor.permissions:
            raise Refused("held", officer=self.state.officer)
        return replace(self.state, officer=0), [steps.Released(self.state.officer)]

    def assign(self, officer: Actor) -> Step:
        """Give it away: one's own, or with the permission to assign; never to whom may not act."""
        if self.state.officer != self.actor.id and ASSIGNS not in self.actor.permissions:
            raise Refused("may_not_assign", officer=self.state.officer)
        if not may_act(officer, self.stage):
            raise Refused("assignee_role", officer=officer.id, role=self.stage.role)
        if officer.id == self.state.officer:
            raise Refused("already_theirs", officer=officer.id)
        happened = steps.Assigned(officer.id, self.state.officer)
        return replace(self.state, officer=officer.id), [happened]

    def check_role(self) -> None:
        if not may_act(self.actor, self.stage):
            raise Refused("role", role=self.stage.role, stage=self.stage.id)

    def check_owner(self) -> None:
        if self.state.officer not in (0, self.actor.id):
            raise Refused("held", officer=self.state.officer)

    # --- the stage's work -----------------------------------------------------------------------

    def work(self, command: Command) -> Step:
        """Do what only the one who has the request may do, claiming it where nobody has it."""
        self.check_role()
        self.check_owner()
        claimed: list[Happened] = []
        if not self.state.officer:
            claimed = [steps.Claimed(self.actor.id)]
            self.state = replace(self.state, officer=self.actor.id)
        after, happened = self.act(command)
        return after, claimed + happened

    def act(self, command: Command) -> Step:
        match command:
            case steps.Reject(reason):
                return self.close("reject", "rejected", steps.Rejected(_given(reason)))
            case steps.Cancel(reason):
                return self.close("cancel", "cancelled", steps.Cancelled(_given(reason)))
        if self.state.status == "returned":
            raise Refused("returned", paths=list(self.state.returned))
        match command:
            case steps.Return(paths, reason):
                return self.give_back(paths, _given(reason))
            case steps.HandOver(compared):
                return self.hand_over(compared)
            case steps.Ready(note):
                return self.ready(note)
            case steps.Accept(through, signer):
                return self.accept(through, signer)
        return self.accept()

    def accept(self, through: str = "", signer: str = "") -> Step:
        if self.stage.act == "handover":
            raise Refused("compare_first", stage=self.stage.id)
        if self.stage.act == "ready":
            return self.ready("")
        if self.stage.act == "letter":
            self.state = replace(self.state, letter=True, made=False)
            return self.forward([steps.LetterWanted(signer)], through)
        return self.forward([], through)

    def ready(self, note: str) -> Step:
        """The result is there; where nothing is handed over, it is what the citizen is told."""
        if self.stage.act != "ready":
            raise Refused("not_ready_stage", stage=self.stage.id)
        if self.state.letter and not self.state.made:
            raise Refused("letter_not_made")
        if self.stage == self.definition.stages[-1] and not note.strip():
            raise Refused("no_result")
        return self.forward([steps.BecameReady(note.strip())])

    def forward(self, happened: list[Happened], through: str = "") -> Step:
        """Go to the next stage (optional ones only by name), or finish after the last one."""
        rest = self.definition.stages[self.definition.stages.index(self.stage) + 1 :]
        if through and through not in {s.id for s in optional_next(rest)}:
            raise Refused("not_next_stage", stages=[s.id for s in optional_next(rest)])
        target = next((s for s in rest if not s.optional or s.id == through), None)
        if target is None:
            return self.closed("done"), [*happened, steps.Finished()]
        happened = [*happened, steps.Advanced(self.stage.id, target.id)]
        if self.stage.waits == "system" != target.waits:
            happened.append(steps.CameBack(target.id))
        if target.waits == "system" != self.stage.waits:
            happened.append(steps.Forwarded(target.id))
        if target.day:
            happened.append(steps.Appointed(target.id, target.day))
        # The next stage belongs to someone else, unless the same role does it.
        officer = self.state.officer if target.role == self.stage.role else 0
        return self.enter(replace(self.state, officer=officer), target), happened

    def enter(self, state: State, stage: Stage) -> State:
        return enter(state, stage, self.now, self.calendar, self.limits)

    def hand_over(self, compared: bool) -> Step:
        if self.stage.act != "handover":
            raise Refused("not_handover_stage", stage=self.stage.id)
        if not compared:
            return self.closed("cancelled"), [steps.Cancelled("", differs=True)]
        return self.forward([steps.HandedOver()])

    def give_back(self, paths: tuple[str, ...], reason: str) -> Step:
        if "return" not in self.stage.may:
            raise Refused("stage_cannot", what="return", stage=self.stage.id)
        unknown = [path for path in paths if not names_path(self.definition, path)]
        if unknown or not paths:
            raise Refused("unknown_paths", paths=unknown)
        paths = tuple(dict.fromkeys(paths))
        after = replace(
            stop(self.state, self.now),
            status="returned",
            returned=paths,
            asked_by=self.stage.id,
            stage_due_at=None,
            wake_at=None,
        )
        return after, [steps.Returned(paths, reason)]

    def close(
        self,
        what: Literal["reject", "cancel"],
        status: Literal["rejected", "cancelled"],
        fact: Happened,
    ) -> Step:
        if what not in self.stage.may:
            raise Refused("stage_cannot", what=what, stage=self.stage.id)
        return self.closed(status), [fact]

    def closed(self, status: Literal["done", "rejected", "cancelled"]) -> State:
        return replace(
            self.state, status=status, returned=(), asked_by="", stage_due_at=None, wake_at=None
        )

    # --- what the desk itself reports -----------------------------------------------------------

    def answered(self) -> Step:
        if self.state.status != "returned":
            raise Refused("not_returned")
        stage = stage_of(self.definition, self.state.asked_by)
        back = replace(self.state, status="open", returned=(), asked_by="")
        return self.enter(back, stage), [steps.Supplied(stage.id)]

    def letter(self, command: Command) -> Step:
        """Record the letter's file; a lost one takes the request back to where it was wanted."""
        if not self.state.letter or self.state.made or self.stage.act == "letter":
            raise Refused("no_letter_wanted")
        if isinstance(command, steps.LetterDone):
            return replace(self.state, made=True), [steps.LetterFinished()]
        wanted = [s for s in self.definition.stages if s.act == "letter"]
        if not wanted:
            raise Refused("no_letter_wanted")
        officer = self.state.officer if wanted[-1].role == self.stage.role else 0
        back = self.enter(replace(self.state, officer=officer), wanted[-1])
        return back, [steps.LetterFailed(wanted[-1].id)]

    def wake(self) -> Step:
        """Say what is due, and when to look again; a request that waits or is closed says none."""
        state = replace(self.state, wake_at=None)
        if state.status != "open":
            return state, []
        if is_expected(self.stage):
            if (due := reminder(state, self.calendar, self.limits)) is None or due > self.now:
                return replace(state, wake_at=due), []
            state = replace(state, reminders=state.reminders + 1)
            state = replace(state, wake_at=reminder(state, self.calendar, self.limits))
            return state, [steps.CollectReminded(state.reminders)]
        if state.stage_due_at is None or state.late:
            return state, []
        if self.stage.day and not state.reminders and self.now < state.stage_due_at:
            due = self.calendar.next_office_moment(state.stage_due_at)
            fact = steps.AppointmentReminded(self.stage.id, self.stage.day)
            return replace(state, reminders=1, wake_at=due), [fact]
        due = self.calendar.next_office_moment(state.stage_due_at)
        if due > self.now:
            return replace(state, wake_at=due), []
        return replace(state, late=1), [steps.StageLate(self.stage.id)]


def _given(reason: str) -> str:
    if not reason.strip():
        raise Refused("reason_missing")
    return reason.strip()
