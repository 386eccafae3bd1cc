"""Which things a service asks of this person, in order, given what was answered so far.

A path names one of them: ``name``, ``ktp``, ``heirs.0.name``, ``heirs.0.ktp``, ``heirs.more``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from flows.definition import Condition, Definition, Document, Group, Question
from flows.session import Session

ENOUGH = "enough"
BROUGHT = "brought"
"""The mark of a document that comes to the office on paper."""
SEEN = "seen"
"""The mark of a document whose original an officer looked at, at the counter."""


class Item(Struct, frozen=True):
    """One thing to ask: a question, a document, or whether a group has one more member.

    ``member`` counts from 0; -1 outside a group. ``depends`` says that other answers decide
    whether it is asked.
    """

    path: str
    what: Question | Document | Group
    group: str = ""
    member: int = -1
    depends: bool = False

    @property
    def name(self) -> str:
        """The part of a message key that names it: ``name`` or ``heirs.name``."""
        return f"{self.group}.{self.what.id}" if self.group else self.what.id


def checklist(definition: Definition, session: Session) -> list[Item]:
    """Return all that is to be asked, answered or not, as far as the answers decide it."""
    return list(_items(definition, session))


def is_met(item: Item, session: Session) -> bool:
    """Has it been answered, given or skipped?"""
    if item.path in session.skipped:
        return True
    if isinstance(item.what, Document):
        return bool(session.documents.get(item.path))
    return item.path in session.answers


def is_brought(session: Session, path: str) -> bool:
    """Will the person bring this document to the office instead of sending it?"""
    return session.marks.get(path) == BROUGHT


def is_on_paper(session: Session, path: str) -> bool:
    """Is this document brought, or was it shown at the counter? No photo of it is asked for."""
    return session.marks.get(path) in (BROUGHT, SEEN)


def take_up(session: Session, path: str) -> None:
    """What was left out, or was to be brought, is asked or given after all."""
    if path in session.skipped:
        session.skipped.remove(path)
    if is_on_paper(session, path):
        del session.marks[path]


def is_wanted(item: Item, session: Session) -> bool:
    """Is it asked now? Of a returned request only what the office named, and what that brings."""
    if session.returned is None or item.path in session.returned.paths:
        return True
    return item.depends


def next_item(definition: Definition, session: Session) -> Item | None:
    """Return the first thing that is still to be asked; None when all is there."""
    for item in _items(definition, session):
        if is_wanted(item, session) and not is_met(item, session):
            return item
    return None


def find(definition: Definition, session: Session, path: str) -> Item | None:
    """Return what is asked at that path, if it is asked of this person."""
    if "." in path:
        return next((item for item in _items(definition, session) if item.path == path), None)
    plain: tuple[Question | Document, ...] = (*definition.questions, *definition.documents)
    for what in plain:
        if what.id == path:
            return next(_plain([what], session.answers), None)
    return None


def item_before(definition: Definition, session: Session, path: str) -> Item | None:
    """Return what was answered before that path (or last, where the path is not asked)."""
    before: Item | None = None
    for item in _items(definition, session):
        if item.path == path:
            break
        if is_met(item, session):
            before = item
    return before


def drop_orphans(definition: Definition, session: Session) -> list[int]:
    """Forget what is no longer asked after an answer changed; return the documents let go."""
    asked = {item.path for item in _items(definition, session)}
    for path in [path for path in session.answers if path not in asked]:
        del session.answers[path]
        session.marks.pop(path, None)
    let_go: list[int] = []
    for path in [path for path in session.documents if path not in asked]:
        let_go += [page.id for page in session.documents.pop(path) if page.id]
    session.skipped = [path for path in session.skipped if path in asked]
    for path in [path for path in session.marks if path not in asked]:
        if is_on_paper(session, path):
            del session.marks[path]
    for group in definition.groups:
        if not holds(group.when, session.answers):
            session.counts.pop(group.id, None)
    return let_go


def forget_dependants(definition: Definition, session: Session, path: str) -> None:
    """Forget the answers that depend on the one at ``path``, so that they are asked again."""
    changed = find(definition, session, path)
    if changed is None:
        return
    for item in checklist(definition, session):
        if (
            isinstance(item.what, Question)
            and changed.what.id in item.what.depends
            and (item.group, item.member) == (changed.group, changed.member)
        ):
            session.answers.pop(item.path, None)


def holds(condition: Condition, answers: Mapping[str, str], prefix: str = "") -> bool:
    """Does the condition hold? A member's own answer goes before one outside the group."""
    for name, allowed in condition.items():
        answer = answers.get(f"{prefix}.{name}") if prefix else None
        if answer is None:
            answer = answers.get(name)
        if answer not in allowed:
            return False
    return True


def _items(definition: Definition, session: Session) -> Iterator[Item]:
    yield from _plain(definition.questions, session.answers)
    for group in definition.groups:
        yield from _members(group, session)
    yield from _plain(definition.documents, session.answers)


def _members(group: Group, session: Session) -> Iterator[Item]:
    if not holds(group.when, session.answers):
        return
    count = session.counts.get(group.id, max(1, group.least))
    for member in range(count):
        prefix = f"{group.id}.{member}"
        yield from _plain(group.questions, session.answers, prefix, group, member)
        yield from _plain(group.documents, session.answers, prefix, group, member)
    if count < group.most:
        yield Item(f"{group.id}.more", group, depends=bool(group.when))


def _plain(
    whats: Sequence[Question | Document],
    answers: Mapping[str, str],
    prefix: str = "",
    group: Group | None = None,
    member: int = -1,
) -> Iterator[Item]:
    for what in whats:
        if not what.when or holds(what.when, answers, prefix):
            path = f"{prefix}.{what.id}" if prefix else what.id
            depends = bool(what.when or (group and group.when))
            yield Item(path, what, group.id if group else "", member, depends)
