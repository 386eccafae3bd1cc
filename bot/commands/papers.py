"""The papers and answers of a request: what they are called, and which of them are meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bot.commands.naming import Ambiguous, Item, Named, take, ways_to_say
from bot.commands.registry import Call
from flows.checklist import holds
from flows.definition import Definition, Document, Question
from flows.workflow import Refused
from storage import requests
from storage.requests import RequestRow


class _Place(NamedTuple):
    """Where a question or document of a definition stands in this request."""

    path: str
    what: Question | Document
    group: str = ""
    member: int = 0

    @property
    def key(self) -> str:
        name = f"{self.group}.{self.what.id}" if self.group else self.what.id
        return f"document.{name}" if isinstance(self.what, Document) else f"label.{name}"


def taken(call: Call) -> Named:
    """Read which papers or answers are named at the beginning of the words; raises Refused."""
    known = items(call)
    try:
        named = take(call.rest, known)
    except Ambiguous as unclear:
        found = [item.label for item in unclear.items]
        raise Refused("paper_unclear", said=unclear.said, found=found) from None
    if not named.items:
        labels = [item.label for item in known]
        raise Refused("no_paper", number=call.request.number, items=labels)
    return named


def items(call: Call) -> list[Item]:
    """Return everything of this request that the citizen can be asked for again."""
    return [_item(call, place) for place in _places(_definition(call), given(call).answers)]


def answers(call: Call) -> list[dict[str, str]]:
    """Return the answers in the order of the definition, for the filter ``shown``."""
    said, service = given(call).answers, call.request.service
    lines = []
    for place in _places(_definition(call), said):
        if isinstance(place.what, Question) and (value := said.get(place.path)):
            name = f"{place.group}.{place.what.id}" if place.group else place.what.id
            key = f"{service}.choice.{name}.{value}" if place.what.check == "choice" else ""
            label = _item(call, place).label
            lines.append({"label": label, "value": value, "check": place.what.check, "choice": key})
    return lines


def given(call: Call) -> requests.Given:
    """Return what the citizen gave, nothing once it was purged."""
    try:
        return requests.given(call.turn.tx, call.turn.desk.vault, call.request.id)
    except requests.Purged:
        return requests.Given()


def _definition(call: Call) -> Definition:
    row: RequestRow = call.request
    return call.turn.desk.office.service(row.service, row.digest)


def _places(definition: Definition, said: Mapping[str, str]) -> Iterator[_Place]:
    """Yield what the request has, documents first: those that its answers make necessary."""
    own: list[Question | Document] = [*definition.documents, *definition.questions]
    yield from (_Place(part.id, part) for part in own if holds(part.when, said))
    for group in definition.groups:
        parts: list[Question | Document] = [*group.documents, *group.questions]
        for member in range(max((_member(path, group.id) for path in said), default=0)):
            prefix = f"{group.id}.{member}"
            for part in parts:
                if holds(part.when, said, prefix):
                    yield _Place(f"{prefix}.{part.id}", part, group.id, member + 1)


def _item(call: Call, place: _Place) -> Item:
    names = _names(call, place.key, place.what.id)
    group = _names(call, f"label.group.{place.group}", place.group) if place.group else ()
    return Item(place.path, names, group, place.member)


def _names(call: Call, key: str, name: str) -> tuple[str, ...]:
    label = call.names.label(f"{call.request.service}.{key}") or name
    return ways_to_say(label, name)


def _member(path: str, group: str) -> int:
    """Return which member of the group a path belongs to, counted from 1; 0 for none."""
    pieces = path.split(".")
    member = pieces[1] if len(pieces) == 3 and pieces[0] == group else ""
    return int(member) + 1 if member.isdecimal() else 0
