"""Push subscriptions of browsers, over HTTP."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

from pydantic import ConfigDict, Field
from starlette.requests import Request

from dispatcher.db import inbox
from dispatcher.db.connections import Pool
from dispatcher.gateway.auth import Identity
from dispatcher.gateway.db_roles import call_as_recipient
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.problem import Problem, not_found
from dispatcher.gateway.schemas import Model

Endpoint = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]
#: What postbell.require_device() accepts, as tests/gateway/test_push.py checks. Base64 may be of
#: either alphabet.
_HttpsEndpoint = Annotated[
    str, Field(max_length=2000, pattern=r"^https://[^/?#@\\\s\x00-\x1f]+/[!-~]*$")
]
_PublicKey = Annotated[str, Field(pattern=r"^B[A-Za-z0-9_+/-]{86}=*$", max_length=200)]
_Secret = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+/-]{22}=*$", max_length=200)]


class PublicKey(Model):
    """What `pushManager.subscribe()` takes as `applicationServerKey`."""

    key: str


class PushKeys(Model):
    """`PushSubscription.toJSON().keys`."""

    model_config = ConfigDict(extra="ignore")

    p256dh: _PublicKey = Field(description="An uncompressed P-256 key, in base64.")
    auth: _Secret = Field(description="16 bytes, in base64.")


class PushSubscription(Model):
    """As `PushSubscription.toJSON()` is."""

    model_config = ConfigDict(extra="ignore")

    endpoint: _HttpsEndpoint
    keys: PushKeys


class EndpointQuery(Model):
    """Which browser."""

    endpoint: Endpoint


class Browser(Model):
    """A browser with a push subscription."""

    endpoint: str
    user_agent: str | None
    created_at: datetime
    last_reached_at: datetime | None


class Browsers(Model):
    """Newest first."""

    browsers: list[Browser]


class PushApi:
    """`public_key` is the VAPID key (RFC 8292); None if nothing can be pushed."""

    def __init__(self, pool: Pool, public_key: str | None) -> None:
        self._pool: Final = pool
        self._public_key: Final = public_key

    @property
    def operations(self) -> list[Operation]:
        path = "/v1/push/subscriptions"
        return [
            Operation.of("GET", "/v1/push/key", "push", self.show_key, 404),
            Operation.of("GET", path, "push", self.list_browsers),
            Operation.of("PUT", path, "push", self.add_browser),
            Operation.of("DELETE", path, "push", self.remove_browser, 404),
        ]

    async def show_key(self) -> PublicKey:
        """The key with which a page subscribes."""
        if self._public_key is None:
            raise Problem(
                HTTPStatus.NOT_FOUND,
                "no_push",
                "There is no key, so nothing can be pushed.",
                "`postbell vapid` makes one for the operator.",
            )
        return PublicKey(key=self._public_key)

    async def list_browsers(self, identity: Identity) -> Browsers:
        """The browsers that this person allowed."""
        rows = await call_as_recipient(self._pool, identity, inbox.list_browsers)
        return Browsers(browsers=[Browser(**row._asdict()) for row in rows])

    async def add_browser(
        self, identity: Identity, body: PushSubscription, request: Request
    ) -> None:
        """Add a browser's push subscription. Adding it again changes nothing."""
        await call_as_recipient(
            self._pool,
            identity,
            inbox.add_browser,
            endpoint=body.endpoint,
            p256dh=body.keys.p256dh,
            auth=body.keys.auth,
            user_agent=request.headers.get("user-agent"),
        )

    async def remove_browser(self, identity: Identity, query: EndpointQuery) -> None:
        """Remove a browser's push subscription."""
        was_theirs = await call_as_recipient(
            self._pool, identity, inbox.remove_browser, endpoint=query.endpoint
        )
        if not was_theirs:
            raise not_found("This browser")
