"""`GET /v1/stream`: what concerns a person, while it happens (server-sent events).

A plain ASGI application: an open page costs what its server needs for it, and little more.

    event: notification    a notification on the channel sse; its data as record_stream() says it
    event: state           {"unread": 3, "changes": [{"change": "added", "items": [7]}]}
    event: reset           {"reason": "too_old"}: read the inbox anew, something may be missing

`reason` is too_old, too_much, or unknown_position, as after a crash of PostgreSQL or a failover.

`change` is added, seen, read, unread or archived; `items` is null for too many to name. An `id:` is
opaque; the page sends the last one back as `Last-Event-ID`, or as `?last_event_id=` when it makes a
new EventSource, and is told what it missed. A state is told at the beginning, and not repeated.
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
from dispatcher.gateway.stream.listener import Doorbell
from dispatcher.gateway.stream.subscriber import (
    Audience,
    Heartbeat,
    OpenStream,
    retry_frame,
)
from dispatcher.gateway.stream.tail import Teller

log = structlog.get_logger()

#: Where a server leaves in a request's state what drops the connection: ASGI has no word for it.
ABORT: Final = "abort"

#: Where it leaves what sends a piece of the answer, if the connection takes it without waiting.
PUT: Final = "put"

#: Streams that one person may have open with one process: a few browsers with a few windows.
MOST_STREAMS: Final = 20

#: Seconds in which every open stream's session is looked at again.
RECHECK: Final = 300.0

#: Seconds for pages to take their last words when we stop.
FAREWELL: Final = 2.0

#: Seconds before the doorbell's session is opened anew: short at first, doubling.
SHORTEST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0

#: Milliseconds after which a page comes back, at the least and at the most. Of a thousand pages
#: that lost a gateway at once, one comes back a millisecond.
_RETRY: Final = (1000, 4000)

#: The same where the database refused for a reason that does not pass by itself.
_RETRY_REFUSED: Final = (30_000, 60_000)

_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    # nginx would keep what we say until it has a buffer full.
    (b"x-accel-buffering", b"no"),
]


class Doorkeeper(Protocol):
    """Who lets people in."""

    async def authenticate(self, connection: HTTPConnection) -> Identity: ...

    async def use_ticket(self, connection: HTTPConnection, ticket: str) -> Identity: ...

    async def is_valid(self, identity: Identity) -> bool: ...


class Stream:
    """The streams of one process. `start()` before the first request, `stop()` before the last.

    `url` is for the one session that listens; what is read is read through the pool.
    """

    def __init__(
        self, url: str, pool: Pool, doorkeeper: Doorkeeper, *, recheck: float = RECHECK
    ) -> None:
        self._url: Final = url
        self._doorkeeper: Final = doorkeeper
        self._recheck: Final = recheck
        self._audience: Final = Audience()
        self._teller: Final = Teller(pool, self._audience)
        self._doorbell: Final = Doorbell(
            self._teller.look, self._log_out, lambda: self._teller.found_at
        )
        self._heartbeat: Final = Heartbeat(self._beat)
        self._tasks: list[asyncio.Task[None]] = []
        self._is_stopping = False
        self._is_attended = False
        self._are_suspect = asyncio.Event()

    def __len__(self) -> int:
        """How many are open."""
        return len(self._audience)

    @property
    def is_attended(self) -> bool:
        """Whether those who write know that somebody is there to be told, and it can be read."""
        return self._is_attended and not self._teller.is_cut

    def start(self) -> None:
        """Needs no database yet: without one, pages are asked to come back."""
        parts: Mapping[str, Callable[[], Awaitable[None]]] = {
            "stream teller": self._teller.run,
            "stream doorbell": self._attend,
            "stream heartbeat": self._heartbeat.run,
            "stream sessions": self._watch_sessions,
        }
        self._tasks = [
            asyncio.create_task(_log_failure(name, part), name=name) for name, part in parts.items()
        ]

    async def stop(self) -> None:
        """Asks every page to come back, to another process or the next, and ends its stream."""
        self._is_stopping = True
        many = len(self._audience)
        for stream in self._audience:
            stream.end(_come_back(many))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._audience.gone(), timeout=FAREWELL)
        for stream in self._audience:
            stream.cut_off()
        await _cancel(self._tasks)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            identity = await self._let_in(scope)
        except Exception as error:  # noqa: BLE001 - all of them have an answer
            if not is_unavailable(error):
                await _refuse(error, scope, receive, send)
                return
            # Of any other status than 200 an EventSource makes an end for good.
            log.warning("a stream cannot be opened", error=str(error).strip())
            await _answer(scope, send, _come_back(0))
            return
        if scope["method"] == "HEAD" or self._is_stopping:
            await _answer(scope, send, _come_back(len(self._audience)))
            return
        state = scope.get("state", {})
        stream = OpenStream(identity, send, state.get(ABORT), state.get(PUT))
        await self._serve(stream, HTTPConnection(scope), receive, send)

    async def _serve(
        self, stream: OpenStream, connection: HTTPConnection, receive: Receive, send: Send
    ) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        last_id = connection.headers.get("last-event-id") or connection.query_params.get(
            "last_event_id"
        )
        try:
            try:
                missed = await self._teller.join(stream, last_id)
            except psycopg.Error as error:
                connections.log_failure("opening a stream", error)
                stream.end(_come_back(0) if is_unavailable(error) else _come_back_much_later())
            else:
                stream.release(_come_back(0) + missed)
            self._heartbeat.add(stream)
            await stream.run(receive)
        finally:
            stream.is_ended = True
            self._audience.remove(stream)

    async def _let_in(self, scope: Scope) -> Identity:
        if scope["method"] not in ("GET", "HEAD"):
            raise _not_allowed()
        connection = HTTPConnection(scope)
        ticket = connection.query_params.get("ticket")
        if ticket is not None:
            identity = await self._doorkeeper.use_ticket(connection, ticket)
        else:
            identity = await self._doorkeeper.authenticate(connection)
        reader = identity.tenant_id, identity.recipient_id
        if len(self._audience.of(reader)) >= MOST_STREAMS:
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too_many_streams",
                f"There are {MOST_STREAMS} open streams for this person already.",
                "Share one stream between the windows of a browser.",
                headers={"retry-after": "60"},
            )
        return identity

    def _beat(self, stream: OpenStream) -> None:
        if stream.identity.expires_at <= datetime.now(UTC):
            stream.end()
        elif not stream.is_busy:
            stream.write(self._teller.heartbeat)
        elif stream.is_stuck():
            log.info("a page does not read, and is disconnected")
            stream.cut_off()

    def _log_out(self, session_id: str) -> None:
        for stream in self._audience:
            if stream.identity.session_id == session_id:
                stream.end()

    async def _attend(self) -> None:
        """Keeps a session with the doorbell, through restarts of the database."""
        loop = asyncio.get_running_loop()
        pause = SHORTEST_PAUSE
        while True:
            began = loop.time()
            try:
                async with AsyncExitStack() as stack:
                    connection = await stack.enter_async_context(
                        await connections.connect(self._url, "streams")
                    )
                    await self._doorbell.begin(connection)
                    self._is_attended = True
                    # Changes, and who logged out, are told only to those who are there.
                    self._teller.count_anew()
                    self._are_suspect.set()
                    await self._doorbell.run(connection)
            except psycopg.Error as error:
                connections.log_failure("doorbell", error)
            self._is_attended = False
            if loop.time() - began > LONGEST_PAUSE:
                pause = SHORTEST_PAUSE
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _watch_sessions(self) -> None:
        """Ends the streams of those who are let in no more, though nobody said so."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._are_suspect.wait(), timeout=self._recheck)
            self._are_suspect.clear()
            verdicts: dict[Identity, bool] = {}
            for stream in self._audience:
                identity = stream.identity
                try:
                    if identity not in verdicts:
                        verdicts[identity] = await self._doorkeeper.is_valid(identity)
                except psycopg.Error as error:
                    connections.log_failure("stream sessions", error)
                    break
                if not verdicts[identity]:
                    stream.end()


def _come_back(many: int) -> bytes:
    """Not all of them at once, and after a second at the earliest."""
    shortest, longest = _RETRY
    return retry_frame(random.randint(shortest, max(longest, shortest + many)))  # noqa: S311


def _come_back_much_later() -> bytes:
    """Pages that come back at once would only be refused again."""
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
    """A stream that ends at once."""
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def _refuse(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    handler: Callable[[Any, Any], Response] = next(
        problem.HANDLERS[kind] for kind in type(error).__mro__ if kind in problem.HANDLERS
    )
    await handler(Request(scope), error)(scope, receive, send)


async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Again and again: before Python 3.12, wait_for() forgets it when what it waits for comes."""
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=0.1)


async def _log_failure(name: str, part: Callable[[], Awaitable[None]]) -> None:
    """A mistake of ours must not end in silence."""
    try:
        await part()
    except Exception:
        log.exception("a part of the streams has failed", part=name)
        raise
