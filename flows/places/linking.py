"""``hubungkan`` and ``pisahkan``: a person's chats, joined by a code and parted again."""

from __future__ import annotations

from flows.effects import JoinChat, MakeCode, PartChat, UseCode
from flows.events import CodeMade, CodeUsed, Joined, Parted
from flows.messages import Button
from flows.places.proving import spends
from flows.places.registry import PLACES, Place, go, show
from flows.talk import Talk, step_out, under_way, yes_no


def link(talk: Talk, code: str) -> None:
    """Give a code to be typed in the other chat, or take one from there or from a slip."""
    if not spends(talk.session, talk.now):
        talk.say("identity.too_often")
        _go_on(talk)
    else:
        talk.want(UseCode(code) if code else MakeCode())


def part(talk: Talk) -> None:
    """Make this chat a person's own again."""
    talk.want(PartChat())


def code_made(talk: Talk, event: CodeMade) -> None:
    """Tell the code; it is said once."""
    code = f"{event.code[:4]} {event.code[4:]}"
    talk.say("identity.code", code=code, minutes=event.minutes)
    _go_on(talk)


def code_used(talk: Talk, event: CodeUsed) -> None:
    """Another person's chat is joined after a yes only; a slip's request is theirs at once."""
    session = talk.session
    if event.kind == "person":
        step_out(session, "linking")
        session.joins, session.joins_at = event.contact, event.channel
        go(talk, "linking")
        return
    if event.kind == "slip":
        talk.say("identity.slip_used", requests=event.requests)
    else:
        talk.say(f"identity.code_{event.kind}")
    _go_on(talk)


def joined(talk: Talk, event: Joined) -> None:
    """Say what follows from it."""
    talk.say("identity.joined", channel=event.channel, requests=event.requests)
    _go_on(talk)


def parted(talk: Talk, event: Parted) -> None:
    """Say what follows from it."""
    talk.say("identity.parted" if event.channels else "identity.not_joined")
    _go_on(talk)


def _go_on(talk: Talk) -> None:
    if under_way(talk.session):
        show(talk)


def _show(talk: Talk) -> None:
    talk.ask("identity.join_sure", _options(talk), channel=talk.session.joins_at)


def _options(talk: Talk) -> list[Button]:
    return yes_no()


def _chosen(talk: Talk, choice: str) -> None:
    session = talk.session
    contact, session.joins = session.joins, 0
    session.joins_at = ""
    session.place = session.before if session.before not in ("", "start") else "rest"
    if choice == "yes" and contact:
        talk.want(JoinChat(contact))
    else:
        talk.say("identity.join_dropped")
        _go_on(talk)


def _typed(talk: Talk, text: str) -> None:
    talk.say("conversation.unclear")
    _show(talk)


PLACES["linking"] = Place(_show, _options, _chosen, _typed)
