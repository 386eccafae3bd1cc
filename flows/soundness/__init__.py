"""What a definition must be beyond its shape: where, what is wrong, what to write."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from flows.definition import Definition, Elsewhere, Question
from flows.soundness import asking, stages
from flows.soundness.asking import Scope, condition
from flows.soundness.names import Found, ids
from flows.source import Path, nearest

_APPLICANT = {"name", "nik", "village"}
_AHEAD = ("future_date", "office_day", "date")


def problems_of(
    definition: Definition,
    checks: Collection[str] | None,
    roles: Collection[str] | None,
    letters: Collection[str] | None,
) -> Found:
    """Yield every broken rule; names that are None are not checked."""
    yield from _head(definition)
    yield from _retention(definition)
    yield from ids(definition)
    top = Scope((), definition.questions, definition.documents)
    yield from asking.questions(top, {}, checks)
    yield from asking.documents(top, {})
    outer = {question.id: question for question in definition.questions}
    for place, group in enumerate(definition.groups):
        inside = Scope(("groups", place), group.questions, group.documents)
        yield from asking.group(group, inside.path)
        yield from condition(group.when, (*inside.path, "when"), outer)
        yield from asking.questions(inside, outer, checks)
        yield from asking.documents(inside, outer)
    yield from _elsewhere(definition.elsewhere, outer)
    yield from _applicant(definition)
    yield from stages.route(definition.stages, roles, hands_over=definition.result != "guidance")
    yield from stages.branches(definition.stages, outer)
    yield from stages.result(definition, letters)


def _head(definition: Definition) -> Found:
    if not re.fullmatch(r"[A-Z][A-Z0-9]{0,7}", definition.code):
        yield (
            ("code",),
            f'"{definition.code}" is no code',
            "write one to eight capitals, such as DOM",
        )
    if definition.version < 1:
        yield ("version",), "versions begin with 1", "write 1"
    for name in ("promise", "promise_minutes", "cost", "validity_months"):
        if getattr(definition, name) < 0:
            yield (name,), "is less than nothing", "write 0 or more"
    if definition.promise and definition.promise_minutes:
        yield ("promise_minutes",), "is promised beside days", "write promise: 0, or remove it"


def _retention(definition: Definition) -> Found:
    own = definition.retention
    for name in ("documents_days", "answers_days", "letters_years"):
        if getattr(own, name) < 0:
            yield ("retention", name), "is less than nothing", "write days or years, or remove it"
    if any((own.documents_days, own.answers_days, own.letters_years)) and not own.law:
        yield (
            ("retention", "law"),
            "does not say why this is kept differently",
            "name the rule, such as [Perbup 12/2024 (JRA)]",
        )


def _applicant(definition: Definition) -> Found:
    paths = {question.id for question in definition.questions}
    for group in definition.groups:
        paths |= {f"{group.id}.0.{question.id}" for question in group.questions}
    if "name" not in definition.applicant:
        yield ("applicant",), "does not say whose name stands on the request", "write name: name"
    for what, path in definition.applicant.items():
        if what not in _APPLICANT:
            yield ("applicant", what), "is nothing we know of people", nearest(what, _APPLICANT)
        elif path not in paths:
            yield ("applicant", what), f'"{path}" is no question', nearest(path, paths)


def _elsewhere(cases: Sequence[Elsewhere], known: Mapping[str, Question]) -> Found:
    """A case is decided by answers of the right kind, or it would never or always apply."""
    for place, case in enumerate(cases):
        path = ("elsewhere", place)
        if not (case.when or case.younger or case.ahead):
            yield path, "says nothing of when it applies", "write when, younger or ahead"
        if case.on and not case.younger:
            yield (*path, "on"), "belongs to younger", "remove it, or write younger"
        yield from condition(case.when, (*path, "when"), known)
        yield from _dated((*path, "younger"), case.younger, ("birth_date",), known)
        yield from _dated((*path, "ahead"), case.ahead, _AHEAD, known)
        if case.on:
            yield from _dated((*path, "on"), {case.on: 1}, _AHEAD, known)


def _dated(
    path: Path, numbers: Mapping[str, int], checks: Sequence[str], known: Mapping[str, Question]
) -> Found:
    """These name questions for such dates, with a number above nothing each."""
    fit = [each.id for each in known.values() if each.check in checks]
    for name, number in numbers.items():
        if name not in fit:
            yield (*path, name), f'"{name}" is no question for such a date', nearest(name, fit)
        if number < 1:
            yield (*path, name), "is less than one", "write a whole number from 1"
