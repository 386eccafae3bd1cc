"""The stage's work: on to the next, back to the citizen, refused, ready, handed over, undone."""

from __future__ import annotations

from bot.commands import papers
from bot.commands.claims import did
from bot.commands.grammar import PRESSED, first_word
from bot.commands.registry import Answer, Call, command
from bot.requests import casework
from flows import steps
from flows.choosing import pick
from flows.messages import Button
from flows.workflow import Refused, stage_of

_SAME = {"sama", "cocok", "same"}
_DIFFERENT = {"beda", "berbeda", "different"}


@command("terima", "accept", wants="request", needs="accept")
def accept(call: Call) -> Answer:
    """Finish the stage: on to the next one, or to an optional one that is named.

    Where the letter is made now, the words may name its signer instead.
    """
    signer = _signer(call)
    return did(call, "terima", steps.Accept("" if signer else _through(call), signer))


@command("kembalikan", "return", wants="request", needs="return")
def give_back(call: Call) -> Answer:
    """Ask the citizen for just these papers or answers again, with a reason."""
    named = papers.taken(call)
    if not named.rest:
        example = {"number": call.request.number, "items": [item.label for item in named.items]}
        raise Refused("no_reason_for", **example)
    paths = tuple(item.path for item in named.items)
    labels = [item.label for item in named.items]
    casework.act(call.turn, call.request.id, steps.Return(paths, named.rest), call.actor)
    args = {"number": call.request.number, "items": labels, "reason": named.rest}
    return Answer("kembalikan", args)


@command("tolak", "reject", wants="request", needs="reject")
def reject(call: Call) -> Answer:
    """Refuse a request for good, with the reason that the citizen reads."""
    reason = call.words("no_reason")
    return did(call, "tolak", steps.Reject(reason), reason=reason)


@command("batalkan", "cancel", wants="request", needs="cancel")
def cancel(call: Call) -> Answer:
    """Stop a request, at the citizen's wish or because it became pointless."""
    reason = call.words("no_reason")
    return did(call, "batalkan", steps.Cancel(reason), reason=reason)


@command("siap", "ready", wants="request", needs="ready")
def ready(call: Call) -> Answer:
    """The result lies ready: the citizen is told to come for it, or what came of it."""
    return did(call, "siap", steps.Ready(call.rest))


@command("serahkan", "handover", wants="request", needs="handover")
def hand_over(call: Call) -> Answer:
    """Give the result to the citizen, once the originals were compared."""
    word, reason = first_word(call.rest)
    number, state = call.request.number, call.request.state
    if not state.closed and not _at_hand_over(call):
        raise Refused("not_handover_stage", stage=state.stage)
    if word.lower() in _SAME:
        return did(call, "serahkan", steps.HandOver(compared=True))
    if word.lower() in _DIFFERENT:
        if not reason:
            raise Refused("no_difference", number=number)
        done = did(call, "serahkan_beda", steps.HandOver(compared=False), reason=reason)
        casework.note(call.turn, call.request.id, reason, call.actor)
        return done
    if state.closed:
        raise Refused("closed", status=state.status)
    choices = [
        Button(f"{PRESSED}serahkan {number} {word}", f"commands.button.{word}")
        for word in ("sama", "beda")
    ]
    return Answer("serahkan_periksa", {"number": number}, buttons=choices)


@command("urungkan", "undo", needs="undo")
def undo(call: Call) -> Answer:
    """Take back the officer's own last step."""
    request = casework.undo(call.turn, call.actor)
    return Answer("urungkan", {"card": casework.card(call.turn, request, masked=True)})


def _through(call: Call) -> str:
    """Return the optional stage that the words after the number name; refuses unknown ones."""
    if not call.rest:
        return ""
    card = casework.card(call.turn, call.request.id)
    options = [(each["id"], each["label"]) for each in card["through"]]
    found = pick(call.rest, options)
    if found is None:
        signers = call.turn.desk.config.signers if _act(call) == "letter" else []
        known = [label for _, label in options] + [one.id for one in signers]
        raise Refused("not_next_stage", stages=known)
    return found


def _signer(call: Call) -> str:
    """Return the signer whom the words after the number name, empty for none."""
    if not call.rest or _act(call) != "letter":
        return ""
    said = call.rest.lower().removeprefix("a.n.").strip()
    return next((s.id for s in call.turn.desk.config.signers if said == s.id.lower()), "")


def _at_hand_over(call: Call) -> bool:
    return _act(call) == "handover"


def _act(call: Call) -> str:
    row = call.request
    definition = call.turn.desk.office.service(row.service, row.digest)
    return stage_of(definition, row.state.stage).act
