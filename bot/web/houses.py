"""Several offices behind one port: each call belongs to the host name that it asked for.

What a proxy adds (``X-Forwarded-Host``) has no say: whoever sends a call could write it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from structlog.contextvars import bound_contextvars

from bot.setup.hosts import host_named, is_loopback_host
from bot.web.guards import is_forwarded
from bot.web.health import Health, written
from bot.web.pages import plain
from bot.web.webhooks import Taken, TelegramWebhook, answer
from storage.database import StorageUnavailable

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from bot.app import App

OPEN = "loket_office_up"
_AGAIN_SECONDS = 1.0


@dataclass
class House:
    """An office as the web sees it; without an ``app`` it is not open, and ``trouble`` says why."""

    name: str
    host: str
    trouble: str = "not tried yet"
    app: App | None = None
    site: ASGIApp | None = None
    webhook: TelegramWebhook | None = None
    health: Health | None = None

    def open(self, app: App) -> None:
        """Let calls in."""
        self.app = app
        self.site = app.site(alone=False)
        self.webhook = TelegramWebhook.of(app.desk)
        self.health = Health(app.desk, alone=False)

    def is_genuine(self, secret: bytes) -> bool:
        """Is this the secret that only Telegram was told, for this office's bot?"""
        return self.webhook is not None and self.webhook.is_genuine(secret)

    async def take(self, body: bytes) -> Taken:
        """Take a genuine update and return what to answer with."""
        if self.webhook is None:
            return Taken(503)
        with bound_contextvars(office=self.name):
            return await self.webhook.take(body)

    async def enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on; platforms that are sent away come again."""
        if self.site is None:
            await answer(send, 503, b"not open at the moment: try again later")
            return
        with bound_contextvars(office=self.name):
            await self.site(scope, receive, send)


class Houses:
    """The application: offices by their host, and the installation at any other.

    A host that two claim is nobody's.
    """

    def __init__(self, houses: list[House]) -> None:
        asked = Counter(house.host for house in houses)
        self._by_host = {one.host: one for one in houses if one.host and asked[one.host] == 1}
        self._gate = Gate(houses)

    def find(self, host: bytes) -> House | None:
        """Return the office that a ``Host`` header asks for."""
        return self._by_host.get(host_named(host))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        asked = [value for name, value in scope["headers"] if name == b"host"]
        house = self.find(asked[0]) if len(asked) == 1 else None
        if house is not None:
            await house.enter(scope, receive, send)
        else:
            await self._gate.router(scope, receive, send)


class Gate:
    """What the installation tells who asks for none of its offices; strangers learn no name."""

    def __init__(self, houses: list[House]) -> None:
        self._houses = houses
        self._looking: asyncio.Task[dict[str, tuple[str, int]]] | None = None
        self._looked_at = 0.0
        routes = [
            Route("/healthz", self._alive),
            Route("/readyz", self._ready),
            Route("/metrics", self._metrics),
        ]
        self.router = Router(routes=routes, default=_nothing, redirect_slashes=False)

    async def _alive(self, request: Request) -> Response:
        return plain("ok")

    async def _ready(self, request: Request) -> Response:
        """503 until every office is; from this machine it says which is not, and why."""
        states = await asyncio.shield(self._look())
        missing = {name: words for name, (words, status) in states.items() if status != 200}
        if not missing:
            return plain("ready")
        lines = [f"{name}: {words}" for name, words in missing.items()]
        return plain("\n".join(lines) if _is_from_here(request) else "not ready", 503)

    def _look(self) -> asyncio.Task[dict[str, tuple[str, int]]]:
        """Look at all databases, once a second at most however often it is asked."""
        now = asyncio.get_running_loop().time()
        done = self._looking is None or self._looking.done()
        if self._looking is None or (done and now - self._looked_at >= _AGAIN_SECONDS):
            self._looking, self._looked_at = asyncio.create_task(self._states()), now
        return self._looking

    async def _states(self) -> dict[str, tuple[str, int]]:
        states = await asyncio.gather(*(_state(house) for house in self._houses))
        return dict(zip((house.name for house in self._houses), states, strict=True))

    async def _metrics(self, request: Request) -> Response:
        """The figures of all offices and of the process; from this machine only."""
        if not _is_from_here(request):
            return plain("not found", 404)
        found = await asyncio.gather(*(_figures(house) for house in self._houses))
        names = [house.name for house in self._houses]
        return written(_Labelled(dict(zip(names, found, strict=True))), process=True)


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, 404, b"not found")


def _is_from_here(request: Request) -> bool:
    """Tell whether this machine asks by its own address; a page it has open could ask by a name."""
    peer = request.client.host if request.client else ""
    host = request.headers.get("host", "")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    return is_loopback_host(peer) and is_loopback_host(name) and not is_forwarded(request.headers)


async def _state(house: House) -> tuple[str, int]:
    try:
        return await house.health.state() if house.health else (house.trouble, 503)
    except OSError:
        return "its disk cannot be looked at", 503


async def _figures(house: House) -> Collector | None:
    try:
        return await house.health.figures() if house.health else None
    except (StorageUnavailable, OSError):
        return None


class _Labelled(Collector):
    """Several desks' figures, each with the label ``office``; none for who cannot be looked at."""

    def __init__(self, offices: Mapping[str, Collector | None]) -> None:
        self._offices = offices

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily(OPEN, "1 where the office can be served", labels=["office"])
        families: dict[str, Metric] = {}
        for office, figures in self._offices.items():
            up.add_metric([office], 0 if figures is None else 1)
            for metric in figures.collect() if figures is not None else ():
                known = Metric(metric.name, metric.documentation, metric.type, metric.unit)
                family = families.setdefault(metric.name, known)
                family.samples += [_labelled(sample, office) for sample in metric.samples]
        yield up
        yield from families.values()


def _labelled(sample: Sample, office: str) -> Sample:
    return sample._replace(labels={**sample.labels, "office": office})
