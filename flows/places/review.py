"""The summary: any line can be changed, and only what depends on it is asked again."""

from __future__ import annotations

from typing import Any

from flows.checklist import (
    ENOUGH,
    Item,
    checklist,
    is_brought,
    is_met,
    is_wanted,
    next_item,
    take_up,
)
from flows.definition import Document, Group
from flows.effects import Submit
from flows.messages import Button
from flows.places.asking import key_for, proceed
from flows.places.registry import PLACES, Place, go
from flows.talk import Talk, buttons
from flows.understanding import pick


def changeable(talk: Talk) -> list[Item]:
    """Return what was answered, in order: the lines of the summary."""
    session = talk.session
    return [
        item
        for item in checklist(talk.definition, session)
        if is_met(item, session)
        and (is_wanted(item, session) or isinstance(item.what, Group))
        and not (isinstance(item.what, Group) and session.answers.get(item.path) != ENOUGH)
    ]


def _line(talk: Talk, item: Item) -> dict[str, Any]:
    session = talk.session
    line: dict[str, Any] = {"group": "", "n": item.member + 1, "path": item.path}
    if item.group:
        line["group"] = talk.key(f"label.group.{item.group}")
    if isinstance(item.what, Group):
        return line | {"kind": "more", "label": talk.key(f"label.group.{item.what.id}")}
    if isinstance(item.what, Document):
        pages = session.documents.get(item.path, [])
        marked = any(page.problem for page in pages)
        label = talk.key(f"document.{item.name}")
        known = {"label": label, "count": len(pages), "marked": marked}
        return line | known | {"kind": "document", "brought": is_brought(session, item.path)}
    value = session.answers.get(item.path, "")
    choice = key_for(talk, "choice", item) + f".{value}" if item.what.check == "choice" else ""
    label = key_for(talk, "label", item)
    return line | {
        "kind": "answer",
        "label": label,
        "check": item.what.check,
        "value": value,
        "choice": choice,
    }


def _show(talk: Talk) -> None:
    lines = [_line(talk, item) for item in changeable(talk)]
    shown = [line for line in lines if line["kind"] != "more"]
    returned = talk.session.returned
    talk.session.asked = ""
    talk.session.continued = None
    talk.ask(
        "conversation.summary",
        _options(talk),
        service=talk.key("title"),
        lines=shown,
        number=returned.number if returned else "",
    )


def _options(talk: Talk) -> list[Button]:
    return buttons("send", "change", "cancel")


def _chosen(talk: Talk, choice: str) -> None:
    if choice == "send":
        submit(talk)
    elif choice == "change":
        go(talk, "correcting")
    else:
        from flows.places.leaving import ask_to_cancel

        ask_to_cancel(talk)


def submit(talk: Talk) -> None:
    """Hand the request in; the answer comes as a ``Filed`` event in the same transaction."""
    session = talk.session
    if next_item(talk.definition, session) is not None:
        proceed(talk)
        return
    answers = {p: v for p, v in session.answers.items() if not p.endswith(".more")}
    documents = {path: [page.id for page in pages] for path, pages in session.documents.items()}
    talk.want(
        Submit(
            session.service,
            session.digest,
            answers,
            session.marks | ({"consent": session.consented} if session.consented else {}),
            {path: ids for path, ids in documents.items() if all(ids)},
            session.returned.request if session.returned else 0,
            session.program,
        )
    )


def _typed(talk: Talk, text: str) -> None:
    talk.say("conversation.unclear")
    _show(talk)


# --- choosing a line ----------------------------------------------------------------------------


def _line_buttons(talk: Talk) -> list[Button]:
    found = []
    for item in changeable(talk):
        if isinstance(item.what, Group):
            found.append(Button(item.path, talk.key(f"add.{item.what.id}")))
            continue
        kind = "document" if isinstance(item.what, Document) else "label"
        key = key_for(talk, kind, item)
        text = f"{talk.label(key)} {item.member + 1}" if item.group else ""
        found.append(Button(item.path, "" if text else key, text))
    return [*found, *buttons("keep")]


def _show_lines(talk: Talk) -> None:
    talk.ask("conversation.which_to_change", _line_buttons(talk))


def change(talk: Talk, path: str) -> None:
    """Ask one line again."""
    if path == "keep":
        proceed(talk)
        return
    session = talk.session
    item = next((s for s in changeable(talk) if s.path == path), None)
    if item is None:
        _show_lines(talk)
        return
    if isinstance(item.what, Document):
        pages = session.documents.pop(path, [])
        talk.discard([page.id for page in pages if page.id])
        session.tries.pop(path, None)
    take_up(session, path)
    session.asked = path
    if isinstance(item.what, Group):
        del session.answers[path]
    go(talk, "collecting" if isinstance(item.what, Document) else "asking")


def _typed_line(talk: Talk, text: str) -> None:
    talk.say("conversation.unclear")
    _show_lines(talk)


def named(talk: Talk, words: str) -> str | None:
    """Return the line that these words name, if one."""
    return pick(words, talk.options(_line_buttons(talk)))


def change_named(talk: Talk, words: str) -> None:
    """``ubah alamat``: go to that line, or ask which one."""
    path = named(talk, words) if words else None
    if path is None:
        go(talk, "correcting")
    else:
        change(talk, path)


PLACES["review"] = Place(_show, _options, _chosen, _typed)
PLACES["correcting"] = Place(_show_lines, _line_buttons, change, _typed_line)
