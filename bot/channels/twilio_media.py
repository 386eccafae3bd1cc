"""Fetching what citizens sent: from Twilio alone, and its credentials to Twilio alone."""

from __future__ import annotations

from yarl import URL

from bot.channels import http
from bot.channels.protocol import FetchError

_MOST_REDIRECTS = 5
_TWILIO = (".twilio.com", ".twiliocdn.com")
_REFUSED = "the file is not where Twilio keeps files: refused"


class MediaStore:
    """Twilio's store of media behind ``api_base``; ``login`` is the Authorization header."""

    def __init__(self, api_base: str, login: str) -> None:
        self._origin = URL(api_base).origin()
        self._login = login
        self._http = http.Connections({self._origin.host} if self._origin.host else ())

    async def fetch(self, ref: str, limit: int) -> bytes:
        """Return a file of at most ``limit`` bytes; raises FetchError.

        Redirects are followed here, each target judged anew and none given the credentials.
        """
        url = _parsed(ref)
        if not (self._is_api(url) or (_is_open(url) and str(url.host).endswith(_TWILIO))):
            raise FetchError(_REFUSED, gone=True)
        headers = {"Authorization": self._login} if self._is_api(url) else {}
        for _ in range(_MOST_REDIRECTS):
            found = await self._get(url, headers, limit)
            if isinstance(found, bytes):
                return found
            url, headers = found, {}
            if not (self._is_api(url) or (_is_open(url) and url.host != self._origin.host)):
                raise FetchError(_REFUSED, gone=True)
        raise FetchError("Twilio sends the desk in circles")

    async def delete(self, ref: str) -> None:
        """Remove a file from Twilio, now that the desk keeps it; raises FetchError."""
        url = _parsed(ref)
        if not self._is_api(url):
            return
        headers = {"Authorization": self._login}
        target = url if url.path.endswith(".json") else url.with_path(url.path + ".json")
        try:
            async with self._http.session.delete(
                target, headers=headers, allow_redirects=False
            ) as response:
                if response.status not in {200, 204, 404, 410}:
                    raise FetchError(f"Twilio answers {response.status}")
        except http.FAILURES as error:
            raise http.not_fetched("Twilio", error) from None

    async def close(self) -> None:
        """Let go of connections."""
        await self._http.close()

    def _is_api(self, url: URL) -> bool:
        return url.absolute and url.origin() == self._origin

    async def _get(self, url: URL, headers: dict[str, str], limit: int) -> bytes | URL:
        """Return the content, or where it is instead."""
        try:
            async with self._http.session.get(
                url, headers=headers, allow_redirects=False
            ) as response:
                if response.status in {301, 302, 303, 307, 308}:
                    return url.join(_parsed(response.headers.get("Location", "")))
                if response.status != 200:
                    # Right after its message a file may not be there yet: 404 is worth a retry.
                    gone = response.status == 410
                    raise FetchError(f"Twilio answers {response.status}", gone=gone)
                return await http.read_limited(response, limit)
        except http.FAILURES as error:
            raise http.not_fetched("Twilio", error) from None


def _parsed(text: str) -> URL:
    """Return an address; raises FetchError for what is none."""
    try:
        url = URL(text)
        if url.absolute:
            url.origin()
    except ValueError:
        raise FetchError(_REFUSED, gone=True) from None
    if url.user is not None or url.password is not None or not text:
        raise FetchError(_REFUSED, gone=True)
    return url


def _is_open(url: URL) -> bool:
    """Say whether an address is HTTPS on the open internet; names are judged when resolved."""
    host = url.host or ""
    if url.scheme != "https" or url.port != 443 or not host:
        return False
    return http.is_public(host) if http.is_address(host) else True
