"""The file store that the configuration names: a folder, or a bucket that many desks share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from storage.files import Files, LocalFiles

if TYPE_CHECKING:
    from bot.setup.settings import Config


def file_store(config: Config) -> Files:
    """Return the store of ``LOKET_FILES_URL``; nothing is asked of it yet."""
    if not config.files_url.startswith("s3://"):
        return LocalFiles(Path(unquote(urlsplit(config.files_url).path)))
    # Only who uses a bucket waits for its client to be imported.
    from storage.s3 import Address, BucketFiles

    bucket = config.bucket
    return BucketFiles.at(
        Address.of(
            config.files_url,
            bucket.endpoint,
            bucket.region,
            bucket.key_id,
            bucket.secret_key.reveal(),
        )
    )
