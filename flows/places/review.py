"""The summary: any line can be changed, and only what depends on it is asked again."""

from __future__ import annotations

from typing import Any

from flows.definition import Document, Group
from flows.effects import Submit
from flows.messages import Button
from flows.places.asking import key_for, proceed
from flows.places.registry import PLACES, Place, go
from flows.steps import ENOUGH, Step, is_met, next_step, steps
from flows.talk import Talk, buttons
from flows.understanding import pick


def changeable(talk: Talk) -> list[Step]:
    """Return the answered steps, in order: the lines of the summary."""
    wanted = talk.session.returned.paths if talk.session.returned else None
    found = []
    for step in steps(talk.definition, talk.session):
        if not is_met(step, talk.session):
            continue
        if wanted is not None and step.path not in wanted and not step.path.endswith(".more"):
            continue
        if isinstance(step.item, Group) and talk.session.answers.get(step.path) != ENOUGH:
            continue
        found.append(step)
    return found


def _line(talk: Talk, step: Step) -> dict[str, Any]:
    session = talk.session
    line: dict[str, Any] = {"group": "", "n": step.member + 1, "path": step.path}
    if step.group:
        line["group"] = talk.key(f"label.group.{step.group}")
    if isinstance(step.item, Group):
        return line | {"kind": "more", "label": talk.key(f"label.group.{step.item.id}")}
    if isinstance(step.item, Document):
        pages = session.documents.get(step.path, [])
        marked = any(page.problem for page in pages)
        label = talk.key(f"document.{step.name}")
        return line | {"kind": "document", "label": label, "count": len(pages), "marked": marked}
    value = session.answers.get(step.path, "")
    choice = key_for(talk, "choice", step) + f".{value}" if step.item.check == "choice" else ""
    label = key_for(talk, "label", step)
    return line | {
        "kind": "answer",
        "label": label,
        "check": step.item.check,
        "value": value,
        "choice": choice,
    }


def _show(talk: Talk) -> None:
    lines = [_line(talk, step) for step in changeable(talk)]
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
    if next_step(talk.definition, session) is not None:
        proceed(talk)
        return
    answers = {p: v for p, v in session.answers.items() if not p.endswith(".more")}
    documents = {path: [page.id for page in pages] for path, pages in session.documents.items()}
    talk.want(
        Submit(
            session.service,
            session.digest,
            answers,
            session.marks | {"consent": session.consented},
            {path: ids for path, ids in documents.items() if all(ids)},
            session.returned.request if session.returned else 0,
        )
    )


def _typed(talk: Talk, text: str) -> None:
    talk.say("conversation.unclear")
    _show(talk)


# --- choosing a line ----------------------------------------------------------------------------


def _line_buttons(talk: Talk) -> list[Button]:
    found = []
    for step in changeable(talk):
        if isinstance(step.item, Group):
            found.append(Button(step.path, talk.key(f"add.{step.item.id}")))
            continue
        kind = "document" if isinstance(step.item, Document) else "label"
        key = key_for(talk, kind, step)
        text = f"{talk.label(key)} {step.member + 1}" if step.group else ""
        found.append(Button(step.path, "" if text else key, text))
    return [*found, *buttons("keep")]


def _show_lines(talk: Talk) -> None:
    talk.ask("conversation.which_to_change", _line_buttons(talk))


def change(talk: Talk, path: str) -> None:
    """Ask one line again."""
    if path == "keep":
        proceed(talk)
        return
    session = talk.session
    step = next((s for s in changeable(talk) if s.path == path), None)
    if step is None:
        _show_lines(talk)
        return
    if isinstance(step.item, Document):
        pages = session.documents.pop(path, [])
        talk.discard([page.id for page in pages if page.id])
        session.tries.pop(path, None)
    if path in session.skipped:
        session.skipped.remove(path)
    session.asked = path
    if isinstance(step.item, Group):
        del session.answers[path]
    go(talk, "collecting" if isinstance(step.item, Document) else "asking")


def _typed_line(talk: Talk, text: str) -> None:
    talk.say("conversation.unclear")
    _show_lines(talk)


def change_named(talk: Talk, name: str) -> None:
    """``ubah alamat``: go to that line, or ask which one."""
    choice = pick(name, talk.options(_line_buttons(talk))) if name else None
    if choice is None:
        go(talk, "correcting")
    else:
        change(talk, choice)


PLACES["review"] = Place(_show, _options, _chosen, _typed)
PLACES["correcting"] = Place(_show_lines, _line_buttons, change, _typed_line)
