"""Is the desk alive, is it ready, and its figures."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.registry import Collector
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

    def __init__(self, desk: Desk, *, alone: bool = True) -> None:
        self._desk = desk
        self._alone = alone

    async def alive(self, request: Request) -> Response:
        """The process answers."""
        return plain("ok")

    async def ready(self, request: Request) -> Response:
        """The database takes writes and the disk has room; 503 where it does not."""
        words, status = await self.state()
        return plain(words, status)

    async def state(self) -> tuple[str, int]:
        """Say whether the desk is ready, in a sentence and by a status."""
        desk = self._desk
        instant = to_ms(desk.now())
        try:
            await desk.db.write(lambda tx: settings.put(tx, "ready-at", str(instant)))
        except StorageUnavailable:
            return "the database cannot be written", 503
        free = await run_in_threadpool(shutil.disk_usage, desk.config.data_dir)
        if free.free < _LEAST_FREE_BYTES:
            return "the disk is full", 503
        if not await self._files_up():
            # Words are still taken in and answered: no reason to send people away from all desks.
            return "ready, but the file store cannot be used: photos and letters wait", 200
        return "ready", 200

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
            own = await self.figures()
        except StorageUnavailable:
            return plain("the database cannot be read", 503)
        return written(own, process=self._alone)

    async def figures(self) -> Exported:
        """Return the desk's figures at this moment; raises StorageUnavailable."""
        desk = self._desk
        found = await desk.db.read(lambda tx: look(tx, desk.now()))
        folder = desk.config.data_dir
        machine = await run_in_threadpool(look_at_machine, folder, await self._files_up())
        return Exported(desk, found, machine)


def written(figures: Collector, *, process: bool) -> Response:
    """Answer with figures, and with those of the process where it is asked for."""
    own = CollectorRegistry(auto_describe=False)
    own.register(figures)
    body = (generate_latest(REGISTRY) if process else b"") + generate_latest(own)
    return Response(body, headers={**QUIET, "Content-Type": CONTENT_TYPE_LATEST})
