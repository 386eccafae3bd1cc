"""The one door of all commands: who asks, what is meant, may they, and the answer as a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process

from bot.commands import counter, grammar, joining, subjects
from bot.commands.explaining import explain
from bot.commands.grammar import Spoken
from bot.commands.registry import ALIASES, COMMANDS, Answer, Asker, Call, find
from flows.messages import Message, Part
from flows.workflow import Refused
from storage import officers
from storage.officers import Officer

if TYPE_CHECKING:
    from bot.engine.turn import Turn

_ALIKE = 60
_CLOSE = 12


def answer(turn: Turn, asker: Asker, text: str) -> Message | None:
    """Do what an officer wrote and return what to answer; None where nothing is answered.

    A stranger gets nothing, unless a valid invite code makes them an officer; neither does a
    suspended officer, nor talk in a group that is no command and in no request's topic.
    """
    if asker.officer is None:
        done = joining.join(turn, asker, text)
        return _message(asker, done) if done else None
    # The row decides, not what was true when the message was received.
    officer = officers.by_id(turn.tx, asker.officer.id)
    if officer is None or not officer.active:
        return None
    if counter.continues(turn, asker, officer, text):
        return _message(asker, _done(turn, asker, officer, Spoken(counter.NAME, text, True)))
    spoken = _spoken(asker, text)
    if spoken is None:
        return None
    return _message(asker, _done(turn, asker, officer, spoken))


def _spoken(asker: Asker, text: str) -> Spoken | None:
    """Read a line as a command; words in a request's topic are a reply to the citizen."""
    spoken = grammar.read(text)
    if asker.group and (spoken is None or not spoken.slash):
        return Spoken("balas", f"{grammar.HERE} {text}", True) if asker.request else None
    return spoken or Spoken("", text)


def _done(turn: Turn, asker: Asker, officer: Officer, spoken: Spoken) -> Answer:
    known = find(spoken.word)
    if known is None:
        return _unknown(spoken.word)
    call = Call(turn, asker, officer, spoken.rest)
    try:
        if not call.may(known.needs):
            raise Refused("not_permitted", role=officer.role)
        call, target = subjects.resolve(call, known)
        return known.functions[target](call)
    except Refused as refused:
        return explain(turn, refused, call.row, known.name)


def _unknown(word: str) -> Answer:
    known = {**{name: name for name in COMMANDS}, **ALIASES}
    alike = process.extract(word, list(known), scorer=fuzz.ratio, score_cutoff=_ALIKE, limit=3)
    near = [known[name] for name, score, _ in alike if score > alike[0][1] - _CLOSE]
    meant = list(dict.fromkeys(near))
    return Answer("unknown", {"word": word[:40], "meant": meant, "names": sorted(COMMANDS)})


def _message(asker: Asker, done: Answer) -> Message:
    args = {**done.args, "group": asker.group}
    if done.table is not None:
        args["table"] = {"columns": done.table.columns, "rows": done.table.rows}
    return Message(
        [Part(f"commands/{done.key}", args)],
        buttons=list(done.buttons),
        attachments=list(done.attachments),
        request=asker.request,
    )
