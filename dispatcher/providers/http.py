"""HTTP as the providers need it: one pooled client, and an outcome that knows how far it got."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import select
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, AbstractStreamWriter
from yarl import URL

import dispatcher
from dispatcher.delivery.backoff import LONGEST_WAIT
from dispatcher.delivery.model import FailureScope, Refused, Retry, Unknown
from dispatcher.providers.base import MISCONFIGURED

#: What the network and the server can do to us; anything else that is raised is a bug.
FAILURES = (aiohttp.ClientError, OSError, TimeoutError)

#: Of a response's body, that much is read.
LONGEST_BODY = 64 * 1024
#: Seconds that a connection is kept without use: less than servers keep theirs, so that it is we
#: who close.
IDLE = 15.0

# A larger body does not fit into a socket's buffer, so its end is held back until the rest has
# left: a connection lost until then leaves no doubt.
_LARGE = 64 * 1024
_HELD_BACK = 1024
#: 2001. What is less is no time of day, whatever X-RateLimit-Reset was meant to say.
_EARLIEST_RESET = 1_000_000_000
# Twelve, which is more than any time has; timedelta overflows at some length.
_DIGITS = re.compile(r"\s*([0-9]{1,12})\s*")


class HttpPhase(StrEnum):
    """How far a request has come. Only in the last can the server have all of it."""

    CONNECT = "connecting"
    REQUEST = "sending the request"
    RESPONSE = "waiting for the response"


@dataclass(frozen=True, slots=True)
class Response:
    """What the server answered. A redirect is an answer as any other: it is never followed."""

    status: int
    #: Names in any case.
    headers: Mapping[str, str] = field(repr=False)
    #: At most LONGEST_BODY bytes of it.
    body: bytes = field(repr=False)
    #: Whether `body` is all of it. The status counts even if what follows it is lost.
    is_complete: bool = True

    def json(self) -> Any:
        """The body as JSON; None if it is none, or cut short."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(slots=True)
class _Exchange:
    """One request on its way."""

    phase: HttpPhase = HttpPhase.CONNECT
    #: On a connection that has carried others.
    is_reused: bool = False

    def failed(self, failure: Exception) -> Retry | Unknown:
        reason = f"{self.phase}: {_described(failure)}"
        if self.phase is HttpPhase.RESPONSE:
            return Unknown(reason)
        return Retry(reason, scope=FailureScope.PROVIDER)


