"""Ids become paths of answers, message keys and button payloads: short, plain, each its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from flows.definition import Definition, Document, Elsewhere, Group, Question, Stage
from flows.source import Path

Found = Iterator[tuple[Path, str, str]]
"""Where a rule is broken, what is wrong, what to write."""

ID = re.compile(r"[a-z][a-z0-9_]{0,29}")
# Words of the message keys (domisili.ask.document.ktp): a question of that name would hide others.
_TAKEN = {"document", "group", "nothing"}


def ids(definition: Definition) -> Found:
    """Ids become paths of answers, message keys and button payloads: short and plain."""
    if not ID.fullmatch(definition.id):
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
        if not ID.fullmatch(name) or name in _TAKEN:
            yield path, f'"{name}" is no id', "write other small letters, digits and _"
        if name in seen:
            yield path, f'"{name}" names two things', "give each its own id"
        seen.add(name)
