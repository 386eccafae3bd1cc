"""A host is compared by its name alone, however it was written; what is none is nobody's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.setup.hosts import host_named, host_of

_LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
_NAMES = st.lists(_LABEL, min_size=1, max_size=4).map(".".join)


@settings(max_examples=60, deadline=None)
@given(_NAMES, st.randoms(), st.sampled_from(["", "."]), st.integers(-1, 65535))
def test_every_way_to_write_a_name_is_the_same_name(
    name: str, chance: object, dot: str, port: int
) -> None:
    flip = chance.random  # type: ignore[attr-defined]
    written = "".join(one.upper() if flip() < 0.5 else one for one in name)
    header = f"{written}{dot}" + (f":{port}" if port >= 0 else "")
    assert host_named(header.encode()) == name
    assert host_of(f"https://{header}/coba?a=b") == name


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80))
def test_whatever_is_sent_becomes_a_plain_name_or_nothing(header: bytes) -> None:
    name = host_named(header)
    assert host_named(name.encode()) == name
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert name.encode() in header.lower()


@pytest.mark.parametrize(
    "header",
    [
        *(b"", b".", b":8080", b"toar..localhost", b".toar.localhost", b"toar.localhost..", b"-a"),
        *(
            b"toar.localhost:80:80",
            b"toar.localhost:x",
            b"toar.localhost:999999",
            b"toar localhost",
        ),
        *(b"a@toar.localhost", b"toar.localhost/", b"toar.localhost\x00", b"toar.localhost,benai"),
        *(b"http://toar.localhost", b"[::1]", b"toar\xc2\xad.localhost", b"a" * 64, b"a." * 200),
        *(b"toar.localhost\n", b"\ttoar.localhost", b"toar%2elocalhost", b"*.localhost"),
    ],
)
def test_what_is_no_name_is_nobodys(header: bytes) -> None:
    assert host_named(header) == ""


def test_a_name_in_another_script_is_the_one_that_browsers_send() -> None:
    assert host_of("https://Kécamatan.example:8443/x") == "xn--kcamatan-b1a.example"
    assert host_of("https://[broken/") == host_of("") == ""
