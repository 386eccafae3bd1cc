"""A service drawn: as plain text, as data, as a Mermaid chart and as a picture (SVG)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from textwrap import wrap
from xml.sax.saxutils import escape

import msgspec
from msgspec import Struct

from flows.definition import Condition, Definition, Document, Elsewhere, Question, Stage

Label = Callable[[str], str]
"""Looks up a short text by its key; an empty answer leaves the identifier."""

FORMATS = ("text", "json", "mermaid", "svg")
_WIDTH, _BOX, _ROW, _GAP = 680, 560, 24, 18


class Box(Struct, frozen=True):
    """One thing of a service: a question, document, group or stage; ``lines`` are its facts."""

    kind: str
    name: str
    title: str
    lines: list[str]
    depth: int = 0


def draw(definition: Definition, format: str, label: Label) -> str:
    """Return the service in one of ``FORMATS``; raises KeyError for another."""
    makers: dict[str, Callable[[Definition, Label], str]] = {
        "text": as_text,
        "json": as_json,
        "mermaid": as_mermaid,
        "svg": as_svg,
    }
    return makers[format](definition, label)


def boxes(definition: Definition, label: Label) -> list[Box]:
    """Return what a request goes through, in order: questions, groups, documents, stages."""
    service = definition.id
    found = [*_asked(service, "", definition.questions, [], label)]
    for case in definition.elsewhere:
        found.append(Box("elsewhere", case.id, case.id, _case_facts(service, case, label)))
    for group in definition.groups:
        title = label(f"{service}.label.group.{group.id}") or group.id
        facts = [f"{group.least}–{group.most} ×", *_conditions(service, group.when, False, label)]
        found.append(Box("group", group.id, title, facts))
        within = f"{group.id}."
        found += _asked(service, within, group.questions, group.documents, label)
    found += _asked(service, "", [], definition.documents, label)
    for stage in definition.stages:
        title = label(f"{service}.stage.{stage.id}") or stage.id
        facts = [*_stage_facts(stage), *_conditions(service, stage.when, False, label)]
        found.append(Box("stage", stage.id, title, facts))
    return found


def as_text(definition: Definition, label: Label) -> str:
    """Return the service as lines for a terminal."""
    lines = [_heading(definition, label)]
    kind = ""
    for box in boxes(definition, label):
        if box.kind != kind and not box.depth:
            lines += ["", box.kind.upper()]
            kind = box.kind
        facts = f"  ({'; '.join(box.lines)})" if box.lines else ""
        mark = "→" if box.kind == "stage" else "·"
        indent = "    " * box.depth
        name = f"{box.title} [{box.name}]" if box.title != box.name else box.name
        lines.append(f"{indent}  {mark} {name}{facts}")
    return "\n".join(lines) + "\n"


def as_json(definition: Definition, label: Label) -> str:
    """Return the definition and its boxes as JSON, the same for the same service."""
    data = {
        "title": label(f"{definition.id}.title") or definition.id,
        "definition": definition,
        "boxes": boxes(definition, label),
    }
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n"


def as_mermaid(definition: Definition, label: Label) -> str:
    """Return the service as a Mermaid flow chart."""
    lines = ["flowchart TD", f'  start(["{_quoted(_heading(definition, label))}"])']
    before = "start"
    for number, box in enumerate(boxes(definition, label), start=1):
        text = "<br/>".join(map(_quoted, [box.title, *box.lines]))
        left, right = {"stage": ("[[", "]]"), "document": ("[/", "/]"), "group": ("{{", "}}")}.get(
            box.kind, ("[", "]")
        )
        node = f"n{number}"
        lines.append(f'  {node}{left}"{text}"{right}')
        lines.append(f"  {before} --> {node}")
        before = node
    return "\n".join(lines) + "\n"


def as_svg(definition: Definition, label: Label) -> str:
    """Return the service as a picture that needs nothing else, readable on white and in print."""
    y = 56
    body: list[str] = []
    bottoms: dict[int, int] = {}
    for box in boxes(definition, label):
        left = 40 + box.depth * 32
        width = _BOX - box.depth * 32
        facts = wrap("; ".join(box.lines), 88 - box.depth * 6)
        height = _ROW + 4 + (16 * len(facts) or 6)
        above = max((end for depth, end in bottoms.items() if depth <= box.depth), default=y)
        if above < y:
            body.append(f'<path d="M{left + 14} {above} V{y}" class="arrow"/>')
        radius = {"stage": 4, "document": 0}.get(box.kind, 14)
        body.append(
            f'<rect x="{left}" y="{y}" width="{width}" height="{height}" rx="{radius}" '
            f'class="{box.kind}"/>'
        )
        body.append(f'<text x="{left + 14}" y="{y + 21}">{escape(box.title)}</text>')
        for line, words in enumerate(facts):
            at = f'x="{left + 14}" y="{y + 37 + 16 * line}"'
            body.append(f'<text {at} class="fact">{escape(words)}</text>')
        bottoms[box.depth] = y + height
        y += height + _GAP
    title = escape(_heading(definition, label))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y + 10}" '
        f'font-family="sans-serif" font-size="15" role="img" aria-label="{title}">\n'
        f"<style>{_STYLE}</style>\n"
        f'<rect width="{_WIDTH}" height="{y + 10}" style="fill:#fff;stroke:none"/>\n'
        f'<text x="40" y="34" class="title">{title}</text>\n' + "\n".join(body) + "\n</svg>\n"
    )


_STYLE = (
    "rect{stroke:#345;stroke-width:1.2}.question{fill:#eef5ff}.document{fill:#fff6dd}"
    ".group{fill:#e9f7ec}.stage{fill:#f3eefb}.elsewhere{fill:#fdeaea}.arrow{stroke:#345;stroke-width:1.4}"
    ".fact{font-size:12px;fill:#445}.title{font-size:18px;font-weight:bold}"
)


def _heading(definition: Definition, label: Label) -> str:
    title = label(f"{definition.id}.title") or definition.id
    return f"{title} ({definition.id}, {definition.code}, v{definition.version})"


def _asked(
    service: str,
    within: str,
    questions: Sequence[Question],
    documents: Sequence[Document],
    label: Label,
) -> Iterator[Box]:
    depth = 1 if within else 0
    for question in questions:
        title = label(f"{service}.label.{within}{question.id}") or question.id
        facts = [question.check]
        if question.choices:
            stem = f"{service}.choice.{within}{question.id}"
            facts = [" / ".join(label(f"{stem}.{one}") or one for one in question.choices)]
        facts += _conditions(service, question.when, question.optional, label)
        yield Box("question", question.id, title, facts, depth)
    for document in documents:
        title = label(f"{service}.document.{within}{document.id}") or document.id
        facts = [f"≤ {document.pages} ×"] if document.pages > 1 else []
        facts += _conditions(service, document.when, document.optional, label)
        yield Box("document", document.id, title, facts, depth)


def _conditions(service: str, when: Condition, optional: bool, label: Label) -> list[str]:
    facts = []
    for name, values in when.items():
        question = label(f"{service}.label.{name}") or name
        chosen = [label(f"{service}.choice.{name}.{value}") or value for value in values]
        facts.append(f"{question} = {' / '.join(chosen)}")
    return [*facts, "optional"] if optional else facts


def _case_facts(service: str, case: Elsewhere, label: Label) -> list[str]:
    facts = _conditions(service, case.when, False, label)
    for name, years in case.younger.items():
        on = f" ({label(f'{service}.label.{case.on}') or case.on})" if case.on else ""
        facts.append(f"{label(f'{service}.label.{name}') or name}: < {years} years{on}")
    for name, days in case.ahead.items():
        facts.append(f"{label(f'{service}.label.{name}') or name}: ≥ {days} working days ahead")
    return facts


def _stage_facts(stage: Stage) -> list[str]:
    facts = [stage.role]
    if stage.optional:
        facts.append("optional")
    if stage.day:
        facts.append(f"day: {stage.day}")
    if stage.minutes:
        facts.append(f"{stage.minutes} min")
    if stage.waits:
        facts.append(f"waits: {stage.waits}")
    if stage.act:
        facts.append(f"act: {stage.act}")
    if stage.may:
        facts.append(f"may: {', '.join(stage.may)}")
    return facts


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "#quot;").replace("<", "&lt;")
