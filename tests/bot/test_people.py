"""Whoever has not proved whose chat it is sees nothing personal, whatever they do in any order."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.protocol import Fault, Rendered, SendError
from bot.engine.turn import Turn
from bot.requests import casework
from flows import steps
from flows.effects import Submit
from flows.events import (
    AnyEvent,
    Edited,
    Envelope,
    Filed,
    Media,
    Pressed,
    Started,
    Text,
    Told,
    Unblocked,
)
from flows.steps import Actor
from storage import contacts, history, requests
from tests.office import Kept, TestOffice, office

NUMBER, MINE, THEIRS = "whatsapp:+62811", "whatsapp:ID.1", "whatsapp:ID.2"
STRANGER, OWN = "9001", "9002"
ANSWERS = {
    "name": "Rahasia Namanya",
    "nik": "1409076311980009",
    "birth_place": "Toar",
    "birth_date": "1998-11-23",
    "village": "2008",
    "address": "Dusun Tersembunyi",
    "since": "2010",
    "purpose": "urusan pribadi",
}
SECRETS = (
    "Rahasia",
    "1409076311980009",
    "Tersembunyi",
    "urusan pribadi",
    "DOM-26-0001",
    "pesan khusus",
    "alasan khusus",
    "/lacak/",
)
RINA = Actor(1, "Rina", "counter")
WORDS = [
    "status",
    "status 0001",
    "hapus data",
    "ya",
    "1",
    "2",
    "lanjut",
    "ubah",
    "batal",
    "kembali",
    "menu",
    "petugas",
    "pisahkan",
    "hubungkan",
    "hubungkan 12345678",
    "hubungkan k7qm24xw8p",
    "0009",
    "0001",
    "24 november 1998",
    "23-11-1989",
    "1409076311980001",
    "000000",
    "stop",
    "mulai",
    "surat domisili",
    "bahasa inggris",
    "saran lampu kantor mati terus setiap hari kerja",
]
THINGS: dict[str, AnyEvent] = {
    "<back>": Unblocked(),
    "<card>": Media("ref", "card", "text/vcard"),
    "<photo>": Media("ref"),
    "<edit>": Edited("status"),
    "<start>": Started("layanan-domisili"),
}
STEPS = st.one_of(
    st.sampled_from(WORDS),
    st.integers(0, 3).map(lambda place: f"[{place}]"),
    st.sampled_from(
        [
            "<reply>",
            "<return>",
            "<clock>",
            "<spoof>",
            "<stranger>",
            "<back>",
            "<card>",
            "<photo>",
            "<edit>",
            "<start>",
        ]
    ),
)


class Scene:
    """A request of a WhatsApp number, which then is somebody else's."""

    def __init__(self, at: TestOffice) -> None:
        self.at = at
        self.whatsapp = Kept("whatsapp")
        self.sms = Kept("sms")
        self.sms.takes_media = False
        at.desk.channels |= {"whatsapp": self.whatsapp, "sms": self.sms}
        self._count = 0

    async def say(self, event: AnyEvent, names: tuple[str, ...], channel: str = "whatsapp") -> None:
        self._count += 1
        envelope = Envelope(channel, f"k{self._count}", names[0], event, aliases=names[1:])
        await self.at.desk.accept([envelope])
        await self.at.settle()

    async def begin(self) -> int:
        desk = self.at.desk
        await self.say(Text("halo"), (NUMBER, MINE))

        def file(turn: Turn) -> int:
            contact = contacts.find(turn.tx, desk.vault, "whatsapp", NUMBER)
            assert contact is not None
            submit = Submit("domisili", "", ANSWERS, {"consent": "x"}, {}, 0)
            filed = casework.file_request(turn, contact, submit)
            assert isinstance(filed, Filed)
            return filed.request

        return await self.turn(file)

    async def turn(self, work: object) -> int:
        desk = self.at.desk
        found: int = await desk.db.write(lambda tx: work(Turn(desk, tx, desk.now())))  # type: ignore[operator]
        await self.at.settle()
        return found

    async def do(self, step: str, names: tuple[str, ...], request: int) -> None:
        if step == "<reply>":
            told = Told("conversation.told.reply", {"officer": "Rina", "text": "pesan khusus"})
            self._count += 1
            key = f"t{self._count}"
            await self.turn(lambda turn: turn.tell(request, told, key))
        elif step == "<return>":
            row = await self.at.desk.db.read(lambda tx: requests.load(tx, request))
            assert row is not None
            if row.state.status == "open":
                back = steps.Return(("address",), "alasan khusus")
                await self.turn(lambda turn: len(casework.act(turn, request, back, RINA)))
        elif step == "<clock>":
            await self.at.move(timedelta(hours=30))
        elif step == "<spoof>":
            await self.say(Text("status"), ("+62811",), "sms")
        elif step == "<stranger>":
            await self.say(Text("status DOM0001"), (STRANGER,), "telegram")
        elif step in THINGS:
            await self.say(THINGS[step], names)
        elif step.startswith("["):
            sent = self.whatsapp.sent[names[0]]
            buttons = sent[-1].buttons if sent else []
            place = int(step[1:-1])
            if place < len(buttons):
                await self.say(Pressed(buttons[place][0]), names)
        else:
            await self.say(Text(step), names)

    def heard(self) -> list[Rendered]:
        """Return what everybody was sent, but for whoever still has the id of the person."""
        sent = (self.whatsapp.sent, self.sms.sent, self.at.channel.sent)
        chats = [messages for each in sent for name, messages in each.items() if name != MINE]
        return [message for messages in chats for message in messages]


