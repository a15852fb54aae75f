"""The gateway of one process: its parts, wired, and served until it is asked to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from typing import Final, cast

import psycopg
import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from dispatcher import health
from dispatcher.db import connections, pgbouncer
from dispatcher.deploy import contract
from dispatcher.gateway.app import application, authenticator
from dispatcher.gateway.stream.endpoint import ABORT, PUT, Stream
from dispatcher.health import Health, ListenError
from dispatcher.metrics import Metrics
from dispatcher.providers.base import provider_for
from dispatcher.settings import Settings, SettingsError

log = structlog.get_logger()

#: Sessions of one process. A request holds one for a few statements.
SESSIONS: Final = 8

#: Connections that may wait to be accepted: after a restart every page comes back at once.
_BACKLOG: Final = 4096

#: Seconds for which a connection may leave unread what it was sent.
_UNREAD: Final = 45


class Gateway:
    """Serves `application` on the settings' address.

    As many as you like may, on as many hosts; on one host they share the port, and the kernel
    spreads the connections.
    """

    def __init__(self, url: str, settings: Settings) -> None:
        """Raises SettingsError without a secret."""
        require_secret(settings)
        self._url: Final = url
        self._settings: Final = settings
        self._pool: Final = connections.pool(url, "gateway", SESSIONS)
        self._stopping: Final = asyncio.Event()

    async def run(self) -> None:
        """Works until stop(), through restarts of the database.

        Raises SchemaError at the start if the schema is of another contract, PoolerError if a
        session does not stay ours, ListenError if the address is not to be had.
        """
        with psycopg.connect(self._url) as connection:
            contract.check_contract(connection)
        pgbouncer.check_sessions(self._url)
        settings = self._settings
        async with AsyncExitStack() as stack:
            listener = stack.enter_context(
                contextlib.closing(_listen(settings.gateway_host, settings.gateway_port))
            )
            await stack.enter_async_context(self._pool)
            doorkeeper = authenticator(self._pool, settings)
            metrics = Metrics()
            stream = Stream(self._url, self._pool, doorkeeper)
            stream.start()
            metrics.watch_streams(lambda: len(stream), lambda: stream.is_attended)
            app = application(
                self._pool,
                settings,
                doorkeeper,
                streams={"/v1/stream": stream},
                vapid_key=vapid_key(settings),
                watch=metrics,
            )
            if settings.gateway_metrics_port:
                stack.push_async_callback(_ended, self._show(metrics))
            log.info("serving", at=f"{settings.gateway_host}:{settings.gateway_port}")
            await self._serve(app, listener, stream)
        log.info("stopped")

    def _show(self, metrics: Metrics) -> asyncio.Task[None]:
        """For the machine or a closed network: beside what the world may see."""
        showing = health.serve(
            health.app(Health(), metrics),
            self._settings.http_host,
            self._settings.gateway_metrics_port,
            setting="POSTBELL_GATEWAY_METRICS_PORT",
        )
        task = asyncio.create_task(showing, name="metrics")
        # Without its figures it had better not begin.
        task.add_done_callback(lambda _: self.stop())
        return task

    def stop(self) -> None:
        """Lets run() return: no new connections, and what is being answered is finished."""
        self._stopping.set()

    async def _serve(self, app: ASGIApp, listener: socket.socket, stream: Stream) -> None:
        server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                http=_Protocol,
                # Nothing here speaks WebSocket, and looking for a library of it takes time.
                ws="none",
                # What a proxy says of its client is read where it matters: gateway/rate_limits.py.
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=int(self._settings.shutdown_seconds),
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="gateway")
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            # A server waits for its requests to end, and a stream does not end by itself.
            await stream.stop()
            server.should_exit = True
            await asyncio.wait([serving])
        serving.result()


def vapid_key(settings: Settings) -> str | None:
    """What pages subscribe with: the key of the first provider that pushes; None without one."""
    for entry in settings.named_providers:
        if entry.channel == "push":
            provider = provider_for(entry.url, name=entry.name)
            if (key := getattr(provider, "public_key", None)) is not None:
                return str(key)
    return None


async def _ended(task: asyncio.Task[None]) -> None:
    """Raises what it ended with, if not with us."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def require_secret(settings: Settings) -> None:
    """Raises SettingsError without one."""
    if not settings.token_secrets:
        sentence = (
            "POSTBELL_TOKEN_SECRET is not set, so nobody could be let in: set it to what your"
            " application signs its tokens with; `openssl rand -hex 32` makes one."
        )
        raise SettingsError([sentence])


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Of uvloop where that is installed, else Python's own."""
    try:
        import uvloop  # noqa: PLC0415 - it may not be there
    except ImportError:
        return None
    return uvloop.new_event_loop


async def run(url: str, settings: Settings) -> None:
    """Runs the gateway until SIGTERM or SIGINT."""
    gateway = Gateway(url, settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, gateway.stop)
    await gateway.run()


class _Protocol(H11Protocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Closing waits until all is sent, and a page that does not read never takes it."""
        super().connection_made(transport)
        # Of the transport, which lets go of us in the end: what holds itself stays for long.
        self.app_state = {**self.app_state, ABORT: transport.abort, PUT: partial(_put, transport)}


def _put(transport: asyncio.Transport, piece: bytes) -> bool:
    """Sends a piece of the body, if the connection takes it without waiting.

    What h11 would make of it, without h11 (RFC 9112, 7.1); before HTTP/1.1 there are no chunks.
    """
    if transport.is_closing():
        return False
    protocol = cast("_Protocol", transport.get_protocol())
    if protocol.flow.write_paused:
        return False
    if protocol.scope["http_version"] >= "1.1":
        piece = b"%x\r\n%b\r\n" % (len(piece), piece)
    transport.write(piece)
    return True


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them to the gateway."""
        yield


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server(
            (host, port),
            family=family,
            backlog=_BACKLOG,
            reuse_port=hasattr(socket, "SO_REUSEPORT"),
        )
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # What is accepted takes it over: a page that is gone, or does not read, is given up.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD * 1000)
    except OSError as error:
        way_out = "set POSTBELL_GATEWAY_HOST and POSTBELL_GATEWAY_PORT"
        raise ListenError.of(host, port, error, way_out) from error
    return listener
