"""`GET /v1/stream`: a person's notifications and inbox changes, as server-sent events.

A plain ASGI application, so that an open stream takes little memory.

    event: notification    a notification on the channel sse; its data as record_stream() says it
    event: state           {"unread": 3, "changes": [{"change": "added", "items": [7]}]}
    event: reset           {"reason": "too_old"}: read the inbox anew, something may be missing

`reason` is too_old, too_much, or unknown_position, as after a crash of PostgreSQL or a failover.

`change` is added, seen, read, unread, archived, unarchived, pinned or unpinned; `items` is null for
too many to name. An `id:` is opaque; the page sends the last one back as `Last-Event-ID`, or as
`?last_event_id=` when it makes a new EventSource, and gets what it missed. A state is sent at the
beginning, and not repeated.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, Protocol

import psycopg
import structlog
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dispatcher.db import connections
from dispatcher.db.connections import Pool, is_unavailable
from dispatcher.gateway import problem
from dispatcher.gateway.auth import Identity
from dispatcher.gateway.problem import Problem
from dispatcher.gateway.stream.listener import Listener
from dispatcher.gateway.stream.subscriber import (
    Heartbeat,
    Subscriber,
    SubscriberRegistry,
    retry_frame,
)
from dispatcher.gateway.stream.tail import StreamTail
from dispatcher.gateway.stream.transport import ABORT, WRITE

log = structlog.get_logger()

#: Streams that one recipient may have open with one process: a few browsers with a few windows.
MOST_STREAMS: Final = 20

#: Seconds after which the session of every open stream is checked again.
RECHECK: Final = 300.0

#: Seconds for which stop() waits for clients to take their last frame.
STOP_TIMEOUT: Final = 2.0

#: Seconds before the listener reconnects: the pause doubles from the shortest to the longest.
SHORTEST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0

#: Milliseconds after which a client reconnects, at the least and at the most. Where more clients
#: lose a gateway at once, they are spread: one reconnects each millisecond.
_RETRY: Final = (1000, 4000)

#: The same after an error of the database that repeating does not mend.
_RETRY_REFUSED: Final = (30_000, 60_000)

_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    # Else nginx buffers the response.
    (b"x-accel-buffering", b"no"),
]


class StreamAuthenticator(Protocol):
    """What a stream needs of an Authenticator."""

    async def authenticate(self, connection: HTTPConnection) -> Identity: ...

    async def use_ticket(self, connection: HTTPConnection, ticket: str) -> Identity: ...

    async def is_valid(self, identity: Identity) -> bool: ...


class StreamEndpoint:
    """The streams of one process. Call `start()` before the first request, `stop()` at the end.

    `url` is for the one connection that listens; the log is read through the pool.
    """

    def __init__(
        self, url: str, pool: Pool, authenticator: StreamAuthenticator, *, recheck: float = RECHECK
    ) -> None:
        self._url: Final = url
        self._authenticator: Final = authenticator
        self._recheck: Final = recheck
        self._subscribers: Final = SubscriberRegistry()
        self._tail: Final = StreamTail(pool, self._subscribers)
        self._listener: Final = Listener(
            self._tail.wake, self._log_out, lambda: self._tail.found_at
        )
        self._heartbeat: Final = Heartbeat(self._beat)
        self._tasks: list[asyncio.Task[None]] = []
        self._is_stopping = False
        self._is_listening = False
        self._must_recheck = asyncio.Event()

    def __len__(self) -> int:
        """The number of open streams."""
        return len(self._subscribers)

    @property
    def is_connected(self) -> bool:
        """Whether writers know that a gateway listens, and the log can be read."""
        return self._is_listening and not self._tail.is_disconnected

    def start(self) -> None:
        """Starts the tasks. Without a database, clients are asked to reconnect."""
        parts: Mapping[str, Callable[[], Awaitable[None]]] = {
            "stream tail": self._tail.run,
            "stream listener": self._keep_listening,
            "stream heartbeat": self._heartbeat.run,
            "stream sessions": self._recheck_sessions,
        }
        self._tasks = [
            asyncio.create_task(_log_crash(name, part), name=name) for name, part in parts.items()
        ]

    async def stop(self) -> None:
        """Asks every client to reconnect, to another process or the next, and ends its stream."""
        self._is_stopping = True
        many = len(self._subscribers)
        for subscriber in self._subscribers:
            subscriber.end(_reconnect(many))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._subscribers.wait_empty(), timeout=STOP_TIMEOUT)
        for subscriber in self._subscribers:
            subscriber.cut_off()
        await _cancel(self._tasks)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            identity = await self._authenticate(scope)
        except Exception as error:  # noqa: BLE001 - each has a problem document
            if not is_unavailable(error):
                await _refuse(error, scope, receive, send)
                return
            # After any other status than 200, an EventSource never reconnects.
            log.warning("a stream cannot be opened", error=str(error).strip())
            await _answer(scope, send, _reconnect(0))
            return
        if scope["method"] == "HEAD" or self._is_stopping:
            await _answer(scope, send, _reconnect(len(self._subscribers)))
            return
        state = scope.get("state", {})
        subscriber = Subscriber(identity, send, state.get(ABORT), state.get(WRITE))
        await self._serve(subscriber, HTTPConnection(scope), receive, send)

    async def _serve(
        self, subscriber: Subscriber, connection: HTTPConnection, receive: Receive, send: Send
    ) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        last_id = connection.headers.get("last-event-id") or connection.query_params.get(
            "last_event_id"
        )
        try:
            try:
                missed = await self._tail.join(subscriber, last_id)
            except psycopg.Error as error:
                connections.log_failure("opening a stream", error)
                subscriber.end(_reconnect(0) if is_unavailable(error) else _reconnect_later())
            else:
                subscriber.release(_reconnect(0) + missed)
            self._heartbeat.add(subscriber)
            await subscriber.run(receive)
        finally:
            subscriber.is_ended = True
            self._subscribers.remove(subscriber)

    async def _authenticate(self, scope: Scope) -> Identity:
        if scope["method"] not in ("GET", "HEAD"):
            raise _not_allowed()
        connection = HTTPConnection(scope)
        ticket = connection.query_params.get("ticket")
        if ticket is not None:
            identity = await self._authenticator.use_ticket(connection, ticket)
        else:
            identity = await self._authenticator.authenticate(connection)
        key = identity.tenant_id, identity.recipient_id
        if len(self._subscribers.of(key)) >= MOST_STREAMS:
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too_many_streams",
                f"There are {MOST_STREAMS} open streams for this person already.",
                "Share one stream between the windows of a browser.",
                headers={"retry-after": "60"},
            )
        return identity

    def _beat(self, subscriber: Subscriber) -> None:
        if subscriber.identity.expires_at <= datetime.now(UTC):
            subscriber.end()
        elif not subscriber.is_busy:
            subscriber.write(self._tail.heartbeat)
        elif subscriber.is_stuck():
            log.info("a client that does not read its stream is disconnected")
            subscriber.cut_off()

    def _log_out(self, session_id: str) -> None:
        for subscriber in self._subscribers:
            if subscriber.identity.session_id == session_id:
                subscriber.end()

    async def _keep_listening(self) -> None:
        """Keeps the listener's connection, through restarts of the database."""
        loop = asyncio.get_running_loop()
        pause = SHORTEST_PAUSE
        while True:
            began = loop.time()
            try:
                async with AsyncExitStack() as stack:
                    connection = await stack.enter_async_context(
                        await connections.connect(self._url, "streams")
                    )
                    await self._listener.begin(connection)
                    self._is_listening = True
                    # Changes and logouts that happened before are not notified again.
                    self._tail.recount()
                    self._must_recheck.set()
                    await self._listener.run(connection)
            except psycopg.Error as error:
                connections.log_failure("stream listener", error)
            self._is_listening = False
            if loop.time() - began > LONGEST_PAUSE:
                pause = SHORTEST_PAUSE
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _recheck_sessions(self) -> None:
        """Ends the streams whose session or token is no longer valid."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._must_recheck.wait(), timeout=self._recheck)
            self._must_recheck.clear()
            valid: dict[Identity, bool] = {}
            for subscriber in self._subscribers:
                identity = subscriber.identity
                try:
                    if identity not in valid:
                        valid[identity] = await self._authenticator.is_valid(identity)
                except psycopg.Error as error:
                    connections.log_failure("stream sessions", error)
                    break
                if not valid[identity]:
                    subscriber.end()


def _reconnect(many: int) -> bytes:
    """The frame by which a client reconnects, spread over time if `many` do at once."""
    shortest, longest = _RETRY
    return retry_frame(random.randint(shortest, max(longest, shortest + many)))  # noqa: S311


def _reconnect_later() -> bytes:
    """The frame by which a client reconnects late, after an error that repeating does not mend."""
    return retry_frame(random.randint(*_RETRY_REFUSED))  # noqa: S311


def _not_allowed() -> Problem:
    return Problem(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "A stream is opened by GET.",
        "Open it with an EventSource.",
        headers={"allow": "GET, HEAD"},
    )


async def _answer(scope: Scope, send: Send, body: bytes) -> None:
    """Answers with a stream that ends at once."""
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def _refuse(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    handler: Callable[[Any, Any], Response] = next(
        problem.HANDLERS[kind] for kind in type(error).__mro__ if kind in problem.HANDLERS
    )
    await handler(Request(scope), error)(scope, receive, send)


async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancels repeatedly: before Python 3.12, wait_for() may swallow a cancellation."""
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=0.1)


async def _log_crash(name: str, part: Callable[[], Awaitable[None]]) -> None:
    """Logs what a background task fails with: nobody awaits it before stop()."""
    try:
        await part()
    except Exception:
        log.exception("a background task of the streams crashed", part=name)
        raise
