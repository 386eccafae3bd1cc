"""Chromium sends papers by the upload page: in pieces, and as a plain form without any script."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import uvicorn
from playwright.async_api import Page, Route, async_playwright, expect

from storage import links
from storage.database import Tx
from tests.paper import photo
from tests.web.site import site
from tests.web.test_browser import CHROMIUM, PATIENCE
from tests.web.test_upload import ANSWERS, NUMBER, Citizen, Told

SHOTS = os.environ.get("LOKET_SHOTS", "")


@asynccontextmanager
async def with_browser(folder: Path, *, script: bool) -> AsyncIterator[tuple[Page, Citizen]]:
    """A citizen at the papers, with the page open on an old phone."""
    channel = Told()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        home = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with site(folder, channels={"sms": channel}, public_url=home) as it:
            channel.join(it.desk)
            config = uvicorn.Config(it.app, log_config=None, lifespan="off", ws="none")
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            it.browser.base_url = home
            citizen = Citizen(it, channel)
            for words in ANSWERS:
                await citizen.says(words)
            citizen.contact = 1
            try:
                async with async_playwright() as play:
                    browser = await play.chromium.launch(
                        executable_path=CHROMIUM, args=["--no-sandbox"]
                    )
                    context = await browser.new_context(
                        viewport={"width": 320, "height": 568}, java_script_enabled=script
                    )
                    page = await context.new_page()
                    await page.goto(home + citizen.page)
                    yield page, citizen
                    await browser.close()
            finally:
                server.should_exit = True
                await serving


async def pick(page: Page, folder: Path) -> None:
    paper = folder / "ktp.jpg"
    paper.write_bytes(photo())
    await page.locator("input[type=file]").first.set_input_files(paper)


async def arrived(page: Page, citizen: Citizen) -> None:
    await expect(page.get_by_text("Terima kasih, sudah sampai")).to_be_visible(timeout=PATIENCE)
    await citizen.rests()
    assert "KTP sudah kami terima" in str(citizen.channel.kept.sent[NUMBER][-1].text)
    await page.reload()
    await expect(page.get_by_text("Sudah kami terima")).to_be_visible(timeout=PATIENCE)
    wide = "document.documentElement.scrollWidth <= window.innerWidth"
    assert await page.evaluate(wide)
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/unggah.png", full_page=True)


async def test_a_plain_form_needs_no_script(tmp_path: Path) -> None:
    async with with_browser(tmp_path, script=False) as (page, citizen):
        await pick(page, tmp_path)
        await page.get_by_role("button", name="Kirim").first.click()
        await arrived(page, citizen)


async def test_a_broken_line_is_waited_out(tmp_path: Path) -> None:
    async with with_browser(tmp_path, script=True) as (page, citizen):
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        posts = 0

        async def bad_line(route: Route) -> None:
            nonlocal posts
            posts += route.request.method == "POST"
            if posts == 2:
                posts += 1
                await route.abort()
            else:
                await route.continue_()

        await page.route("**/potongan?*", bad_line)
        await pick(page, tmp_path)
        await page.get_by_role("button", name="Kirim").first.click()
        await expect(page.get_by_text("Sinyal terputus")).to_be_visible(timeout=PATIENCE)
        if SHOTS:
            await page.screenshot(path=f"{SHOTS}/unggah-putus.png")
        await arrived(page, citizen)
        assert faults == []


async def test_a_form_says_where_it_comes_from(tmp_path: Path) -> None:
    """A page with a form must not be under no-referrer: its post would come from "null"."""
    async with site(tmp_path) as it:

        def make(tx: Tx) -> str:
            later = it.desk.now() + timedelta(hours=1)
            return links.make(tx, it.desk.vault, "document", "1", None, later)

        code = await it.desk.db.write(make)
        answer = await it.browser.get(f"/berkas/{code}")
        assert "<form" in answer.text
        assert answer.headers["referrer-policy"] == "same-origin"
