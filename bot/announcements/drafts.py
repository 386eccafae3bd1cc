"""Announcements to many: drafted, looked at, agreed to, sent, held, called off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from bot.channels import gsm7
from flows.broadcast import Audience, Choices, Price, Share, bar, ends, share
from flows.messages import Message, Part
from storage import announcements, audit, broadcasts, officers
from storage.broadcasts import Broadcast, Person
from storage.instant import to_ms

if TYPE_CHECKING:
    from bot.channels.protocol import Channel
    from bot.engine.desk import Desk
    from bot.engine.turn import Turn

TEMPLATE = "announcement"
_KEY = "announcements.message"
_LISTED = 20
_UNADDRESSED = ("terminal",)
Outcome = Literal["running", "asked", "second", "over", "nobody"]


@dataclass
class Reach:
    """Whom an announcement reaches now, by which channel, and whom it cannot reach.

    ``lost`` has the contacts that cannot be reached by the reason: ``window`` or ``channel``.
    """

    people: list[Person] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    lost: dict[str, list[int]] = field(default_factory=dict)
    ends_at: datetime | None = None


def choices(desk: Desk) -> Choices:
    """Return what an audience can be named by in this office."""
    languages = desk.office.languages

    def called(key: str) -> list[str]:
        return [text for one in languages if (text := desk.wording.label(one, key))]

    return Choices(
        village={code: [name] for code, name in desk.config.villages.items()},
        service={one: called(f"{one}.title") for one in desk.office.current},
        language={one: called(f"languages.{one}") for one in languages},
        program={one: called(f"programs.{one}.title") for one in desk.office.programs},
    )


def message_of(text: str, language: str) -> Message:
    """Return an announcement as it goes out in a language."""
    return Message([Part(_KEY, {"text": text})], language=language, template=TEMPLATE)


def draft(turn: Turn, audience: Audience, text: str, officer_id: int | None) -> int:
    """Keep an announcement to be looked at; return its number."""
    return broadcasts.add(turn.tx, turn.desk.vault, audience, text, officer_id, turn.instant)


def reach(turn: Turn, one: Broadcast) -> Reach:
    """Find out who would get it now, in which words, how long it takes and what it costs."""
    desk, found = turn.desk, Reach()
    text = broadcasts.text_of(turn.tx, desk.vault, one.id)
    served: set[int] = set()
    reasons: dict[int, tuple[str, int]] = {}
    for person in broadcasts.people(turn.tx, one.audience):
        why = _why_not(turn, person)
        if why:
            reasons.setdefault(person.citizen_id, (why, person.contact_id))
        elif person.citizen_id not in served:
            # One person with two chats gets it once, where they were heard from last.
            served.add(person.citizen_id)
            found.people.append(person)
    for citizen, (why, contact) in reasons.items():
        if citizen not in served:
            found.lost.setdefault(why, []).append(contact)
    for language in dict.fromkeys(person.language for person in found.people):
        found.texts[language] = desk.wording.render(message_of(text, language)).text
    found.shares = _shares(turn, found)
    longest = max((one.seconds for one in found.shares), default=0.0)
    found.ends_at = ends(desk.office.calendar, turn.now, longest)
    return found


def _why_not(turn: Turn, person: Person) -> str:
    channel = turn.desk.channels.get(person.channel)
    if channel is None or (person.channel in _UNADDRESSED and not turn.desk.trial):
        return "channel"
    if _is_outside(turn, channel, person) and not _has_template(turn.desk):
        return "window"
    return ""


def _is_outside(turn: Turn, channel: Channel, person: Person) -> bool:
    hours = channel.window_hours
    return bool(hours) and turn.instant - person.heard_at > hours * 3_600_000


def _has_template(desk: Desk) -> bool:
    template = desk.config.twilio.templates.get(TEMPLATE)
    return template is not None and bool(template.content_sid)


def _shares(turn: Turn, found: Reach) -> list[Share]:
    prices = turn.desk.config.broadcast.prices
    known = {
        "sms": Price(prices.sms),
        "whatsapp": Price(prices.whatsapp, prices.template),
    }
    by_channel: dict[str, list[Person]] = {}
    for person in found.people:
        by_channel.setdefault(person.channel, []).append(person)
    shares = []
    for name, persons in by_channel.items():
        channel = turn.desk.channels[name]
        pieces = [_pieces(name, found.texts[person.language]) for person in persons]
        outside = sum(_is_outside(turn, channel, person) for person in persons)
        shares.append(share(name, pieces, outside, channel.rate, known.get(name, Price())))
    return sorted(shares, key=lambda one: one.channel)


def _pieces(channel: str, text: str) -> int:
    return gsm7.pieces(gsm7.simplified(text)) if channel == "sms" else 1


# --- sending -------------------------------------------------------------------------------------


def send(turn: Turn, one: Broadcast, officer_id: int | None) -> Outcome:
    """Let it go out, or ask for a second officer's agreement where it is for very many."""
    found = reach(turn, one)
    if not found.people:
        return "nobody"
    many = len(found.people) > turn.desk.config.broadcast.confirm_above
    if many and officer_id == one.officer_id:
        if one.state == broadcasts.ASKED:
            return "second"
        if not broadcasts.change(turn.tx, one.id, (broadcasts.DRAFT,), broadcasts.ASKED):
            return "over"
        _tell(turn, one, "siaran_setuju", people=len(found.people))
        return "asked"
    if not broadcasts.change(
        turn.tx, one.id, (broadcasts.DRAFT, broadcasts.ASKED), broadcasts.RUNNING
    ):
        return "over"
    agreed = officer_id if officer_id != one.officer_id else None
    broadcasts.begin(turn.tx, one.id, len(found.people), agreed, turn.instant)
    text = broadcasts.text_of(turn.tx, turn.desk.vault, one.id)
    for language in found.texts:
        contacts = [each.contact_id for each in found.people if each.language == language]
        message = message_of(text, language)
        announcements.add(turn.tx, turn.desk.vault, one.id, contacts, message, turn.instant)
    audit.note(turn.tx, turn.instant, officer_id or None, "broadcast.sent", str(one.id))
    _wake(turn)
    return "running"


