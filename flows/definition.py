"""What a service is: the data of ``flows/services/<id>.yaml``, checked by ``flows.loader``."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

Condition = dict[str, list[str]]
"""Every named answer must be one of the listed choices; an empty one always holds."""


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing asked in words: ``check`` names a function of ``flows.answers``.

    ``depends`` names questions whose change makes this one be asked again. ``least`` and ``most``
    bound the length or the value, as the check says. A date more than ``late`` days ago is taken
    only after a yes, and marked for the officer.
    """

    id: str
    check: str
    choices: list[str] = field(default_factory=list)
    when: Condition = field(default_factory=dict)
    depends: list[str] = field(default_factory=list)
    optional: bool = False
    least: int | None = None
    most: int | None = None
    late: int | None = None


class Document(Struct, frozen=True, forbid_unknown_fields=True):
    """One paper asked for as photo or PDF; ``pages`` is the most files it may have.

    ``identity`` marks papers whose viewing is restricted and audited.
    """

    id: str
    when: Condition = field(default_factory=dict)
    pages: int = 1
    optional: bool = False
    identity: bool = False


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """Things asked once for each member, such as every heir; ``when`` asks them at all."""

    id: str
    questions: list[Question]
    documents: list[Document] = field(default_factory=list)
    when: Condition = field(default_factory=dict)
    least: int = 1
    most: int = 20


class Stage(Struct, frozen=True, forbid_unknown_fields=True):
    """One step of the office's work.

    ``role`` may act; ``minutes`` is the working time allowed; ``waits`` says for whom the office's
    clock stops; ``act`` is what leaving the stage does: make the letter, tell that it is ready,
    hand it over. ``may`` lists what else an officer may do here.

    ``when`` leaves the stage out where the answers do not fulfil it; an ``optional`` one is left
    out unless an officer names it. ``day`` names the question whose answer is the day on which the
    citizen is expected; in a request's route (``flows.standing.route``) it is that day, as ISO.
    """

    id: str
    role: str
    minutes: int = 0
    waits: Literal["", "citizen", "system"] = ""
    act: Literal["", "letter", "ready", "handover"] = ""
    may: list[Literal["return", "reject", "cancel"]] = field(default_factory=list)
    when: Condition = field(default_factory=dict)
    optional: bool = False
    day: str = ""


class Elsewhere(Struct, frozen=True, forbid_unknown_fields=True):
    """A case that belongs to another office: it ends kindly, before any paper is asked for.

    It applies where all that is written holds: ``when``; one of the birth dates in ``younger`` is
    of somebody under so many years on the day of ``on`` (a date's question; today without one);
    a date in ``ahead`` lies so many working days ahead or more.
    """

    id: str
    when: Condition = field(default_factory=dict)
    younger: dict[str, int] = field(default_factory=dict)
    on: str = ""
    ahead: dict[str, int] = field(default_factory=dict)


class Retention(Struct, frozen=True, forbid_unknown_fields=True):
    """How long this service's things are kept, where it is not as the office keeps the others.

    Days after the request closed, years after the letter was made; 0 is as in config.yaml.
    ``law`` names where it is written.
    """

    documents_days: int = 0
    answers_days: int = 0
    letters_years: int = 0
    law: list[str] = field(default_factory=list)


class Definition(Struct, frozen=True, forbid_unknown_fields=True):
    """One letter or permit: what it asks, which stages it runs through, what it results in.

    ``promise`` is in working days, 0 for the same day; ``promise_minutes`` in working minutes
    where it is less. Of a ``guidance`` nothing is handed over: what came of it is told. ``code``
    appears in registration numbers; ``letter`` names the template of the printed letter and
    ``classification`` its code (Permendagri 83/2022).
    """

    id: str
    version: int
    group: str
    code: str
    result: Literal["letter", "forwarded", "stamp", "appointment", "guidance"]
    promise: int
    questions: list[Question]
    documents: list[Document]
    stages: list[Stage]
    groups: list[Group] = field(default_factory=list)
    elsewhere: list[Elsewhere] = field(default_factory=list)
    promise_minutes: int = 0
    cost: int = 0
    letter: str = ""
    classification: str = ""
    validity_months: int = 0
    law: list[str] = field(default_factory=list)
    retention: Retention = Retention()
    applicant: dict[str, str] = field(
        default_factory=lambda: {"name": "name", "nik": "nik", "village": "village"}
    )
