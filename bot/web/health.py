"""Is the desk alive, is it ready, and its figures."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from bot.web.guards import is_private, is_same_site
from bot.web.pages import QUIET, plain
from storage.database import StorageUnavailable, Tx

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
        try:
            await self._desk.db.write(lambda tx: tx.one("SELECT 1"))
        except StorageUnavailable:
            return plain("the database cannot be written", 503)
        free = await run_in_threadpool(shutil.disk_usage, self._desk.config.data_dir)
        if free.free < _LEAST_FREE_BYTES:
            return plain("the disk is full", 503)
        return plain("ready")

    async def metrics(self, request: Request) -> Response:
        """Figures for Prometheus; from this machine only, unless configuration turns them on."""
        config = self._desk.config
        private = config.metrics == "auto" and is_private(request, config.public_url)
        if not (private or config.metrics == "on"):
            return plain("not found", 404)
        if private and not is_same_site(request, config.public_url):
            return plain("forbidden", 403)
        try:
            figures = await self._desk.db.read(_figures)
        except StorageUnavailable:
            return plain("the database cannot be read", 503)
        own = CollectorRegistry(auto_describe=False)
        own.register(_Figures(self._desk, figures))
        body = generate_latest(REGISTRY) + generate_latest(own)
        return Response(body, headers={**QUIET, "Content-Type": CONTENT_TYPE_LATEST})


_COUNTS = {
    "loket_inbox_waiting": "SELECT count(*) FROM inbox WHERE state = 0",
    "loket_inbox_aside": "SELECT count(*) FROM inbox WHERE state = 2",
    "loket_outbox_waiting": "SELECT count(*) FROM outbox WHERE state < 2",
    "loket_outbox_failed": "SELECT count(*) FROM outbox WHERE state = 3",
    "loket_jobs_waiting": "SELECT count(*) FROM job WHERE state < 2",
    "loket_jobs_failed": "SELECT count(*) FROM job WHERE state = 3",
    "loket_requests_open": "SELECT count(*) FROM request WHERE closed_at IS NULL",
}


def _figures(tx: Tx) -> dict[str, int]:
    rows = {name: tx.one(sql) for name, sql in _COUNTS.items()}
    return {name: int(row[0]) for name, row in rows.items() if row is not None}


class _Figures:
    """The desk's figures at this moment."""

    def __init__(self, desk: Desk, figures: dict[str, int]) -> None:
        self._desk = desk
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        for name, value in self._figures.items():
            yield GaugeMetricFamily(name, name.replace("_", " "), value=value)
        desk = self._desk
        yield CounterMetricFamily("loket_turns", "Events whose turn was taken", desk.worker.turns)
        seconds = desk.worker.turn_seconds
        yield CounterMetricFamily("loket_turn_seconds", "Seconds spent in turns", seconds)
        yield CounterMetricFamily("loket_sent", "Messages handed to platforms", desk.sender.sent)
        yield CounterMetricFamily("loket_unsent", "Messages given up", desk.sender.refusals.failed)
