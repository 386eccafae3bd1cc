"""A citizen's turn: load the session, advance it, do what it wants, save it."""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.turn import Turn
from bot.papers import documents, uploads, vcards
from bot.people import joining, proof
from bot.requests import casework, complaints
from bot.rights import wishes
from bot.words.display import mask_numbers
from flows.conversation import advance
from flows.effects import (
    Announcements,
    AnyEffect,
    CallOfficer,
    Complain,
    Detach,
    Discard,
    EndTalk,
    Erase,
    Fetch,
    FindHeld,
    FindStatus,
    JoinChat,
    MakeCode,
    PartChat,
    PassOn,
    Prove,
    Say,
    ShowData,
    Submit,
    UseCode,
)
from flows.events import AnyEvent, Detached, Envelope, Media, StatusFound, Text
from flows.messages import Message, Part
from flows.session import Session
from storage import broadcasts, contacts, conversations

_BUSY_KEY = "busy"


def take_citizen_turn(turn: Turn, contact: contacts.ContactRow, envelope: Envelope) -> None:
    """Take one event of a citizen, or one that the office has for a citizen."""
    tx, vault = turn.tx, turn.desk.vault
    if envelope.channel != "desk" and not turn.desk.limits.allow(contact.id, turn.now):
        _too_many(turn, contact)
        return
    if isinstance(envelope.event, Media) and envelope.event.kind == vcards.KIND:
        vcards.want(turn, contact.id, contact.channel, envelope.event)
        return
    stored = conversations.load(tx, vault, contact.id)
    names = (envelope.address, *envelope.aliases)
    early = isinstance(envelope.event, Text) and stored.was_early(turn.seq)
    citizen = _Citizen(turn, contact, stored, names)
    if not citizen.is_doubted(by_desk=envelope.channel == "desk"):
        citizen.take(envelope.event, early=early)
    citizen.answer()
    contact = citizen.contact
    conversations.save(tx, vault, contact.id, citizen.session, citizen.prompt_id, turn.instant)
    if citizen.session.language != contact.language:
        contacts.set_language(tx, contact.id, citizen.session.language)


def _too_many(turn: Turn, contact: contacts.ContactRow) -> None:
    """Say once a minute that it is too fast; what was sent meanwhile is not worked on."""
    minute = turn.now.strftime("%Y%m%d%H%M")
    message = Message([Part("conversation.busy")], language=contact.language)
    turn.say(contact.id, message, key=f"{_BUSY_KEY}:{contact.id}:{minute}")


