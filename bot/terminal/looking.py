"""What a command sees of the data without opening the desk, also while one is running."""

from __future__ import annotations

from collections.abc import Sequence

from bot.engine.opening import database_path
from bot.setup.settings import Config
from storage import definitions
from storage.definitions import Version
from storage.looking import look


def kept_versions(config: Config) -> Sequence[Version]:
    """Return the versions that this office keeps; raises StorageUnavailable."""
    path = database_path(config)
    return look(path, definitions.all_versions) if path.is_file() else []
