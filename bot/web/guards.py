"""Who may reach a page: this machine only, the right Host and Origin, not too often."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from bot.setup.hosts import is_loopback_host, is_loopback_url

_FORWARDING = frozenset(
    {"forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-original-host"}
    | {"cf-connecting-ip", "true-client-ip", "fastly-client-ip", "x-envoy-external-address"}
)


def is_forwarded(headers: Headers) -> bool:
    """Tell whether a proxy or a tunnel stands between us and the person who asks."""
    return any(name in _FORWARDING or name.startswith("x-forwarded") for name in headers)


def is_private(connection: HTTPConnection, public_url: str) -> bool:
    """Tell whether a request surely comes from this machine and from no further away."""
    peer = connection.client.host if connection.client else ""
    return (
        is_loopback_url(public_url)
        and not is_forwarded(connection.headers)
        and (not peer or is_loopback_host(peer))
    )


def is_same_site(connection: HTTPConnection, public_url: str) -> bool:
    """Tell whether Host is ours and Origin, where there is one, is the page itself.

    A foreign name that points at 127.0.0.1 (DNS rebinding) is refused by its Host. A link that
    somebody follows may come from anywhere; anything else only from our own page.
    """
    headers = connection.headers
    host = headers.get("host", "").lower()
    try:
        name = urlsplit(f"//{host}").hostname or ""
        origin = urlsplit(headers.get("origin", f"//{host}")).netloc.lower()
    except ValueError:
        return False
    if not (is_loopback_host(name) or name == urlsplit(public_url).hostname) or origin != host:
        return False
    follows = headers.get("sec-fetch-mode") == "navigate" and "origin" not in headers
    return follows or headers.get("sec-fetch-site", "none") in ("none", "same-origin")


def caller(connection: HTTPConnection) -> str:
    """Return whom a limit counts for: the peer, or whoever our own proxy says it speaks for."""
    peer = connection.client.host if connection.client else ""
    forwarded = connection.headers.get("x-forwarded-for", "")
    if forwarded and (not peer or is_loopback_host(peer)):
        return forwarded.rpartition(",")[2].strip()
    return peer


class Limit:
    """At most ``burst`` at once and ``rate`` a second for each key; forgets the oldest keys."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def allows(self, key: str, cost: float = 1.0) -> bool:
        """Take ``cost`` from the key's allowance if it is there."""
        now = self._clock()
        left, seen = self._left.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - seen) * self._rate)
        fine = left >= cost
        self._left[key] = (left - cost if fine else left, now)
        if len(self._left) > 10_000:
            del self._left[next(iter(self._left))]
        return fine
