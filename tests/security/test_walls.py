"""Who may do nothing gets nothing: strangers, suspended officers, other citizens, groups."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.channels.terminal import Terminal
from bot.commands.registry import ALIASES, COMMANDS
from bot.terminal.door import Door
from bot.web.links import _use
from flows.events import Envelope, Pressed, Text
from storage import links, officers
from storage.database import Tx
from tests.conversations.runner import act
from tests.conversations.stage import Stage
from tests.security.desk import happy, opened, say

NIK = "1409074101800001"
STRANGER, OTHER = "700100", "700200"
CASE = "DOM-26-0001"


@asynccontextmanager
async def filed(folder: Path, *more: list[str]) -> AsyncIterator[Stage]:
    """A desk with one request of Siti Aminah in its first stage."""
    script = happy("domisili")
    script.settings.extend(more)
    stage = await opened(folder, script)
    stage.people["asing"] = (stage.telegram, STRANGER)
    stage.people["lain"] = (stage.telegram, OTHER)
    try:
        for step in script.steps:
            if step.inputs and step.inputs[0].text == "/antrean":
                break
            await act(stage, step)
        for who in stage.people:
            stage.news(who)
        yield stage
    finally:
        await stage.close()


def _told(stage: Stage, who: str) -> str:
    return "\n".join(f"{m.text} {m.buttons} {m.files}" for m in stage.news(who))


async def _from_group(stage: Stage, group: str, sender: str, event: Any) -> str:
    address = stage.people[group][1]
    stage._counter += 1
    key = f"g{stage._counter}"
    await stage.desk.accept([Envelope("telegram", key, address, event, sender=sender, group=True)])
    await stage.rest()
    return _told(stage, group)


async def test_a_strangers_commands_give_nothing(tmp_path: Path) -> None:
    async with filed(tmp_path, ["grup", "Kantor"]) as stage:
        for word in (*COMMANDS, *ALIASES):
            stage.clock.pass_time(timedelta(minutes=1))
            await say(stage, f"/{word} {CASE}", f"/{word} P1 rahasia", who="asing")
            await stage.desk.accept(
                [Envelope("telegram", f"p-{word}", STRANGER, Pressed(f"cmd:{word} {CASE}"))]
            )
            await stage.rest()
            said = _told(stage, "asing")
            assert "Siti" not in said
            assert NIK not in said
            # Their own words may come back to them (as a suggestion to be sent), nothing of ours.
            assert "Kampung Baru" not in said
            assert "lacak" not in said
            assert await _from_group(stage, "Kantor", STRANGER, Text(f"/{word} {CASE}")) == ""
            # An anonymous admin is nobody; a name typed in a group is none either.
            assert await _from_group(stage, "Kantor", "", Pressed(f"cmd:{word} {CASE}")) == ""
        state = await stage.desk.db.read(lambda tx: tx.one("SELECT stage, officer_id FROM request"))
        assert tuple(state or ()) == ("check", None)


async def test_an_officers_commands_in_a_foreign_group_give_nothing(tmp_path: Path) -> None:
    async with filed(tmp_path, ["grup_lain", "Pasar"]) as stage:
        rina = stage.people["Rina"][1]
        assert await _from_group(stage, "Pasar", rina, Text(f"/lihat {CASE}")) == ""


async def test_a_suspended_officer_is_out_at_once(tmp_path: Path) -> None:
    async with filed(tmp_path, ["petugas", "Ina", "head"], ["grup", "Kantor"]) as stage:
        desk = stage.desk
        desk.channels["terminal"] = Terminal(desk.vault, desk.files)
        door = Door(desk)
        rina = await desk.db.read(lambda tx: officers.by_name(tx, "Rina"))
        assert rina is not None
        await door._sit("petugas:Rina", rina.id)
        assert (await door.ask({"do": "words"}))["numbers"] == [CASE]
        until = stage.clock() + timedelta(minutes=10)

        def make(tx: Tx) -> str:
            return links.make(tx, desk.vault, "document", "1", rina.id, until)

        code = await desk.db.write(make)
        await say(stage, "/petugas tangguhkan Rina", who="Ina")
        _told(stage, "Rina")
        for line in ("/antrean", f"/lihat {CASE}", f"/berkas {CASE}", "halo", "/bantuan"):
            await say(stage, line, who="Rina")
        assert _told(stage, "Rina") == ""
        address = stage.people["Rina"][1]
        assert await _from_group(stage, "Kantor", address, Text(f"/ambil {CASE}")) == ""
        assert await desk.db.write(lambda tx: _use(tx, desk=desk, code=code)) is None
        said = await door.ask({"do": "say", "text": "/antrean"})
        assert said["lines"] == []
        assert (await door.ask({"do": "words"})).get("numbers", []) == []
        look = await door.ask({"do": "look", "seconds": 0})
        assert look.get("lines", []) == []


async def test_another_role_makes_open_links_useless(tmp_path: Path) -> None:
    async with filed(tmp_path, ["petugas", "Ina", "head"]) as stage:
        desk = stage.desk
        rina = await desk.db.read(lambda tx: officers.by_name(tx, "Rina"))
        assert rina is not None
        until = stage.clock() + timedelta(minutes=10)
        code = await desk.db.write(
            lambda tx: links.make(tx, desk.vault, "document", "1", rina.id, until)
        )
        await say(stage, "/petugas peran Rina admin", who="Ina")
        assert await desk.db.write(lambda tx: _use(tx, desk=desk, code=code)) is None


async def test_the_number_of_another_citizen_shows_nothing(tmp_path: Path) -> None:
    async with filed(tmp_path) as stage:
        for said in (f"status {CASE}", "status 1", "status dom1", f"status {NIK}", "status"):
            await say(stage, said, who="lain")
            told = _told(stage, "lain").replace(f'"{CASE}"', "")
            assert "lacak" not in told
            assert "Siti" not in told
            assert "diperiksa" not in told.lower()
        await say(stage, f"status {CASE}")
        assert "lacak" in _told(stage, "")


async def test_links_open_once_for_a_while_and_are_written_down(tmp_path: Path) -> None:
    async with filed(tmp_path) as stage:
        desk = stage.desk
        rina = await desk.db.read(lambda tx: officers.by_name(tx, "Rina"))
        assert rina is not None
        until = stage.clock() + timedelta(minutes=10)

        def make(tx: Tx) -> str:
            return links.make(tx, desk.vault, "document", "1", rina.id, until)

        first, second = await desk.db.write(make), await desk.db.write(make)
        assert min(len(first), len(second)) >= 26
        opened_, again = [await desk.db.write(lambda tx: _use(tx, desk, first)) for _ in range(2)]
        assert opened_ is not None
        assert again is None
        stage.clock.pass_time(timedelta(minutes=11))
        assert await desk.db.write(lambda tx: _use(tx, desk=desk, code=second)) is None
        rows = await desk.db.read(
            lambda tx: tx.all("SELECT officer_id, ref FROM audit WHERE what = 'document.opened'")
        )
        assert [tuple(row) for row in rows] == [(rina.id, "1")]
        code = await desk.db.read(lambda tx: tx.one("SELECT code FROM request"))
        assert code is not None
        # 26 characters of 5 bits: nobody guesses one of 2^130.
        assert len(code[0]) >= 26


async def test_a_group_never_reads_a_whole_number_of_identity(tmp_path: Path) -> None:
    async with filed(tmp_path, ["grup", "Kantor"]) as stage:
        rina = stage.people["Rina"][1]
        heard = "".join(m.text for m in stage.telegram.sent[stage.people["Kantor"][1]])
        assert "1409**********01" in heard
        for line in (
            f"/lihat {CASE}",
            f"/berkas {CASE}",
            f"/ambil {CASE}",
            "/antrean",
            "/cari Siti",
        ):
            heard += await _from_group(stage, "Kantor", rina, Text(line))
        spaced = f"{NIK[:4]} {NIK[4:8]} {NIK[8:12]} {NIK[12:]}"
        await say(stage, "petugas")
        group = stage.telegram.sent[stage.people["Kantor"][1]]
        talk = group[-1].text.partition("/ambil ")[2].split()[0]
        await say(stage, f"/ambil {talk}", who="Rina")
        await say(stage, f"NIK saya {NIK}", f"atau {spaced} ya pak")
        await say(stage, f"/catat 1 {NIK} sudah dicek", who="Rina")
        heard += await _from_group(stage, "Kantor", rina, Text(f"/lihat {CASE}"))
        heard += "".join(m.text for m in stage.telegram.sent[stage.people["Kantor"][1]])
        assert "sudah dicek" in heard
        assert "ya pak" in heard
        assert NIK not in heard
        assert spaced not in heard
        await say(stage, f"/lihat {CASE}", who="Rina")
        assert NIK in _told(stage, "Rina")


async def test_guessing_invite_codes_is_not_answered_and_soon_not_even_looked_at(
    tmp_path: Path, monkeypatch: Any
) -> None:
    looked: list[str] = []
    invited = officers.invited

    def counted(tx: Tx, vault: Any, code: str, now: Any) -> Any:
        looked.append(code)
        return invited(tx, vault, code, now)

    monkeypatch.setattr(officers, "invited", counted)
    async with filed(tmp_path) as stage:
        looked.clear()
        limit = stage.desk.config.limits.messages_per_minute
        await stage.desk.accept(
            [
                Envelope("telegram", f"c{n}", STRANGER, Text(f"/gabung {n:05}-ABCDE"))
                for n in range(limit * 3)
            ]
        )
        await stage.rest()
        assert len(looked) <= limit
        assert _told(stage, "asing") == ""
        stage.clock.pass_time(timedelta(minutes=2))
        # Words that only begin like the command are an answer like any other.
        for words in ("gabungan", "Joinaldi", "gabung kk suami"):
            await say(stage, words, who="asing")
            assert _told(stage, "asing") != ""


async def test_one_person_cannot_flood_the_desk(tmp_path: Path) -> None:
    async with filed(tmp_path) as stage:
        limit = stage.desk.config.limits.messages_per_minute
        many = [Envelope("telegram", f"m{n}", OTHER, Text(f"halo {n}")) for n in range(limit * 4)]
        await stage.desk.accept(many)
        await stage.rest()
        assert len(stage.news("lain")) <= limit + 1
        await say(stage, "status")
        assert CASE in _told(stage, "")
