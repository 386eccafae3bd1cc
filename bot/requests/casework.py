"""The office's work on requests: an order is carried out, written down and told in one turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bot.papers import passing
from bot.requests import cards, notices
from bot.requests.cards import card, requests_of
from bot.requests.filing import file_request
from bot.requests.notices import morning_digest
from flows import steps, workflow
from flows.events import AnyEvent, Inspected, JobFailed, LetterMade, Woken
from flows.steps import DESK, Actor, Command, Happened
from flows.workflow import Refused
from storage import history, letters, requests
from storage.requests import RequestRow

if TYPE_CHECKING:
    from bot.engine.turn import Turn

__all__ = [
    "act",
    "card",
    "file_request",
    "morning_digest",
    "note",
    "on_request_event",
    "requests_of",
    "undo",
]

log = structlog.get_logger()
_MINOR = ("claimed", "advanced")


def act(turn: Turn, request_id: int, command: Command, actor: Actor) -> list[Happened]:
    """Carry an order out and all that follows from it; raises Refused, LookupError."""
    row = _load(turn, request_id)
    definition = cards.route_of(turn.tx, turn.desk, row)
    if isinstance(command, steps.Return):
        _check_members(turn, row, command.paths)
    office = turn.desk.office
    after, happened = workflow.advance(
        definition, row.state, command, actor, turn.now, office.calendar, office.limits
    )
    saved = requests.save(turn.tx, row, after, turn.now)
    if happened:
        step = _record(turn, row, saved, actor, happened)
        done = notices.Done(saved, row.state, definition, step, happened)
        notices.follow(turn, done)
    return happened


def note(turn: Turn, request_id: int, text: str, actor: Actor, kind: str = "noted") -> int:
    """Write a note for colleagues (or what was said to the citizen) into the history."""
    row = _load(turn, request_id)
    return history.record(
        turn.tx,
        turn.desk.vault,
        row.id,
        turn.now,
        kind,
        officer=actor.id,
        stage=row.state.stage,
        note=text,
    )


def undo(turn: Turn, actor: Actor) -> int:
    """Take an officer's own last step back and return its request; raises Refused.

    What the clock or a finished job did since goes with it; what a person did since stands against
    it. The citizen is told where they had been told.
    """
    step = history.last_step_of(turn.tx, actor.id)
    if step is None or step.before is None:
        raise Refused("nothing_to_undo")
    row = _load(turn, step.request)
    if step.kind == "handedover":
        raise Refused("undo_handed_over", number=row.number)
    for later in history.after(turn.tx, step):
        if later.officer or later.kind == "supplied":
            raise Refused("undo_others", number=row.number, officer=later.officer)
    limits = turn.desk.office.limits
    state = workflow.undo(row.state, step.before, step.at, turn.now, limits)
    saved = requests.save(turn.tx, row, state, turn.now)
    history.mark_undone(turn.tx, row.id, step.id)
    letters.revive(turn.tx, row.id)
    entry = history.record(
        turn.tx,
        turn.desk.vault,
        row.id,
        turn.now,
        "undone",
        officer=actor.id,
        stage=row.state.stage,
        detail=state.stage,
    )
    if notices.concerns_citizen(step.kind, step.stage, cards.definition_of(turn, row)):
        notices.told(turn, saved, "corrected", entry)
    return row.id


def on_request_event(turn: Turn, request_id: int, event: AnyEvent) -> None:
    """Take what the clock or a job has for a request; what came too late changes nothing."""
    orders: dict[type, Command] = {Woken: steps.Wake(), LetterMade: steps.LetterDone()}
    command = orders.get(type(event))
    if isinstance(event, Inspected):
        passing.inspected(turn, request_id, event)
    if isinstance(event, JobFailed):
        if event.kind != "letter":
            args = {"kind": event.kind, "reason": event.error}
            turn.alarm(f"request:{request_id}:{turn.seq}", "job", **args)
            return
        command = steps.LetterLost()
    if command is None:
        return
    try:
        act(turn, request_id, command, DESK)
    except (Refused, LookupError) as late:
        log.info(
            "an event came too late",
            request=request_id,
            event_type=type(event).__name__,
            why=str(late),
        )


def _load(turn: Turn, request_id: int) -> RequestRow:
    # An officer's command comes from the officer's lane: nobody changes the request meanwhile.
    turn.tx.lock(-request_id)
    row = requests.load(turn.tx, request_id)
    if row is None:
        raise LookupError(f"there is no request {request_id}")
    return row


def _record(
    turn: Turn, row: RequestRow, saved: RequestRow, actor: Actor, happened: list[Happened]
) -> int:
    """Write one row for the whole step, named after what matters most in it."""
    kinds = [type(fact).__name__.lower() for fact in happened]
    kind = next((kind for kind in kinds if kind not in _MINOR), kinds[-1])
    reasons = [
        fact.reason
        for fact in happened
        if isinstance(fact, steps.Returned | steps.Rejected | steps.Cancelled)
    ]
    reasons += [fact.note for fact in happened if isinstance(fact, steps.BecameReady)]
    # In words: who signs by that name may be another one in a year.
    reasons += [
        turn.desk.config.signer_of(row.service, fact.signer).title
        for fact in happened
        if isinstance(fact, steps.LetterWanted) and fact.signer
    ]
    moved = saved.state.stage != row.state.stage
    return history.record(
        turn.tx,
        turn.desk.vault,
        row.id,
        turn.now,
        kind,
        officer=actor.id,
        stage=row.state.stage,
        detail=saved.state.stage if moved else "",
        note="".join(reasons),
        before=row.state,
    )


def _check_members(turn: Turn, row: RequestRow, paths: tuple[str, ...]) -> None:
    """A path may only name a member that the request has."""
    answers = requests.given(turn.tx, turn.desk.vault, row.id).answers
    members = {(group, member) for group, member, _ in map(cards.split, answers) if member}
    unknown = [
        path for path in paths if (found := cards.split(path))[1] and found[:2] not in members
    ]
    if unknown:
        raise Refused("unknown_paths", paths=unknown)
