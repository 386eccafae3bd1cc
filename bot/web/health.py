"""Is the desk alive, is it ready, and its figures."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from bot.web.figures import Exported, look_at_machine
from bot.web.guards import is_private, is_same_site
from bot.web.pages import QUIET, plain
from storage import settings
from storage.database import StorageUnavailable
from storage.figures import look
from storage.files import FilesUnavailable
from storage.instant import to_ms

if TYPE_CHECKING:
    from bot.engine.desk import Desk

_LEAST_FREE_BYTES = 50_000_000


class Health:
    """``/healthz``, ``/readyz`` and ``/metrics``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def alive(self, request: Request) -> Response:
        """The process answers."""
        return plain("ok")

    async def ready(self, request: Request) -> Response:
        """The database takes writes and the disk has room; 503 where it does not."""
        desk = self._desk
        instant = to_ms(desk.now())
        try:
            await desk.db.write(lambda tx: settings.put(tx, "ready-at", str(instant)))
        except StorageUnavailable:
            return plain("the database cannot be written", 503)
        free = await run_in_threadpool(shutil.disk_usage, desk.config.data_dir)
        if free.free < _LEAST_FREE_BYTES:
            return plain("the disk is full", 503)
        if not await self._files_up():
            # Words are still taken in and answered: no reason to send people away from all desks.
            return plain("ready, but the file store cannot be used: photos and letters wait")
        return plain("ready")

    async def _files_up(self) -> bool:
        try:
            await self._desk.files.check()
        except FilesUnavailable:
            return False
        return True

    async def metrics(self, request: Request) -> Response:
        """Figures for Prometheus; from this machine only, unless configuration turns them on."""
        config = self._desk.config
        private = config.metrics == "auto" and is_private(request, config.public_url)
        if not (private or config.metrics == "on"):
            return plain("not found", 404)
        if private and not is_same_site(request, config.public_url):
            return plain("forbidden", 403)
        try:
            figures = await self._desk.db.read(lambda tx: look(tx, self._desk.now()))
        except StorageUnavailable:
            return plain("the database cannot be read", 503)
        own = CollectorRegistry(auto_describe=False)
        machine = await run_in_threadpool(look_at_machine, config.data_dir, await self._files_up())
        own.register(Exported(self._desk, figures, machine))
        body = generate_latest(REGISTRY) + generate_latest(own)
        return Response(body, headers={**QUIET, "Content-Type": CONTENT_TYPE_LATEST})
