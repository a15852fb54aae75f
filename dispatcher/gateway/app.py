"""The gateway as an ASGI application: wires its endpoints, pages and middleware."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dispatcher.db import monitoring
from dispatcher.db.connections import Pool
from dispatcher.gateway import operation, operator, problem
from dispatcher.gateway.auth import Authenticator
from dispatcher.gateway.inbox import InboxApi
from dispatcher.gateway.openapi import DescriptionApi
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.operator.overview import OperatorOverviewApi
from dispatcher.gateway.pages import assets
from dispatcher.gateway.pages.assets import InboxScripts
from dispatcher.gateway.pages.flash import Flash
from dispatcher.gateway.pages.login import LoginPage
from dispatcher.gateway.pages.operator import OperatorPages
from dispatcher.gateway.pages.operator.views import HOME, OperatorViews
from dispatcher.gateway.pages.page import Page
from dispatcher.gateway.pages.preferences import PreferencesPage
from dispatcher.gateway.pages.preview import PreviewPage
from dispatcher.gateway.preference_changes import ChangesApi
from dispatcher.gateway.preference_overview import AT_ONCE, MOST_WAITING, OverviewApi
from dispatcher.gateway.preferences import PreferencesApi
from dispatcher.gateway.preview import PreviewApi
from dispatcher.gateway.push import PushApi
from dispatcher.gateway.rate_limits import LOOPBACK, FairSemaphore, RateLimiter, RateLimits
from dispatcher.gateway.session import OperatorSessionApi, ProfileApi, SessionApi
from dispatcher.gateway.token import TokenReader
from dispatcher.gateway.tracking import TrackingLinks
from dispatcher.gateway.trial_mail import TrialMailer
from dispatcher.gateway.unsubscribe import UnsubscribePage
from dispatcher.gateway.webhooks import routes
from dispatcher.gateway.webhooks.handler import ReceiptMetrics, ReceiptStore
from dispatcher.inbound.signing import Signer
from dispatcher.metrics import Metrics
from dispatcher.rendering.labels import Labels
from dispatcher.rendering.loader import TemplateFiles
from dispatcher.settings import Settings, SettingsError

_HEADERS: Final = {
    # For data: nothing in it is run or framed. Pages send a policy of their own.
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # One person's data must not stay in a cache for the next.
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
#: A year (RFC 6797).
_HSTS: Final = "max-age=31536000"

#: Seconds for which a browser may cache the answer to a preflight request.
_PREFLIGHT_SECONDS: Final = 600


class SecurityHeaders:
    """Adds the headers above where a response does not set them. Plain ASGI, for streams."""

    def __init__(self, app: ASGIApp, *, is_secure: bool) -> None:
        self._app: Final = app
        self._headers: Final = (
            {**_HEADERS, "Strict-Transport-Security": _HSTS} if is_secure else _HEADERS
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class Wellbeing(BaseModel):
    """The check succeeded; otherwise the answer is a problem."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["ok"]


