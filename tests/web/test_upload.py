"""The upload page: plain forms, pieces on a bad line, and nothing in plain on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.channels.gateway import Gateway
from bot.channels.sms import SmsChannel
from bot.engine.desk import Desk
from bot.papers.uploads import Uploads, code_of
from bot.web import upload
from bot.web.multipart import read_form
from flows.session import Session
from storage import contacts, conversations, documents
from storage.instant import to_ms
from tests.office import Kept
from tests.paper import photo
from tests.standins.gateway import SECRET, came_in, signed
from tests.web.site import Site, site

NUMBER = "+6281200000001"
KEY = "kunci-1234"
ANSWERS = [
    "surat domisili",
    "1",
    "Wati Contoh",
    "1409074101800001",
    "Teluk Kuantan",
    "1 januari 1980",
    "10",
    "Dusun II, RT 02 RW 01",
    "tahun 2015",
    "membuka rekening bank",
]


class Told(SmsChannel):
    """The real channel at the real gateway port; what it would send is kept here."""

    def __init__(self) -> None:
        super().__init__(Gateway("http://127.0.0.1:9", SECRET), 1e6, 1e6)
        self.kept = Kept("sms")

    async def send(self, address: str, message: Any) -> Any:
        return await self.kept.send(address, message)

    def join(self, desk: Desk) -> None:
        self._uploads = Uploads(desk.vault, desk.files)


class Citizen:
    """Somebody with a telephone and, now and then, a browser."""

    def __init__(self, it: Site, channel: Told) -> None:
        self.it, self.channel = it, channel
        self._count = 0

    async def says(self, words: str) -> int:
        self._count += 1
        body = came_in(NUMBER, words, f"2026-11-23T09:00:{self._count:02}.000+07:00")
        answer = await self.it.browser.post("/sms/webhook", content=body, headers=signed(body))
        await self.it.settle()
        return answer.status_code

    async def rests(self) -> None:
        for _ in range(40):
            await self.it.settle()
            waits = await self.it.desk.db.read(lambda tx: tx.one("SELECT 1 FROM job WHERE state<2"))
            if waits is None:
                await self.it.settle()
                return
            self.it.desk.jobs.wake()
            await asyncio.sleep(0.05)
        raise AssertionError("the desk does not come to rest")

    @property
    def last(self) -> str:
        return str(self.channel.kept.sent[NUMBER][-1].text)

    @property
    def page(self) -> str:
        return f"/unggah/{code_of(self.it.desk.vault, self.contact)}"

    contact = 0

    async def session(self) -> Session:
        desk = self.it.desk
        return (
            await desk.db.read(lambda tx: conversations.load(tx, desk.vault, self.contact))
        ).session


@asynccontextmanager
async def at_the_papers(folder: Path) -> AsyncIterator[Citizen]:
    """A citizen who answered all questions by SMS and is asked for the KTP."""
    channel = Told()
    async with site(folder, channels={"sms": channel}) as it:
        channel.join(it.desk)
        citizen = Citizen(it, channel)
        for words in ANSWERS:
            assert await citizen.says(words) == 200
        found = await it.desk.db.read(lambda tx: contacts.find(tx, it.desk.vault, "sms", NUMBER))
        assert found is not None
        citizen.contact = found
        yield citizen


def form(path: str, content: bytes, key: str = KEY) -> dict[str, Any]:
    return {
        "data": {"untuk": path, "kunci": key},
        "files": {"berkas": ("ktp.jpg", content, "image/jpeg")},
    }


async def test_the_question_names_the_page_and_the_page_names_the_papers(tmp_path: Path) -> None:
    async with at_the_papers(tmp_path) as citizen:
        assert citizen.page in citizen.last
        assert "1. Bawa ke kantor" not in citizen.last  # numbers are the channel's work
        answer = await citizen.it.browser.get(citizen.page)
        assert answer.status_code == 200
        for words in ("Surat keterangan domisili", "KTP", "Kartu keluarga (KK)", "Belum ada"):
            assert words in answer.text
        for personal in ("Wati", "1409074101800001", NUMBER[1:]):
            assert personal not in answer.text
        assert answer.headers["referrer-policy"] == "same-origin"


async def test_a_plain_form_is_enough_and_is_taken_once(tmp_path: Path) -> None:
    async with at_the_papers(tmp_path) as citizen:
        for _ in range(2):
            answer = await citizen.it.browser.post(citizen.page, **form("ktp", photo()))
            assert answer.status_code == 303
            assert answer.headers["location"].endswith("?terkirim=1")
        await citizen.rests()
        assert "KTP sudah kami terima" in citizen.last
        assert len((await citizen.session()).documents["ktp"]) == 1
        shown = await citizen.it.browser.get(answer.headers["location"])
        assert "Sudah kami terima" in shown.text
        assert "Terima kasih, sudah sampai" in shown.text


async def test_a_paper_that_is_brought_may_come_by_the_page_after_all(tmp_path: Path) -> None:
    async with at_the_papers(tmp_path) as citizen:
        await citizen.says("2")
        assert "dibawa ke kantor" in citizen.last
        assert (await citizen.session()).marks["ktp"] == "brought"
        assert "Dibawa ke kantor" in (await citizen.it.browser.get(citizen.page)).text
        await citizen.it.browser.post(citizen.page, **form("ktp", photo()))
        await citizen.rests()
        session = await citizen.session()
        assert "ktp" not in session.marks
        assert session.documents["ktp"][0].id
        assert session.marks["family_card"] == "brought"


async def test_pieces_go_on_where_the_line_broke(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "PIECE", 20_000)
    content = photo()
    pieces = [content[at : at + 20_000] for at in range(0, len(content), 20_000)]
    async with at_the_papers(tmp_path) as citizen:
        browser, url = citizen.it.browser, f"{citizen.page}/potongan"
        asked = {"untuk": "ktp", "kunci": KEY, "jumlah": str(len(pieces))}
        assert (await browser.get(url, params=asked)).json() == {"next": 0}
        for n in (0, 1, 1, 3):
            there = await browser.post(url, params=asked | {"n": str(n)}, content=pieces[n])
            assert there.status_code == 200, there.text
        assert there.json() == {"next": 2}
        assert (await browser.get(url, params=asked)).json() == {"next": 2}
        for n in range(2, len(pieces)):
            there = await browser.post(url, params=asked | {"n": str(n)}, content=pieces[n])
        assert there.json() == {"next": len(pieces)}
        await citizen.rests()
        assert "KTP sudah kami terima" in citizen.last
        desk = citizen.it.desk
        page = (await citizen.session()).documents["ktp"][0]
        row = await desk.db.read(lambda tx: documents.by_id(tx, page.id))
        assert row is not None
        assert row.state == "stored"


async def test_who_begins_many_files_keeps_only_the_last_few(tmp_path: Path) -> None:
    async with at_the_papers(tmp_path) as citizen:
        browser, url = citizen.it.browser, f"{citizen.page}/potongan"

        async def begin(key: str, n: int) -> int:
            asked = {"untuk": "ktp", "kunci": key, "jumlah": "9", "n": str(n)}
            answer = await browser.post(url, params=asked, content=b"x" * 1000)
            return int(answer.json()["next"])

        for number in range(8):
            assert [await begin(f"berkas-{number}", n) for n in range(3)] == [1, 2, 3]
        kept = [path for path in _files(tmp_path) if "upload" in path.parts]
        assert len(kept) == 3 * 3
        # The last ones go on; the first begins anew.
        assert await begin("berkas-7", 3) == 4
        assert await begin("berkas-0", 3) == 0


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ({"n": "0", "jumlah": "2"}, b"x", 400),
        ({"kunci": KEY, "n": "2", "jumlah": "2"}, b"x", 400),
        ({"kunci": KEY, "n": "0", "jumlah": "99999"}, b"x", 400),
        ({"kunci": KEY, "n": "-1", "jumlah": "2"}, b"x", 400),
        ({"kunci": "../../etc", "n": "0", "jumlah": "2"}, b"x", 400),
        ({"kunci": KEY, "n": "0", "jumlah": "2", "untuk": "paspor"}, b"x", 409),
        ({"kunci": KEY, "n": "0", "jumlah": "2"}, b"x" * (upload.PIECE + 1), 413),
    ],
)
async def test_senseless_pieces_are_refused(
    tmp_path: Path, query: dict[str, str], body: bytes, status: int
) -> None:
    async with at_the_papers(tmp_path) as citizen:
        url, asked = f"{citizen.page}/potongan", {"untuk": "ktp"} | query
        answer = await citizen.it.browser.post(url, params=asked, content=body)
        assert answer.status_code == status


async def test_forms_that_miss_something_are_told_kindly(tmp_path: Path) -> None:
    async with at_the_papers(tmp_path) as citizen:
        post = citizen.it.browser.post
        cases: list[tuple[dict[str, Any], int, str]] = [
            (form("ktp", b""), 400, "belum dipilih"),
            (form("paspor", photo()), 400, "belum sampai"),
            (form("ktp", photo(), key="x"), 400, "belum sampai"),
            ({"data": {"untuk": "ktp"}}, 400, "belum sampai"),
            (form("ktp", b"x" * 16_100_000), 413, "terlalu besar"),
        ]
        for sent, status, words in cases:
            answer = await post(citizen.page, **sent)
            assert (answer.status_code, words in answer.text) == (status, True)


async def test_nothing_is_ever_in_plain_on_the_disk(tmp_path: Path) -> None:
    content = photo()
    planted = content[5000:5064]
    async with at_the_papers(tmp_path) as citizen:
        url = f"{citizen.page}/potongan"
        asked = {"untuk": "family_card", "kunci": KEY, "jumlah": "2", "n": "0"}
        await citizen.it.browser.post(url, params=asked, content=content[:60_000])
        await citizen.it.browser.post(citizen.page, **form("ktp", content))
        files = _files(tmp_path)
        assert any("upload" in path.parts for path in files)
        assert not [path for path in files if planted in path.read_bytes()]
        await citizen.rests()
        files = _files(tmp_path)
        assert not [path for path in files if planted in path.read_bytes()]
        # The whole file is the desk's own now; only the unfinished pieces are left.
        assert len([path for path in files if "upload" in path.parts]) == 1


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_strangers_and_other_sites_get_nothing(tmp_path: Path) -> None:
    async with at_the_papers(tmp_path) as citizen:
        browser, page = citizen.it.browser, citizen.page
        other = page[:-1] + ("0" if page[-1] != "0" else "1")
        assert (await browser.get(other)).status_code == 404
        assert (await browser.get("/unggah/x")).status_code == 404
        assert (await browser.post(other, **form("ktp", photo()))).status_code == 404
        foreign = {"Origin": "https://evil.example"}
        answer = await browser.post(page, headers=foreign, **form("ktp", photo()))
        assert answer.status_code == 403
        statuses = {(await browser.get(other)).status_code for _ in range(25)}
        assert statuses == {404, 429}
        assert (await browser.get(page)).status_code == 200


async def test_a_page_of_a_contact_who_asks_for_nothing_says_so(tmp_path: Path) -> None:
    channel = Told()
    async with site(tmp_path, channels={"sms": channel}) as it:
        desk = it.desk
        contact = await desk.db.write(
            lambda tx: contacts.meet(tx, desk.vault, "sms", NUMBER, to_ms(desk.now()))
        )
        answer = await it.browser.get(f"/unggah/{code_of(desk.vault, contact)}")
        assert "tidak ada berkas" in answer.text
        answer = await it.browser.get(f"/unggah/{code_of(desk.vault, 999)}")
        assert "tidak ada berkas" in answer.text


async def test_the_gateway_is_believed_only_with_its_signature(tmp_path: Path) -> None:
    channel = Told()
    async with site(tmp_path, channels={"sms": channel}) as it:
        body = came_in(NUMBER, "halo")
        post = it.browser.post
        assert (await post("/sms/webhook", content=body)).status_code == 403
        wrong = signed(body) | {"X-Signature": "0" * 64}
        assert (await post("/sms/webhook", content=body, headers=wrong)).status_code == 403
        late = signed(body, 1_000_000_000)
        assert (await post("/sms/webhook", content=body, headers=late)).status_code == 403
        large = b"x" * 300_000
        assert (await post("/sms/webhook", content=large, headers=signed(large))).status_code == 413
        for senseless in (b"no json", b"[]", b"{}", came_in("3636", "Sisa pulsa Rp0")):
            answer = await post("/sms/webhook", content=senseless, headers=signed(senseless))
            assert answer.status_code == 200
        await it.settle()
        assert not channel.kept.sent
        for _ in range(2):
            answer = await post("/sms/webhook", content=body, headers=signed(body))
            assert answer.status_code == 200
        await it.settle()
        assert len(channel.kept.sent[NUMBER]) == 1


def test_a_form_is_read_part_by_part() -> None:
    request = httpx.Request(
        "POST",
        "http://x",
        data={"untuk": "ktp", "kunci": "a b"},
        files={"berkas": ('a"b.jpg', b"\r\n--x\r\n\x00\xff", "image/jpeg")},
    )
    body = request.read()
    found = read_form(request.headers["content-type"], body)
    assert found["untuk"].content == b"ktp"
    assert found["kunci"].content == b"a b"
    assert found["berkas"].content == b"\r\n--x\r\n\x00\xff"
    assert found["berkas"].mime == "image/jpeg"
    assert "berkas" not in read_form(request.headers["content-type"], body[:-60])
    assert read_form("text/plain", body) == {}
    assert read_form("multipart/form-data", body) == {}
    assert read_form("multipart/form-data; boundary=zzz", body) == {}