async def _nothing_is_seen(walk: list[str], *, changed: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with office(Path(folder)) as at:
            scene = Scene(at)
            request = await scene.begin()
            names: tuple[str, ...] = (NUMBER, THEIRS) if changed else (NUMBER, MINE)
            if not changed:
                at.clock.pass_time(timedelta(days=200))
            before = len(scene.heard())
            if changed:
                await scene.say(Text("halo"), names)
            for step in walk:
                await scene.do(step, names, request)
            for message in scene.heard()[before:]:
                shown = f"{message.text} {message.buttons} {message.variables}"
                for secret in SECRETS:
                    assert secret not in shown, (walk, shown)
            failed = await at.desk.db.read(
                lambda tx: tx.all("SELECT error FROM inbox WHERE state = 2 OR error <> ''")
            )
            assert failed == [], walk


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, min_size=1, max_size=14), st.booleans())
def test_who_has_not_proved_it_sees_nothing_of_the_request(walk: list[str], changed: bool) -> None:
    asyncio.run(_nothing_is_seen(walk, changed=changed))


async def test_the_birth_date_opens_it_again_and_what_was_held_is_said(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        scene = Scene(at)
        request = await scene.begin()
        await scene.do("<return>", (NUMBER,), request)
        names = (NUMBER, THEIRS)
        await scene.say(Text("halo"), names)
        await scene.do("<reply>", names, request)
        assert not any("pesan khusus" in m.text for m in scene.whatsapp.sent[NUMBER])
        await scene.say(Text("23 november 1998"), names)
        said = scene.whatsapp.sent[NUMBER][-1].text
        assert "pesan khusus" in said
        await scene.say(Text("status"), names)
        assert "DOM-26-0001" in scene.whatsapp.sent[NUMBER][-1].text


async def test_guessing_codes_is_stopped_and_a_good_one_then_too(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        scene = Scene(at)
        await scene.begin()
        await scene.say(Text("hubungkan"), (NUMBER, MINE))
        text = scene.whatsapp.sent[NUMBER][-1].text
        code = "".join(filter(str.isdigit, text.splitlines()[0]))
        for guess in range(5):
            await at.event(STRANGER, Text(f"hubungkan 1000000{guess}"))
        await at.event(STRANGER, Text(f"hubungkan {code}"))
        assert "satu jam" in at.last(STRANGER).text
        await at.event(OWN, Text(f"hubungkan {code}"))
        await at.event(OWN, Text("ya"))
        assert "DOM-26-0001" in at.last(OWN).text


async def test_nobody_is_told_where_no_chat_is_left_and_the_card_says_so(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        scene = Scene(at)
        request = await scene.begin()
        names = (NUMBER, MINE)
        at.clock.pass_time(timedelta(days=200))
        await scene.say(Text("halo"), names)
        await scene.say(Text("surat keterangan apa saja"), names)
        await scene.say(Pressed(scene.whatsapp.sent[NUMBER][-1].buttons[0][0]), names)
        before = len(scene.heard())
        await scene.do("<reply>", names, request)
        await scene.do("<return>", names, request)
        assert len(scene.heard()) == before
        card = await at.desk.db.read(
            lambda tx: casework.card(Turn(at.desk, tx, at.desk.now()), request)
        )
        assert card["telephone"]["state"] == "nobody"
        kinds = await at.desk.db.read(lambda tx: [one.kind for one in history.entries(tx, request)])
        assert "returned" in kinds


async def test_what_a_blocked_chat_did_not_get_is_said_in_the_other_one(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        scene = Scene(at)
        request = await scene.begin()
        await at.event(OWN, Text("hubungkan"))
        code = "".join(filter(str.isdigit, at.last(OWN).text.splitlines()[0]))
        await scene.say(Text(f"hubungkan {code}"), (NUMBER, MINE))
        at.clock.pass_time(timedelta(minutes=1))
        await scene.say(Text("ya"), (NUMBER, MINE))
        # Written to where they were heard from last, and refused there for good.
        refused = SendError(Fault.RECIPIENT, "blocked", state="blocked")
        scene.whatsapp.faults.append(refused)
        await scene.do("<reply>", (NUMBER, MINE), request)
        assert "pesan khusus" in at.last(OWN).text
        alarms = await at.desk.db.read(
            lambda tx: tx.all("SELECT key FROM outbox WHERE key LIKE 'alarm:unsent%'")
        )
        assert alarms == []
        await scene.do("<return>", (NUMBER, MINE), request)
        assert "alasan khusus" in at.last(OWN).text


async def test_what_a_blocked_chat_was_asked_for_is_asked_in_the_other_one(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        scene = Scene(at)
        request = await scene.begin()
        await at.event(OWN, Text("hubungkan"))
        code = "".join(filter(str.isdigit, at.last(OWN).text.splitlines()[0]))
        at.clock.pass_time(timedelta(minutes=1))
        await scene.say(Text(f"hubungkan {code}"), (NUMBER, MINE))
        await scene.say(Text("ya"), (NUMBER, MINE))
        scene.whatsapp.faults.append(SendError(Fault.RECIPIENT, "blocked", state="blocked"))
        await scene.do("<return>", (NUMBER, MINE), request)
        assert "alasan khusus" in at.last(OWN).text
        await at.event(OWN, Text("Dusun I, RT 01 RW 02"))
        await at.event(OWN, Pressed(at.last(OWN).buttons[0][0]))
        row = await at.desk.db.read(lambda tx: requests.load(tx, request))
        assert row is not None
        assert row.state.status == "open"


async def test_a_sign_of_life_without_a_word_does_not_end_the_silence(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        scene = Scene(at)
        await scene.begin()
        at.clock.pass_time(timedelta(days=200))
        before = len(scene.heard())
        await scene.say(Unblocked(), (NUMBER, MINE))
        at.clock.pass_time(timedelta(minutes=5))
        await scene.say(Text("status"), (NUMBER, MINE))
        said = " ".join(message.text for message in scene.heard()[before:])
        assert "tanggal lahir" in said
        assert "DOM-26-0001" not in said
