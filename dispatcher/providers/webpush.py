"""Web Push: notifications to browsers, through the push service that each of them has chosen.

Messages are encrypted to the browser (RFC 8291) and signed with the VAPID key (RFC 8292) by
pywebpush and py_vapid. Their own sending is not used: it connects for each message and follows
redirects.

A user may register any URL as an endpoint: `dispatcher.providers.endpoint` checks it.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

import structlog
from http_ece import ECEException
from pywebpush import WebPusher, WebPushException

from dispatcher.channels.push import Push
from dispatcher.delivery.model import Device, FailureScope, Outcome, Refused, Retry, Sent, Unknown
from dispatcher.inbound.receipts import Blame
from dispatcher.providers.base import (
    MISCONFIGURED,
    ProviderNotOpenError,
    ProviderUrl,
    ProviderUrlError,
)
from dispatcher.providers.endpoint import EndpointClient, ForbiddenEndpoint
from dispatcher.providers.http import Response, retry_after
from dispatcher.providers.sanitize import sanitize, sanitize_id
from dispatcher.providers.vapid import Signatures, VapidKey

log = structlog.get_logger()

#: The push services of the common browsers.
BROWSER_MAKERS: Final = (
    "fcm.googleapis.com",
    "push.services.mozilla.com",
    "push.apple.com",
    "notify.windows.com",
)


_SHAPE: Final = "webpush:?key=/path/to/vapid.pem&subject=mailto:ops@example.org"

#: RFC 8030, 5 says 201; some services use another.
_TAKEN: Final = frozenset(
    {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT}
)
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_KEY_REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_LATER: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


@dataclass(frozen=True, slots=True)
class ApplicationServer:
    """`webpush:?key=/path/to/vapid.pem&subject=mailto:ops@example.org`, and more parameters."""

    #: The file that `postbell vapid` made.
    key: Path
    #: Contact for push services: mailto: or https:.
    subject: str
    #: Seconds for connecting, and for the response.
    connect_timeout: float = 5.0
    timeout: float = 10.0
    #: Requests in flight to all trusted services; the others have a quarter as many besides.
    concurrency: int = 32
    #: File of certificates to trust instead of the system's.
    ca: str | None = None
    #: Services whose failures count against the provider: BROWSER_MAKERS, and those of
    #: `trusted=push.example.org,push.example.net`. Any other may be made up by a user, and must not
    #: stop the messages of others.
    trusted: tuple[str, ...] = BROWSER_MAKERS
    #: For tests: allow private addresses and any port.
    allow_private: bool = False

    @classmethod
    def from_url(cls, url: str) -> ApplicationServer:
        """Raises ProviderUrlError."""
        parts = ProviderUrl(url, "Web Push", shape=_SHAPE, has_host=False)
        key, subject = parts.text("key"), parts.text("subject")
        if key is None or subject is None:
            raise parts.error(f"lacks the key or the subject: write {_SHAPE}")
        if not subject.startswith(("mailto:", "https://")):
            raise parts.error("has a subject that is neither mailto: nor https://")
        allow_private = parts.text("allow_private")
        if allow_private not in (None, "0", "1"):
            raise parts.error("has an allow_private that is neither 0 nor 1")
        application = cls(
            key=Path(key),
            subject=subject,
            connect_timeout=parts.seconds("connect_timeout", 5.0),
            timeout=parts.seconds("timeout", 10.0),
            concurrency=parts.count("concurrency", 32),
            ca=parts.text("ca"),
            trusted=(*BROWSER_MAKERS, *filter(None, (parts.text("trusted") or "").split(","))),
            allow_private=allow_private == "1",
        )
        parts.finish()
        return application


class WebPush:
    """Sends each push to the push service of its device, signed with one key."""

    kind = "webpush"
    channel = "push"

    def __init__(self, application: ApplicationServer, *, name: str = kind) -> None:
        """Raises ProviderUrlError if the key, the subject or the certificates cannot be used."""
        self.name = name
        try:
            key = VapidKey.load(application.key)
            #: The `applicationServerKey` with which pages subscribe.
            self.public_key = key.public
            self._signatures = Signatures(key, application.subject)
            tls = ssl.create_default_context(cafile=application.ca)
        except (OSError, ValueError) as fault:
            raise ProviderUrlError(f"{MISCONFIGURED}{fault}") from None
        self._client = EndpointClient(
            trusted=application.trusted,
            allow_private=application.allow_private,
            concurrency=application.concurrency,
            timeout=application.timeout,
            connect_timeout=application.connect_timeout,
            tls=tls,
        )
        #: Trusted services that have accepted a message signed with this key.
        self._accepting: set[str] = set()
        self._open = False

    @classmethod
    def from_url(cls, url: str, *, name: str | None = None) -> Self:
        """`webpush:?key=…&subject=…`: see ApplicationServer. Raises ProviderUrlError."""
        return cls(ApplicationServer.from_url(url), name=name or cls.kind)

    def __repr__(self) -> str:
        return f"WebPush({self._signatures!r})"

    async def open(self) -> None:
        await self._client.open()
        self._open = True

    async def send(self, message: Push) -> Outcome:
        if not self._open:
            raise ProviderNotOpenError(self.name)
        try:
            origin = self._client.origin_of(message.device.endpoint)
            answer = await self._post(message, origin, message.payload)
            if _is_too_large(answer) and message.brief != message.payload:
                answer = await self._post(message, origin, message.brief)
        except ForbiddenEndpoint as fault:
            log.warning(
                "an endpoint was refused",
                provider=self.name,
                delivery_id=message.delivery_id,
                device=message.device.id,
                reason=str(fault),
            )
            return Refused(str(fault), code="forbidden")
        except _UnusableKeysError as fault:
            return Refused(str(fault), blame=Blame.HARD)
        return self._outcome(answer, message, origin)

    def service_of(self, message: Push) -> str:
        """The origin of a trusted service; empty for the others, which share a breaker."""
        return self._client.service_of(message.device.endpoint)

    async def close(self) -> None:
        self._open = False
        await self._client.close()

    async def _post(self, message: Push, origin: str, payload: bytes) -> Response | Retry | Unknown:
        return await self._client.post(
            message.device.endpoint,
            origin,
            data=_encrypted(payload, message.device),
            headers={
                "Authorization": self._signatures.of(origin),
                "Content-Encoding": "aes128gcm",
                "TTL": str(int(message.ttl.total_seconds())),
                "Urgency": message.urgency,
                "Topic": message.topic,
            },
        )

    def _outcome(self, answer: Response | Retry | Unknown, message: Push, origin: str) -> Outcome:
        if isinstance(answer, Unknown | Retry):
            # An endpoint that a user made up must not open the breaker for others.
            scope = answer.scope if self._client.is_trusted(origin) else FailureScope.MESSAGE
            return replace(answer, reason=f"{origin}: {answer.reason}", scope=scope)
        if answer.status in _TAKEN:
            if self._client.is_trusted(origin):
                self._accepting.add(origin)
            return Sent(_message_id(answer, message), code=str(answer.status))
        return self._declined(answer, message, origin)

    def _declined(self, answer: Response, message: Push, origin: str) -> Outcome:
        status, code = answer.status, str(answer.status)
        reason = f"{origin}: {status} {_said(answer, message)}".rstrip()
        if status in _KEY_REFUSED:
            return self._key_refused(reason, code, origin)
        scope = FailureScope.PROVIDER if self._client.is_trusted(origin) else FailureScope.MESSAGE
        if status in _LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Retry(reason, after=retry_after(answer.headers), code=code, scope=scope)
        if status < HTTPStatus.MULTIPLE_CHOICES:
            return Unknown(reason, code=code, scope=scope)
        if status < HTTPStatus.BAD_REQUEST:
            # Not followed: the target could be forbidden as an endpoint.
            reason = f"{reason}: it sends us elsewhere"
        return Refused(reason, code=code, blame=Blame.HARD if status in _GONE else None)

    def _key_refused(self, reason: str, code: str, origin: str) -> Retry:
        """Never removes the device: with the right key it can be reached.

        If a trusted service has not accepted anything yet, the key itself is wrong. If it has, this
        device subscribed with an earlier key.
        """
        if self._client.is_trusted(origin) and origin not in self._accepting:
            return Retry(f"{MISCONFIGURED}{reason}", code=code, scope=FailureScope.CONFIGURATION)
        return Retry(f"{reason}: it was subscribed with another key, perhaps", code=code)


class _UnusableKeysError(Exception):
    """The device's keys are invalid, so nothing can be encrypted to it."""


def _encrypted(payload: bytes, device: Device) -> bytes:
    keys = {"p256dh": device.p256dh, "auth": device.auth}
    try:
        return bytes(WebPusher({"endpoint": device.endpoint, "keys": keys}).encode(payload)["body"])
    except (ValueError, IndexError, ECEException, WebPushException) as error:
        raise _UnusableKeysError("the device's key is not a point of the curve P-256") from error


def _is_too_large(answer: Response | Retry | Unknown) -> bool:
    return isinstance(answer, Response) and answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def _message_id(answer: Response, message: Push) -> str:
    """The Location of the message (RFC 8030, 5) if the service gives one, else its topic."""
    return sanitize_id(answer.headers.get("Location")) or message.topic


def _said(answer: Response, message: Push) -> str:
    """The response body without the endpoint's path, which is the secret of the subscription."""
    parts = urlsplit(message.device.endpoint)
    token = parts.path.rpartition("/")[2]
    secrets = (message.device.endpoint, parts.path.strip("/"), token, parts.query)
    return sanitize(answer.body.decode("utf-8", "replace"), *secrets, message.device.auth)
