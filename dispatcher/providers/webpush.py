"""Web Push: notifications to browsers, through whichever service each of them has chosen.

A message is encrypted to the browser (RFC 8291) and signed with our key (RFC 8292) by pywebpush and
py_vapid; their sending is not used, for it connects anew each time and follows redirects.

The push service behind an endpoint, which is whatever a user's browser, or a user, says it is.

So the server is kept from being used as a way into the network it stands in (OWASP: server-side
request forgery): https only, by a name, at the usual port, and the addresses that the name stands
for are looked at when the connection is made, each time, which leaves no time to change them.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

import structlog
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from http_ece import ECEException
from pywebpush import WebPusher, WebPushException

from dispatcher.addresses import is_public
from dispatcher.channels.push import Push
from dispatcher.delivery.model import Device, FailureScope, Outcome, Refused, Retry, Sent, Unknown
from dispatcher.inbound.receipts import Blame
from dispatcher.providers.base import (
    MISCONFIGURED,
    ProviderNotOpenError,
    ProviderUrl,
    ProviderUrlError,
)
from dispatcher.providers.http import HttpClient, Response, retry_after
from dispatcher.providers.sanitize import sanitize, sanitize_id
from dispatcher.providers.vapid import Signatures, VapidKey

#: Those of the browsers that most people have.
BROWSER_MAKERS: Final = (
    "fcm.googleapis.com",
    "push.services.mozilla.com",
    "push.apple.com",
    "notify.windows.com",
)


class ForbiddenEndpoint(Exception):
    """The endpoint leads where no push service is. The message says why, without the endpoint."""


def origin_of(endpoint: str, *, allow_private: bool = False) -> str:
    """The service's origin, `https://host` or `https://host:port`: what a signature is made for.

    `allow_private`, for tests, allows addresses instead of names, and any port. Raises
    ForbiddenEndpoint.
    """
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ForbiddenEndpoint("the endpoint cannot be parsed") from None
    # What a browser writes has nothing else in it; and two readings of one address begin here.
    if not endpoint.isascii() or any(c <= " " or c in '\\"<>^`{|}\x7f' for c in endpoint):
        raise ForbiddenEndpoint("the endpoint has characters in it that no address has")
    if parts.scheme != "https":
        raise ForbiddenEndpoint("the endpoint is not an https:// address")
    if "@" in parts.netloc:
        raise ForbiddenEndpoint("the endpoint has a user name in it")
    if not host:
        raise ForbiddenEndpoint("the endpoint names no host")
    if not allow_private:
        if port not in (None, 443):
            raise ForbiddenEndpoint("the endpoint names a port of its own")
        # In any of the spellings that the resolver would understand: 0x7f.1, 2130706433, ::1.
        if ":" in host or _is_number(host.rstrip(".").rpartition(".")[2]):
            raise ForbiddenEndpoint("the endpoint is at an address instead of a name")
    return f"https://{host}" if port in (None, 443) else f"https://{host}:{port}"


def is_of(origin: str, services: Iterable[str]) -> bool:
    """Whether an origin is at one of these domains, or below one."""
    host = urlsplit(origin).hostname or ""
    return any(host == service or host.endswith(f".{service}") for service in services)


class PublicResolver(AbstractResolver):
    """Resolves names, but not to addresses that are not everybody's."""

    def __init__(self, resolver: AbstractResolver | None = None) -> None:
        """`resolver` is the one that knows: the system's, by default."""
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises ForbiddenEndpoint if one of the addresses is private, OSError as the system's."""
        # Made late: it wants a running loop.
        self._resolver = self._resolver or ThreadedResolver(asyncio.get_running_loop())
        found = await self._resolver.resolve(host, port, family)
        if not all(is_public(one["host"]) for one in found):
            raise ForbiddenEndpoint("the endpoint's name stands for a private address")
        return found

    async def close(self) -> None:
        if self._resolver is not None:
            await self._resolver.close()


def _is_number(label: str) -> bool:
    """As the last label of a host: no top-level domain is one (RFC 3696, 2)."""
    return label.isdigit() or label.lower().startswith("0x")


log = structlog.get_logger()

_SHAPE: Final = "webpush:?key=/path/to/vapid.pem&subject=mailto:ops@example.org"

#: RFC 8030, 5 says 201; some services say it otherwise.
_TAKEN: Final = frozenset(
    {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT}
)
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_KEY_REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_LATER: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})

#: Services that are not trusted have, all together, one place for so many of the others.
UNTRUSTED_SHARE: Final = 4


