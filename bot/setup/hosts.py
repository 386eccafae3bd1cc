"""The name of a host as it is compared: offices of one installation are told apart by it alone.

A port tells nothing: browsers give a cookie to every port of a host.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"({_LABEL}(?:\.{_LABEL})*)\.?(?::\d{{0,5}})?")
_LONGEST = 253


def host_named(header: bytes) -> str:
    """Return the name in a ``Host`` header, small and without its port; empty for what is none."""
    found = _HOST.fullmatch(header.decode("latin-1").lower())
    return found[1] if found and len(found[1]) <= _LONGEST else ""


def host_of(url: str) -> str:
    """Return the name in a web address as browsers send it; empty for what is none."""
    try:
        return host_named((urlsplit(url).hostname or "").encode("idna"))
    except ValueError:
        return ""


def is_loopback_host(host: str) -> bool:
    """Tell whether a host name can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_loopback_url(url: str) -> bool:
    """Tell whether an address leads nowhere but to this machine.

    Names below ``localhost`` do too (RFC 6761): offices are tried out side by side under them.
    """
    host = urlsplit(url).hostname or ""
    return is_loopback_host(host) or host.endswith(".localhost")
