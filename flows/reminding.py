"""Who leaves in the middle: when the clock comes to remind them, and what it says."""

from __future__ import annotations

from datetime import datetime, timedelta

from flows.places import proving, show
from flows.places.aside import leave_stale
from flows.places.returned import begin_next
from flows.talk import Talk, forget_draft, has_draft


def woken(talk: Talk) -> None:
    """The person left in the middle: remind kindly, then let go."""
    session = talk.session
    if session.proof is not None and session.proof.doubted:
        # Of what is half-finished nobody is reminded who may not be the one that began it.
        session.reminded += 1
        if session.reminded > len(talk.office.limits.remind_after):
            proving.drop(talk)
        return
    leave_stale(talk)
    if session.place == "elsewhere":
        # Where to go was said; nothing is left to be reminded of.
        forget_draft(talk)
    if not has_draft(session):
        begin_next(talk)
        return
    reminders = talk.office.limits.remind_after
    if session.reminded < len(reminders):
        session.reminded += 1
        talk.template = "reminder"
        talk.say(f"conversation.reminder_{session.reminded}", service=talk.key("title"))
        show(talk)
        return
    title = talk.key("title")
    if session.returned is not None:
        # The request itself stays with the office; only what was half-answered goes.
        session.waiting.append(session.returned)
    forget_draft(talk)
    talk.template = "expired"
    talk.say("conversation.expired", service=title)


def wake_at(talk: Talk) -> datetime | None:
    """Return when the clock shall come: by hours since the last word, at a kind time of day."""
    session = talk.session
    if not has_draft(session) or session.place == "talking":
        return None
    limits = talk.office.limits
    hours = [*limits.remind_after, limits.expire_after]
    reached = min(session.reminded, len(hours) - 1)
    passed = hours[reached - 1] if reached else 0
    return talk.office.calendar.next_allowed(talk.now + timedelta(hours=hours[reached] - passed))
