"""The private door of a desk: what this machine's own commands may ask of it.

Whoever can open it is the system user that the desk runs as. On trial data an officer enters by
name; on the office's data only with a code that was sent to that officer's own chat.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import mimetypes
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog

from bot import trial
from bot.announcements.shell import announce
from bot.channels.terminal import Terminal
from bot.commands.registry import COMMANDS
from bot.engine.turn import Turn
from bot.keeping.backup import take_snapshot
from bot.terminal.screens import Line, look, show
from flows.events import Envelope, Media, Pressed, Text
from flows.messages import Message, Part
from storage import audit, contacts, links, officers, screens
from storage.database import StorageUnavailable, Tx
from storage.instant import to_ms
from storage.screens import Place
from storage.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from bot.engine.desk import Desk

log = structlog.get_logger()
_CODE_TRIES = 5
_CODE_SECONDS = 300
_ANSWER_SECONDS = 60.0
_TICK = 0.02
_HISTORY = 200


class Refusal(Exception):
    """The answer is no: ``why`` names a text of ``templates/cli/refused.j2``."""

    def __init__(self, why: str, **about: Any) -> None:
        super().__init__(why)
        self.why = why
        self.about = about


@dataclass
class _Proof:
    """A code that was sent to an officer's own chat."""

    officer: officers.Officer
    code: str
    until: float
    tries: int = _CODE_TRIES


