"""Filing for a person who stands at the counter: "field: value" lines, in any order, in parts.

The same definition and the same checks as in the citizen's own conversation; only the way to ask
is another: all at once, and again just what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from flows.answers import CHECKS, Wrong
from flows.checklist import BROUGHT, ENOUGH, SEEN, Item, checklist, find, is_met, take_up
from flows.choosing import pick
from flows.definition import Document, Group, Question
from flows.effects import Submit
from flows.office import Office
from flows.places import asking
from flows.places.confirming import LATE
from flows.places.elsewhere import turned
from flows.session import Session
from flows.talk import Talk

_LINE = re.compile(r"\s*[•*\-–]?\s*(?P<head>[^:：\n]{1,80})[:：](?P<value>.*)", re.DOTALL)
_BRACKETS = re.compile(r"\s*\([^()]*\)")
_MEMBER = re.compile(r"(?P<group>.+?)\s*(?P<n>\d{1,2})\s*[-–,.]?\s+(?P<name>\S.*)")
_PAPERS = ("berkas", "dokumen", "papers", "documents")
_SEEN = ("dilihat", "lihat", "ada", "asli", "lengkap", "sudah", "ok", "oke", "ya", "seen", "yes")
_LATER = ("nanti", "dibawa", "menyusul", "belum", "later")
_NONE = ("-", "tidak ada", "tidak", "kosong", "lewati", "none")


class Blank(Struct, frozen=True):
    """One line of the form: ``label`` as it is written, ``options`` to choose from.

    ``key`` and ``n`` name it for a text; ``kind`` is answer or document.
    """

    path: str
    label: str
    kind: str
    options: list[str] = field(default_factory=list)
    optional: bool = False


class Fault(Struct, frozen=True):
    """A line that was not taken: its label and the key of ``answers`` that says why."""

    label: str
    reason: str
    args: dict[str, Any] = field(default_factory=dict)


class Filled(Struct):
    """What became of the lines: ``unknown`` are heads that this case does not ask."""

    taken: int = 0
    faults: list[Fault] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)


def begin(office: Office, service: str, now: datetime) -> Session:
    """Return an empty draft; consent was given by word of mouth, at the counter."""
    session = Session(place="counter", service=service, digest=office.current[service])
    session.consented = now.isoformat(timespec="seconds")
    return session


def blanks(office: Office, session: Session, now: datetime) -> list[Blank]:
    """Return what is still missing, in order; what a group may have more of is not."""
    talk = Talk(office, session, now)
    return [
        _blank(talk, item)
        for item in checklist(talk.definition, session)
        if not isinstance(item.what, Group) and not is_met(item, session)
    ]


def needed(office: Office, session: Session, now: datetime) -> list[Blank]:
    """Return what is missing and must be there before it can be filed."""
    return [blank for blank in blanks(office, session, now) if not blank.optional]


def conditional(office: Office, session: Session, now: datetime) -> list[str]:
    """Return the labels of questions that are asked in some cases only, and not in this one yet."""
    talk = Talk(office, session, now)
    shown = {item.path for item in checklist(talk.definition, session)}
    return [
        talk.label(talk.key(f"label.{question.id}")) or question.id
        for question in talk.definition.questions
        if question.when and question.id not in shown
    ]


def elsewhere(office: Office, session: Session, now: datetime) -> str:
    """Return the key that says where this case belongs, empty where it belongs here."""
    found = turned(Talk(office, session, now))
    return f"{session.service}.elsewhere.{found.case.id}" if found else ""


def fill(office: Office, session: Session, text: str, now: datetime) -> Filled:
    """Take the lines of a text into the draft; what is empty stays so."""
    talk, filled = Talk(office, session, now), Filled()
    waiting = list(_lines(talk, text, filled))
    while waiting:
        later = [line for line in waiting if not _place(talk, *line, filled)]
        if len(later) == len(waiting):
            filled.unknown += [head for head, _ in later]
            break
        # An answer may have brought the question that another line is for.
        waiting = later
    return filled


def submit(office: Office, session: Session, now: datetime) -> Submit:
    """Return the request as the citizen's own conversation would hand it in."""
    talk = Talk(office, session, now)
    asked = {item.path for item in checklist(talk.definition, session)}
    documents = {path: [page.id for page in pages] for path, pages in session.documents.items()}
    answers = {path: value for path, value in session.answers.items() if path in asked}
    marks = {path: mark for path, mark in session.marks.items() if path in asked}
    return Submit(
        session.service,
        session.digest,
        {path: value for path, value in answers.items() if value != ENOUGH},
        marks | {"consent": session.consented},
        {path: ids for path, ids in documents.items() if all(ids)},
    )


def seen(session: Session) -> list[str]:
    """Return the papers whose originals were looked at."""
    return [path for path, mark in session.marks.items() if mark == SEEN]


def label_of(talk: Talk, item: Item) -> str:
    """Return what a line is called: ``Nama``, of a group ``Ahli waris 2 - Nama``."""
    kind = "document" if isinstance(item.what, Document) else "label"
    label = talk.label(talk.key(f"{kind}.{item.name}")) or item.what.id
    if not item.group:
        return label
    return f"{_group_label(talk, item.group)} {item.member + 1} - {label}"


