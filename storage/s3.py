"""The file store in a bucket of an S3-compatible service: one object a file, whole or not at all.

Any number of desks share it. Objects are named ``prefix/files/<name>``; what waits a while to be
fetched lies beside, ``prefix/upload/<name>``. Nothing lies there that the vault did not seal.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from aiohttp_s3_client import S3Client
from aiohttp_s3_client.credentials import StaticCredentials
from aiohttp_s3_client.xml import AwsObjectMeta, parse_list_objects
from msgspec import Struct

from storage.files import (
    FileMissing,
    FilesUnavailable,
    demand_name,
    demand_sealed,
    files_in,
    is_name,
)

_TRIES = 3
_AT_ONCE = 8
_PAUSE = 0.2
_TIMEOUT = aiohttp.ClientTimeout(total=30.0, sock_connect=4.0, sock_read=20.0)
_CHECK_TIMEOUT = aiohttp.ClientTimeout(total=3.0)
_CONNECTIONS = 32
_PIECE = 1 << 18
_LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
_EMPTY = hashlib.sha256(b"").hexdigest()
_WORDS = {
    "InvalidAccessKeyId": "does not know the key AWS_ACCESS_KEY_ID: correct it",
    "SignatureDoesNotMatch": "refuses the key: AWS_SECRET_ACCESS_KEY is not that of this"
    " AWS_ACCESS_KEY_ID",
    "AccessDenied": "does not let this key into the bucket: allow it to read, write, list and"
    " delete there",
    "NoSuchBucket": "has no such bucket: make it, or correct LOKET_FILES_URL",
    "RequestTimeTooSkewed": "finds this machine's clock wrong: set it right",
    "PermanentRedirect": "keeps the bucket in another region: correct AWS_REGION",
    "AuthorizationHeaderMalformed": "keeps the bucket in another region: correct AWS_REGION",
    "QuotaExceeded": "is full: give the bucket more room",
    "XMinioStorageFull": "is full: give it more disks",
}
"""What an error code of the service means, and what to do."""


class Address(Struct, frozen=True):
    """Where the bucket is and who we are there; ``endpoint`` is empty for AWS itself."""

    bucket: str
    prefix: str
    endpoint: str
    region: str
    key_id: str
    secret: str

    @classmethod
    def of(cls, url: str, endpoint: str, region: str, key_id: str, secret: str) -> Address:
        """Read ``s3://bucket/prefix``."""
        parts = urlsplit(url)
        return cls(parts.netloc, parts.path.strip("/"), endpoint, region, key_id, secret)

    def __repr__(self) -> str:
        return f"Address({self.bucket!r}, {self.endpoint!r})"