class HealthApi:
    """/healthz: whether the process answers. /readyz: whether the database answers, too."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @property
    def operations(self) -> list[Operation]:
        return [
            Operation.of("GET", "/healthz", "health", self.healthz),
            Operation.of("GET", "/readyz", "health", self.readyz),
        ]

    async def healthz(self) -> Wellbeing:
        """Whether the process answers."""
        return Wellbeing(status="ok")

    async def readyz(self) -> Wellbeing:
        """Whether the database answers, too."""
        async with self._pool.connection(1.0) as connection:
            await monitoring.contract(connection)
        return Wellbeing(status="ok")


def authenticator(pool: Pool, settings: Settings) -> Authenticator:
    """The authenticator for tokens that were signed with POSTBELL_TOKEN_SECRET."""
    return Authenticator(
        pool,
        TokenReader(settings.token_secrets),
        cookie_name=cookie_name(settings),
        origin=origin_of(settings.public_url),
        allowed_origins=settings.allowed_origins,
        limits=limits(settings),
    )


def limits(settings: Settings) -> RateLimits:
    """The rate limits of this process."""

    def limiter(rate: float) -> RateLimiter | None:
        return RateLimiter(rate) if rate else None

    return RateLimits(
        limiter(settings.request_rate),
        limiter(settings.failed_login_rate),
        proxies=settings.trusted_proxies or LOOPBACK,
    )


def application(
    pool: Pool,
    settings: Settings,
    authenticator: Authenticator,
    *,
    streams: Mapping[str, ASGIApp],
    vapid_key: str | None = None,
    metrics: ReceiptMetrics | None = None,
) -> ASGIApp:
    """Everything under /v1, and the pages.

    `streams` are plain ASGI applications by path: they bypass the routing, whose objects would stay
    in memory for each open stream. `metrics` counts what webhooks and tracking links receive.
    """
    is_secure = settings.public_url.startswith("https:")
    description = DescriptionApi()
    labels = _labels(tuple(settings.template_folders))
    files = assets.labelled(labels)
    page = Page(files)
    signer = Signer(settings.token_secrets)
    previews = PreviewApi(
        pool, settings.template_folders, settings.public_url, TrialMailer(settings)
    )
    semaphore = FairSemaphore(AT_ONCE, waiting=MOST_WAITING)
    overviews, changes = OverviewApi(pool, semaphore), ChangesApi(pool, semaphore)
    declared: list[Operation] = [
        *SessionApi(authenticator, is_secure=is_secure).operations,
        *OperatorSessionApi(authenticator, is_secure=is_secure).operations,
        *ProfileApi(pool).operations,
        *InboxApi(pool).operations,
        *PreferencesApi(pool).operations,
        *overviews.operations,
        *changes.operations,
        *PushApi(pool, vapid_key).operations,
        *UnsubscribePage(pool, signer, page, labels, life=settings.unsubscribe_life).operations,
        *operator.operations(pool),
        *previews.operations,
        *description.operations,
        *HealthApi(pool).operations,
    ]
    callbacks = _callbacks(pool, settings, metrics or Metrics())
    description.describe(
        declared,
        callbacks,
        streams,
        public_url=settings.public_url,
        cookie_name=authenticator.cookie_name,
        operator_cookie_name=authenticator.operator_cookie_name,
    )
    # Not in the OpenAPI description.
    told_operators = Flash(signer, HOME, is_secure=is_secure)
    views = OperatorViews(authenticator, page, told_operators, OperatorOverviewApi(pool))
    page_routes: list[Route] = [
        *files.routes,
        *InboxScripts(files).routes,
        *LoginPage(pool, authenticator, page, is_secure=is_secure).routes,
        *PreferencesPage(
            pool, authenticator, page, labels, signer, overviews, changes, is_secure=is_secure
        ).routes,
        *OperatorPages(pool, authenticator, views, is_secure=is_secure).routes,
        *PreviewPage(views, page, previews).routes,
    ]
    pages = Starlette(
        routes=[*operation.routes(declared, authenticator), *callbacks, *page_routes],
        exception_handlers=problem.HANDLERS,
    )
    return _with_cors(
        settings.allowed_origins, SecurityHeaders(_ByPath(streams, pages), is_secure=is_secure)
    )


@cache
def _labels(folders: tuple[Path, ...]) -> Labels:
    """What the template files call events and categories, read once in a process."""
    return Labels.of(TemplateFiles.of(folders))


def _callbacks(pool: Pool, settings: Settings, metrics: ReceiptMetrics) -> list[Route]:
    """Webhooks and tracking links. Raises SettingsError for a webhook key that cannot be read."""
    signer = settings.signer
    if signer is None:
        return []
    receipt_store = ReceiptStore(pool, metrics)
    try:
        webhooks = routes.routes(
            settings.provider_entries,
            receipt_store,
            metrics,
            public_url=settings.public_url,
            signer=signer,
        )
    except ValueError as error:
        raise SettingsError([f"POSTBELL_PROVIDERS: {error}."]) from None
    return [*webhooks, *TrackingLinks(receipt_store, metrics, signer).routes]


def cookie_name(settings: Settings) -> str:
    """The name of the cookie; by https one that no other host can set (RFC 6265bis, 4.1.3.2)."""
    return "__Host-postbell" if settings.public_url.startswith("https:") else "postbell"


def origin_of(url: str) -> str:
    """The origin of a URL as browsers send it: the port only where it is not the default."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = {"https": 443, "http": 80}[parts.scheme]
    port = f":{parts.port}" if parts.port not in (None, usual) else ""
    return f"{parts.scheme}://{host}{port}"


class _ByPath:
    def __init__(self, streams: Mapping[str, ASGIApp], others: ASGIApp) -> None:
        self._streams: Final = dict(streams)
        self._others: Final = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._streams.get(scope.get("path", ""), self._others)
        await app(scope, receive, send)


def _with_cors(origins: Iterable[str], app: ASGIApp) -> ASGIApp:
    """Allows cross-origin requests from pages of `origins` (CORS, Fetch standard, 3.3)."""
    allowed = list(origins)
    if not allowed:
        return app
    return CORSMiddleware(
        app,
        allow_origins=allowed,
        allow_credentials=True,
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["authorization", "content-type", "last-event-id"],
        expose_headers=["retry-after"],
        max_age=_PREFLIGHT_SECONDS,
    )
