"""What a definition must be beyond its shape: where, what is wrong, what to write."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from flows.definition import (
    Condition,
    Definition,
    Document,
    Elsewhere,
    Group,
    Question,
    Stage,
)
from flows.source import Path, nearest

Found = Iterator[tuple[Path, str, str]]

_ID = re.compile(r"[a-z][a-z0-9_]{0,29}")
# Words of the message keys (domisili.ask.document.ktp): a question of that name would hide others.
_TAKEN = {"document", "group", "nothing"}
_CHOICES = 10  # rows of a WhatsApp list
_MEMBERS = 50
_APPLICANT = {"name", "nik", "village"}
_AHEAD = ("future_date", "office_day", "date")
_DAYS = ("office_day", "future_date")


def problems_of(
    definition: Definition,
    checks: Collection[str] | None,
    roles: Collection[str] | None,
    letters: Collection[str] | None,
) -> Found:
    """Yield every broken rule; names that are None are not checked."""
    yield from _head(definition)
    yield from _retention(definition)
    yield from _ids(definition)
    top = _Scope((), definition.questions, definition.documents)
    yield from _questions(top, {}, checks)
    yield from _documents(top, {})
    outer = {question.id: question for question in definition.questions}
    for place, group in enumerate(definition.groups):
        inside = _Scope(("groups", place), group.questions, group.documents)
        yield from _group(group, inside.path)
        yield from _condition(group.when, (*inside.path, "when"), outer)
        yield from _questions(inside, outer, checks)
        yield from _documents(inside, outer)
    yield from _elsewhere(definition.elsewhere, outer)
    yield from _applicant(definition)
    yield from _stages(definition.stages, roles, hands_over=definition.result != "guidance")
    yield from _branches(definition.stages, outer)
    yield from _result(definition, letters)


class _Scope:
    """Questions and documents that are asked together: the service's own, or a group's."""

    def __init__(
        self, path: Path, questions: Sequence[Question], documents: Sequence[Document]
    ) -> None:
        self.path = path
        self.questions = questions
        self.documents = documents


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


def _ids(definition: Definition) -> Found:
    """Ids become paths of answers, message keys and button payloads: short and plain."""
    if not _ID.fullmatch(definition.id):
        yield ("id",), f'"{definition.id}" is no id', "write small letters, digits and _"
    together: list[tuple[Path, str]] = [
        *_named("questions", definition.questions),
        *_named("documents", definition.documents),
        *_named("groups", definition.groups),
    ]
    yield from _unique(together)
    yield from _unique(_named("stages", definition.stages))
    yield from _unique(_named("elsewhere", definition.elsewhere))
    yield from _kinds(definition)
    for place, group in enumerate(definition.groups):
        inside = [*_named("questions", group.questions), *_named("documents", group.documents)]
        yield from _unique([(("groups", place, *path), name) for path, name in inside])


def _kinds(definition: Definition) -> Found:
    """A path's last word tells whether it is an answer or a paper, in a group and outside."""
    own = {question.id for question in definition.questions}
    inner = {question.id for group in definition.groups for question in group.questions}
    places: list[tuple[Path, Sequence[Document], set[str]]] = [((), definition.documents, inner)]
    places += [(("groups", n), g.documents, own) for n, g in enumerate(definition.groups)]
    for path, documents, questions in places:
        for place, document in enumerate(documents):
            if document.id in questions:
                wrong = f'"{document.id}" is the id of a question too'
                yield (*path, "documents", place, "id"), wrong, "give one of them another id"


def _named(
    field: str, items: Sequence[Question | Document | Group | Stage | Elsewhere]
) -> list[tuple[Path, str]]:
    return [((field, place, "id"), item.id) for place, item in enumerate(items)]


def _unique(entries: Sequence[tuple[Path, str]]) -> Found:
    seen: set[str] = set()
    for path, name in entries:
        if not _ID.fullmatch(name) or name in _TAKEN:
            yield path, f'"{name}" is no id', "write other small letters, digits and _"
        if name in seen:
            yield path, f'"{name}" names two things', "give each its own id"
        seen.add(name)


