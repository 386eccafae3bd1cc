"""Files of citizens: the credentials go to Twilio alone, and nothing is fetched from within."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.channels import http
from bot.channels.protocol import FetchError
from bot.channels.twilio_account import TwilioAccount
from bot.channels.twilio_media import MediaStore
from tests.standins.twilio import SID, TOKEN, TwilioStandin

LOGIN = "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()


@pytest.fixture
async def standin() -> AsyncIterator[TwilioStandin]:
    async with TwilioStandin() as server:
        server.files["ME1"] = ("image/jpeg", b"jpeg" * 1000)
        yield server


@pytest.fixture
async def store(standin: TwilioStandin) -> AsyncIterator[MediaStore]:
    account = TwilioAccount(SID, TOKEN, standin.url)
    yield account.media
    await account.close()


async def test_a_file_is_fetched_with_the_login_and_its_redirect_without(
    standin: TwilioStandin, store: MediaStore
) -> None:
    assert await store.fetch(standin.media_url("ME1"), 4000) == b"jpeg" * 1000
    assert standin.logins == [("api", LOGIN), ("cdn", "")]


async def test_a_file_above_the_limit_is_not_kept(
    standin: TwilioStandin, store: MediaStore
) -> None:
    with pytest.raises(FetchError, match="too large") as caught:
        await store.fetch(standin.media_url("ME1"), 3999)
    assert caught.value.gone


async def test_a_stream_without_a_length_is_cut_off_at_the_limit() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(1000):
            await response.write(b"x" * 65536)
        return response

    app = web.Application()
    app.router.add_get("/x", endless)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    store = MediaStore(base, LOGIN)
    with pytest.raises(FetchError, match="too large"):
        await store.fetch(f"{base}/x", 200_000)
    await store.close()
    await runner.cleanup()


async def test_a_file_that_is_not_there_yet_is_worth_another_try(
    standin: TwilioStandin, store: MediaStore
) -> None:
    with pytest.raises(FetchError) as caught:
        await store.fetch(standin.media_url("ME9"), 10)
    assert not caught.value.gone
    for status, gone in ((410, True), (503, False), (403, False)):
        standin.refuse(method="Media", status=status)
        with pytest.raises(FetchError) as caught:
            await store.fetch(standin.media_url("ME1"), 10)
        assert caught.value.gone is gone
    standin.refuse(method="Media", drop=True, times=9)
    with pytest.raises(FetchError) as caught:
        await store.fetch(standin.media_url("ME1"), 10)
    assert not caught.value.gone
    assert caught.value.__suppress_context__


FOREIGN = [
    "",
    "x",
    "/etc/passwd",
    "file:///etc/passwd",
    "ftp://api.twilio.com/x",
    "http://api.twilio.com/x",
    "http://127.0.0.1:1/x",
    "https://127.0.0.1/x",
    "https://localhost/x",
    "https://10.0.0.5/x",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://evil.example/x",
    "https://api.twilio.com.evil.example/x",
    "https://twilio.com@evil.example/x",
    "https://user:pass@api.twilio.com/x",
    "https://api.twilio.com:8443/x",
    "https://evil-twilio.com/x",
    "//evil.example/x",
    "https://[broken/x",
]


@pytest.mark.parametrize("ref", FOREIGN)
async def test_an_address_that_is_not_twilios_is_refused(
    ref: str, standin: TwilioStandin, store: MediaStore
) -> None:
    with pytest.raises(FetchError) as caught:
        await store.fetch(ref, 10)
    assert caught.value.gone
    assert standin.logins == []


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:1/x",
        "http://localhost:1/x",
        "https://127.0.0.1/x",
        "https://192.168.1.1/x",
        "https://169.254.169.254/x",
        "https://[fd00::1]/x",
        "https://evil.example:8443/x",
        "http://evil.example/x",
        "https://a:b@evil.example/x",
        "//evil.example/x",
        "gopher://evil.example/x",
    ],
)
async def test_a_redirect_to_an_unsafe_place_is_not_followed(
    target: str, standin: TwilioStandin, store: MediaStore
) -> None:
    standin.redirect = target
    with pytest.raises(FetchError) as caught:
        await store.fetch(standin.media_url("ME1"), 10)
    assert caught.value.gone


async def test_a_name_that_leads_within_is_not_followed(
    standin: TwilioStandin, store: MediaStore
) -> None:
    standin.redirect = "https://localhost/x"
    with pytest.raises(FetchError, match="cannot be reached"):
        await store.fetch(standin.media_url("ME1"), 10)


async def test_a_circle_of_redirects_ends(standin: TwilioStandin, store: MediaStore) -> None:
    again = {"Location": "/cdn/ME1"}
    standin.refuse(method="Cdn", status=307, times=99, headers=again)
    with pytest.raises(FetchError, match="circles"):
        await store.fetch(standin.media_url("ME1"), 10)
    assert [login for _, login in standin.logins] == [LOGIN, *[""] * 4]


async def test_a_redirect_back_to_the_api_is_not_given_the_login_again(
    standin: TwilioStandin, store: MediaStore
) -> None:
    back = {"Location": standin.media_url("ME1")}
    standin.refuse(method="Media", status=307, times=99, headers=back)
    with pytest.raises(FetchError, match="401"):
        await store.fetch(standin.media_url("ME1"), 10)
    assert [login for _, login in standin.logins] == [LOGIN, ""]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::ffff:10.0.0.1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_an_address_of_the_open_internet_is_told_apart(address: str, public: bool) -> None:
    assert http.is_public(address) is public


async def test_a_name_is_judged_by_where_it_leads() -> None:
    careful = http.PublicResolver()
    with pytest.raises(OSError, match="no public address"):
        await careful.resolve("localhost", 443)
    await careful.close()
    trusting = http.PublicResolver({"localhost"})
    assert await trusting.resolve("localhost", 443)
    await trusting.close()
