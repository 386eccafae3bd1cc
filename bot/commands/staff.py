"""The staff: who is there, who joins, who may do what, who may do nothing any more."""

from __future__ import annotations

from collections.abc import Callable

from rapidfuzz import fuzz, process, utils

from bot.commands.grammar import first_word
from bot.commands.registry import Answer, Call, Table, command
from bot.commands.talks import hand_back
from flows.workflow import Refused
from storage import audit, links, officers
from storage.officers import Officer

_ALIKE = 75


@command("petugas", "staff")
def staff(call: Call) -> Answer:
    """List the officers; with a word after it, change who they are (permission staff)."""
    word, rest = first_word(call.rest)
    if not word:
        return _list(call)
    change = _CHANGES.get(word.lower())
    if change is None:
        raise Refused("staff_unknown", said=word[:20])
    if not call.may("staff"):
        raise Refused("not_permitted", command=f"petugas {word.lower()}", role=call.officer.role)
    return change(call, rest)


def named(call: Call, said: str) -> Officer:
    """Return the officer meant by a name, a part of it or one with a typo; raises Refused."""
    exact = officers.by_name(call.turn.tx, said)
    if exact is not None:
        return exact
    known = {one.name: one for one in officers.roster(call.turn.tx)}
    found = process.extract(
        said,
        list(known),
        scorer=fuzz.WRatio,
        processor=utils.default_process,
        score_cutoff=_ALIKE,
        limit=None,
    )
    best = [name for name, score, _ in found if score == found[0][1]]
    if len(best) != 1:
        raise Refused("officer_unknown", said=said[:40], names=best or list(known))
    return known[best[0]]


def _list(call: Call) -> Answer:
    rows = [
        [
            one.name,
            call.names.role(one.role),
            call.names.label(f"commands.state.{one.state}") or one.state,
            str(officers.held_requests(call.turn.tx, one.id)),
        ]
        for one in officers.roster(call.turn.tx)
    ]
    args = {"admin": call.may("staff")}
    return Answer("petugas", args, Table(["officer", "role", "state", "requests"], rows))


def _invite(call: Call, rest: str) -> Answer:
    name, role = _name_and_role(call, rest)
    if call.asker.group:
        raise Refused("private_only", command="petugas undang")
    turn = call.turn
    code = officers.invite(turn.tx, turn.desk.vault, name, role, turn.now)
    audit.note(turn.tx, turn.instant, call.officer.id, "staff.invite", role)
    args = {"name": name, "role": call.names.role(role), "code": code}
    return Answer("petugas_undang", args | {"hours": officers.INVITE_HOURS})


def _suspend(call: Call, rest: str) -> Answer:
    other = _other(call, rest)
    officers.set_state(call.turn.tx, other.id, "suspended")
    for contact_id in officers.talks_of(call.turn.tx, other.id):
        hand_back(call, contact_id)
    links.withdraw(call.turn.tx, other.id, call.turn.now)
    _noted(call, "staff.suspend", other)
    held = officers.held_requests(call.turn.tx, other.id)
    return Answer("petugas_tangguhkan", {"name": other.name, "held": held})


def _activate(call: Call, rest: str) -> Answer:
    other = _other(call, rest)
    officers.set_state(call.turn.tx, other.id, "active")
    _noted(call, "staff.activate", other)
    return Answer("petugas_aktifkan", {"name": other.name})


def _role(call: Call, rest: str) -> Answer:
    name, role = _name_and_role(call, rest)
    other = _other(call, name)
    officers.set_role(call.turn.tx, other.id, role)
    links.withdraw(call.turn.tx, other.id, call.turn.now)
    _noted(call, f"staff.role.{role}", other)
    return Answer("petugas_peran", {"name": other.name, "role": call.names.role(role)})


def _other(call: Call, said: str) -> Officer:
    """Return a colleague: nobody changes what they may do themselves, so an admin remains."""
    if not said:
        raise Refused("no_colleague")
    other = named(call, said)
    if other.id == call.officer.id:
        raise Refused("not_yourself")
    return other


def _name_and_role(call: Call, rest: str) -> tuple[str, str]:
    """Split ``Siti Aminah counter``: the role is the last word, or the last words."""
    words = rest.split()
    roles = {role: role for role in call.turn.desk.config.roles}
    roles |= {call.names.role(role).lower(): role for role in roles}
    for length in (3, 2, 1):
        role = roles.get(" ".join(words[-length:]).lower())
        if role and len(words) > length:
            return " ".join(words[:-length]), role
    known = [f"{role} ({call.names.role(role)})" for role in call.turn.desk.config.roles]
    raise Refused("no_name_and_role", roles=known)


def _noted(call: Call, what: str, about: Officer) -> None:
    audit.note(call.turn.tx, call.turn.instant, call.officer.id, what, str(about.id))


_CHANGES: dict[str, Callable[[Call, str], Answer]] = {
    **dict.fromkeys(("undang", "invite"), _invite),
    **dict.fromkeys(("tangguhkan", "suspend"), _suspend),
    **dict.fromkeys(("aktifkan", "activate"), _activate),
    **dict.fromkeys(("peran", "role"), _role),
}
