"""What a command is about: a request by its number or its tail, or a conversation as ``P12``."""

from __future__ import annotations

from dataclasses import replace

from bot.commands.grammar import HERE, first_word, names_request, talk_of
from bot.commands.registry import Call, Command, Target
from flows.workflow import Refused
from storage import finding, officers, requests
from storage.requests import RequestRow

_CANDIDATES = 8


def resolve(call: Call, known: Command) -> tuple[Call, Target]:
    """Find what the command is about and take its name off the words; raises Refused."""
    wants = known.functions
    if "request" not in wants:
        return call, ""
    word, rest = first_word(call.rest)
    if "talk" in wants and (talk := talk_of(word)):
        if not officers.has_talk(call.turn.tx, talk):
            raise Refused("talk_unknown", said=word)
        return replace(call, talk=talk, rest=rest), "talk"
    if "" in wants and word not in ("", HERE) and not names_request(word):
        return call, ""
    if call.asker.request:
        return _in_topic(call, word, rest), "request"
    if not word:
        raise Refused("no_number", command=known.name)
    return replace(call, row=found(call, word), rest=rest), "request"


def _in_topic(call: Call, word: str, rest: str) -> Call:
    """Take the topic's own request, unless another one is named beyond doubt."""
    own = requests.load(call.turn.tx, call.asker.request)
    if own is None:
        raise Refused("number_unknown", said="")
    if word == HERE:
        return replace(call, row=own, rest=rest)
    if not names_request(word):
        return replace(call, row=own)
    found = finding.find(call.turn.tx, word)
    if own.id in [row.id for row in found]:
        return replace(call, row=own, rest=rest)
    if not found:
        return replace(call, row=own)
    if not word.isdecimal() or not rest:
        return replace(call, row=_chosen(call, word, found), rest=rest)
    # "13 ktp buram" here may be a request or the first words of a sentence: never guess.
    raise Refused("here_or_there", number=own.number, other=found[0].number, here=HERE, rest=rest)


def found(call: Call, word: str) -> RequestRow:
    """Return the request that a word names; raises Refused."""
    rows = finding.find(call.turn.tx, word, _CANDIDATES) if names_request(word) else []
    if not rows:
        raise Refused("number_unknown", said=word[:40])
    return _chosen(call, word, rows)


def _chosen(call: Call, word: str, found: list[RequestRow]) -> RequestRow:
    """A tail means this year's request; with several of them, the answer asks which."""
    if len(found) == 1:
        return found[0]
    zone = call.turn.desk.office.calendar.zone
    year = call.turn.now.astimezone(zone).year
    recent = [row for row in found if row.state.filed_at.astimezone(zone).year == year]
    if len(recent) == 1:
        return recent[0]
    raise Refused(
        "several",
        said=word,
        found=[
            {"number": row.number, "service": call.names.service(row.service), "name": row.name}
            for row in recent or found
        ],
    )
