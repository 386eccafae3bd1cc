"""Health, figures, the home page, tracking, one-time links."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from bot.engine.turn import Turn
from bot.requests import casework
from flows import steps
from flows.effects import Submit
from flows.events import Filed
from flows.steps import Actor
from storage import audit, contacts, links
from storage.database import Tx
from storage.instant import to_ms
from tests.bot.test_casework import ANSWERS, NIK
from tests.web.site import Site, site

RINA = Actor(1, "Rina", "counter")


async def test_the_desk_says_that_it_lives_and_is_ready(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        assert (await it.browser.get("/healthz")).text == "ok"
        assert (await it.browser.get("/readyz")).status_code == 200
        it.desk.db.close()
        assert (await it.browser.get("/healthz")).status_code == 200
        assert (await it.browser.get("/readyz")).status_code == 503
        assert (await it.browser.get("/lacak/abc")).status_code == 503
        it.desk.db.open()


async def test_figures_are_for_this_machine(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        answer = await it.browser.get("/metrics")
        assert answer.status_code == 200
        # In office hours the morning's overview may wait at this very moment.
        assert re.search(r"^loket_inbox_waiting [01]\.0$", answer.text, re.MULTILINE)
        assert (await it.browser.get("/metrics", headers={"Via": "x"})).status_code == 404
        async with it.visitor("10.1.1.1") as far:
            assert (await far.get("/metrics")).status_code == 404
    async with site(tmp_path / "on", metrics="on") as it, it.visitor("10.1.1.1") as far:
        assert (await far.get("/metrics")).status_code == 200


async def test_the_home_page_is_kind_and_carries_no_script(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        answer = await it.browser.get("/")
        assert answer.status_code == 200
        assert it.desk.config.office.name in answer.text
        assert "<script" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_what_does_not_exist_is_said_kindly(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        for path in ("/tidak/ada", "/lacak/tidakada", "/lacak/%00", "/berkas/x"):
            answer = await it.browser.get(path)
            assert answer.status_code == 404
            assert it.desk.config.office.name in answer.text
            assert answer.headers["cache-control"] == "no-store"
            assert "noindex" in answer.headers["x-robots-tag"]


async def test_tracking_is_not_asked_too_often(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        codes = [(await it.browser.get("/lacak/x")).status_code for _ in range(40)]
        assert codes[0] == 404
        assert codes[-1] == 429
        async with it.visitor("10.9.9.9") as other:
            assert (await other.get("/lacak/x")).status_code == 404


async def filed(it: Site) -> Filed:
    """A request of Siti Aminah's."""

    def file(tx: Tx) -> Filed:
        turn = Turn(it.desk, tx, it.desk.now())
        contact = contacts.meet(tx, it.desk.vault, "telegram", "62811", to_ms(it.desk.now()))
        submit = Submit("domisili", "", ANSWERS, {"consent": "x"}, {})
        found = casework.file_request(turn, contact, submit)
        assert isinstance(found, Filed)
        return found

    found = await it.desk.db.write(file)
    await it.settle()
    return found


async def act(it: Site, request: int, command: steps.Command) -> None:
    await it.desk.db.write(
        lambda tx: casework.act(Turn(it.desk, tx, it.desk.now()), request, command, RINA)
    )
    await it.settle()


async def test_the_link_shows_where_a_request_stands_and_only_initials(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        request = await filed(it)
        answer = await it.browser.get(f"/lacak/{request.code}")
        assert answer.status_code == 200
        assert request.number in answer.text
        assert "S. A." in answer.text
        for secret in ("Siti", "Aminah", NIK, "Dusun I", "melamar"):
            assert secret not in answer.text
        assert "Sedang kami kerjakan" in answer.text
        assert "<script" not in answer.text
        assert answer.headers["referrer-policy"] == "no-referrer"


async def test_each_stage_has_its_time_and_what_is_waited_for_is_said(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        request = await filed(it)
        it.clock.pass_time(timedelta(hours=1))
        await act(it, request.request, steps.Accept())
        page = (await it.browser.get(f"/lacak/{request.code}")).text
        assert page.count('class="done"') == 2
        assert "23 November 2026, 10.00" in page
        await act(it, request.request, steps.Return(("ktp",), "buram"))
        page = (await it.browser.get(f"/lacak/{request.code}")).text
        assert "Kami menunggu Bapak/Ibu" in page
        assert "KTP" in page
        assert "buram" not in page
        await act(it, request.request, steps.Cancel("permintaan warga"))
        page = (await it.browser.get(f"/lacak/{request.code}")).text
        assert "Dibatalkan" in page
        assert "permintaan warga" not in page


async def one_time(it: Site, kind: str = "document", ref: str = "1") -> str:
    until = it.desk.now() + timedelta(minutes=10)
    return await it.desk.db.write(lambda tx: links.make(tx, it.desk.vault, kind, ref, None, until))


async def kept_document(it: Site) -> int:
    """A stored document with a picture in it."""
    from bot.papers.inspection import inspect
    from storage import documents
    from tests.bot.pictures import card, jpeg

    content = inspect(jpeg(card()), identity=True, limit=10_000_000)
    vault = it.desk.vault
    name = vault.name_of(content.content)

    def keep(tx: Tx) -> int:
        contact = contacts.meet(tx, vault, "telegram", "62811", 0)
        return documents.create(tx, vault, contact, "ktp", "ktp", 0, identity=True)

    document = await it.desk.db.write(keep)
    row = await it.desk.db.read(lambda tx: documents.by_id(tx, document))
    assert row is not None
    sealed = vault.seal_with(vault.open_key(row.key or b""), "document.file", content.content)
    await it.desk.files.put(name, sealed)
    kept = documents.Kept(name, "", content.mime, len(content.content), 1, "")
    await it.desk.db.write(lambda tx: documents.store(tx, document, kept))
    return document


async def test_a_one_time_link_is_burnt_by_the_button_not_by_a_preview(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        document = await kept_document(it)
        path = f"/berkas/{await one_time(it, ref=str(document))}"
        for _ in range(3):
            looked = await it.browser.get(path)
            assert looked.status_code == 200
            assert 'method="post"' in looked.text
        foreign = await it.browser.post(path, headers={"Origin": "https://jahat.example"})
        assert foreign.status_code == 403
        opened = await it.browser.post(path)
        assert opened.status_code == 200
        assert opened.headers["content-type"] == "image/jpeg"
        assert opened.headers["cache-control"] == "no-store"
        assert "sandbox" in opened.headers["content-security-policy"]
        assert opened.content[:2] == b"\xff\xd8"
        assert (await it.browser.post(path)).status_code == 404
        assert (await it.browser.get(path)).status_code == 404
        seen = await it.desk.db.read(lambda tx: audit.recent(tx, what="document.opened"))
        assert [entry.ref for entry in seen] == [str(document)]


async def test_a_link_that_is_too_old_opens_nothing(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        document = await kept_document(it)
        path = f"/berkas/{await one_time(it, ref=str(document))}"
        it.clock.pass_time(timedelta(minutes=11))
        assert (await it.browser.post(path)).status_code == 404
