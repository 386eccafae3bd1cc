"""Outgoing HTTP, shared by the channels: pooled connections, limits, no secret in an error."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
from collections.abc import Collection

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from bot.channels.lines import NotConnected
from bot.channels.protocol import Fault, FetchError, SendError

TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
UPLOAD_TIMEOUT = aiohttp.ClientTimeout(total=180, connect=10)
FAILURES = (aiohttp.ClientError, asyncio.TimeoutError, OSError)
TOO_LARGE = "too large"
_NEVER_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, NotConnected)
_CONNECTIONS = 100
# Shorter than the platforms': a connection they are about to close is not used again.
_KEEP_ALIVE = 25.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class PublicResolver(AbstractResolver):
    """Resolves names to public addresses only, except for the hosts it was told to trust.

    The connection goes to the very addresses that were judged, so a name that changes its
    answer in between gains nothing.
    """

    def __init__(self, trusted: Collection[str] = ()) -> None:
        self._trusted = frozenset(trusted)
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host; raises OSError where none of them is public."""
        found = await self._resolver.resolve(host, port, family)
        if host in self._trusted:
            return found
        public = [address for address in found if is_public(address["host"])]
        if not public:
            raise OSError("the name leads to no public address")
        return public

    async def close(self) -> None:
        """Let go of the resolver."""
        await self._resolver.close()


def _open_session(resolver: AbstractResolver | None = None) -> aiohttp.ClientSession:
    """Return a session with pooled, kept-alive connections; call it inside the running loop."""
    connector = aiohttp.TCPConnector(
        limit=_CONNECTIONS, keepalive_timeout=_KEEP_ALIVE, ttl_dns_cache=300, resolver=resolver
    )
    return aiohttp.ClientSession(
        connector=connector, timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()
    )


class Connections:
    """A session that is opened when it is first needed, inside the running loop."""

    def __init__(self, trusted: Collection[str] | None = None) -> None:
        """With ``trusted`` only public addresses are connected to, and these hosts."""
        self._trusted = trusted
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The open session."""
        if self._session is None:
            public = None if self._trusted is None else PublicResolver(self._trusted)
            self._session = _open_session(public)
        return self._session

    async def close(self) -> None:
        """Let go of connections; the next need opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def is_public(address: str) -> bool:
    """Say whether an IP address belongs to the open internet."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip in _NAT64 or ip.sixtofour is not None or ip.teredo is not None:
            return False
    return ip.is_global and not ip.is_multicast


def is_address(host: str) -> bool:
    """Say whether a host is written as an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def unreachable(platform: str, error: BaseException) -> SendError:
    """Return the error for a connection that failed.

    Only its kind is told: the text of such errors holds addresses, and a bot's token is in them.
    """
    return SendError(
        Fault.LATER,
        f"{platform} cannot be reached ({type(error).__name__})",
        outage=True,
        unsure=not isinstance(error, _NEVER_CONNECTED),
    )


def not_fetched(platform: str, error: BaseException) -> FetchError:
    """Return the error for a download that failed on the way."""
    return FetchError(f"{platform} cannot be reached ({type(error).__name__})")


def mended(body: bytes) -> bytes:
    """Return JSON without lone halves of signs, which strict readers refuse as a whole.

    Raises ValueError for what is no JSON even then.
    """
    found = json.loads(body.decode("utf-8", "replace"))
    return json.dumps(found, ensure_ascii=False).encode("utf-8", "replace")


async def read_limited(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Read a body of at most ``limit`` bytes; raises FetchError (gone) beyond that."""
    if (response.content_length or 0) > limit:
        raise FetchError(TOO_LARGE, gone=True)
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > limit:
            raise FetchError(TOO_LARGE, gone=True)
    return bytes(content)
