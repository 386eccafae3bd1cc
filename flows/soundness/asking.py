"""What is asked and collected: questions, choices, documents, groups and their conditions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from flows.definition import Condition, Document, Group, Question
from flows.soundness.names import ID, Found
from flows.source import Path, nearest

_CHOICES = 10  # rows of a WhatsApp list
_MEMBERS = 50


class Scope:
    """Questions and documents that are asked together: the service's own, or a group's."""

    def __init__(
        self, path: Path, questions: Sequence[Question], documents: Sequence[Document]
    ) -> None:
        self.path = path
        self.questions = questions
        self.documents = documents


def questions(
    scope: Scope, before: Mapping[str, Question], checks: Collection[str] | None
) -> Found:
    """Look at each question; ``before`` are those that were asked outside."""
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
        yield from condition(question.when, (*path, "when"), known)
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
        if not ID.fullmatch(choice):
            yield (*path, "choices"), f'"{choice}" is no id', "write small letters, digits and _"


def documents(scope: Scope, before: Mapping[str, Question]) -> Found:
    """Look at each document; its condition may name any question of its scope."""
    known = {**before, **{question.id: question for question in scope.questions}}
    for place, document in enumerate(scope.documents):
        path = (*scope.path, "documents", place)
        if not 1 <= document.pages <= 20:
            yield (*path, "pages"), f"{document.pages} pages", "write 1 to 20"
        yield from condition(document.when, (*path, "when"), known)


def group(group: Group, path: Path) -> Found:
    """A group asks something, and of a sensible number of people or things."""
    if not group.questions:
        yield (*path, "questions"), "asks nothing", "write at least one question"
    if group.least < 0 or group.most > _MEMBERS or group.most < 1:
        yield (*path, "most"), "is out of range", f"write least from 0 and most up to {_MEMBERS}"
    if group.least > group.most:
        yield (*path, "least"), "is more than most", f"write at most {group.most}"


def condition(when: Condition, path: Path, known: Mapping[str, Question]) -> Found:
    """A condition names choices of earlier questions, and some answers fulfil it."""
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
