"""The way through the office: stages, what some leave out, and the letter at the end."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from flows.definition import Definition, Question, Stage
from flows.soundness.asking import condition
from flows.soundness.names import Found
from flows.source import nearest

_DAYS = ("office_day", "future_date")


def route(stages: Sequence[Stage], roles: Collection[str] | None, *, hands_over: bool) -> Found:
    """Each stage has its role, and the last one ends what the citizen waits for."""
    for place, stage in enumerate(stages):
        path = ("stages", place)
        if roles is not None and stage.role not in roles:
            yield (
                (*path, "role"),
                f'"{stage.role}" is no role of config.yaml',
                nearest(stage.role, roles),
            )
        if stage.minutes < 0:
            yield (*path, "minutes"), "is less than nothing", "write 0 (no limit) or more"
        if stage.act == "handover" and place != len(stages) - 1:
            yield (*path, "act"), "hands over before the end", "move it to the last stage"
    if not stages:
        yield ("stages",), "there is no stage", "write at least one that ends with act: handover"
        return
    acts = [stage.act for stage in stages]
    if hands_over and acts[-1] != "handover":
        yield ("stages", len(stages) - 1), "is last and hands nothing over", "add act: handover"
    if not hands_over and acts[-1] != "ready":
        yield ("stages", len(stages) - 1), "is last and tells nothing", "add act: ready"
    if acts.count("ready") != 1:
        yield (
            ("stages",),
            f"{acts.count('ready')} stages tell that it is ready",
            ("write act: ready at one stage before the hand-over"),
        )


def branches(stages: Sequence[Stage], known: Mapping[str, Question]) -> Found:
    """What is left out for some must not be what the whole depends on."""
    for place, stage in enumerate(stages):
        path = ("stages", place)
        yield from condition(stage.when, (*path, "when"), known)
        for name in ("when", "optional"):
            if getattr(stage, name) and (stage.act or not place):
                wrong = "leaves out a stage that everything needs"
                yield (*path, name), wrong, "remove it here, or give the work a stage of its own"
        if not stage.day:
            continue
        days = [each.id for each in known.values() if each.check in _DAYS]
        if stage.day not in days:
            wrong = f'"{stage.day}" is no question for a day to come'
            yield (*path, "day"), wrong, nearest(stage.day, days)
        if stage.waits != "citizen":
            yield (*path, "day"), "nobody is expected here", "write waits: citizen"


def result(definition: Definition, letters: Collection[str] | None) -> Found:
    """A letter is made by a stage before it is ready, from a template that is there."""
    acts = [stage.act for stage in definition.stages]
    if definition.result != "letter":
        for name in ("letter", "classification"):
            if getattr(definition, name):
                yield (name,), "belongs to a printed letter", "remove it, or write result: letter"
        if "letter" in acts:
            yield (
                ("stages", acts.index("letter"), "act"),
                "makes a letter without one",
                ("remove it, or write result: letter"),
            )
        return
    if acts.count("letter") != 1:
        yield (
            ("stages",),
            f"{acts.count('letter')} stages make the letter",
            ("write act: letter at the stage that signs"),
        )
    elif "ready" in acts and acts.index("ready") < acts.index("letter"):
        yield (
            ("stages", acts.index("ready"), "act"),
            "is ready before the letter is made",
            ("move it behind act: letter"),
        )
    if not definition.classification:
        yield ("classification",), "is missing for a printed letter", "write such as 400.12.2.1"
    if letters is not None and definition.letter not in letters:
        yield (
            ("letter",),
            f"templates/letters/{definition.letter}.typ does not exist",
            nearest(definition.letter, letters, "write that file"),
        )