class HttpClient:
    """Asks a server over connections that are used again; `concurrency` of them at most.

    No proxy, no cookies, no redirects, no second try once any of a request may have been read.
    """

    def __init__(
        self,
        *,
        concurrency: int,
        timeout: float,
        connect_timeout: float,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Seconds: `connect_timeout` to be connected and encrypted, `timeout` for all that follows.

        `resolver` decides which addresses a name stands for, `tls` what to trust; the system's.
        """
        self._concurrency = concurrency
        self._timeout = aiohttp.ClientTimeout(
            total=connect_timeout + timeout, connect=connect_timeout, sock_read=timeout
        )
        self._resolver = resolver
        self._tls = tls
        self._slots = asyncio.Semaphore(concurrency)
        self._closing = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Get ready, without connecting. Opening what is open changes nothing."""
        if self._session is not None:
            return
        tracing = aiohttp.TraceConfig()
        tracing.on_connection_reuseconn.append(_note_reuse)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._concurrency,
                keepalive_timeout=IDLE,
                resolver=self._resolver,
                ssl=self._tls or True,
            ),
            headers={
                "User-Agent": f"postbell/{dispatcher.__version__}",
                "Accept-Encoding": "identity",
            },
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._timeout,
            trace_configs=[tracing],
        )

    async def post(
        self, url: str, *, data: bytes, headers: Mapping[str, str] | None = None
    ) -> Response | Retry | Unknown:
        """The response, or what the lack of one means for the message in `data`.

        Retry with Fault.PROVIDER if the server cannot have the whole request, else Unknown. Waits,
        first come first served, while `concurrency` others are in flight. The URL is used to the
        letter. Raises RuntimeError if not open, ValueError for a URL or header that none can be.
        """
        async with self._slots:
            session = self._opened()
            while True:
                exchange = _Exchange()
                try:
                    response = await session.post(
                        URL(url, encoded=True),
                        data=_Body(data, exchange),
                        headers=headers,
                        allow_redirects=False,
                        trace_request_ctx=exchange,
                    )
                    return await _read(response)
                except aiohttp.InvalidURL:
                    raise
                except FAILURES as failure:
                    # The server had hung up meanwhile, and the next connection may be good: each
                    # that is not is gone then, and on a new one this does not apply.
                    if (
                        exchange.is_reused
                        and exchange.phase is not HttpPhase.RESPONSE
                        and not isinstance(failure, TimeoutError)
                    ):
                        continue
                    return exchange.failed(failure)

    async def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response | Retry:
        """The response, or why there is none. Asking changes nothing, so no doubt is left."""
        async with self._slots:
            try:
                response = await self._opened().get(
                    URL(url, encoded=True),
                    headers=headers,
                    allow_redirects=False,
                    trace_request_ctx=_Exchange(),
                )
                return await _read(response)
            except aiohttp.InvalidURL:
                raise
            except FAILURES as failure:
                return Retry(_described(failure), scope=FailureScope.PROVIDER)

    async def close(self) -> None:
        """Let the requests in flight end, then let go of every connection. Twice is fine."""
        # One closer at a time: two, each with half of the slots, would wait for each other.
        async with self._closing, contextlib.AsyncExitStack() as held:
            for _ in range(self._concurrency):
                await held.enter_async_context(self._slots)
            session, self._session = self._session, None
            if session is None:
                return
            if session.connector is not None:
                # No farewell is waited for: nothing is on its way any more.
                await session.connector.close(abort_ssl=True)
            await session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the HTTP client is not open")
        return self._session


