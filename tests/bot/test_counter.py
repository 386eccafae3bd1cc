"""Drafts of the counter and their slips: whose they are, how long they live, how they look."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pypdf
import pytest
from msgspec import structs

from bot.engine.tidying import tidy
from bot.people import slip
from bot.web.links import _use
from flows.events import Text
from flows.messages import Attachment
from storage import requests
from tests.office import TestOffice, office
from tests.paper import photo

RINA, VERA, SITI, OTHER = "501", "502", "601", "602"
FILLED = (
    "/baru domisili\nnama: Siti Contoh\nnik: 1409074101800001\ntempat lahir: toar\n"
    "tanggal lahir: 1/1/1980\ndesa: toar\nalamat: Dusun I RT 01\ntinggal sejak: 2001\n"
    "keperluan: buka rekening\nberkas: dilihat"
)


async def filed(at: TestOffice) -> str:
    """File at the counter and return the slip's code."""
    await at.hire("Rina", "counter", RINA)
    await at.event(RINA, Text(FILLED))
    await at.event(RINA, Text("ya"))
    return code_of(at)


def code_of(at: TestOffice) -> str:
    line = next(one for one in at.last(RINA).text.splitlines() if one.startswith("Kode slip"))
    return line.split()[2]


async def counts(at: TestOffice, table: str) -> int:
    row = await at.desk.db.read(lambda tx: tx.one(f"SELECT count(*) FROM {table}"))
    return int(row[0]) if row else 0


async def test_each_officer_has_a_draft_of_their_own(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        await at.hire("Rina", "counter", RINA)
        await at.hire("Vera", "verifier", VERA)
        await at.event(RINA, Text("/baru domisili\nnama: Siti Contoh"))
        await at.event(VERA, Text("nama: Udin Contoh"))
        assert "bukan perintah" in at.last(VERA).text
        await at.event(VERA, Text("/baru"))
        assert "pilih layanannya" in at.last(VERA).text
        assert await counts(at, "counterdraft") == 1


async def test_a_draft_that_nobody_touches_goes_with_its_photos(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        await at.hire("Rina", "counter", RINA)
        await at.event(RINA, Text("/baru domisili\nnama: Siti Contoh"))
        at.channel.files["r1"] = photo("sharp", 1)
        from flows.events import Media

        await at.event(RINA, Media("r1", caption="KTP"))
        assert "KTP tersimpan" in at.last(RINA).text
        await tidy(at.desk)
        assert await counts(at, "counterdraft") == 1
        at.clock.pass_time(timedelta(hours=at.desk.office.limits.expire_after + 1))
        await tidy(at.desk)
        await at.settle()
        left = await at.desk.db.read(
            lambda tx: tx.all("SELECT state FROM document WHERE state <> 'discarded'")
        )
        assert (left, await counts(at, "counterdraft")) == ([], 0)
        kinds = await at.desk.db.read(
            lambda tx: tx.all("SELECT id FROM contact WHERE kind = 'counter'")
        )
        assert kinds == []


async def test_a_slip_links_once_and_a_newer_one_ends_it(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        first = await filed(at)
        await at.event(RINA, Text("/baru slip 1"))
        second = code_of(at)
        await at.event(OTHER, Text(f"hubungkan {first}"))
        assert "tidak berlaku" in at.last(OTHER).text
        await at.event(SITI, Text(f"hubungkan {second}"))
        assert "DOM-26-0001" in at.last(SITI).text
        await at.event(OTHER, Text(f"hubungkan {second}"))
        assert "tidak berlaku" in at.last(OTHER).text
        seen = await at.desk.db.read(
            lambda tx: tx.all("SELECT what, ref FROM audit WHERE what LIKE 'counter.%' ORDER BY id")
        )
        assert [what for what, _ in seen] == [
            "counter.filed",
            "counter.originals",
            "counter.slip",
            "counter.slip",
        ]
        assert seen[1][1] == "DOM-26-0001 ktp,family_card,village_letter"


async def test_a_slip_ends_after_its_days(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        code = await filed(at)
        at.clock.pass_time(timedelta(days=at.desk.config.people.slip_days, minutes=1))
        await at.event(SITI, Text(f"hubungkan {code}"))
        assert "tidak berlaku" in at.last(SITI).text


async def test_nothing_is_said_to_a_person_without_a_chat(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        await filed(at)
        await at.event(RINA, Text("/balas 1 Sudah bisa diambil."))
        assert "belum punya chat" in at.last(RINA).text
        waiting = await at.desk.db.read(
            lambda tx: tx.all("SELECT id FROM outbox WHERE state < 2 OR state = 3")
        )
        assert waiting == []


@pytest.mark.parametrize("codes", [1, 3])
async def test_the_slip_is_one_small_page_for_every_service(tmp_path: Path, codes: int) -> None:
    async with office(tmp_path) as at:
        await filed(at)
        desk = at.desk
        if codes == 3:
            twilio = structs.replace(desk.config.twilio, whatsapp_from="whatsapp:+628110000")
            desk.config = structs.replace(desk.config, twilio=twilio)
            at.channel.username = "contoh_bot"  # type: ignore[attr-defined]
            desk.channels["whatsapp"] = desk.channels["telegram"]
        row = await desk.db.read(lambda tx: requests.load(tx, 1))
        assert row is not None
        assert len(slip.links(desk, row, "abcde12345")) == codes
        for service in sorted(desk.office.current):
            await desk.db.write(
                lambda tx, one=service: tx.run("UPDATE request SET service = ?", one)
            )
            made = await slip.slip_file(desk, Attachment("slip", "1:abcde12345", "slip.pdf"))
            assert made is not None
            pages = pypdf.PdfReader(io.BytesIO(made.content)).pages
            assert len(pages) == 1, service
            assert "abcde-12345" in pages[0].extract_text()


async def test_where_no_file_can_be_sent_the_slip_opens_once_by_a_link(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        at.channel.name = "terminal"
        at.desk.channels = {"terminal": at.channel}
        await at.hire("Rina", "counter", RINA)
        await at.event(RINA, Text(FILLED))
        await at.event(RINA, Text("ya"))
        said = at.last(RINA)
        assert said.files == []
        link = next(word for word in said.text.split() if "/berkas/" in word)
        code = link.rpartition("/")[2]
        opened = await at.desk.db.write(lambda tx: _use(tx, at.desk, code))
        assert opened is not None
        again = await at.desk.db.write(lambda tx: _use(tx, at.desk, code))
        assert again is None
        made = await slip.slip_file(at.desk, opened)
        assert made is not None
        text = pypdf.PdfReader(io.BytesIO(made.content)).pages[0].extract_text()
        typed = next(line for line in text.splitlines() if line.startswith("hubungkan "))
        await at.event(SITI, Text(typed))
        assert "DOM-26-0001" in at.last(SITI).text
