"""A real S3 server for the tests: SeaweedFS on free loopback ports, in a folder of its own."""

from __future__ import annotations

import atexit
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

from storage.s3 import Address

BUCKET = "berkas"
KEY_ID, SECRET = "LOKETTESTKEY", "rahasia-hanya-untuk-uji"
READER, READER_SECRET = "LOKETREADER", "hanya-boleh-membaca"
_PORTS = ("master", "volume", "filer", "s3", "admin")
_SECONDS = 30.0
_TRIES = 3


class Seaweed:
    """The server; what it keeps stays when it is stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = _free_ports(2 * len(_PORTS))
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._ports[_PORTS.index('s3')]}"
        rights = {READER: ("Read", "List"), KEY_ID: ("Read", "Write", "List")}
        secrets = {READER: READER_SECRET, KEY_ID: SECRET}
        identities = [
            {
                "name": key.lower(),
                "credentials": [{"accessKey": key, "secretKey": secrets[key]}],
                "actions": list(rights[key]),
            }
            for key in rights
        ]
        (folder / "s3.json").write_text(json.dumps({"identities": identities}))

    def start(self) -> None:
        """Start it and wait until it answers for its bucket."""
        ports = []
        for place, name in enumerate(_PORTS):
            ports += [f"-{name}.port={self._ports[place]}"]
            ports += [f"-{name}.port.grpc={self._ports[place + len(_PORTS)]}"]
        command = [
            str(Path(sys.executable).parent / "weed"),
            "mini",
            f"-dir={self._folder}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            *ports,
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            f"-s3.config={self._folder / 's3.json'}",
            f"-bucket={BUCKET}",
            "-admin.ui=false",
            "-webdav=false",
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env={**os.environ, "TMPDIR": str(self._folder)},
            )
        deadline = time.monotonic() + _SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((self._folder / "log").read_text()[-2000:])
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it, whatever it was doing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        """Does it keep strangers out by now, is the bucket made, has it room for a first object?"""
        ports = dict(zip(_PORTS, self._ports, strict=False))
        inside = f"/buckets/{BUCKET}/"
        return (
            _status(ports["s3"], "GET", f"/{BUCKET}") == http.HTTPStatus.FORBIDDEN
            and _status(ports["filer"], "GET", inside) == http.HTTPStatus.OK
            and _status(ports["filer"], "PUT", f"{inside}ready") == http.HTTPStatus.CREATED
        )


@cache
def seaweed() -> Seaweed:
    """Return the server that all tests of this process share; each takes a prefix of its own."""
    folder = Path(tempfile.mkdtemp(prefix="loket-seaweed-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for left in reversed(range(_TRIES)):
        server = Seaweed(folder)
        try:
            server.start()
        except AssertionError:
            # Somebody else took one of its ports between our finding and its taking them.
            server.stop()
            if not left:
                raise
        else:
            break
    atexit.register(server.stop)
    return server


def address(
    prefix: str,
    *,
    url: str = "",
    bucket: str = BUCKET,
    key_id: str = KEY_ID,
    secret: str = SECRET,
) -> Address:
    """Return where a desk finds its files on the server at ``url``, on the shared one else."""
    where = url or seaweed().url
    return Address.of(f"s3://{bucket}/{prefix}", where, "us-east-1", key_id, secret)


def environment(prefix: str, url: str = "") -> dict[str, str]:
    """Return what an office sets to keep its files there."""
    return {
        "LOKET_FILES_URL": f"s3://{BUCKET}/{prefix}",
        "AWS_ENDPOINT_URL": url or seaweed().url,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def _status(port: int, method: str, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request(method, path, body=b"ready" if method == "PUT" else None)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
