"""All pages and webhooks of an office as one ASGI application."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, Router

from bot.channels.screen import Screen
from bot.papers import outgoing
from bot.setup.services import ROOT
from bot.web.health import Health
from bot.web.links import OneTime
from bot.web.pages import document, page, plain
from bot.web.tracking import Tracking
from bot.web.trial import TrialPage
from bot.web.upload import UploadPage
from bot.web.webhooks import TELEGRAM_PATH, TelegramWebhook
from storage.database import StorageUnavailable

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from bot.engine.desk import Desk

log = structlog.get_logger()


def make_site(
    desk: Desk, trial: Desk | None = None, token: str = "", *, alone: bool = True
) -> ASGIApp:
    """Return the application; ``token`` opens the trial page once.

    An office that is not ``alone`` in its process tells nothing of the process.
    """
    routes = _routes(desk, trial, token, Health(desk, alone=alone))
    router = Router(routes=routes, default=_Missing(desk))
    webhook = TelegramWebhook.of(desk)

    async def site(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if webhook is not None and scope["path"] == TELEGRAM_PATH:
            await webhook(scope, receive, send)
            return
        try:
            await router(scope, receive, send)
        except StorageUnavailable as error:
            log.error("a page waits for the database", error=str(error))
            await page(desk, "gangguan", 503)(scope, receive, send)

    return site


def _routes(desk: Desk, trial: Desk | None, token: str, health: Health) -> list[BaseRoute]:
    desks = [desk, *([trial] if trial is not None else [])]
    tracking = Tracking(desks, time.monotonic)
    once = OneTime(desks, time.monotonic)
    routes: list[BaseRoute] = [
        Route("/", _home(desk)),
        Route("/robots.txt", _robots),
        Route("/healthz", health.alive),
        Route("/readyz", health.ready),
        Route("/metrics", health.metrics),
        Route("/lacak/{code}", tracking.show),
        Route("/berkas/{code}", once.ask),
        Route("/berkas/{code}", once.open, methods=["POST"]),
        *_twilio(desk),
        *_gateway(desk),
        *UploadPage(desk, time.monotonic).routes(),
    ]
    screen = trial.channels.get("coba") if trial is not None else None
    if trial is not None and isinstance(screen, Screen):
        folder = ROOT / "templates" / "pages"
        routes += TrialPage(trial, screen, token, folder, time.monotonic).routes()
    return routes


def _twilio(desk: Desk) -> list[BaseRoute]:
    twilio = desk.config.twilio
    if not twilio.enabled:
        return []
    from bot.channels.twilio_account import TwilioAccount
    from bot.web.twilio import TwilioWebhooks

    # Only its signatures are checked here; sending has a connection of its own.
    account = TwilioAccount(
        twilio.sid.reveal(), twilio.token.reveal(), twilio.api_base, desk.config.public_url
    )
    webhooks = TwilioWebhooks(desk, account)
    return [
        Route("/twilio/webhook", webhooks.inbound, methods=["POST"]),
        Route("/twilio/status", webhooks.status, methods=["POST"]),
        Route(f"{outgoing.PATH}/{{code}}", _outgoing(desk)),
    ]


def _gateway(desk: Desk) -> list[BaseRoute]:
    from bot.channels.gateway import Gateway
    from bot.channels.sms import SmsChannel
    from bot.web.gateway import GatewayWebhook

    channel = desk.channels.get("sms")
    if not (isinstance(channel, SmsChannel) and isinstance(channel.port, Gateway)):
        return []
    webhook = GatewayWebhook(desk, channel.port)
    return [Route("/sms/webhook", webhook.take, methods=["POST"])]


def _outgoing(desk: Desk) -> Callable[[Request], Awaitable[Response]]:
    async def fetch(request: Request) -> Response:
        file = await outgoing.fetched(desk, str(request.path_params["code"])[:64])
        return document(file.content, file.mime, file.name) if file else plain("gone", 404)

    return fetch


def _home(desk: Desk) -> Callable[[Request], Awaitable[Response]]:
    async def home(request: Request) -> Response:
        sender = desk.config.twilio.whatsapp_from
        number = "".join(filter(str.isdigit, sender)) if desk.config.twilio.whatsapp else ""
        bot = getattr(desk.channels.get("telegram"), "username", "")
        return page(desk, "beranda", whatsapp=number, telegram=bot)

    return home


async def _robots(request: Request) -> Response:
    return plain("User-agent: *\nAllow: /$\nDisallow: /\n")


class _Missing:
    """What no route knows: a kind page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await page(self._desk, "tidak-ada", 404)(scope, receive, send)