class _Body(aiohttp.Payload):
    """A request body that notes when its last byte is handed to the operating system.

    It is no `aiohttp.BytesPayload`, which warns of bodies larger than a megabyte.
    """

    def __init__(self, data: bytes, exchange: _Exchange) -> None:
        super().__init__(data, content_type="application/octet-stream")
        self._data = data
        self._exchange = exchange

    @property
    def size(self) -> int:
        return len(self._data)

    @property
    def autoclose(self) -> bool:
        return True

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._data.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        await self.write_with_length(writer, None)

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Raises ConnectionError if the connection is gone; then the server has not got it all."""
        exchange, data = self._exchange, self._data[:content_length]
        exchange.phase = HttpPhase.REQUEST
        if exchange.is_reused and _has_ended(writer.transport):
            raise ConnectionResetError("closed by the server while it was not in use")
        if len(data) > _LARGE:
            await _write_out(writer, data[:-_HELD_BACK])
            data = data[-_HELD_BACK:]
        exchange.phase = HttpPhase.RESPONSE
        try:
            await writer.write(data)
        except ConnectionError:
            exchange.phase = HttpPhase.REQUEST
            raise
        if writer.transport is None or writer.transport.is_closing():
            # The system refused it on the spot, so it has not left.
            exchange.phase = HttpPhase.REQUEST


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> timedelta | None:
    """How long the server asks us to wait; None if it does not say so, or makes no sense.

    Retry-After in seconds or as a date (RFC 9110, 10.2.3), else X-RateLimit-Reset, a Unix time.
    Never less than nothing, nor more than LONGEST_WAIT.
    """
    now = now or datetime.now(UTC)
    wait = _asked_by_retry_after(headers.get("Retry-After", ""), now)
    if wait is None:
        wait = _asked_by_reset(headers.get("X-RateLimit-Reset", ""), now)
    return None if wait is None else min(max(wait, timedelta(0)), LONGEST_WAIT)


def _asked_by_retry_after(value: str, now: datetime) -> timedelta | None:
    seconds = _whole_number(value)
    if seconds is not None:
        return timedelta(seconds=seconds)
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        # Of a year, an hour or a zone that no date has.
        return None
    # "-0000" gives a time without a zone, and an HTTP date is in GMT in any case.
    return (date if date.tzinfo else date.replace(tzinfo=UTC)) - now


def _asked_by_reset(value: str, now: datetime) -> timedelta | None:
    seconds = _whole_number(value)
    if seconds is None or seconds < _EARLIEST_RESET:
        return None
    return timedelta(seconds=seconds - now.timestamp())


def _whole_number(value: str) -> int | None:
    found = _DIGITS.fullmatch(value)
    return int(found[1]) if found else None


async def _note_reuse(
    _: aiohttp.ClientSession,
    context: SimpleNamespace,
    __: aiohttp.TraceConnectionReuseconnParams,
) -> None:
    context.trace_request_ctx.is_reused = True


async def _read(response: aiohttp.ClientResponse) -> Response:
    body, is_complete = bytearray(), False
    try:
        # Whatever comes between, the server has answered.
        with contextlib.suppress(*FAILURES):
            while len(body) <= LONGEST_BODY and not is_complete:
                chunk = await response.content.readany()
                body += chunk
                is_complete = not chunk
    finally:
        # What is left to read would be read as the answer to the next request.
        if is_complete:
            response.release()
        else:
            response.close()
    return Response(response.status, response.headers, bytes(body[:LONGEST_BODY]), is_complete)


def _has_ended(transport: asyncio.BaseTransport | None) -> bool:
    """Whether the server has hung up, though nobody has been told yet.

    On a connection that is not in use there is nothing to read but its end.
    """
    if transport is None or transport.is_closing():
        return True
    connection = transport.get_extra_info("socket")
    if connection is None or connection.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


async def _write_out(writer: AbstractStreamWriter, data: bytes) -> None:
    """Returns when nothing of `data` is in our buffer any more."""
    transport = writer.transport
    if transport is None:
        raise ConnectionResetError("closed by the server")
    transport.set_write_buffer_limits(0)
    try:
        await writer.write(data)
        await writer.drain()
    finally:
        transport.set_write_buffer_limits()


def _described(failure: Exception) -> str:
    # Not the failure's own text: it shows the URL, and with it what a path or query may hide.
    match failure:
        case TimeoutError():
            return "timed out"
        case aiohttp.ClientConnectorError():
            return _unconnected(failure)
        case aiohttp.ClientResponseError():
            return "the answer is not HTTP"
        case _:
            return "connection lost"


def _unconnected(failure: aiohttp.ClientConnectorError) -> str:
    match failure:
        case aiohttp.ClientConnectorCertificateError(certificate_error=error):
            return f"the certificate cannot be trusted: {getattr(error, 'verify_message', error)}"
        case aiohttp.ClientSSLError(os_error=error):
            return f"TLS failed: {getattr(error, 'reason', None) or type(error).__name__}"
        case aiohttp.ClientConnectorDNSError():
            return "the host name cannot be resolved"
        case _:
            number = failure.os_error.errno
            return os.strerror(number) if number else "no connection"


#: Come back later: the request was turned away unseen, or not now.
_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
#: The key, the account or the address is wrong, and so will be that of every other message.
_OURS = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.PAYMENT_REQUIRED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
        HTTPStatus.GONE,
    }
)
_CLASS = 100
_REDIRECTION, _CLIENT_ERROR, _SERVER_ERROR = 3, 4, 5


def outcome_of(answer: Response, reason: str) -> Retry | Refused | Unknown:
    """By the class of the status (RFC 9110, 15); `reason` is told, with the status as its code."""
    status, code = answer.status, str(answer.status)
    if status in _LATER or status // _CLASS == _SERVER_ERROR:
        after = retry_after(answer.headers)
        return Retry(reason, after=after, code=code, scope=FailureScope.PROVIDER)
    if status in _OURS:
        return Retry(MISCONFIGURED + reason, code=code, scope=FailureScope.CONFIGURATION)
    if status // _CLASS == _REDIRECTION:
        # Not followed: the message and our credentials would go to whom nobody has named.
        reason = f"{MISCONFIGURED}{reason}: it sends us elsewhere"
        return Retry(reason, code=code, scope=FailureScope.CONFIGURATION)
    if status // _CLASS == _CLIENT_ERROR:
        return Refused(reason, code=code)
    # A success of some other kind, or no status that there is.
    return Unknown(reason, code=code)
