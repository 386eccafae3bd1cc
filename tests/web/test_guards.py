"""Limits and addresses."""

from __future__ import annotations

import pytest

from bot.setup.hosts import is_loopback_url
from bot.web.guards import Limit
from bot.web.qr import qr_png
from bot.web.tracking import initials


def test_a_limit_gives_back_with_time() -> None:
    now = [0.0]
    limit = Limit(rate=1.0, burst=2.0, clock=lambda: now[0])
    assert [limit.allows("a") for _ in range(3)] == [True, True, False]
    assert limit.allows("b")
    now[0] = 1.0
    assert [limit.allows("a") for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://localhost", True),
        ("http://[::1]:80", True),
        ("http://127.9.9.9", True),
        ("http://toar.localhost:8080", True),
        ("http://localhost.example", False),
        ("http://0.0.0.0:8080", False),
        ("https://loket.example", False),
        ("http://127.0.0.1.example", False),
        ("", False),
    ],
)
def test_an_address_of_this_machine_is_known(url: str, here: bool) -> None:
    assert is_loopback_url(url) is here


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Siti Aminah", "S. A."), ("  m.  yusuf ", "M. Y."), ("", ""), ("1x Ali", "A.")],
)
def test_only_initials_are_shown(name: str, shown: str) -> None:
    assert initials(name) == shown


def test_a_qr_is_a_picture() -> None:
    assert qr_png("http://127.0.0.1:8080/lacak/abc").startswith(b"\x89PNG")