class _Citizen:
    """One turn's work: what the machine wants is done, and may be an event for it again."""

    def __init__(
        self,
        turn: Turn,
        contact: contacts.ContactRow,
        stored: conversations.Stored,
        names: tuple[str, ...],
    ) -> None:
        self.turn = turn
        self.contact = contact
        self.session = stored.session
        self.prompt_id = stored.prompt_id
        self._stored = stored
        self._names = names
        self._said: list[Say] = []

    def is_doubted(self, *, by_desk: bool) -> bool:
        """Ask for a proof where somebody else may have this number by now.

        The word that brought it up is no answer to it: True says that it is not to be taken. What
        the office has for the person is, and is kept for them.
        """
        doubted = proof.doubt(self.turn, self.contact, self.session)
        if doubted is None:
            return False
        if doubted.way:
            self.take(doubted)
            if by_desk:
                # Nobody is asked out of the blue: only when there is news for them.
                self._said = []
            return not by_desk
        if by_desk:
            # Nothing was filed by which they could prove it: who is meant comes to the counter.
            return True
        self._detach("unknown")
        return False

    def _detach(self, why: str) -> None:
        self.contact = proof.detach(self.turn, self.contact, self._names, why)
        self.session = Session(language=self.session.language)
        self._stored = conversations.Stored(self.session)
        self.prompt_id = None
        self._said = []

    def take(self, event: AnyEvent, *, early: bool = False) -> None:
        """Advance the machine, and again with what its effects brought about."""
        office = self.turn.desk.office
        self.session, effects = advance(
            office, self.session, event, self.turn.now, early=early, upload=self._upload()
        )
        for followed in self._follow(effects):
            self.take(followed)

    def _upload(self) -> str:
        """Where this person sends files, if their channel takes none."""
        desk = self.turn.desk
        channel = desk.channels.get(self.contact.channel)
        carried = channel is None or channel.takes_media
        return "" if carried else uploads.link(desk, self.contact.id)

    def answer(self) -> None:
        """Put all that was said into the outbox as one message."""
        if not self._said:
            return
        message = Message(
            [part for said in self._said for part in said.parts],
            buttons=next((said.buttons for said in reversed(self._said) if said.prompt), []),
            attachments=[item for said in self._said for item in said.attachments],
            language=self.session.language,
            template=next((said.template for said in self._said if said.template), ""),
        )
        asked = [said for said in self._said if said.prompt]
        replaceable = bool(asked) and not any(said.lasting for said in self._said)
        settle = self._said[-1].settle
        row = self.turn.reply(self.contact, message, prompt=replaceable, settle=settle)
        if asked and not (all(said.stands for said in asked) and self._goes_out(replaceable)):
            self.prompt_id = row

    def _goes_out(self, replaceable: bool) -> bool:
        """Does the last prompt reach the person before what is said now?

        It did before this turn, or waits in their line and is not replaced: whoever answers it
        must not wait for its repetition.
        """
        if self.prompt_id is None:
            return False
        return not (replaceable and self._stored.was_early(self.turn.seq))

    def _follow(self, effects: list[AnyEffect]) -> Iterator[AnyEvent]:
        for effect in effects:
            first = proof.wanted(self.turn, self.contact, self.session, effect)
            if first is not None:
                yield first
                continue
            match effect:
                case Say():
                    self._said.append(effect)
                case Submit():
                    yield casework.file_request(self.turn, self.contact.id, effect)
                case FindStatus(number):
                    citizen = self.contact.citizen_id or 0
                    found = casework.requests_of(self.turn, citizen, number)
                    said = complaints.status_of(self.turn, citizen, number)
                    yield StatusFound(found, number, complaints=said)
                case Complain():
                    yield complaints.take(self.turn, self.contact, effect)
                case ShowData() | FindHeld() | Erase():
                    yield self._of_rights(effect)
                case MakeCode() | UseCode() | JoinChat() | PartChat() | Prove() | Detach():
                    yield self._of_person(effect)
                case Fetch() | Discard() | Announcements():
                    self._do(effect)
                case CallOfficer() | PassOn() | EndTalk():
                    self._to_staff(effect)

    def _of_rights(self, effect: ShowData | FindHeld | Erase) -> AnyEvent:
        """Do what the law gives every person."""
        match effect:
            case ShowData():
                return wishes.show_data(self.turn, self.contact)
            case FindHeld():
                return wishes.find_held(self.turn, self.contact)
            case Erase():
                return wishes.erase(self.turn, self.contact)

    def _of_person(
        self, effect: MakeCode | UseCode | JoinChat | PartChat | Prove | Detach
    ) -> AnyEvent:
        """Do what is about whose chat this is."""
        turn, contact = self.turn, self.contact
        match effect:
            case MakeCode():
                return joining.make_code(turn, contact)
            case UseCode(code):
                return joining.use_code(turn, contact, code)
            case JoinChat(other):
                return joining.join(turn, contact, other)
            case PartChat():
                return joining.part(turn, contact)
            case Prove():
                proved = proof.prove(turn, contact, effect)
                self.contact = contacts.load(turn.tx, contact.id)
                return proved
            case Detach(why):
                self._detach(why)
                return Detached(why)

    def _do(self, effect: Fetch | Discard | Announcements) -> None:
        match effect:
            case Fetch():
                documents.want(self.turn, self.contact, effect, self.session)
            case Discard(ids):
                documents.discard(self.turn, ids)
            case Announcements(wanted):
                broadcasts.want(self.turn.tx, self.contact.id, wanted)

    def _to_staff(self, effect: CallOfficer | PassOn | EndTalk) -> None:
        """Tell the officers; a photo is named, and stays with the platform until asked for."""
        args: dict[str, object] = {
            "contact": self.contact.id,
            "name": self.session.answers.get("name", ""),
            "service": self.session.service,
            "channel": self.contact.channel,
        }
        match effect:
            case CallOfficer(reason, text):
                part = Part(
                    "commands/talks/called", args | {"reason": reason, "text": mask_numbers(text)}
                )
            case PassOn(text, media):
                part = Part(
                    "commands/talks/passed",
                    args | {"text": mask_numbers(text), "media": bool(media)},
                )
            case EndTalk():
                conversations.set_talking(self.turn.tx, self.contact.id, None)
                part = Part("commands/talks/ended", args)
        for contact_id in self.turn.staff():
            self.turn.say(contact_id, Message([part]))
