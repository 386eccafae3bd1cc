"""What officers are told when messages do not go out: once, and where they can still be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.channels.protocol import SendError
from flows.messages import Message, Part
from storage import failures, officers

if TYPE_CHECKING:
    from bot.engine.turn import Turn
    from storage.outbox import Handed

_MOST_NUMBERS = 5


def unsent(turn: Turn, handed: Handed, error: SendError) -> None:
    """A message to a citizen was given up: somebody must telephone."""
    turn.alarm(
        f"unsent:{handed.id}",
        "unsent",
        contact=handed.contact_id,
        request=handed.message.request,
        numbers=failures.open_numbers(turn.tx, handed.contact_id, _MOST_NUMBERS),
        fault="unsure" if error.unsure else error.fault.value,
        channel=handed.channel,
    )


def platform(turn: Turn, channel: str, why: str, recoveries: int) -> None:
    """A platform refuses the office or stays away: tell the staff, and those it is not needed for.

    Once for each time it happens; the staff's own group may be on that very platform.
    """
    _call(turn, f"{why}:{channel}:{turn.desk.office.today(turn.now)}:{recoveries}", why, channel)


def file_store(turn: Turn) -> None:
    """Our own file store has been away for a while: tell staff and who cares for the computer."""
    _call(turn, f"files:{turn.desk.office.today(turn.now)}", "files")


def _call(turn: Turn, key: str, why: str, channel: str = "") -> None:
    """Alarm the staff's group, and those who lead it by another way than ``channel``; once."""
    turn.alarm(key, why, channel=channel)
    message = Message([Part(f"commands/alarm/{why}", {"channel": channel})])
    for officer in officers.roster(turn.tx):
        if not (officer.active and turn.desk.config.permits(officer.role, "staff")):
            continue
        for contact_id, reached_by in officers.active_contacts(turn.tx, officer.id):
            if reached_by not in (channel, "terminal") and reached_by in turn.desk.channels:
                turn.say(contact_id, message, key=f"alarm:{key}:{contact_id}")
