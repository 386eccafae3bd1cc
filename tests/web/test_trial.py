"""The trial page: who may open it, and a chat through its endpoints."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from storage import contacts
from tests.web.site import HOME, TOKEN, site


def everything(folder: Path) -> list[bytes]:
    """The bytes of all files that the desk wrote."""
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


async def test_the_token_opens_the_page_once(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        assert (await it.browser.get("/coba")).status_code == 403
        assert (await it.browser.get("/coba?token=salah")).status_code == 403
        opened = await it.browser.get(f"/coba?token={TOKEN}")
        assert opened.status_code == 303
        assert opened.headers["location"] == "/coba"
        cookie = opened.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        page = await it.browser.get("/coba")
        assert page.status_code == 200
        assert "CONTOH" in page.text
        assert "unsafe" not in page.headers["content-security-policy"]
        async with it.visitor() as stranger:
            assert (await stranger.get(f"/coba?token={TOKEN}")).status_code == 403


async def test_behind_a_proxy_there_is_no_trial_page(tmp_path: Path) -> None:
    names = ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via")
    async with site(tmp_path) as it:
        await it.enter()
        for path in ("/coba", "/coba/pesan", "/coba/coba.js"):
            for name in names:
                answer = await it.browser.get(path, headers={name: "10.0.0.1"})
                assert answer.status_code == 404, (path, name)


async def test_from_another_machine_there_is_no_trial_page(tmp_path: Path) -> None:
    async with site(tmp_path) as it, it.visitor("192.168.1.7") as neighbour:
        assert (await neighbour.get(f"/coba?token={TOKEN}")).status_code == 404


async def test_at_a_public_address_only_the_switch_opens_the_trial_page(tmp_path: Path) -> None:
    public = "https://loket.example"
    async with site(tmp_path / "auto", public_url=public) as it:
        assert (await it.browser.get(f"/coba?token={TOKEN}")).status_code == 404
    async with (
        site(tmp_path / "on", public_url=public, trial="on") as it,
        it.visitor("10.0.0.2", public) as far,
    ):
        opened = await far.get(f"/coba?token={TOKEN}", headers={"Via": "1.1 proxy"})
        assert opened.status_code == 303
        assert "secure" in opened.headers["set-cookie"].lower()
    async with site(tmp_path / "off", trial="off") as it:
        assert (await it.browser.get(f"/coba?token={TOKEN}")).status_code == 404


async def test_a_foreign_host_or_origin_is_refused(tmp_path: Path) -> None:
    body = {"id": "1", "text": "halo"}
    foreign = [
        {"Host": "jahat.example"},
        {"Host": "127.0.0.1.jahat.example:8080"},
        {"Host": "["},
        {"Origin": "http://jahat.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
    ]
    async with site(tmp_path) as it:
        await it.enter()
        for headers in foreign:
            answer = await it.browser.post("/coba/kirim", json=body, headers=headers)
            assert answer.status_code == 403, headers
        answer = await it.browser.post("/coba/kirim", json=body, headers={"Origin": HOME})
        assert answer.status_code == 200


async def test_a_reload_shows_the_whole_chat_in_order(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await it.enter()
        assert (await it.say("a1", "halo")).json() == {"kept": True}
        first = await it.read()
        assert [line.get("mine", False) for line in first["lines"]] == [True, False]
        assert first["lines"][0] | {"at": 0} == {"id": "a1", "mine": True, "at": 0, "text": "halo"}
        assert first["lines"][1]["buttons"]
        await it.say("a2", "bikin surat domisili")
        more = await it.read(first["after"])
        assert more["lines"][0]["id"] == "a2"
        whole = await it.read()
        assert whole["lines"] == first["lines"] + more["lines"]


async def test_the_same_post_twice_is_one_event(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await it.enter()
        for _ in range(2):
            assert (await it.say("sama", "halo")).status_code == 200
        assert len((await it.read())["lines"]) == 2


async def test_a_pressed_button_goes_on(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await it.enter()
        await it.say("1", "surat domisili")
        choice = (await it.read())["lines"][-1]["buttons"][0][0]
        await it.browser.post("/coba/kirim", json={"id": "2", "choice": choice})
        lines = (await it.read())["lines"]
        assert lines[2]["choice"] == choice
        assert "nama lengkap" in lines[3]["text"]


async def test_what_is_senseless_is_refused(tmp_path: Path) -> None:
    posts = {
        b"{": 400,
        b"[]": 400,
        b"\xff": 400,
        b'{"id":"","text":"x"}': 400,
        b'{"id":"1"}': 400,
        b'{"id":"' + b"x" * 65 + b'","text":"x"}': 400,
        b'{"id":"1","text":"' + b"x" * 70_000 + b'"}': 413,
    }
    async with site(tmp_path) as it:
        await it.enter()
        for body, status in posts.items():
            answer = await it.browser.post("/coba/kirim", content=body)
            assert answer.status_code == status, body[:40]


async def test_odd_words_are_kept_and_never_markup(tmp_path: Path) -> None:
    said = ["a\x00b", "😀" * 500, "\u202etersembunyi", "<script>x</script>"]
    async with site(tmp_path) as it:
        await it.enter()
        for number, text in enumerate(said):
            assert (await it.say(str(number), text)).status_code == 200
            await it.settle()
        surrogate = rb'{"id":"lone","text":"a\ud800b"}'
        answer = await it.browser.post("/coba/kirim", content=surrogate)
        assert answer.status_code in (200, 400)
        lines = (await it.read())["lines"]
        mine = [line["text"] for line in lines if line.get("mine")]
        assert mine[: len(said)] == said
        assert "<script" not in "".join(line.get("html", "") for line in lines)


async def test_an_upload_is_sealed_and_shown_again(tmp_path: Path) -> None:
    picture = io.BytesIO()
    Image.effect_noise((900, 600), 90).convert("RGB").save(picture, "PNG")
    content = picture.getvalue()
    async with site(tmp_path) as it:
        await it.enter()
        headers = {"X-Id": "foto", "X-Name": "ktp%20saya.png", "Content-Type": "image/png"}
        kept = await it.browser.post("/coba/unggah", content=content, headers=headers)
        assert kept.status_code == 200
        line = (await it.read())["lines"][0]
        assert line["file"] == {"kind": "photo", "name": "ktp saya.png"}
        again = await it.browser.get("/coba/unggahan/foto")
        assert again.content == content
        assert again.headers["content-type"] == "image/png"
        assert "sandbox" in again.headers["content-security-policy"]
        assert not any(content[:64] in kept for kept in everything(tmp_path))
        async with it.visitor() as other:
            assert (await other.get("/coba/unggahan/foto")).status_code == 403


async def test_an_upload_that_is_too_large_is_refused_while_it_streams(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await it.enter()
        sent = 0

        async def endless() -> object:  # type: ignore[misc]
            nonlocal sent
            while sent < 40:
                sent += 1
                yield b"x" * 1_000_000

        answer = await it.browser.post("/coba/unggah", content=endless(), headers={"X-Id": "1"})
        assert answer.status_code == 413
        large = {"X-Id": "2", "Content-Length": "99999999"}
        assert (await it.browser.post("/coba/unggah", headers=large)).status_code == 413


async def test_an_officer_of_the_trial_is_answered_and_reads_the_board(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await it.enter()
        await it.say("1", "/antrean", sebagai="Rina")
        lines = (await it.read(acting="Rina"))["lines"]
        assert [line.get("mine", False) for line in lines] == [True, False]
        assert "Antrean" in lines[1]["text"]
        assert (await it.read())["lines"] == []
        assert len((await it.read(acting="Bu Camat"))["lines"]) == 0


async def test_who_is_no_officer_of_the_trial_is_a_citizen(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await it.enter()
        await it.say("1", "/antrean", sebagai="Penyusup")
        vault = it.trial.vault
        known = await it.trial.db.read(
            lambda tx: contacts.find(tx, vault, "coba", "petugas:Penyusup")
        )
        assert known is None


async def test_the_trial_has_its_own_data(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await it.enter()
        await it.say("1", "halo")
        await it.settle()
        sql = "SELECT count(*) FROM contact"
        assert await it.desk.db.read(lambda tx: tx.one(sql)) == (0,)