@dataclass(frozen=True, slots=True)
class ApplicationServer:
    """`webpush:?key=/path/to/vapid.pem&subject=mailto:ops@example.org`, and further parameters."""

    #: What `postbell vapid` has made.
    key: Path
    #: Whom a push service writes to if something is wrong with what we send.
    subject: str
    #: Seconds to be connected, and for the answer.
    connect_timeout: float = 5.0
    timeout: float = 10.0
    #: Requests in flight, at most, over all trusted services; others have a quarter as many beside.
    concurrency: int = 32
    #: File of certificates to trust instead of the system's.
    ca: str | None = None
    #: Services that are believed when they say, or show, that nothing gets through: beside those of
    #: the browser makers, the ones of `trusted=push.example.org,push.example.net`. Any other may be
    #: a user's own invention, and shall not stop the messages of others.
    trusted: tuple[str, ...] = BROWSER_MAKERS
    #: For tests: also services at private addresses and at any port.
    allow_private: bool = False

    @classmethod
    def from_url(cls, url: str) -> ApplicationServer:
        """Raises ProviderUrlError: a sentence that says what is wrong."""
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
    """Sends pushes, each to its device's own service, all signed with one key."""

    kind = "webpush"
    channel = "push"

    def __init__(self, application: ApplicationServer, *, name: str = kind) -> None:
        """Raises ProviderUrlError if the key, the subject or the certificates cannot be used."""
        self.name = name
        self._application = application
        try:
            key = VapidKey.load(application.key)
            #: What pages subscribe with: their `applicationServerKey`.
            self.public_key = key.public
            self._signatures = Signatures(key, application.subject)
            tls = ssl.create_default_context(cafile=application.ca)
        except (OSError, ValueError) as fault:
            raise ProviderUrlError(f"{MISCONFIGURED}{fault}") from None
        self._client = _client(application, tls, application.concurrency)
        # Places of their own: services that answer late, or never, take none of the others'.
        share = max(1, application.concurrency // UNTRUSTED_SHARE)
        self._untrusted_client = _client(application, tls, share)
        #: The trusted services that have taken something signed with this key.
        self._accepting: set[str] = set()
        self._open = False

    @classmethod
    def from_url(cls, url: str, *, name: str | None = None) -> Self:
        """`webpush:?key=…&subject=…`: see Application. Raises ProviderUrlError."""
        return cls(ApplicationServer.from_url(url), name=name or cls.kind)

    def __repr__(self) -> str:
        return f"WebPush({self._signatures!r})"

    async def open(self) -> None:
        await self._client.open()
        await self._untrusted_client.open()
        self._open = True

    async def send(self, message: Push) -> Outcome:
        if not self._open:
            raise ProviderNotOpenError(self.name)
        try:
            origin = origin_of(
                message.device.endpoint, allow_private=self._application.allow_private
            )
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
        """Its origin, if its outage is believed to be one: made-up ones are not told apart."""
        with contextlib.suppress(ForbiddenEndpoint):
            origin = origin_of(
                message.device.endpoint, allow_private=self._application.allow_private
            )
            if self._is_trusted(origin):
                return origin
        return ""

    async def close(self) -> None:
        self._open = False
        await asyncio.gather(self._client.close(), self._untrusted_client.close())

    async def _post(self, message: Push, origin: str, payload: bytes) -> Response | Retry | Unknown:
        client = self._client if self._is_trusted(origin) else self._untrusted_client
        return await client.post(
            message.device.endpoint,
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
            # An endpoint that anybody may have made up must not close the provider for others.
            fault = answer.scope if self._is_trusted(origin) else FailureScope.MESSAGE
            return replace(answer, reason=f"{origin}: {answer.reason}", scope=fault)
        if answer.status in _TAKEN:
            if self._is_trusted(origin):
                self._accepting.add(origin)
            return Sent(_message_id(answer, message), code=str(answer.status))
        return self._declined(answer, message, origin)

    def _declined(self, answer: Response, message: Push, origin: str) -> Outcome:
        status, code = answer.status, str(answer.status)
        reason = f"{origin}: {status} {_said(answer, message)}".rstrip()
        if status in _KEY_REFUSED:
            return self._key_refused(reason, code, origin)
        fault = FailureScope.PROVIDER if self._is_trusted(origin) else FailureScope.MESSAGE
        if status in _LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Retry(reason, after=retry_after(answer.headers), code=code, scope=fault)
        if status < HTTPStatus.MULTIPLE_CHOICES:
            return Unknown(reason, code=code, scope=fault)
        if status < HTTPStatus.BAD_REQUEST:
            # Not followed: it may lead to where the endpoint itself may not.
            reason = f"{reason}: it sends us elsewhere"
        return Refused(reason, code=code, blame=Blame.HARD if status in _GONE else None)

    def _key_refused(self, reason: str, code: str, origin: str) -> Retry:
        """Never the device's end: with the right key it can be reached.

        Where a trusted service has not taken anything of ours yet, all that we send is at fault;
        where it has, this device was subscribed with another key, one that we had before.
        """
        if self._is_trusted(origin) and origin not in self._accepting:
            return Retry(f"{MISCONFIGURED}{reason}", code=code, scope=FailureScope.CONFIGURATION)
        return Retry(f"{reason}: it was subscribed with another key, perhaps", code=code)

    def _is_trusted(self, origin: str) -> bool:
        return is_of(origin, self._application.trusted)


def _client(application: ApplicationServer, tls: ssl.SSLContext, concurrency: int) -> HttpClient:
    return HttpClient(
        concurrency=concurrency,
        timeout=application.timeout,
        connect_timeout=application.connect_timeout,
        resolver=None if application.allow_private else PublicResolver(),
        tls=tls,
    )


class _UnusableKeysError(Exception):
    """Nothing can be encrypted to the device: what it gave as its key is none."""


def _encrypted(payload: bytes, device: Device) -> bytes:
    keys = {"p256dh": device.p256dh, "auth": device.auth}
    try:
        return bytes(WebPusher({"endpoint": device.endpoint, "keys": keys}).encode(payload)["body"])
    except (ValueError, IndexError, ECEException, WebPushException) as error:
        raise _UnusableKeysError("the device's key is not a point of the curve P-256") from error


def _is_too_large(answer: Response | Retry | Unknown) -> bool:
    return isinstance(answer, Response) and answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def _message_id(answer: Response, message: Push) -> str:
    """Where the service keeps the message (RFC 8030, 5), if it says so; else its topic."""
    return sanitize_id(answer.headers.get("Location")) or message.topic


def _said(answer: Response, message: Push) -> str:
    """Without the endpoint's path, which is all that one needs to know to write to the device."""
    parts = urlsplit(message.device.endpoint)
    token = parts.path.rpartition("/")[2]
    secrets = (message.device.endpoint, parts.path.strip("/"), token, parts.query)
    return sanitize(answer.body.decode("utf-8", "replace"), *secrets, message.device.auth)
