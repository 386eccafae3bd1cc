"""Announcements: written, looked at, sent once somebody agreed, watched, held and called off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from bot.announcements import drafts as broadcasting
from bot.commands.grammar import PRESSED, first_word
from bot.commands.registry import Answer, Call, Table, command
from flows import broadcast
from flows.broadcast import Misread
from flows.messages import Button
from flows.workflow import Refused
from storage import broadcasts
from storage.broadcasts import Broadcast
from storage.instant import from_ms

_LINES = 8
_KEPT = timedelta(hours=24)


@command("siaran", "broadcast", needs="broadcast")
def announce(call: Call) -> Answer:
    """List announcements; write one (``desa Toar: …``); or ``kirim``, ``jeda``, ``lanjut``."""
    word, rest = first_word(call.rest)
    if not word:
        return _list(call)
    number = rest.lstrip("#")
    act = _ACTS.get(word.lower())
    if act is not None and (number.isdecimal() or not number):
        return act(call, _named(call, number))
    if word.lstrip("#").isdecimal() and not rest:
        return _progress(call, _named(call, word.lstrip("#")))
    return _write(call)


def _list(call: Call) -> Answer:
    rows = [_row(call, one) for one in broadcasts.newest(call.turn.tx, _LINES)]
    return Answer("siaran", {}, Table(["mark", "state", "about", "progress", "time"], rows))


def _row(call: Call, one: Broadcast) -> list[str]:
    counted = broadcasting.progress(call.turn, one)
    began = one.state not in (broadcasts.DRAFT, broadcasts.ASKED)
    total = counted["total"]
    about = broadcasting.audience_names(call.turn.desk, one.audience)
    return [
        f"#{one.id}",
        _state(call, one),
        ", ".join(about) or call.names.label("commands.broadcast.everybody"),
        f"{counted['bar']} {total - counted['waiting']}/{total}" if began and total else "",
        call.names.time(one.started_at or one.created_at),
    ]


def _state(call: Call, one: Broadcast) -> str:
    return call.names.label(f"commands.broadcast.{one.state}") or one.state


def _progress(call: Call, one: Broadcast) -> Answer:
    if one.state in (broadcasts.DRAFT, broadcasts.ASKED):
        return _preview(call, one)
    args = {"id": one.id, "state": one.state, "named": _state(call, one)}
    words = {broadcasts.RUNNING: ["jeda", "batal"], broadcasts.PAUSED: ["lanjut", "batal"]}
    return Answer(
        "siaran_jalan",
        args | broadcasting.progress(call.turn, one),
        buttons=_buttons(one, words.get(one.state, [])),
    )


def _write(call: Call) -> Answer:
    desk = call.turn.desk
    try:
        audience, text = broadcast.read(call.rest, broadcasting.choices(desk))
    except Misread as misread:
        raise Refused(
            "siaran_unclear", misread=misread.why, said=misread.said[:40], known=misread.known
        ) from None
    number = broadcasting.draft(call.turn, audience, text, call.officer.id)
    return _preview(call, _named(call, str(number)))


def _preview(call: Call, one: Broadcast) -> Answer:
    found = broadcasting.reach(call.turn, one)
    args = broadcasting.shown(call.turn, one, found)
    words = ["kirim", "batal"] if found.people else ["batal"]
    return Answer("siaran_pratinjau", args, buttons=_buttons(one, words))


def _send(call: Call, one: Broadcast) -> Answer:
    draft = one.state in (broadcasts.DRAFT, broadcasts.ASKED)
    if draft and call.turn.now - from_ms(one.created_at) > _KEPT:
        raise Refused("siaran_old", id=one.id)
    outcome = broadcasting.send(call.turn, one, call.officer.id)
    if outcome == "second":
        raise Refused("siaran_second", id=one.id)
    if outcome == "nobody":
        raise Refused("siaran_nobody", id=one.id)
    if outcome == "over":
        raise Refused("siaran_over", id=one.id, named=_state(call, one))
    return Answer("siaran_kirim", {"id": one.id, "asked": outcome == "asked"})


def _hold(call: Call, one: Broadcast) -> Answer:
    if not broadcasting.hold(call.turn, one):
        raise Refused("siaran_over", id=one.id, named=_state(call, one))
    return _progress(call, _named(call, str(one.id)))


def _resume(call: Call, one: Broadcast) -> Answer:
    if not broadcasting.resume(call.turn, one):
        raise Refused("siaran_over", id=one.id, named=_state(call, one))
    return _progress(call, _named(call, str(one.id)))


def _cancel(call: Call, one: Broadcast) -> Answer:
    dropped = broadcasting.cancel(call.turn, one, call.officer.id)
    if dropped is None:
        raise Refused("siaran_over", id=one.id, named=_state(call, one))
    return Answer("siaran_batal", {"id": one.id, "dropped": dropped})


def _named(call: Call, number: str) -> Broadcast:
    """Return the announcement of that number, else the newest one."""
    if number:
        found = broadcasts.load(call.turn.tx, int(number[:15]))
    else:
        found = next(iter(broadcasts.newest(call.turn.tx, 1)), None)
    if found is None:
        raise Refused("siaran_unknown", said=number)
    return found


def _buttons(one: Broadcast, words: list[str]) -> list[Button]:
    return [
        Button(f"{PRESSED}siaran {word} {one.id}", f"commands.button.siaran_{word}")
        for word in words
    ]


_ACTS: dict[str, Callable[[Call, Broadcast], Answer]] = {
    **dict.fromkeys(("kirim", "send"), _send),
    **dict.fromkeys(("jeda", "pause"), _hold),
    **dict.fromkeys(("lanjut", "resume"), _resume),
    **dict.fromkeys(("batal", "cancel"), _cancel),
}
