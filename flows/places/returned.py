"""What the office answers to a request: filed, or asked for again in parts."""

from __future__ import annotations

from flows.checklist import is_brought, is_on_paper
from flows.events import Filed, Wanted
from flows.messages import Attachment
from flows.places.asking import proceed
from flows.places.registry import show
from flows.session import Page, Returned
from flows.talk import Talk, clear_draft, forget_draft, has_draft, under_way


def filed(talk: Talk, event: Filed) -> None:
    """The request has its number: say what happens next, and where to follow it."""
    session = talk.session
    service = talk.key("title")
    brought = any(is_brought(session, path) for path in session.marks)
    clear_draft(session)
    if event.again:
        talk.say("conversation.filed_again", number=event.number, service=service)
    else:
        talk.attachments.append(Attachment("qr", event.link, event.number))
        talk.say(
            "conversation.filed",
            number=event.number,
            service=service,
            link=event.link,
            promised=event.promised,
            brought=brought,
        )
    begin_next(talk)


def wanted(talk: Talk, event: Wanted) -> None:
    """A request came back: ask for just these things, now or after what is half-finished."""
    session = talk.session
    back = Returned(
        event.request,
        event.number,
        event.paths,
        event.reason,
        event.service,
        event.digest,
        event.answers,
        event.documents,
        event.marks,
    )
    session.waiting = [w for w in session.waiting if w.request != event.request]
    talk.template = "returned"
    if under_way(session) or session.place == "talking":
        session.waiting.append(back)
        talk.say("conversation.wanted_later", number=event.number, service=f"{event.service}.title")
        if session.place != "talking":
            show(talk)
        return
    _begin(talk, back)


def begin_next(talk: Talk) -> None:
    """Take up a returned request that waited, if there is one."""
    if talk.session.waiting and not has_draft(talk.session):
        _begin(talk, talk.session.waiting.pop(0))


def drop(talk: Talk, request: int) -> None:
    """Stop asking for a request that was closed meanwhile."""
    session = talk.session
    session.waiting = [w for w in session.waiting if w.request != request]
    if session.returned is not None and session.returned.request == request:
        forget_draft(talk)


def _begin(talk: Talk, back: Returned) -> None:
    session = talk.session
    loose = session.loose
    clear_draft(session)
    session.loose = loose
    session.service, session.digest = back.service, back.digest
    session.returned = back
    session.answers = {p: v for p, v in back.answers.items() if p not in back.paths}
    session.documents = {
        path: [Page("", number) for number in numbers]
        for path, numbers in back.documents.items()
        if path not in back.paths
    }
    session.marks = {p: mark for p, mark in back.marks.items() if p not in back.paths}
    session.skipped = [path for path in session.marks if is_on_paper(session, path)]
    _count_members(talk)
    session.place = "asking"
    items = [_item(talk, path) for path in back.paths]
    talk.say(
        "conversation.wanted",
        number=back.number,
        service=talk.key("title"),
        reason=back.reason,
        items=items,
    )
    proceed(talk)


def _count_members(talk: Talk) -> None:
    """A filed request has its members: nobody is asked for one more."""
    back = talk.session.returned
    assert back is not None
    for group in talk.definition.groups:
        prefix = f"{group.id}."
        members = [
            int(path.split(".")[1])
            for path in [*back.answers, *back.documents]
            if path.startswith(prefix) and path.split(".")[1].isdigit()
        ]
        talk.session.counts[group.id] = max(members, default=0) + 1
        talk.session.answers[f"{group.id}.more"] = "enough"


def _item(talk: Talk, path: str) -> dict[str, object]:
    """Name what is asked for: its label, and whose it is in a group."""
    pieces = path.split(".")
    group, member = (pieces[0], int(pieces[1]) + 1) if len(pieces) == 3 else ("", 0)
    name = f"{group}.{pieces[-1]}" if group else path
    documents = {d.id for d in talk.definition.documents}
    documents |= {d.id for g in talk.definition.groups for d in g.documents}
    kind = "document" if pieces[-1] in documents else "label"
    return {
        "label": talk.key(f"{kind}.{name}"),
        "group": talk.key(f"label.group.{group}") if group else "",
        "n": member,
    }
