"""Two offices in one process: whoever tries to get from one into the other finds a wall."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
import structlog

from bot.engine.turn import Turn
from bot.papers.uploads import code_of
from bot.requests import casework
from flows.effects import Submit
from flows.events import Filed
from flows.steps import Accept, Actor, Claim
from storage import contacts, links
from storage.database import Tx
from storage.instant import to_ms
from storage.vault import Unreadable
from tests.bot.test_casework import ANSWERS
from tests.offices.regency import HEADER, Regency, regency
from tests.standins import gateway, twilio

log = structlog.get_logger()
SITI, RINA, SARI = 777, 888, 999
_CHATS = itertools.count(5000)
HEAD = Actor(4, "Kepala", "head", frozenset({"assign", "any_stage"}))


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Regency]:
    """One regency for all of these: what one of them did before changes nothing for the next."""
    async with regency(tmp_path_factory.mktemp("regency")) as open_now:
        yield open_now


async def filed(town: Regency, name: str, accepted: int = 0) -> Filed:
    """File somebody's request at an office and work on it for so many stages."""
    desk, chat = town.desk(name), str(next(_CHATS))

    def file(tx: Tx) -> Filed:
        turn = Turn(desk, tx, desk.now())
        contact = contacts.meet(tx, desk.vault, "telegram", chat, to_ms(desk.now()))
        submit = Submit("domisili", "", ANSWERS, {"consent": "x"}, {})
        found = casework.file_request(turn, contact, submit)
        assert isinstance(found, Filed)
        for command in (Claim(), *[Accept()] * accepted):
            casework.act(turn, found.request, command, HEAD)
        return found

    return await desk.db.write(file)


async def column(town: Regency, name: str, sql: str) -> list[Any]:
    """Return the first column of what an office's database holds."""
    return [row[0] for row in await town.desk(name).db.read(lambda tx: tx.all(sql))]


async def test_a_citizen_of_both_is_a_stranger_to_each(town: Regency) -> None:
    here, there = town.citizen("toar", SITI), town.citizen("benai", SITI)
    await here.asks("surat domisili", "Apakah Bapak/Ibu setuju?")
    await here.asks("setuju", "nama lengkap")
    await here.asks("Siti Aminah", "NIK")
    await there.asks("halo", "<b>Kecamatan Benai</b>")
    await here.asks("1409074101800001", "lahir")
    assert not any("Benai" in one.text for one in here.heard())
    assert not any("Toar" in one.text or "NIK" in one.text for one in there.heard())
    for sql in ("SELECT address FROM contact", "SELECT digest FROM address"):
        marks = [set(await column(town, name, sql)) for name in ("toar", "benai")]
        assert all(marks)
        assert not marks[0] & marks[1]


async def test_an_invitation_opens_its_own_office_only(town: Regency) -> None:
    code = await town.invited("toar")
    stranger, rina = town.citizen("benai", SARI), town.citizen("toar", SARI)
    await stranger.write(f"/gabung {code} Sari")
    await town.settle()
    assert not any("Selamat bergabung" in one.text for one in stranger.heard())
    await rina.asks(f"/gabung {code} Sari", "Selamat bergabung")
    await stranger.write("/antrean")
    await town.settle()
    assert not any("Antrean" in one.text for one in stranger.heard())


async def test_officers_see_the_requests_of_their_own_office_alone(town: Regency) -> None:
    theirs = [await filed(town, "benai") for _ in range(3)][-1]
    ours = await filed(town, "toar")
    rina = town.citizen("toar", RINA)
    await rina.asks(f"/gabung {await town.invited('toar')} Rina", "Selamat bergabung")
    # Both offices count from one: theirs is a number that ours has not reached.
    await rina.asks(f"/lihat {theirs.number}", "tidak")
    await rina.asks(f"/ambil {theirs.number}", "tidak")
    assert ours.number in await rina.asks(f"/lihat {ours.number}", "Siti Aminah")
    owners = await column(town, "benai", "SELECT officer_id FROM request")
    assert set(owners) == {HEAD.id}


