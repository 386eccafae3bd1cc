"""Announcements: who gets them, who agrees, what they cost, and that nothing waits behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from bot.channels.protocol import Receipt, Rendered
from bot.engine.turn import Turn
from flows.broadcast import Audience, Choices, Misread, Price, ends, read, share
from flows.calendar import Calendar
from flows.events import Text
from flows.messages import Message, Part
from storage import broadcasts, contacts
from storage.database import Tx
from storage.instant import to_ms
from tests.office import Clock, Kept, TestOffice, configured, office

HEAD, OTHER = "9001", "9002"
CHOICES = Choices(
    village={"2008": ["Toar"], "2007": ["Gunung"], "2004": ["Seberang Gunung"]},
    service={"kk": ["Kartu Keluarga"], "ktp": ["KTP"]},
    language={"id": ["Bahasa Indonesia"], "en": ["English"]},
    program={"sipaten-guwa": ["SIPATEN GUWA"], "ajak": ["AJAK"]},
)


async def meet(
    place: TestOffice, addresses: list[str], channel: str = "telegram", **about: Any
) -> list[int]:
    """Let citizens be known, heard from just now."""

    def add(tx: Tx) -> list[int]:
        now = to_ms(place.desk.now())
        found = []
        for address in addresses:
            one = contacts.meet(tx, place.desk.vault, channel, address, now)
            contacts.heard(tx, contacts.load(tx, one), now)
            for field, value in about.items():
                tx.run(f"UPDATE contact SET {field} = ? WHERE id = ?", value, one)
            found.append(one)
        return found

    return await place.desk.db.write(add)


@asynccontextmanager
async def staffed(folder: Path, **changes: Any) -> AsyncIterator[TestOffice]:
    """An office with two officers who may announce."""
    async with office(folder, **changes) as place:
        await place.hire("Hani", "head", HEAD)
        await place.hire("Budi", "head", OTHER)
        yield place


async def ask(place: TestOffice, who: str, text: str) -> str:
    await place.event(who, Text(text))
    return place.last(who).text


def announced(place: TestOffice, address: str) -> list[str]:
    return [one.text for one in place.heard(address) if "Pengumuman" in one.text]


# --- the order -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "audience", "text"),
    [
        ("semua: Besok tutup", Audience(), "Besok tutup"),
        ("desa toar: Halo: ini", Audience(village="2008"), "Halo: ini"),
        ("desa seberang layanan kartu keluarga: x", Audience("2004", "kk"), "x"),
        ("layanan KTP bahasa id: x", Audience("", "ktp", "id"), "x"),
        ("village 2007: x\ny", Audience("2007"), "x\ny"),
        ("program sipaten-guwa: x", Audience(program="sipaten-guwa"), "x"),
        ("program Sipaten Guwa desa toar: x", Audience("2008", program="sipaten-guwa"), "x"),
    ],
)
def test_an_order_says_for_whom_and_what(order: str, audience: Audience, text: str) -> None:
    assert read(order, CHOICES) == (audience, text)


@pytest.mark.parametrize(
    ("order", "why"),
    [
        ("Besok tutup", "unclear"),
        ("Besok kantor tutup: libur", "unclear"),
        (": x", "unclear"),
        ("semua:  ", "no_words"),
        ("semua: " + "x" * 901, "too_long"),
        ("desa Mekar: x", "village"),
        ("layanan kapal: x", "service"),
        ("bahasa jerman: x", "language"),
        ("program bazar: x", "program"),
        ("program: x", "program"),
    ],
)
def test_what_cannot_be_understood_is_named(order: str, why: str) -> None:
    with pytest.raises(Misread) as misread:
        read(order, CHOICES)
    assert misread.value.why == why


def test_time_and_cost_are_those_of_the_channel() -> None:
    one = share("sms", [2, 2, 1], 0, 1.0, Price(900))
    assert (one.people, one.pieces, one.seconds, one.cost) == (3, 5, 5.0, 4500)
    assert share("whatsapp", [1, 1, 1], 1, 80.0, Price(80, 750)).cost == 910


def test_the_end_skips_quiet_hours() -> None:
    calendar = Calendar()
    evening = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)  # 19.30 at the office
    assert ends(calendar, evening, 600).astimezone(UTC) == evening + timedelta(minutes=10)
    assert f"{ends(calendar, evening, 3600):%d %H.%M}" == "24 07.30"


# --- the whole way -------------------------------------------------------------------------------


async def test_it_is_shown_exactly_then_sent_once_to_each(tmp_path: Path) -> None:
    async with staffed(tmp_path) as place:
        await meet(place, ["1", "2"])
        await meet(place, ["3"], language="en")
        preview = await ask(place, HEAD, "/siaran semua: Besok <b>kantor</b> tutup.")
        assert "3 orang" in preview
        assert not announced(place, "1")
        await ask(place, HEAD, "/siaran kirim 1")
        (sent,) = announced(place, "1")
        assert sent in preview
        assert "Besok <b>kantor</b> tutup." in sent
        assert "Announcement" in place.last("3").text
        assert "selesai" in place.last(HEAD).text
        assert "tidak dapat dilakukan" in await ask(place, HEAD, "/siaran kirim 1")
        assert len(announced(place, "2")) == 1


async def test_many_need_a_second_officer(tmp_path: Path) -> None:
    settings = configured(tmp_path).broadcast
    few = structs.replace(settings, confirm_above=2)
    async with staffed(tmp_path, broadcast=few) as place:
        await meet(place, ["1", "2", "3"])
        await ask(place, HEAD, "/siaran semua: Halo.")
        assert "persetujuan" in await ask(place, HEAD, "/siaran kirim 1")
        assert "rekan harus menyetujui" in await ask(place, HEAD, "/siaran kirim 1")
        assert not announced(place, "1")
        await ask(place, OTHER, "/siaran kirim 1")
        assert announced(place, "1")


async def test_it_is_for_a_village_a_service_a_program_or_a_language(tmp_path: Path) -> None:
    async with staffed(tmp_path) as place:
        one, two, _ = await meet(place, ["1", "2", "3"])

        def file(tx: Tx) -> None:
            for number, (contact, village, service, program) in enumerate(
                [
                    (one, "2008", "kk", "sipaten-guwa"),
                    (two, "2007", "kk", "ajak"),
                    (two, "2008", "domisili", ""),
                ]
            ):
                tx.run(
                    "INSERT INTO request (number, code, contact_id, citizen_id, service, digest,"
                    " stage, role, status, sequence, version, name, village, nik, returned,"
                    " asked_by, late, reminders, letter, made, program) VALUES (?, ?, ?,"
                    " (SELECT citizen_id FROM contact WHERE id = ?), ?, '', '', '', 'done', 1, 1,"
                    " '', ?, '', '', '', 0, 0, 0, 0, ?)",
                    str(number),
                    str(number),
                    contact,
                    contact,
                    service,
                    village,
                    program,
                )

        await place.desk.db.write(file)
        assert "2 orang" in await ask(place, HEAD, "/siaran desa Toar: x")
        assert "2 orang" in await ask(place, HEAD, "/siaran layanan kk: x")
        assert "1 orang" in await ask(place, HEAD, "/siaran desa Toar layanan kk: x")
        assert "Tidak ada warga" in await ask(place, HEAD, "/siaran bahasa en: x")
        await ask(place, HEAD, "/siaran kirim 3")
        assert announced(place, "1")
        assert not announced(place, "2")
        preview = await ask(place, HEAD, "/siaran program sipaten guwa: x")
        assert "Untuk: program SIPATEN GUWA – 1 orang" in preview
        assert "Tidak ada warga" in await ask(place, HEAD, "/siaran program ajak desa toar: x")
        refused = await ask(place, HEAD, "/siaran program bazar: x")
        assert "1 orang" not in refused
        assert "program SIPATEN GUWA" in await ask(place, HEAD, "/siaran")


async def test_stop_and_mulai(tmp_path: Path) -> None:
    async with staffed(tmp_path) as place:
        await place.event("1", Text("halo"))
        await place.event("1", Text("STOP"))
        assert "tidak kami kirimi pengumuman" in place.last("1").text
        assert "Tidak ada warga" in await ask(place, HEAD, "/siaran semua: x")
        await place.event("1", Text("status"))
        assert "permohonan" in place.last("1").text
        await place.event("1", Text("mulai"))
        assert "pengumuman kami lagi" in place.last("1").text
        await place.event("1", Text("mulai"))
        assert "pengumuman" not in place.last("1").text
        await ask(place, HEAD, "/siaran semua: x")
        await ask(place, HEAD, "/siaran kirim")
        assert len(announced(place, "1")) == 1


async def test_whatsapp_outside_its_window_is_listed_or_costs_a_template(tmp_path: Path) -> None:
    async with staffed(tmp_path) as place:
        whatsapp = Kept("whatsapp")
        whatsapp.window_hours = 24.0
        place.desk.channels["whatsapp"] = whatsapp
        (old,) = await meet(place, ["+62811"], "whatsapp", heard_at=1)
        await meet(place, ["+62812"], "whatsapp")
        await meet(place, ["+62813"], "sms")
        preview = await ask(place, HEAD, "/siaran semua: x")
        assert "24 jam" in preview
        assert f"1 orang (P{old})" in preview
        assert "salurannya" in preview
        twilio = place.desk.config.twilio
        approved = structs.replace(twilio.templates["announcement"], content_sid="HX1")
        templates = {**twilio.templates, "announcement": approved}
        place.desk.config = structs.replace(
            place.desk.config, twilio=structs.replace(twilio, templates=templates)
        )
        assert "Rp830" in (await ask(place, HEAD, "/siaran 1")).replace(" ", "").replace("\xa0", "")
        await ask(place, HEAD, "/siaran kirim 1")
        (outside,) = whatsapp.sent["+62811"]
        assert (outside.template, outside.variables) == ("announcement", {"1": "x"})
        assert whatsapp.sent["+62812"][0].template == ""


class Slow(Kept):
    """A platform that takes ten messages a second."""

    rate = 10.0

    async def send(self, address: str, message: Rendered) -> Receipt:
        self.order.append(address)
        return await super().send(address, message)

    def __init__(self, name: str = "telegram") -> None:
        super().__init__(name)
        self.order: list[str] = []


async def running(place: TestOffice, people: int) -> Slow:
    """Let an announcement go out on a slow platform."""
    await meet(place, [f"c{number}" for number in range(people)])
    await ask(place, HEAD, "/siaran semua: x")
    slow = Slow()
    place.desk.channels["telegram"] = place.channel = slow
    place.desk.sender.chats.forget()
    await place.desk.db.write(_start(place))
    while len(slow.order) < 3:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    return slow


def _start(place: TestOffice) -> Any:
    from bot.announcements import drafts as broadcasting

    def start(tx: Tx) -> None:
        one = broadcasts.load(tx, 1)
        assert one is not None
        broadcasting.send(Turn(place.desk, tx, place.desk.now()), one, 1)

    return start


async def test_an_answer_is_never_behind_a_broadcast(tmp_path: Path) -> None:
    async with staffed(tmp_path) as place:
        slow = await running(place, 30)
        (known,) = await meet(place, ["c29"])
        before = len(slow.order)

        def reply(tx: Tx) -> None:
            Turn(place.desk, tx, place.desk.now()).say(known, Message([Part("conversation.busy")]))

        await place.desk.db.write(reply)
        while "c29" not in slow.order:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        assert slow.order.index("c29") - before <= 1
        await place.desk.sender.idle()
        assert sorted(set(slow.order)) == sorted([*(f"c{n}" for n in range(30)), HEAD])


async def test_held_resumed_called_off_and_a_restart(tmp_path: Path) -> None:
    async with staffed(tmp_path) as place:
        slow = await running(place, 12)
        await place.desk.db.write(lambda tx: broadcasts.change(tx, 1, ("running",), "paused"))
        await place.desk.sender.idle()
        held = len(slow.order)
        assert held < 8
        assert "▓" in await ask(place, HEAD, "/siaran 1")
        assert "berhenti sebentar" in await ask(place, HEAD, "/siaran")
        await ask(place, HEAD, "/siaran lanjut 1")
        await place.desk.sender.idle()
        assert len([one for one in slow.order if one != HEAD]) == 12
    async with office(tmp_path, clock=place.clock) as again:
        await again.settle()
        assert not again.channel.sent
        again.counter = place.counter
        await meet(again, ["n1", "n2"])
        await ask(again, HEAD, "/siaran semua: y")
        assert "dibatalkan" in await ask(again, HEAD, "/siaran batal 2")


async def test_it_goes_on_after_a_stop(tmp_path: Path) -> None:
    async with staffed(tmp_path) as place:
        slow = await running(place, 20)
    first = {one for one in slow.order if one != HEAD}
    assert len(first) < 20
    async with office(tmp_path, clock=place.clock) as again:
        await again.settle()
        second = {one for one, sent in again.channel.sent.items() if sent and one != HEAD}
    assert first | second == {f"c{number}" for number in range(20)}
    assert not first & second


async def test_nobody_is_written_to_in_quiet_hours(tmp_path: Path) -> None:
    night = Clock(datetime(2026, 11, 23, 14, 0, tzinfo=UTC))
    async with staffed(tmp_path, clock=night) as place:
        await meet(place, ["1"])
        await ask(place, HEAD, "/siaran semua: x")
        await ask(place, HEAD, "/siaran kirim 1")
        assert not announced(place, "1")
        await place.move(timedelta(hours=11))
        assert len(announced(place, "1")) == 1


async def test_one_person_with_two_chats_gets_it_once(tmp_path: Path) -> None:
    async with staffed(tmp_path) as place:
        one, two = await meet(place, ["1", "2"])
        await place.desk.db.write(
            lambda tx: tx.run(
                "UPDATE contact SET citizen_id = (SELECT citizen_id FROM contact WHERE id = ?)"
                " WHERE id = ?",
                one,
                two,
            )
        )
        assert "1 orang" in await ask(place, HEAD, "/siaran semua: x")
        await place.event("2", Text("stop"))
        assert "Tidak ada warga" in await ask(place, HEAD, "/siaran semua: x")


async def test_who_may_not_announce_is_told(tmp_path: Path) -> None:
    async with staffed(tmp_path) as place:
        await place.hire("Cici", "counter", "9003")
        assert "#" not in await ask(place, "9003", "/siaran semua: x")