class Bucket:
    """A bucket, asked over connections that are opened at the first question."""

    def __init__(self, address: Address) -> None:
        base = address.endpoint.rstrip("/") or f"https://s3.{address.region}.amazonaws.com"
        self._url = f"{base}/{address.bucket}"
        self._name = f"the file store {address.bucket} at {urlsplit(base).hostname}"
        self._credentials = StaticCredentials(
            access_key_id=address.key_id, secret_access_key=address.secret, region=address.region
        )
        self._session: aiohttp.ClientSession | None = None

    async def put(self, key: str, content: bytes) -> None:
        """Store an object; raises FilesUnavailable."""
        digest = await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
        await self._ask("PUT", key, content=content, digest=digest)

    async def get(self, key: str) -> bytes | None:
        """Return an object's content, None where there is none; raises FilesUnavailable."""
        return await self._ask("GET", key)

    async def has(self, key: str) -> bool:
        """Tell whether there is such an object; raises FilesUnavailable."""
        return await self._ask("HEAD", key) is not None

    async def delete(self, key: str) -> None:
        """Remove an object, if there is one; raises FilesUnavailable."""
        await self._ask("DELETE", key)

    async def objects(self, prefix: str) -> AsyncIterator[list[AwsObjectMeta]]:
        """Yield the objects below a prefix, a thousand at a time; raises FilesUnavailable."""
        params = {"list-type": "2", "prefix": prefix}
        while True:
            found, _, more = parse_list_objects(await self._ask("GET", "", params=params) or b"")
            yield found
            if not more:
                return
            params["continuation-token"] = more

    async def check(self) -> None:
        """Ask once, and for a moment only, whether this key may use the bucket."""
        params = {"list-type": "2", "max-keys": "1"}
        await self._ask("GET", "", params=params, tries=1, timeout=_CHECK_TIMEOUT)

    async def close(self) -> None:
        """Close the connections; the next question opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _ask(
        self,
        method: str,
        key: str,
        *,
        content: bytes | None = None,
        digest: str = _EMPTY,
        params: dict[str, str] | None = None,
        tries: int = _TRIES,
        timeout: aiohttp.ClientTimeout = _TIMEOUT,  # noqa: ASYNC109
    ) -> bytes | None:
        """Ask, again where that may help; every request here may be repeated without harm."""
        for left in reversed(range(tries)):
            try:
                async with self._client().request(
                    method,
                    key,
                    data=None if content is None else _pieces(content),
                    data_length=None if content is None else len(content),
                    params=params,
                    content_sha256=digest,
                    timeout=timeout,
                    allow_redirects=False,
                ) as answer:
                    body = await answer.read()
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                trouble = f"{self._name} does not answer ({type(error).__name__})"
            else:
                if answer.status < HTTPStatus.MULTIPLE_CHOICES:
                    return body
                code = _code(answer.status, body)
                if answer.status == HTTPStatus.NOT_FOUND and code in ("", "NoSuchKey"):
                    return None
                trouble = f"{self._name} {_WORDS.get(code, f'answers {answer.status} {code}')}"
                if not _passes(answer.status):
                    break
            if left:
                await asyncio.sleep(_PAUSE * 3 ** (tries - 1 - left))
        raise FilesUnavailable(trouble)

    def _client(self) -> S3Client:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
            self._session = aiohttp.ClientSession(connector=connector)
        return S3Client(self._session, self._url, credentials=self._credentials)


class BucketFiles:
    """Encrypted files in a bucket, below ``prefix/place/``; see ``Files``."""

    def __init__(self, bucket: Bucket, prefix: str, place: str = "files") -> None:
        self._bucket, self._prefix = bucket, prefix
        self._below = f"{prefix}/{place}/".lstrip("/")

    @classmethod
    def at(cls, address: Address) -> BucketFiles:
        """Return the store at an address; nothing is asked yet."""
        return cls(Bucket(address), address.prefix)

    async def put(self, name: str, sealed: bytes) -> None:
        await self._bucket.put(self._key(name), demand_sealed(sealed))

    async def get(self, name: str) -> bytes:
        found = await self._bucket.get(self._key(name))
        if found is None:
            raise FileMissing(f"no stored file is named {name}")
        return found

    async def delete(self, name: str) -> None:
        await self._bucket.delete(self._key(name))

    async def exists(self, name: str) -> bool:
        return await self._bucket.has(self._key(name))

    async def names(self) -> AsyncIterator[str]:
        async for found in self._bucket.objects(self._below):
            for name in (one.key.removeprefix(self._below) for one in found):
                if is_name(name):
                    yield name

    async def adopt(self, folder: Path) -> None:
        paths = iter(await asyncio.to_thread(files_in, folder))

        async def one_after_another() -> None:
            for path in paths:
                await self.put(path.name, await asyncio.to_thread(path.read_bytes))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(_AT_ONCE):
                    group.create_task(one_after_another())
        except* FilesUnavailable as troubles:
            raise troubles.exceptions[0] from None

    async def sweep(self) -> int:
        """An object is there whole or not at all: nothing is half written."""
        return 0

    async def forget_older(self, seconds: float) -> int:
        before, count = time.time() - seconds, 0
        async for found in self._bucket.objects(self._below):
            for one in found:
                if one.last_modified.timestamp() < before:
                    await self._bucket.delete(one.key)
                    count += 1
        return count

    async def check(self) -> None:
        await self._bucket.check()

    async def close(self) -> None:
        await self._bucket.close()

    def beside(self, place: str) -> BucketFiles:
        return BucketFiles(self._bucket, self._prefix, place)

    def _key(self, name: str) -> str:
        return self._below + demand_name(name)


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    """Give a large body in pieces, so that others have their turn in between."""
    for start in range(0, len(content), _PIECE):
        yield content[start : start + _PIECE]


def _passes(status: int) -> bool:
    """May the same question be answered in a moment?"""
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _LATER


def _code(status: int, body: bytes) -> str:
    """Return the error code of an answer; one to HEAD has none."""
    _, opened, rest = body.partition(b"<Code>")
    if opened:
        return rest.partition(b"</Code>")[0].decode("ascii", "replace")[:40]
    return "AccessDenied" if status == HTTPStatus.FORBIDDEN else ""
