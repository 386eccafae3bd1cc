"""Hostile strangers on the network: odd requests, slow ones, foreign pages, guessed addresses."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from bot.web import patience
from bot.web.patience import PatientProtocol
from bot.web.webhooks import read_body
from tests.web.site import site

PAGES = ("/", "/lacak/0000", "/berkas/0000", "/tidak-ada", "/coba", "/robots.txt", "/healthz")
STRANGE = (
    "/lacak/" + "9" * 5000,
    "/lacak/%00",
    "/lacak/..%2f..%2fdata%2fmaster.key",
    "/berkas/%ff%fe",
    "/kiriman/" + "0" * 500,
    "/coba/../../data/master.key",
    "/coba/coba.css/..%2f..%2f..%2fconfig.yaml",
    "/metrics/../data",
    "/{{7*7}}",
    "/%3Cscript%3Ealert(1)%3C/script%3E",
)


async def test_every_page_closes_what_a_browser_could_be_talked_into(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await it.enter()
        for path in (*PAGES, *STRANGE):
            answer = await it.browser.get(path)
            assert answer.status_code in (200, 403, 404), path
            headers = answer.headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert "set-cookie" not in headers
            if headers["content-type"].startswith("text/html"):
                policy = headers["content-security-policy"]
                assert "default-src 'none'" in policy
                assert "frame-ancestors 'none'" in policy
                assert "unsafe" not in policy
                assert "<script>alert" not in answer.text
                assert "49" not in answer.text.partition("<main")[2][:400] or path == "/"


async def test_odd_cookies_and_numbers_are_refused_not_stumbled_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web.trial._HOLD_SECONDS", 0.02)
    async with site(tmp_path) as it:
        for cookie in (b"coba=x.\xff\xfe", b"coba=\xe9.\xe9", b"coba=.", b"coba=" + b"a" * 4000):
            async with it.visitor() as stranger:
                answer = await stranger.get("/coba/pesan", headers={b"Cookie": cookie})
                assert answer.status_code == 403
        await it.enter()
        await it.say("a", "halo")
        await it.settle()
        for after in ("9" * 19 + ".1", "1." + "9" * 30, "-1.-1", "x", "1.1_" * 50, "٣.٣"):
            answer = await it.browser.get("/coba/pesan", params={"after": after})
            assert answer.status_code == 200, after
        assert (await it.browser.get("/coba/berkas/" + "9" * 30 + "/0")).status_code == 404
        assert (await it.browser.get("/coba/berkas/1/99999999999999999999")).status_code == 404


async def test_the_cookie_of_the_trial_is_for_its_own_page_alone(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        answer = await it.browser.get("/coba?token=sekali-pakai")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "path=/coba" in cookie
        assert "secure" not in cookie
    (tmp_path / "https").mkdir()
    async with site(tmp_path / "https", public_url="https://desk.id", trial="on") as it:
        async with it.visitor(base="https://desk.id") as visitor:
            answer = await visitor.get("/coba?token=sekali-pakai")
        assert "secure" in answer.headers["set-cookie"].lower()


FOREIGN = (
    {"X-Forwarded-For": "127.0.0.1"},
    {"Forwarded": "for=127.0.0.1"},
    {"Via": "1.1 tunnel"},
    {"CF-Connecting-IP": "127.0.0.1"},
    {"Host": "evil.example"},
    {"Host": "127.0.0.1.evil.example:8080"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
)


async def test_what_is_for_this_machine_stays_on_it(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await it.enter()
        for headers in FOREIGN:
            for path in ("/metrics", "/coba", "/coba/pesan?after=0.0"):
                answer = await it.browser.get(path, headers=headers)
                assert answer.status_code in (403, 404), (path, headers)
            words = {"id": "1", "text": "x"}
            answer = await it.browser.post("/coba/kirim", json=words, headers=headers)
            assert answer.status_code in (403, 404), headers


async def test_a_one_time_link_is_not_pressed_from_a_foreign_page(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
            answer = await it.browser.post("/berkas/abc", headers=headers)
            assert answer.status_code == 403


async def test_codes_are_not_tried_quickly(tmp_path: Path) -> None:
    async with site(tmp_path) as it, it.visitor("203.0.113.9") as stranger:
        for path in ("/lacak/{:026}", "/berkas/{:026}"):
            found = [(await stranger.get(path.format(n))).status_code for n in range(60)]
            assert set(found) == {404, 429}
            assert found.count(429) > 20
        # What a stranger claims in a header does not make them somebody else.
        headers = {"X-Forwarded-For": "198.51.100.7"}
        assert (await stranger.get("/lacak/1", headers=headers)).status_code == 429


async def test_a_body_that_trickles_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_LEAST_SECONDS", 0.05)
    sent = 0

    async def trickle() -> dict[str, Any]:
        nonlocal sent
        sent += 1
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    assert await read_body({}, trickle, 1000) is None
    assert sent < 20
    assert await read_body({b"content-length": b"-1"}, trickle, 1000) is None
    assert await read_body({b"content-length": b"1001"}, trickle, 1000) is None
    assert await read_body({b"content-length": "²".encode()}, trickle, 1000) is None


async def test_a_head_that_trickles_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.5 if scope["path"] == "/slow" else 0)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"fine"})

    monkeypatch.setattr(PatientProtocol, "seconds", 0.15)
    config = uvicorn.Config(
        app, port=0, http=PatientProtocol, lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign]
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        for begun in (b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-", _WHOLE + b"GET / HTTP/1.1\r\nX-"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(begun)
            rest = await asyncio.wait_for(reader.read(), 2)
            assert rest.startswith(b"HTTP/1.1 200") if begun.startswith(_WHOLE) else rest == b""
            writer.close()
        # A long answer is none of its business: the trial page waits for messages.
        async with httpx.AsyncClient() as browser:
            assert (await browser.get(f"http://127.0.0.1:{port}/slow")).text == "fine"
    finally:
        server.should_exit = True
        await serving


_WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
