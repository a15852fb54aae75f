"""The HTTP client of providers: pooled, and sure whether a failed request may have been read."""

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

#: What network and server can cause; any other exception is a bug.
FAILURES = (aiohttp.ClientError, OSError, TimeoutError)

#: Bytes of a response's body that are read.
LONGEST_BODY = 64 * 1024
#: Seconds that an unused connection is kept: less than servers keep theirs, so that this side
#: closes first.
IDLE = 15.0

# Bytes. The end of a body that does not fit into a socket's buffer is held back until the rest has
# left: if the connection is lost before that, the server cannot have the whole request.
_LARGE = 64 * 1024
_HELD_BACK = 1024
#: A Unix time of 2001. An X-RateLimit-Reset below it is not a time.
_EARLIEST_RESET = 1_000_000_000
# At most twelve digits: timedelta overflows with more.
_DIGITS = re.compile(r"\s*([0-9]{1,12})\s*")


class HttpPhase(StrEnum):
    """How far a request got. Only in the last phase can the server have all of it."""

    CONNECT = "connecting"
    REQUEST = "sending the request"
    RESPONSE = "waiting for the response"


@dataclass(frozen=True, slots=True)
class Response:
    """The server's response. Redirects are responses, too: they are not followed."""

    status: int
    #: Case-insensitive.
    headers: Mapping[str, str] = field(repr=False)
    #: At most LONGEST_BODY bytes of it.
    body: bytes = field(repr=False)
    #: Whether `body` is the whole body. The status counts even if the rest is lost.
    is_complete: bool = True

    def json(self) -> Any:
        """The body parsed as JSON; None if it is not, or is cut short."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(slots=True)
class _Exchange:
    """One request in flight."""

    phase: HttpPhase = HttpPhase.CONNECT
    #: The connection has carried other requests.
    is_reused: bool = False

    def failed(self, failure: Exception) -> Retry | Unknown:
        reason = f"{self.phase}: {_described(failure)}"
        if self.phase is HttpPhase.RESPONSE:
            return Unknown(reason)
        return Retry(reason, scope=FailureScope.PROVIDER)


class HttpClient:
    """A client with at most `concurrency` pooled connections.

    It uses no proxy and no cookies, follows no redirect, and never repeats a request of which the
    server may have read anything.
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
        """In seconds, `connect_timeout` covers connecting and TLS, `timeout` all that follows.

        `resolver` and `tls` default to the system's name resolution and certificates.
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
        """Get ready, without connecting. Does nothing if it is open."""
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
        """The response, or what its absence means for the message in `data`.

        Returns Retry with FailureScope.PROVIDER if the server cannot have the whole request, else
        Unknown. Waits in turn while `concurrency` other requests are in flight. The URL is sent
        exactly as given. Raises RuntimeError if not open, ValueError for an invalid URL or header.
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
                    # The server had closed the pooled connection. Each such failure removes one
                    # from the pool, and a new connection ends the loop.
                    if (
                        exchange.is_reused
                        and exchange.phase is not HttpPhase.RESPONSE
                        and not isinstance(failure, TimeoutError)
                    ):
                        continue
                    return exchange.failed(failure)

    async def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response | Retry:
        """The response, or why there is none. A GET changes nothing, so it is never Unknown."""
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
        """Wait for the requests in flight, then close every connection. May be called twice."""
        # One closer at a time: two that hold half of the slots each would deadlock.
        async with self._closing, contextlib.AsyncExitStack() as held:
            for _ in range(self._concurrency):
                await held.enter_async_context(self._slots)
            session, self._session = self._session, None
            if session is None:
                return
            if session.connector is not None:
                # Nothing is in flight, so there is no need to wait for TLS to shut down.
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
        """Raises ConnectionError if the connection is lost before the server can have it all."""
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
            # The operating system refused the bytes, so they have not left.
            exchange.phase = HttpPhase.REQUEST


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> timedelta | None:
    """How long the server asks to wait; None if it does not say, or not intelligibly.

    Reads Retry-After in seconds or as a date (RFC 9110, 10.2.3), else X-RateLimit-Reset, a Unix
    time. The result is between zero and LONGEST_WAIT.
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
        # Not a date, or with a year, hour or zone out of range.
        return None
    # "-0000" parses to a time without a zone; HTTP dates are always in GMT.
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
        # The status has arrived, so it counts even if the body is lost.
        with contextlib.suppress(*FAILURES):
            while len(body) <= LONGEST_BODY and not is_complete:
                chunk = await response.content.readany()
                body += chunk
                is_complete = not chunk
    finally:
        # The rest of the body would be read as the response to the next request.
        if is_complete:
            response.release()
        else:
            response.close()
    return Response(response.status, response.headers, bytes(body[:LONGEST_BODY]), is_complete)


def _has_ended(transport: asyncio.BaseTransport | None) -> bool:
    """Whether the server has closed the connection and the event loop has not noticed yet.

    An idle connection becomes readable only when it ends.
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
    """Write `data`, and return when all of it has left the transport's buffer."""
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
    # The exception's own text has the URL, and a path or query may be secret.
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


#: Not processed now: try again later.
_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
#: The key, account or URL is wrong, for every other message as well.
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
    """What a status means for the message if the service says no more (RFC 9110, 15).

    The outcome has `reason`, and the status as its code.
    """
    status, code = answer.status, str(answer.status)
    if status in _LATER or status // _CLASS == _SERVER_ERROR:
        after = retry_after(answer.headers)
        return Retry(reason, after=after, code=code, scope=FailureScope.PROVIDER)
    if status in _OURS:
        return Retry(MISCONFIGURED + reason, code=code, scope=FailureScope.CONFIGURATION)
    if status // _CLASS == _REDIRECTION:
        # Not followed: message and credentials would go to a host that nobody configured.
        reason = f"{MISCONFIGURED}{reason}: it sends us elsewhere"
        return Retry(reason, code=code, scope=FailureScope.CONFIGURATION)
    if status // _CLASS == _CLIENT_ERROR:
        return Refused(reason, code=code)
    # Another success, or no valid status.
    return Unknown(reason, code=code)