@dataclass
class Door:
    """One visitor's way in; ``ask`` answers each of their requests."""

    desk: Desk
    address: str = ""
    contact: int = 0
    officer: int = 0
    _place: Place = field(default_factory=Place)
    _proof: _Proof | None = None

    async def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked and answer; a refusal is ``{"refused": why, ...}``."""
        deed = _DEEDS.get(str(request.get("do")))
        try:
            if deed is None:
                raise Refusal("unknown")
            return await deed(self, request)
        except Refusal as refusal:
            return {"refused": refusal.why, **refusal.about}
        except StorageUnavailable:
            return {"refused": "storage"}

    async def close(self) -> None:
        """The visitor went: nothing is told to an empty screen."""
        if self.officer:
            await self.desk.db.write(lambda tx: screens.leave(tx, self.channel.name, self.contact))

    @property
    def channel(self) -> Terminal:
        """The terminal's channel of this desk."""
        channel = self.desk.channels["terminal"]
        assert isinstance(channel, Terminal)
        return channel

    # --- coming in -------------------------------------------------------------------------------

    async def enter(self, request: dict[str, Any]) -> dict[str, Any]:
        """On trial data: become one of its officers, or a citizen."""
        if not self.desk.trial:
            raise Refusal("trial_only")
        citizen = str(request.get("citizen", ""))
        if citizen:
            return await self._sit(f"warga:{citizen}", 0)
        name = str(request.get("as", ""))
        officer = await self.desk.db.read(lambda tx: officers.by_name(tx, name))
        if officer is None:
            names = [one.name for one in trial.officers_of(self.desk.config)]
            raise Refusal("nobody", name=name, names=names)
        return await self._sit(trial.address(officer.name), officer.id)

    async def sign_in(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a code to the officer's own chat."""
        name = str(request.get("name", ""))
        code = f"{secrets.randbelow(1_000_000):06}"
        now = self.desk.now()

        def send(tx: Tx) -> officers.Officer | None:
            officer = officers.by_name(tx, name)
            if officer is None or not officer.active:
                return None
            reached = [
                contact
                for contact, channel in officers.active_contacts(tx, officer.id)
                if channel != self.channel.name
            ]
            if not reached:
                return None
            message = Message([Part("commands/masuk", {"code": code})])
            Turn(self.desk, tx, now).say(reached[0], message)
            return officer

        officer = await self.desk.db.write(send)
        if officer is None:
            raise Refusal("no_chat", name=name)
        until = asyncio.get_running_loop().time() + _CODE_SECONDS
        self._proof = _Proof(officer, code, until)
        return {"sent": officer.name}

    async def prove(self, request: dict[str, Any]) -> dict[str, Any]:
        """Check the code; a few tries, a few minutes."""
        proof = self._proof
        if proof is None or asyncio.get_running_loop().time() > proof.until:
            raise Refusal("code_over")
        proof.tries -= 1
        if proof.tries <= 0:
            self._proof = None
        if not hmac.compare_digest(str(request.get("code", "")).encode(), proof.code.encode()):
            raise Refusal("code_wrong" if proof.tries > 0 else "code_over")
        self._proof = None
        return await self._sit(trial.address(proof.officer.name), proof.officer.id)

    async def _sit(self, address: str, officer: int) -> dict[str, Any]:
        vault, name = self.desk.vault, self.channel.name
        instant = to_ms(self.desk.now())

        def sit(tx: Tx) -> tuple[int, Place, list[Line]]:
            kind = "officer" if officer else "citizen"
            contact = contacts.meet(tx, vault, name, address, instant, kind=kind)
            if officer:
                screens.seat(tx, contact, officer)
            lines, place = screens.lines(tx, vault, contact, name, Place())
            shown = [one for line in lines[-_HISTORY:] if (one := show(self.desk, line, address))]
            return contact, place, shown

        self.contact, self._place, lines = await self.desk.db.write(sit)
        self.address, self.officer = address, officer
        return {"entered": address.partition(":")[2], "lines": lines}

    # --- talking ---------------------------------------------------------------------------------

    async def say(self, request: dict[str, Any]) -> dict[str, Any]:
        """Say something and return the answers, once all that it brought about is done."""
        await self._accept(_event(request))
        return await self._answers()

    async def send(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a file (base64) and return the answers."""
        self._known()
        name = str(request.get("name", ""))[:200]
        try:
            content = base64.b64decode(str(request.get("content", "")), validate=True)
        except binascii.Error:
            raise Refusal("unknown") from None
        mime = mimetypes.guess_type(name)[0] or ""
        ref = await self.channel.stage(self.address, secrets.token_hex(8), content)
        kind = "photo" if mime.startswith("image/") else "file"
        await self._accept(Media(ref=ref, kind=kind, mime=mime, size=len(content), name=name))
        return await self._answers()

    async def look(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return what is new, waiting for it at most ``seconds``."""
        await self._still_there()
        seconds = min(30.0, float(request.get("seconds", 0)))
        seen = await look(self.desk, self.channel, [self.address], [self._place], seconds)
        return self._new(seen.lines, seen.places[0])

    async def words(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return what can be completed: the commands, and the numbers of open requests."""
        await self._still_there()
        sql = "SELECT number FROM request WHERE closed_at IS NULL ORDER BY id DESC LIMIT 500"
        rows = await self.desk.db.read(lambda tx: tx.all(sql)) if self.officer else []
        return {"commands": sorted(COMMANDS), "numbers": [row[0] for row in rows]}

    async def _still_there(self) -> None:
        """Refuse an officer who was suspended since they came in."""
        self._known()
        if self.officer:
            officer = await self.desk.db.read(lambda tx: officers.by_id(tx, self.officer))
            if officer is None or not officer.active:
                raise Refusal("not_in")

    def _known(self) -> None:
        if not self.address:
            raise Refusal("not_in")

    async def _accept(self, event: Text | Pressed | Media) -> None:
        self._known()
        key = f"{self.address}:{secrets.token_hex(8)}"
        await self.desk.accept([Envelope(self.channel.name, key, self.address, event)])

    async def _answers(self) -> dict[str, Any]:
        deadline = asyncio.get_running_loop().time() + _ANSWER_SECONDS
        while await self.desk.db.read(lambda tx: screens.busy(tx, self.contact)):
            if asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(_TICK)
        seen = await look(self.desk, self.channel, [self.address], [self._place], 0)
        return self._new(seen.lines, seen.places[0])

    def _new(self, lines: list[Line], place: Place) -> dict[str, Any]:
        """Give every line once, also when two looks cross."""
        new = [line for line in lines if "row" in line and line["row"] > self._place.told]
        self._place = Place(max(place.told, self._place.told), max(place.said, self._place.said))
        return {"lines": new}

    # --- the staff -------------------------------------------------------------------------------

    async def staff(self, request: dict[str, Any]) -> dict[str, Any]:
        """Invite, list or suspend officers; this machine's administrator may."""
        act, name = str(request.get("act")), str(request.get("name", ""))
        match act:
            case "invite":
                role = str(request.get("role", ""))
                if role not in self.desk.config.roles:
                    raise Refusal("no_role", role=role, roles=list(self.desk.config.roles))
                code = await self.desk.db.write(lambda tx: self._invite(tx, name, role))
                return {"code": code, "hours": officers.INVITE_HOURS}
            case "list":
                roster = await self.desk.db.read(officers.roster)
                return {"officers": [[one.name, one.role, one.state] for one in roster]}
            case "suspend":
                return await self._suspend(name)
        raise Refusal("unknown")

    async def snapshot(self, request: dict[str, Any]) -> dict[str, Any]:
        """Put a moment of the database beside it, for a backup; whoever asked removes it."""
        if not isinstance(self.desk.db, SqliteDatabase):
            raise StorageUnavailable("a snapshot is of a SQLite file")
        moment = await asyncio.to_thread(take_snapshot, self.desk.db.path)
        return {"snapshot": str(moment)}

    def _invite(self, tx: Tx, name: str, role: str) -> str:
        now = self.desk.now()
        audit.note(tx, to_ms(now), None, "staff.invite", role)
        return officers.invite(tx, self.desk.vault, name, role, now)

    async def _suspend(self, name: str) -> dict[str, Any]:
        def suspend(tx: Tx) -> officers.Officer | None:
            officer = officers.by_name(tx, name)
            if officer is not None:
                now = self.desk.now()
                officers.set_state(tx, officer.id, "suspended")
                links.withdraw(tx, officer.id, now)
                audit.note(tx, to_ms(now), None, "staff.suspend", str(officer.id))
            return officer

        officer = await self.desk.db.write(suspend)
        if officer is None:
            raise Refusal("nobody", name=name, names=[])
        return {"suspended": officer.name}


Deed = Callable[[Door, dict[str, Any]], Awaitable[dict[str, Any]]]
_DEEDS: dict[str, Deed] = {
    "enter": Door.enter,
    "sign_in": Door.sign_in,
    "prove": Door.prove,
    "say": Door.say,
    "send": Door.send,
    "look": Door.look,
    "words": Door.words,
    "staff": Door.staff,
    "broadcast": announce,
    "snapshot": Door.snapshot,
}


def _event(request: dict[str, Any]) -> Text | Pressed:
    choice = str(request.get("choice", ""))
    if choice:
        return Pressed(choice[:64])
    text = str(request.get("text", ""))
    if not text.strip():
        raise Refusal("empty")
    return Text(text.encode("utf-8", "replace").decode()[:10_000])
