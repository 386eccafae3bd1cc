"""Platforms fail in every way they do: all arrives afterwards, in order; officers are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.engine.turn import Turn
from bot.requests.cards import card
from flows.effects import Submit
from flows.events import Filed
from flows.messages import Message, Part
from storage.database import Tx
from tests.bot.commands.hall import DOMISILI
from tests.faults.desk import Faulty, at_work, rest

CHATS = ["101", "102", "103"]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Faulty]:
    async with at_work(tmp_path) as made:
        yield made


async def test_a_platform_that_is_down_gets_everything_when_it_is_back(place: Faulty) -> None:
    port = int(place.telegram.url.rpartition(":")[2])
    await place.telegram.stop()
    await place.say(CHATS, 3)
    await rest(0.6)
    assert not place.desk.sender.gate("telegram").is_open
    tries = await place.count("SELECT SUM(tries) FROM outbox")
    assert tries < 20
    await place.telegram.start(port)
    await place.arrived(CHATS, 3)
    assert place.desk.sender.gate("telegram").is_open


async def test_officers_are_told_once_that_a_platform_stays_away(place: Faulty) -> None:
    port = int(place.telegram.url.rpartition(":")[2])
    await place.telegram.stop()
    await place.say(CHATS, 1)
    await place.wait(lambda: any("tidak dapat dihubungi" in text for text in place.alarms()))
    await rest(0.8)
    assert len(place.alarms()) == 1
    await place.telegram.start(port)
    await place.arrived(CHATS, 1)


async def test_a_slow_platform_keeps_the_order(place: Faulty) -> None:
    place.telegram.refuse(slow=0.7, to="101", times=2)
    place.telegram.refuse(slow=0.4, to="102", times=1)
    await place.say(CHATS, 3)
    await place.wait(lambda: place.numbers("103") == [0, 1, 2], 0.6)
    await place.arrived(CHATS, 3)


async def test_done_and_dropped_is_repeated_at_most_once(place: Faulty) -> None:
    place.telegram.refuse(done=True, drop=True, to="101", times=1)
    await place.say(CHATS, 3)
    await place.wait(lambda: place.numbers("101")[-1:] == [2])
    assert place.numbers("101") == [0, 0, 1, 2]
    await place.arrived(["102", "103"], 3)


async def test_dropped_for_ever_is_left_to_a_person(place: Faulty) -> None:
    place.telegram.refuse(done=True, drop=True, to="101", times=2)
    await place.say(["101"], 2)
    await place.wait(lambda: place.numbers("101")[-1:] == [1])
    assert place.numbers("101") == [0, 0, 1]
    await place.wait(lambda: len(place.alarms()) == 1)
    assert "tidak pasti sampai" in place.alarms()[0]


async def test_a_storm_of_429_is_waited_out(place: Faulty) -> None:
    place.telegram.refuse(
        status=429,
        body={"ok": False, "error_code": 429, "parameters": {"retry_after": 1}},
        method="sendMessage",
        times=5,
    )
    await place.say(CHATS, 3)
    await place.arrived(CHATS, 3)
    assert place.telegram.calls["sendMessage"] <= 9 + 5
    assert not place.alarms()


async def test_wrong_credentials_stop_all_and_are_told_once(place: Faulty) -> None:
    right, place.telegram.token = place.telegram.token, "100:another"
    await place.say(CHATS, 3)
    await place.wait(lambda: bool(place.alarms()))
    await rest(0.8)
    assert len(place.alarms()) == 1
    assert "menolak akun kantor" in place.alarms()[0]
    assert await place.count("SELECT SUM(tries) FROM outbox WHERE channel = 'telegram'") < 12
    place.telegram.token = right
    await place.arrived(CHATS, 3)


async def test_a_suspended_number_stops_whatsapp_alone(place: Faulty) -> None:
    numbers = ["+62811", "+62812"]
    place.twilio.refuse(status=400, body={"code": 63007}, method="Messages", times=3)
    await place.say(numbers, 2, "whatsapp")
    await place.say(["101"], 2)
    await place.arrived(["101"], 2, 1.0)
    await place.arrived(numbers, 2)
    assert len([text for text in place.alarms() if "whatsapp" in text]) == 1


async def test_whatsapp_down_and_429(place: Faulty) -> None:
    numbers = ["+62811", "+62812"]
    place.twilio.refuse(status=503, method="Messages", times=2)
    place.twilio.refuse(
        status=429, body={"code": 20429}, headers={"Retry-After": "1"}, method="Messages", times=2
    )
    await place.say(numbers, 3, "whatsapp")
    await place.arrived(numbers, 3)


async def test_a_blocked_desk_is_on_the_card_with_telephone(place: Faulty) -> None:
    await place.say(["101"], 1)
    await place.arrived(["101"], 1)
    number = await place.desk.db.write(lambda tx: _request(place, tx))
    body = {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}
    place.telegram.refuse(status=403, body=body, to="101", times=9)
    await place.say(["101"], 3)
    await place.say(["102"], 2)
    await place.arrived(["102"], 2)
    await place.wait(lambda: len([t for t in place.alarms() if "memblokir" in t]) == 1)
    assert number[1] in place.alarms()[0]
    assert place.numbers("101") == [0]
    shown = await place.desk.db.write(lambda tx: _shown(place, tx, number[0]))
    assert "Telepon warga" in shown
    assert "memblokir" in shown
    await place.settled()


def _request(place: Faulty, tx: Tx) -> tuple[int, str]:
    from bot.requests.casework import file_request

    turn = Turn(place.desk, tx, place.desk.now())
    row = tx.one("SELECT id FROM contact WHERE kind = 'citizen' AND channel = 'telegram'")
    assert row is not None
    digest = place.desk.office.current["domisili"]
    filed = file_request(turn, row[0], Submit("domisili", digest, DOMISILI, {}, {}))
    assert isinstance(filed, Filed)
    return filed.request, filed.number


def _shown(place: Faulty, tx: Tx, request_id: int) -> str:
    found = card(Turn(place.desk, tx, place.desk.now()), request_id)
    message = Message([Part("commands/card", {"card": found})])
    return place.desk.wording.render(message).text
