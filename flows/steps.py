"""The words of the office's work: what an officer orders, and what then happened."""

from __future__ import annotations

from msgspec import Struct, field


class Actor(Struct, frozen=True):
    """Who acts: an officer with a role of the office and what that role is permitted.

    ``id`` 0 is the desk itself (the clock, a finished job, the citizen's answer).
    """

    id: int = 0
    name: str = ""
    role: str = ""
    permissions: frozenset[str] = field(default_factory=frozenset)


DESK = Actor()


class Command(Struct, frozen=True, tag_field="type", tag=str.lower):
    """An order in the imperative; one that cannot be done raises ``workflow.Refused``."""


class Claim(Command, frozen=True):
    """Take the request: nobody else works on it then."""


class Release(Command, frozen=True):
    """Put the request back into the queue."""


class Assign(Command, frozen=True):
    """Give the request to this officer."""

    officer: Actor


class Accept(Command, frozen=True):
    """The stage's work is done: on to the next; ``through`` names an optional one to be run.

    ``signer`` is who signs the letter that is wanted now, empty for whom the office says.
    """

    through: str = ""
    signer: str = ""


class Return(Command, frozen=True):
    """Ask the citizen for just these answers and documents again."""

    paths: tuple[str, ...]
    reason: str


class Reject(Command, frozen=True):
    """Refuse the request for good."""

    reason: str


class Ready(Command, frozen=True):
    """The result lies ready: the citizen may come for it.

    Where nothing is handed over, ``note`` is the result: what they are told.
    """

    note: str = ""


class HandOver(Command, frozen=True):
    """Give the result to the citizen; ``compared`` says that the originals were the same.

    Originals that differ cancel the request (hand-over step of every procedure in sop.yaml).
    """

    compared: bool


class Cancel(Command, frozen=True):
    """Stop the request, at the citizen's wish or because it became pointless."""

    reason: str


class Answered(Command, frozen=True):
    """The citizen gave what a returned request was waiting for."""


class LetterDone(Command, frozen=True):
    """The letter's file exists."""


class LetterLost(Command, frozen=True):
    """The letter's file could not be made; its number stays reserved."""


class Wake(Command, frozen=True):
    """The time came that the request had asked for."""


class Happened(Struct, frozen=True, tag_field="type", tag=str.lower):
    """A fact in the past tense; the turn makes notices of it."""


class Claimed(Happened, frozen=True):
    officer: int


class Released(Happened, frozen=True):
    officer: int


class Assigned(Happened, frozen=True):
    officer: int
    before: int = 0


class Advanced(Happened, frozen=True):
    """The request went from one stage to another."""

    before: str
    stage: str


class Returned(Happened, frozen=True):
    paths: tuple[str, ...]
    reason: str


class Supplied(Happened, frozen=True):
    """The citizen gave what was missing; the request is back at the stage that had asked."""

    stage: str


class Rejected(Happened, frozen=True):
    reason: str


class Cancelled(Happened, frozen=True):
    """``differs`` says that the originals were not what had been sent."""

    reason: str
    differs: bool = False


class Forwarded(Happened, frozen=True):
    """The request waits for another office or system from now on."""

    stage: str


class CameBack(Happened, frozen=True):
    """What another office or system had to do is done."""

    stage: str


class LetterWanted(Happened, frozen=True):
    """The letter must be numbered and its file made, for this signer."""

    signer: str = ""


class LetterFinished(Happened, frozen=True):
    """The letter can be printed and signed."""


class LetterFailed(Happened, frozen=True):
    """The letter could not be made: the request is back at the stage that wanted it."""

    stage: str


class BecameReady(Happened, frozen=True):
    """The result lies ready to be collected; ``note`` is one that is only told."""

    note: str = ""


class HandedOver(Happened, frozen=True):
    """The citizen has it."""


class Finished(Happened, frozen=True):
    """The last stage is done."""


class StageLate(Happened, frozen=True):
    """The stage's time is over; said once, then the daily overview names it."""

    stage: str


class Appointed(Happened, frozen=True):
    """The citizen is expected on that day (ISO), for this stage."""

    stage: str
    day: str


class AppointmentReminded(Happened, frozen=True):
    """The citizen is reminded of the day on which they are expected."""

    stage: str
    day: str


class CollectReminded(Happened, frozen=True):
    """The citizen is reminded, for the ``count``-th time, that they are to come."""

    count: int
