"""Chromium does a whole letter at /coba, as citizen and officers, on a phone and a desktop."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Locator, Page, async_playwright, expect

from tests.bot.pictures import card, house, jpeg, letter
from tests.web.site import TOKEN, site

ANSWERS = [
    "Siti Aminah",
    "1409074101900001",
    "Teluk Kuantan",
    "1 januari 1990",
    "Kampung Baru",
    "Dusun II RT 02 RW 01",
    "tahun 2015",
    "membuka rekening bank",
]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
PATIENCE = 20_000


@asynccontextmanager
async def opened(folder: Path, width: int, height: int) -> AsyncIterator[Page]:
    """The trial page in a real browser, from a real server."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        home = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with site(folder, public_url=home) as it:
            config = uvicorn.Config(it.app, log_config=None, lifespan="off", ws="none")
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            try:
                async with async_playwright() as play:
                    browser = await play.chromium.launch(
                        executable_path=CHROMIUM, args=["--no-sandbox"]
                    )
                    page = await browser.new_page(
                        viewport={"width": width, "height": height}, locale="id-ID"
                    )
                    faults: list[str] = []
                    page.on("pageerror", lambda error: faults.append(str(error)))
                    page.on("console", lambda said: faults.append(said.text))
                    await page.goto(f"{home}/coba?token={TOKEN}")
                    yield page
                    await browser.close()
                    assert faults == []
            finally:
                it.trial.channels["coba"].release()  # type: ignore[attr-defined]
                server.should_exit = True
                await serving


class Pane:
    """One of the two chats of the page."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.root = page.locator(f"#{name}")
        self.tab = page.locator(f"[data-tab={name}]")

    def told(self) -> Locator:
        return self.root.locator(".line:not(.me)")

    async def look(self) -> None:
        if await self.tab.is_visible():
            await self.tab.click()

    async def answered(self, before: int) -> str:
        await expect(self.told().nth(before)).to_be_attached(timeout=PATIENCE)
        return await self.told().nth(before).inner_text()

    async def say(self, text: str) -> str:
        before = await self.told().count()
        await self.root.locator("textarea").fill(text)
        await self.root.locator("textarea").press("Enter")
        return await self.answered(before)

    async def press(self, label: str) -> str:
        before = await self.told().count()
        await self.told().last.get_by_role("button", name=label, exact=True).click()
        return await self.answered(before)

    async def send(self, picture: Path) -> str:
        before = await self.told().count()
        await self.root.locator("input[type=file]").first.set_input_files(picture)
        return await self.answered(before)

    async def be(self, officer: str) -> None:
        await self.root.locator(f"input[value='{officer}']").check(force=True)
        await expect(self.told().first).to_be_attached(timeout=PATIENCE)

    async def order(self, command: str, answer: str) -> None:
        """Give a command; wait for an answer below it, among what else comes in."""
        before = await self.root.locator(".line.me").count()
        await self.root.locator("textarea").fill(command)
        await self.root.locator("textarea").press("Enter")
        await expect(self.root.locator(".line.me .tick.done")).to_have_count(
            before + 1, timeout=PATIENCE
        )
        below = self.told().filter(has_text=answer)
        await expect(below.last).to_be_attached(timeout=PATIENCE)


async def ask_for_a_letter(citizen: Pane, folder: Path) -> str:
    """From the first words to the number of the request."""
    assert "Siapkan dulu" in await citizen.say("bikin surat domisili")
    await citizen.press("Setuju")
    for answer in ANSWERS:
        said = await citizen.say(answer)
    assert "KTP" in said
    for name, image in (("ktp", card()), ("kk", house()), ("pengantar", letter())):
        picture = folder / f"{name}.jpg"
        picture.write_bytes(jpeg(image))
        said = await citizen.send(picture)
        assert "terima" in said
    assert "Apakah sudah benar" in said
    said = await citizen.press("Kirim permohonan")
    number = re.search(r"DOM-\d\d-\d{4}", said)
    assert number is not None
    return number[0]


async def make_the_letter(officers: Pane, number: str) -> None:
    """From the queue to the counter, every role at its stage."""
    await officers.be("Rina")
    await officers.order("/antrean", "Mulai dengan")
    await expect(officers.root.locator(".table td").first).to_have_text(number)
    await officers.order(f"/terima {number}", "Surat disiapkan")
    await officers.order(f"/terima {number}", "Surat diperiksa atasan")
    await officers.be("Pak Dedi")
    await officers.order(f"/terima {number}", "Menunggu tanda tangan")
    await officers.be("Pak Yusri")
    await officers.order(f"/terima {number}", "Surat dicetak")
    await officers.be("Rina")
    made = officers.told().filter(has_text="sudah jadi")
    await expect(made.first).to_be_attached(timeout=PATIENCE)
    await officers.order(f"/berkas {number}", "Berkasnya ada di bawah")
    await expect(officers.root.locator("a.paper").last).to_contain_text("pdf", timeout=PATIENCE)
    await officers.order(f"/siap {number}", "siap diambil")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800)])
async def test_a_whole_letter_in_the_browser(tmp_path: Path, width: int, height: int) -> None:
    async with opened(tmp_path / "data", width, height) as page:
        citizen, officers = Pane(page, "warga"), Pane(page, "petugas")
        await expect(page.get_by_text("CONTOH").first).to_be_visible()
        number = await ask_for_a_letter(citizen, tmp_path)
        shown = await citizen.told().count()
        await officers.look()
        await make_the_letter(officers, number)
        pdf = await page.request.get(await address(page, officers))
        assert (await pdf.body()).startswith(b"%PDF")
        await citizen.look()
        ready = citizen.told().filter(has_text="Sudah siap diambil")
        await expect(ready).to_be_visible(timeout=PATIENCE)
        before = await citizen.told().all_inner_texts()
        await page.reload()
        await expect(citizen.told()).to_have_count(len(before), timeout=PATIENCE)
        assert await citizen.told().all_inner_texts() == before
        assert len(before) > shown
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
        link = await citizen.root.locator(".words a").first.get_attribute("href")
        await page.goto(link or "")
        await expect(page.get_by_text("Siap diambil").first).to_be_visible()


async def address(page: Page, officers: Pane) -> str:
    """The absolute address of the newest file in the officers' pane."""
    link = officers.root.locator("a.paper").last
    href: str = await link.evaluate("link => link.href")
    return href