def _questions(
    scope: _Scope, before: Mapping[str, Question], checks: Collection[str] | None
) -> Found:
    known = dict(before)
    for place, question in enumerate(scope.questions):
        path = (*scope.path, "questions", place)
        if checks is not None and question.check not in checks:
            yield (
                (*path, "check"),
                f'"{question.check}" is no known check',
                nearest(question.check, checks),
            )
        yield from _choices(question, path)
        if question.most is not None and (question.least or 0) > question.most:
            yield (*path, "least"), "is more than most", f"write at most {question.most}"
        if question.late is not None and question.check not in ("past_date", "birth_date"):
            yield (*path, "late"), "belongs to a date gone by", "remove it, or write past_date"
        yield from _condition(question.when, (*path, "when"), known)
        own = [earlier.id for earlier in scope.questions[:place]]
        for name in question.depends:
            if name not in own:
                yield (*path, "depends"), f'"{name}" is no earlier question', nearest(name, own)
        known[question.id] = question


def _choices(question: Question, path: Path) -> Found:
    if question.check != "choice":
        if question.choices:
            yield (
                (*path, "choices"),
                f"the check {question.check} has no choices",
                ("remove them, or write check: choice"),
            )
        return
    if not 1 < len(question.choices) <= _CHOICES:
        yield (*path, "choices"), f"has {len(question.choices)} choices", f"write 2 to {_CHOICES}"
    for choice, count in Counter(question.choices).items():
        if count > 1:
            yield (*path, "choices"), f'"{choice}" is written twice', "keep one"
        if not _ID.fullmatch(choice):
            yield (*path, "choices"), f'"{choice}" is no id', "write small letters, digits and _"


def _documents(scope: _Scope, before: Mapping[str, Question]) -> Found:
    known = {**before, **{question.id: question for question in scope.questions}}
    for place, document in enumerate(scope.documents):
        path = (*scope.path, "documents", place)
        if not 1 <= document.pages <= 20:
            yield (*path, "pages"), f"{document.pages} pages", "write 1 to 20"
        yield from _condition(document.when, (*path, "when"), known)


def _condition(when: Condition, path: Path, known: Mapping[str, Question]) -> Found:
    sound = True
    for name, values in when.items():
        question = known.get(name)
        if question is None or question.check != "choice":
            sound = False
            choosable = [one.id for one in known.values() if one.check == "choice"]
            wrong = "is no earlier question" if question is None else "has no choices to go by"
            yield (*path, name), f'"{name}" {wrong}', nearest(name, choosable)
            continue
        if not values:
            sound = False
            yield (*path, name), "names no choice", f"write some of: {', '.join(question.choices)}"
        for value in values:
            if question.choices and value not in question.choices:
                sound = False
                yield (
                    (*path, name),
                    f'"{value}" is no choice of {name}',
                    nearest(value, question.choices),
                )
    if sound and not _reachable(when, known):
        yield path, "can never hold", "the questions it names are never asked together; loosen it"


def _reachable(when: Condition, known: Mapping[str, Question]) -> bool:
    """Say whether some answers fulfil it, and the conditions of the questions it names."""
    allowed: dict[str, set[str]] = {}
    waiting = [when]
    visited: set[str] = set()
    while waiting:
        for name, values in waiting.pop().items():
            allowed[name] = allowed.get(name, set(values)) & set(values)
            if name not in visited and name in known:
                visited.add(name)
                waiting.append(known[name].when)
    return all(allowed.values())


def _group(group: Group, path: Path) -> Found:
    if not group.questions:
        yield (*path, "questions"), "asks nothing", "write at least one question"
    if group.least < 0 or group.most > _MEMBERS or group.most < 1:
        yield (*path, "most"), "is out of range", f"write least from 0 and most up to {_MEMBERS}"
    if group.least > group.most:
        yield (*path, "least"), "is more than most", f"write at most {group.most}"


def _elsewhere(cases: Sequence[Elsewhere], known: Mapping[str, Question]) -> Found:
    """A case is decided by answers of the right kind, or it would never or always apply."""
    for place, case in enumerate(cases):
        path = ("elsewhere", place)
        if not (case.when or case.younger or case.ahead):
            yield path, "says nothing of when it applies", "write when, younger or ahead"
        if case.on and not case.younger:
            yield (*path, "on"), "belongs to younger", "remove it, or write younger"
        yield from _condition(case.when, (*path, "when"), known)
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


def _stages(stages: Sequence[Stage], roles: Collection[str] | None, *, hands_over: bool) -> Found:
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


def _branches(stages: Sequence[Stage], known: Mapping[str, Question]) -> Found:
    """What is left out for some must not be what the whole depends on."""
    for place, stage in enumerate(stages):
        path = ("stages", place)
        yield from _condition(stage.when, (*path, "when"), known)
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


def _result(definition: Definition, letters: Collection[str] | None) -> Found:
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
