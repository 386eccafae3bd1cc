"""The papers of a request and its letter: by name, behind one-time links, or attached."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.commands import papers
from bot.commands.registry import Answer, Call, command
from bot.requests.private import carries_files, one_time
from flows.messages import Attachment
from storage import audit, documents, letters
from storage.documents import DocumentRow

_LASTING = timedelta(minutes=10)
_ATTACHED = 10


@command("berkas", "files", wants="request")
def files(call: Call) -> Answer:
    """List the papers; who may see them gets them in private, or as links that open once."""
    request, turn = call.request, call.turn
    found = documents.by_path(turn.tx, request.id)
    labels = {item.path: item.label for item in papers.items(call)}
    seen = [one for pages in found.values() for one in pages if _may_see(call, one)]
    attached = _may_attach(call, len(seen))
    lines = [
        _line(call, labels.get(path, path), pages, linked=not attached)
        for path, pages in found.items()
    ]
    args: dict[str, Any] = {
        "number": request.number,
        "papers": lines,
        "minutes": _LASTING.seconds // 60,
    }
    files = [Attachment("document", str(one.id)) for one in seen] if attached else []
    for one in seen if attached else []:
        audit.note(turn.tx, turn.instant, call.officer.id, "document.sent", str(one.id))
    args["letter"] = _letter(call, files, linked=not attached)
    args["attached"] = attached
    if call.asker.group:
        files += _thumbnails(seen)
    return Answer("berkas", args, attachments=files)


def _may_see(call: Call, paper: DocumentRow) -> bool:
    return call.may("identity") or not paper.identity


def _may_attach(call: Call, count: int) -> bool:
    """Files go only to the officer alone, where the channel carries them and they are few."""
    alone = call.private and carries_files(call.asker.channel)
    return alone and 0 < count <= _ATTACHED


def _thumbnails(seen: list[DocumentRow]) -> list[Attachment]:
    """Of what a group may look at: never of an identity document."""
    return [Attachment("thumbnail", str(one.id)) for one in seen if not one.identity][:_ATTACHED]


def _line(call: Call, label: str, pages: list[DocumentRow], *, linked: bool) -> dict[str, Any]:
    problems = sorted({one.problem for one in pages if one.problem})
    visible = [one for one in pages if _may_see(call, one)]
    return {
        "name": label,
        "count": len(pages),
        "problems": [call.names.label(f"commands.flaw.{name}") or name for name in problems],
        "hidden": len(visible) < len(pages),
        "links": [_link(call, "document", one.id) for one in visible] if linked else [],
    }


def _letter(call: Call, files: list[Attachment], *, linked: bool) -> dict[str, str]:
    """Add the printed letter for who works with it: its number, and the file or a link."""
    letter = letters.of_request(call.turn.tx, call.request.id)
    if letter is None or letter.state != "made":
        return {}
    line = {"number": letter.number, "link": ""}
    if not (call.may("identity") or call.may("letter")):
        return line
    if linked:
        return line | {"link": _link(call, "letter", letter.id)}
    name = f"{call.request.number}.pdf".replace("/", "-")
    files.append(Attachment("letter", str(letter.id), name))
    audit.note(call.turn.tx, call.turn.instant, call.officer.id, "letter.sent", str(letter.id))
    return line


def _link(call: Call, kind: str, ref: int) -> str:
    return one_time(call.turn, kind, ref, call.officer.id, _LASTING)
