"""Incoming webhooks of Slack, and what takes the same: Mattermost, Discord at `…/slack`.

A person's address is the URL of such a webhook, and any URL may be one: it passes the same guard as
the endpoints of pushes (`dispatcher.providers.endpoint`). It is a secret, so no reason and no log
line has more of it than its origin.
"""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final, Self
from urllib.parse import urlsplit

import structlog

from dispatcher.channels.chat import Chat
from dispatcher.delivery.model import FailureScope, Outcome, Refused, Retry, Sent, Unknown
from dispatcher.inbound.receipts import Blame
from dispatcher.providers.base import (
    MISCONFIGURED,
    ProviderNotOpenError,
    ProviderUrl,
    ProviderUrlError,
)
from dispatcher.providers.endpoint import EndpointClient, ForbiddenEndpoint
from dispatcher.providers.http import Response, retry_after
from dispatcher.providers.sanitize import sanitize

log = structlog.get_logger()

#: Services that everybody knows.
SERVICES: Final = ("hooks.slack.com", "discord.com")

_SHAPE: Final = "chat+webhook:?trusted=chat.example.org"
_SUCCESS: Final = range(200, 300)
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_LATER: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})
#: Slack's word for a URL that has been revoked, with a 403.
_REVOKED: Final = b"invalid_token"
#: Shorter parts of a path, such as `services`, are the same for everybody.
_SHORTEST_SECRET: Final = 8


@dataclass(frozen=True, slots=True)
class ChatServices:
    """`chat+webhook:`, and parameters: `chat+webhook:?trusted=chat.example.org&timeout=5`."""

    #: Seconds for connecting, and for the response.
    connect_timeout: float = 5.0
    timeout: float = 10.0
    #: Requests in flight to all trusted services; the others have a quarter as many besides.
    concurrency: int = 8
    #: File of certificates to trust instead of the system's.
    ca: str | None = None
    #: Services whose failures count against the provider: SERVICES, and those of `trusted=…,…`. Any
    #: other may be made up by a user, and must not stop the messages of others.
    trusted: tuple[str, ...] = SERVICES
    #: For tests: allow private addresses and any port.
    allow_private: bool = False

    @classmethod
    def from_url(cls, url: str) -> ChatServices:
        """Raises ProviderUrlError."""
        parts = ProviderUrl(url, "chat webhook", shape=_SHAPE, has_host=False)
        allow_private = parts.text("allow_private")
        if allow_private not in (None, "0", "1"):
            raise parts.error("has an allow_private that is neither 0 nor 1")
        services = cls(
            connect_timeout=parts.seconds("connect_timeout", 5.0),
            timeout=parts.seconds("timeout", 10.0),
            concurrency=parts.count("concurrency", 8),
            ca=parts.text("ca"),
            trusted=(*SERVICES, *filter(None, (parts.text("trusted") or "").split(","))),
            allow_private=allow_private == "1",
        )
        parts.finish()
        return services


class ChatWebhook:
    """Posts each text to the webhook that is its address."""

    kind = "chat_webhook"
    channel = "chat"

    def __init__(self, services: ChatServices, *, name: str = kind) -> None:
        """Raises ProviderUrlError if the certificates cannot be used."""
        self.name = name
        try:
            tls = ssl.create_default_context(cafile=services.ca)
        except (OSError, ValueError) as fault:
            raise ProviderUrlError(f"{MISCONFIGURED}{fault}") from None
        self._client = EndpointClient(
            trusted=services.trusted,
            allow_private=services.allow_private,
            concurrency=services.concurrency,
            timeout=services.timeout,
            connect_timeout=services.connect_timeout,
            tls=tls,
        )
        self._open = False

    @classmethod
    def from_url(cls, url: str, *, name: str | None = None) -> Self:
        """`chat+webhook:`: see ChatServices. Raises ProviderUrlError."""
        return cls(ChatServices.from_url(url), name=name or cls.kind)

    async def open(self) -> None:
        await self._client.open()
        self._open = True

    async def send(self, message: Chat) -> Outcome:
        if not self._open:
            raise ProviderNotOpenError(self.name)
        try:
            origin = self._client.origin_of(message.to)
            answer = await self._client.post(
                message.to,
                origin,
                data=json.dumps({"text": message.text}).encode(),
                headers={"Content-Type": "application/json"},
            )
        except ForbiddenEndpoint as fault:
            log.warning(
                "an endpoint was refused",
                provider=self.name,
                delivery_id=message.delivery_id,
                reason=str(fault),
            )
            return Refused(str(fault), code="forbidden")
        except ValueError:
            # Its message has the address.
            return Refused("the endpoint cannot be parsed", code="forbidden")
        # An address that a user made up must not open the breaker for others.
        is_trusted = self._client.is_trusted(origin)
        scope = FailureScope.PROVIDER if is_trusted else FailureScope.MESSAGE
        if not isinstance(answer, Response):
            return replace(answer, reason=f"{origin}: {answer.reason}", scope=scope)
        if answer.status in _SUCCESS:
            # Services give no id of their own.
            return Sent(f"postbell_{message.identity}", code=str(answer.status))
        return _declined(answer, message, origin, scope)

    def service_of(self, message: Chat) -> str:
        """The origin of a trusted service; empty for the others, which share a breaker."""
        return self._client.service_of(message.to)

    async def close(self) -> None:
        self._open = False
        await self._client.close()


def _declined(
    answer: Response, message: Chat, origin: str, scope: FailureScope
) -> Retry | Refused | Unknown:
    status, code = answer.status, str(answer.status)
    reason = f"{origin}: {status} {_said(answer, message)}".rstrip()
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        # Services count the messages of each webhook.
        return Retry(reason, after=retry_after(answer.headers), code=code)
    if status in _LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Retry(reason, after=retry_after(answer.headers), code=code, scope=scope)
    if status < HTTPStatus.OK:
        return Unknown(reason, code=code, scope=scope)
    if status < HTTPStatus.BAD_REQUEST:
        # Not followed: the target could be forbidden as an endpoint.
        return Refused(f"{reason}: it sends us elsewhere", code=code)
    is_revoked = status == HTTPStatus.FORBIDDEN and _REVOKED in answer.body
    return Refused(reason, code=code, blame=Blame.HARD if status in _GONE or is_revoked else None)


def _said(answer: Response, message: Chat) -> str:
    """The response body without the address, nor any part of it that could be a secret."""
    parts = urlsplit(message.to)
    secrets = [part for part in parts.path.split("/") if len(part) >= _SHORTEST_SECRET]
    return sanitize(
        answer.body.decode("utf-8", "replace"),
        message.to,
        parts.path.strip("/"),
        *secrets,
        parts.query,
        parts.fragment,
        message.text,
    )
