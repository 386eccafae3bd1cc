"""Which texts a definition needs: the keys that ``templates/messages/`` must have for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flows.definition import Definition, Document, Question


def keys_of(definition: Definition) -> Iterator[str]:
    """Yield every message key of a service; each may also stand under ``common``."""
    service = definition.id
    for name in ("title", "short", "about"):
        yield f"{service}.{name}"
    yield from _asked(service, "", definition.questions, definition.documents)
    for group in definition.groups:
        for name in ("ask.group", "label.group", "more", "add"):
            yield f"{service}.{name}.{group.id}"
        yield from _asked(service, f"{group.id}.", group.questions, group.documents)
    for case in definition.elsewhere:
        yield f"{service}.elsewhere.{case.id}"
    for stage in definition.stages:
        yield f"{service}.stage.{stage.id}"
        if stage.day:
            yield f"{service}.come.{stage.id}"


def _asked(
    service: str, within: str, questions: Sequence[Question], documents: Sequence[Document]
) -> Iterator[str]:
    for question in questions:
        yield f"{service}.ask.{within}{question.id}"
        yield f"{service}.label.{within}{question.id}"
        for choice in question.choices:
            yield f"{service}.choice.{within}{question.id}.{choice}"
    for document in documents:
        yield f"{service}.ask.document.{within}{document.id}"
        yield f"{service}.document.{within}{document.id}"
