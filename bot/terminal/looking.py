"""What a command sees of the data without opening the desk, also while one is running."""

from __future__ import annotations

from collections.abc import Sequence

from bot.engine.databases import database_path, is_shared
from bot.setup.settings import Config
from storage import definitions
from storage.database import Tx
from storage.definitions import Version
from storage.looking import look, look_at_server


def kept_versions(config: Config) -> Sequence[Version]:
    """Return the versions that this office keeps; raises StorageUnavailable."""
    if is_shared(config):
        return look_at_server(config.database_url, _if_there)
    path = database_path(config)
    return look(path, definitions.all_versions) if path.is_file() else []


def _if_there(tx: Tx) -> Sequence[Version]:
    """A database that no desk has begun with has no tables yet."""
    made = tx.one("SELECT to_regclass('storeddefinition') IS NOT NULL")
    return definitions.all_versions(tx) if made and made[0] else []
