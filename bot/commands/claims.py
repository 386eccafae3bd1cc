"""Who works on a request: one officer at a time."""

from __future__ import annotations

from bot.commands.registry import Answer, Call, actor_of, command
from bot.commands.staff import named
from bot.requests import casework
from flows import steps


@command("ambil", "take", wants="request", needs="claim")
def take(call: Call) -> Answer:
    """Take a request; of two who try at the same second one gets it."""
    return did(call, "ambil", steps.Claim())


@command("lepas", "release", wants="request", needs="claim")
def release(call: Call) -> Answer:
    """Put a request back into the queue."""
    return did(call, "lepas", steps.Release())


@command("tugaskan", "assign", wants="request", needs="claim")
def assign(call: Call) -> Answer:
    """Give a request to a colleague: one's own, or with the permission any."""
    colleague = named(call, call.words("no_colleague"))
    return did(call, "tugaskan", steps.Assign(actor_of(call.turn, colleague)), to=colleague.name)


def did(call: Call, key: str, order: steps.Command, **args: str) -> Answer:
    """Carry an order out and answer where the request stands now."""
    casework.act(call.turn, call.request.id, order, call.actor)
    return Answer(key, {**args, "card": casework.card(call.turn, call.request.id, masked=True)})