async def test_numbers_are_counted_by_each_office_for_itself(town: Regency) -> None:
    for name in ("toar", "benai", "toar", "toar", "benai"):
        await filed(town, name, accepted=4)
    for name in ("toar", "benai"):
        found = await column(town, name, "SELECT number FROM request ORDER BY id")
        assert [one[-4:] for one in found] == [f"{n:04}" for n in range(1, len(found) + 1)]
        found = await column(town, name, "SELECT number FROM letter ORDER BY id")
        signs = [one.split("/")[1:3] for one in found]
        assert signs == [[f"{n:03}", f"KEC-{name.upper()}"] for n in range(1, len(found) + 1)]
        assert len(found) >= 2


async def test_no_code_of_one_office_opens_anything_at_another(town: Regency) -> None:
    await filed(town, "benai")
    ours, desk = await filed(town, "toar"), town.desk("toar")
    once = await desk.db.write(
        lambda tx: links.make(tx, desk.vault, "letter", "1", None, desk.now() + timedelta(hours=1))
    )
    # A contact of that number is known to both.
    upload = code_of(desk.vault, 1)
    async with town.browser("toar") as home, town.browser("benai") as away:
        for path, kind in (
            (f"/lacak/{ours.code}", 200),
            (f"/berkas/{once}", 200),
            (f"/unggah/{upload}", 200),
        ):
            answer = await away.get(path)
            assert answer.status_code in (403, 404), path
            assert "Toar" not in answer.text
            assert (await home.get(path)).status_code == kind, path
        burnt = await away.post(f"/berkas/{once}", headers={"Origin": str(away.base_url)[:-1]})
        assert burnt.status_code in (403, 404)
        assert (await home.get(f"/berkas/{once}")).status_code == 200


async def test_the_trial_of_one_is_not_the_trial_of_another(town: Regency) -> None:
    token = town.app("toar").token
    async with town.browser("toar") as home, town.browser("benai") as away:
        assert (await away.get(f"/coba?token={token}")).status_code == 403
        assert (await home.get(f"/coba?token={token}")).status_code == 303
        cookie = home.cookies["coba"]
        assert (await home.get("/coba")).status_code == 200
        # What a browser would never do: it keeps each host's cookies for that host.
        for path in ("/coba", "/coba/pesan"):
            answer = await away.get(path, headers={"Cookie": f"coba={cookie}"})
            assert answer.status_code == 403
        said = {"id": "a", "text": "halo"}
        for origin in ("http://benai.localhost:8080", "null"):
            headers = {"Origin": origin, "Cookie": f"coba={cookie}"}
            answer = await home.post("/coba/kirim", json=said, headers=headers)
            assert answer.status_code == 403


async def test_nothing_that_is_stored_by_one_can_be_read_with_the_key_of_another(
    town: Regency,
) -> None:
    await filed(town, "benai")
    await town.citizen("benai", SITI).asks("halo", "Benai")
    ours, theirs = town.desk("toar").vault, town.desk("benai")
    for table, place in (("outbox", "body"), ("inbox", "body"), ("contact", "address")):
        sealed = await column(town, "benai", f"SELECT {place} FROM {table}")
        assert sealed
        for one in sealed:
            with pytest.raises(Unreadable):
                ours.unseal(f"{table}.{place}", one)
    for key in await column(town, "benai", "SELECT key FROM request"):
        with pytest.raises(Unreadable):
            ours.open_key(key)
    assert ours.index("person.nik", "1") != theirs.vault.index("person.nik", "1")