def lines(office: Office, session: Session, now: datetime) -> list[dict[str, Any]]:
    """Return what was filled in, for the summary: label, value, check and the key of a choice."""
    talk = Talk(office, session, now)
    found: list[dict[str, Any]] = []
    for item in checklist(talk.definition, session):
        if isinstance(item.what, Group) or not is_met(item, session):
            continue
        label = label_of(talk, item)
        line: dict[str, Any] = {"label": label, "value": "", "check": "", "choice": "", "pages": 0}
        if isinstance(item.what, Document):
            pages = len(session.documents.get(item.path, []))
            line |= {"paper": session.marks.get(item.path, "") or "skipped", "pages": pages}
        else:
            value = session.answers.get(item.path, "")
            if not value:
                continue
            chosen = item.what.check == "choice"
            choice = talk.key(f"choice.{item.name}.{value}") if chosen else ""
            line |= {"value": value, "check": item.what.check, "choice": choice, "paper": ""}
        line["marked"] = item.path in session.marks and session.marks[item.path] not in (
            SEEN,
            BROUGHT,
        )
        found.append(line)
    return found


# --- reading ------------------------------------------------------------------------------------


def _lines(talk: Talk, text: str, filled: Filled) -> Iterator[tuple[str, str]]:
    """Yield (head, value) of each line; one without a head answers the only thing missing."""
    missing = [b for b in needed(talk.office, talk.session, talk.now) if b.kind == "answer"]
    for line in text.splitlines():
        if not line.strip():
            continue
        found = _LINE.fullmatch(line)
        if found is not None:
            head = _BRACKETS.sub("", found["head"]).strip()
            _make_room(talk, head)
            if found["value"].strip():
                yield head, found["value"].strip()
        elif len(missing) == 1:
            yield missing[0].label, line.strip()
        else:
            filled.unknown.append(line.strip()[:60])


def _make_room(talk: Talk, head: str) -> None:
    """A line for the third heir says that there are three."""
    said = _MEMBER.fullmatch(head)
    for group in talk.definition.groups if said else ():
        if said is not None and pick(said["group"], [(group.id, _group_label(talk, group.id))]):
            count = talk.session.counts.get(group.id, max(1, group.least))
            talk.session.counts[group.id] = max(count, min(int(said["n"]), group.most))


def _place(talk: Talk, head: str, value: str, filled: Filled) -> bool:
    """Put a line where it belongs; False where nothing is asked under that name (yet)."""
    if head.casefold() in _PAPERS:
        for item in checklist(talk.definition, talk.session):
            if isinstance(item.what, Document) and not is_met(item, talk.session):
                _paper(talk, item, value, filled)
        return True
    named = _item(talk, head)
    if named is None:
        return False
    if isinstance(named.what, Document):
        _paper(talk, named, value, filled)
    else:
        _answer(talk, named, value, filled)
    return True


def _item(talk: Talk, head: str) -> Item | None:
    items = [
        item
        for item in checklist(talk.definition, talk.session)
        if not isinstance(item.what, Group)
    ]
    wanted = head.casefold()
    labels = {item.path: label_of(talk, item) for item in items}
    exact = [
        item
        for item in items
        if wanted in (item.path, labels[item.path].casefold())
        or wanted == _BRACKETS.sub("", labels[item.path]).casefold().strip()
    ]
    if exact:
        # A question and a paper may be called the same: the one that is missing is meant.
        return next((one for one in exact if not is_met(one, talk.session)), exact[0])
    if wanted.isdigit():
        return None
    path = pick(head, list(labels.items()))
    return find(talk.definition, talk.session, path) if path else None


def _answer(talk: Talk, item: Item, value: str, filled: Filled) -> None:
    assert isinstance(item.what, Question)
    if item.what.optional and value.casefold() in _NONE:
        if item.path not in talk.session.skipped:
            talk.session.skipped.append(item.path)
        filled.taken += 1
        return
    try:
        accepted = CHECKS[item.what.check](value, asking.about(talk, item, item.what))
    except Wrong as wrong:
        filled.faults.append(Fault(label_of(talk, item), wrong.reason, wrong.args_))
        return
    take_up(talk.session, item.path)
    late = asking.is_late(talk, item.what, accepted.value)
    asking.keep(talk, item, accepted.value, LATE if late else accepted.warning)
    filled.taken += 1
    if accepted.warning:
        filled.warnings.append(Fault(label_of(talk, item), accepted.warning))


def _paper(talk: Talk, item: Item, value: str, filled: Filled) -> None:
    said = value.casefold()
    session = talk.session
    if any(word in said.split() for word in _LATER):
        mark = BROUGHT
    elif any(word in said.split() for word in _SEEN) and "tidak" not in said.split():
        mark = SEEN
    elif said in _NONE and isinstance(item.what, Document) and item.what.optional:
        mark = ""
    else:
        filled.faults.append(Fault(label_of(talk, item), "paper"))
        return
    session.documents.pop(item.path, None)
    if item.path not in session.skipped:
        session.skipped.append(item.path)
    session.marks.pop(item.path, None)
    if mark:
        session.marks[item.path] = mark
    filled.taken += 1


def _blank(talk: Talk, item: Item) -> Blank:
    optional = not isinstance(item.what, Group) and item.what.optional
    if isinstance(item.what, Document):
        return Blank(item.path, label_of(talk, item), "document", [], optional)
    options = []
    if isinstance(item.what, Question) and item.what.check in ("choice", "yesno"):
        options = [label for _, label in talk.options(asking.choices(talk, item, item.what))]
    return Blank(item.path, label_of(talk, item), "answer", options, optional)


def _group_label(talk: Talk, group: str) -> str:
    return talk.label(talk.key(f"label.group.{group}")) or group