def hold(turn: Turn, one: Broadcast) -> bool:
    """Send no more of it for now; what is on its way arrives. False when it does not go out."""
    return broadcasts.change(turn.tx, one.id, (broadcasts.RUNNING,), broadcasts.PAUSED)


def resume(turn: Turn, one: Broadcast) -> bool:
    """Send the rest; False when it was not held."""
    done = broadcasts.change(turn.tx, one.id, (broadcasts.PAUSED,), broadcasts.RUNNING)
    _wake(turn)
    return done


def cancel(turn: Turn, one: Broadcast, officer_id: int | None) -> int | None:
    """Call it off; return how many will not get it, None when it is over."""
    standing = (broadcasts.DRAFT, broadcasts.ASKED, broadcasts.RUNNING, broadcasts.PAUSED)
    if not broadcasts.change(turn.tx, one.id, standing, broadcasts.CANCELLED):
        return None
    audit.note(turn.tx, turn.instant, officer_id or None, "broadcast.cancelled", str(one.id))
    return broadcasts.drop_waiting(turn.tx, one.id)


def finished(turn: Turn, broadcast_id: int) -> None:
    """Tell who sent it that nothing is left to send."""
    one = broadcasts.load(turn.tx, broadcast_id)
    if one is not None:
        _tell(turn, one, "siaran_selesai", **progress(turn, one))


def progress(turn: Turn, one: Broadcast) -> dict[str, Any]:
    """Return how far it has come, as plain data."""
    counted = broadcasts.progress(turn.tx, one.id)
    done = counted.total - counted.waiting
    return {
        **counted._asdict(),
        "bar": bar(done, counted.total),
        "percent": 100 * done // counted.total if counted.total else 0,
    }


def shown(turn: Turn, one: Broadcast, found: Reach) -> dict[str, Any]:
    """Return a preview as plain data: exact words, people by channel, time, cost, who is lost."""
    return {
        "id": one.id,
        "state": one.state,
        "audience": audience_names(turn.desk, one.audience),
        "people": len(found.people),
        "texts": [[language, text] for language, text in found.texts.items()],
        "shares": [_share(turn, each) for each in found.shares],
        "cost": sum(each.cost for each in found.shares),
        "ends": to_ms(found.ends_at or turn.now),
        "lost": {why: _lost(found, why) for why in ("window", "channel")},
        "second": len(found.people) > turn.desk.config.broadcast.confirm_above,
    }


def audience_names(desk: Desk, audience: Audience) -> list[str]:
    """Return what the parts of an audience are called, none for all citizens."""
    label = desk.wording.label
    called: Mapping[str, str] = {
        "village": desk.config.villages.get(audience.village, ""),
        "service": label("id", f"{audience.service}.title") if audience.service else "",
        "program": _program(desk, audience.program),
        "language": label("id", f"languages.{audience.language}") if audience.language else "",
    }
    return [name for name in called.values() if name]


def _program(desk: Desk, program: str) -> str:
    """Return what a program is called; it says that it is one, as no village or service does."""
    named = desk.wording.label("id", f"programs.{program}.title") or program
    return f"program {named}" if program else ""


def _share(turn: Turn, one: Share) -> dict[str, Any]:
    return {
        "channel": one.channel,
        "people": one.people,
        "pieces": one.pieces,
        "minutes": max(1, round(one.seconds / 60)),
        "cost": one.cost,
        "templates": one.templates,
    }


def _lost(found: Reach, why: str) -> dict[str, Any]:
    contacts = found.lost.get(why, [])
    return {"count": len(contacts), "marks": [f"P{each}" for each in contacts[:_LISTED]]}


def _tell(turn: Turn, one: Broadcast, notice: str, **args: Any) -> None:
    """Tell the officers' groups, and the one who wrote it."""
    message = Message([Part(f"commands/notices/{notice}", {"id": one.id, **args})])
    author = officers.active_contacts(turn.tx, one.officer_id) if one.officer_id else []
    for contact_id in [*turn.staff(), *(contact for contact, _ in author[:1])]:
        turn.say(contact_id, message, key=f"{notice}:{one.id}:{contact_id}")


def _wake(turn: Turn) -> None:
    turn.tx.then(lambda: turn.desk.sender.announcer.wake())