async def test_a_platform_of_one_is_not_believed_by_another(town: Regency) -> None:
    form = {"MessageSid": "SM1", "From": "whatsapp:+62811", "Body": "halo", "NumMedia": "0"}
    moment = str(int(time.time()))
    text = gateway.came_in("+62811", "halo")
    for home, other in (("toar", "benai"), ("benai", "toar")):
        async with town.browser(home) as door:
            for name, status in ((other, 403), (home, 200)):
                update = json.dumps({"update_id": 1}).encode()
                answer = await door.post(
                    "/telegram/webhook", content=update, headers={HEADER: f"secret-of-{name}"}
                )
                assert answer.status_code == status
                # Signed for the address of either, with that office's own token.
                for at in (home, other):
                    url = f"http://{at}.localhost:8080/twilio/webhook"
                    signature = twilio.sign(url, form.items(), f"token-of-{name}")
                    answer = await door.post(
                        "/twilio/webhook", data=form, headers={"X-Twilio-Signature": signature}
                    )
                    assert answer.status_code == (status if at == home else 403)
                seal = gateway.sign(text, moment, f"gateway-of-{name}")
                answer = await door.post(
                    "/sms/webhook",
                    content=text,
                    headers={"X-Timestamp": moment, "X-Signature": seal},
                )
                assert answer.status_code == status


async def test_figures_of_an_office_are_its_own(town: Regency) -> None:
    await filed(town, "benai")
    town.desk("benai").cost.charge("sms", 1800)
    async with town.browser("toar") as home, town.browser("benai") as there:
        ours, theirs = (await home.get("/metrics")).text, (await there.get("/metrics")).text
    sql = "SELECT count(*) FROM request"
    here, away = [await column(town, name, sql) for name in ("toar", "benai")]
    assert f"loket_requests_open {here[0]}.0" in ours
    assert f"loket_requests_open {away[0]}.0" in theirs
    assert "rupiah_total{" not in ours
    for one in (ours, theirs):
        # Neither another's name, nor what all of them together take of the machine.
        assert "office=" not in one
        assert "process_" not in one
    async with town.browser("127.0.0.1") as machine:
        all_of_them = (await machine.get("/metrics")).text
        for line in (
            f'loket_requests_open{{office="benai"}} {away[0]}.0',
            f'loket_requests_open{{office="toar"}} {here[0]}.0',
            'loket_cost_rupiah_total{by="sms",office="benai"} 1800.0',
            'loket_office_up{office="toar"} 1.0',
            'loket_turn_seconds_bucket{le="+Inf",office="toar"}',
            "process_resident_memory_bytes",
        ):
            assert line in all_of_them
        assert all_of_them.count("# TYPE loket_requests_open gauge") == 1
        # Every figure of the desks says whose it is.
        desks = [one for one in all_of_them.splitlines() if one.startswith("loket_")]
        assert all('office="' in one for one in desks)
        forwarded = await machine.get("/metrics", headers={"X-Forwarded-For": "1.2.3.4"})
        assert forwarded.status_code == 404
    for host, peer in (("evil.example", "127.0.0.1"), ("127.0.0.1", "10.1.1.1")):
        async with town.browser(host, peer) as stranger:
            assert (await stranger.get("/metrics")).status_code == 404


async def test_a_host_that_is_nobodys_learns_no_name(town: Regency) -> None:
    for host in ("localhost", "kuansing.example", "xtoar.localhost", "toar.localhost.evil"):
        async with town.browser(host) as door:
            for path in ("/", "/coba", "/telegram/webhook", "/lacak/x", "/%00", "/robots.txt"):
                answer = await door.get(path)
                assert (answer.status_code, answer.text) == (404, "not found")
            assert (await door.get("/healthz")).text == "ok"
            assert (await door.get("/readyz")).text == "ready"


async def test_the_log_says_whose_a_line_is(
    town: Regency, capsys: pytest.CaptureFixture[str]
) -> None:
    done = asyncio.Event()

    def unit(tx: Tx) -> None:
        log.info("in a turn")
        tx.then(lambda: (log.info("after a turn"), done.set()))

    await town.desk("benai").db.write(unit)
    await done.wait()
    async with town.browser("toar") as door:
        headers = {HEADER: "secret-of-toar"}
        await door.post("/telegram/webhook", content=b"{", headers=headers)
    lines = capsys.readouterr().out.splitlines()
    for words, office in (("in a turn", "benai"), ("after a turn", "benai"), ("sent what", "toar")):
        [line] = [one for one in lines if words in one]
        assert f"office={office}" in line
