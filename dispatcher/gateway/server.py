"""The gateway process: wires its parts, and serves them until it is asked to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from typing import Final

import psycopg
import structlog
import uvicorn
from starlette.types import ASGIApp

from dispatcher import health
from dispatcher.db import connections, pgbouncer
from dispatcher.deploy import contract
from dispatcher.gateway.app import application, authenticator
from dispatcher.gateway.stream.endpoint import StreamEndpoint
from dispatcher.gateway.stream.transport import StreamProtocol
from dispatcher.health import Health, ListenError
from dispatcher.metrics import Metrics
from dispatcher.providers.base import provider_for
from dispatcher.settings import Settings, SettingsError

log = structlog.get_logger()

#: Database connections of one process. A request holds one for a few statements.
SESSIONS: Final = 8

#: Connections that may wait to be accepted: after a restart every client reconnects at once.
_BACKLOG: Final = 4096

#: Seconds for which a client may leave unread what it was sent.
_UNREAD: Final = 45


class Gateway:
    """Serves `application` on the settings' address.

    Any number of processes may run, on any number of hosts; on one host they share the port, and
    the kernel spreads the connections.
    """

    def __init__(self, url: str, settings: Settings) -> None:
        """Raises SettingsError if no token secret is set."""
        require_secret(settings)
        self._url: Final = url
        self._settings: Final = settings
        self._pool: Final = connections.pool(url, "gateway", SESSIONS)
        self._stopping: Final = asyncio.Event()

    async def run(self) -> None:
        """Serves until stop(), through restarts of the database.

        Raises SchemaError if the schema has another contract, PoolerError if a pooler does not keep
        sessions, ListenError if the address is in use or cannot be bound.
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
            stream = StreamEndpoint(self._url, self._pool, doorkeeper)
            stream.start()
            metrics.watch_streams(lambda: len(stream), lambda: stream.is_connected)
            app = application(
                self._pool,
                settings,
                doorkeeper,
                streams={"/v1/stream": stream},
                vapid_key=vapid_key(settings),
                metrics=metrics,
            )
            if settings.gateway_metrics_port:
                stack.push_async_callback(_ended, self._serve_metrics(metrics))
            log.info("serving", at=f"{settings.gateway_host}:{settings.gateway_port}")
            await self._serve(app, listener, stream)
        log.info("stopped")

    def _serve_metrics(self, metrics: Metrics) -> asyncio.Task[None]:
        """Serves /metrics on an address of its own, for the host or a closed network."""
        showing = health.serve(
            health.app(Health(), metrics),
            self._settings.http_host,
            self._settings.gateway_metrics_port,
            setting="POSTBELL_GATEWAY_METRICS_PORT",
        )
        task = asyncio.create_task(showing, name="metrics")
        # If metrics cannot be served, the gateway stops.
        task.add_done_callback(lambda _: self.stop())
        return task

    def stop(self) -> None:
        """Lets run() return: accepts no new connections, and finishes requests in progress."""
        self._stopping.set()

    async def _serve(self, app: ASGIApp, listener: socket.socket, stream: StreamEndpoint) -> None:
        server = server_of(app, self._settings.shutdown_seconds)
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="gateway")
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            # uvicorn waits for requests to end, and a stream does not end by itself.
            await stream.stop()
            server.should_exit = True
            await asyncio.wait([serving])
        serving.result()


def server_of(app: ASGIApp, shutdown_seconds: float) -> uvicorn.Server:
    """A server of the application; at its end it waits so long for requests in progress."""
    return _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            http=StreamProtocol,
            # There are no WebSockets, and looking for a library takes time.
            ws="none",
            # X-Forwarded-For is read where it matters: gateway/rate_limits.py.
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=int(shutdown_seconds),
        )
    )


def vapid_key(settings: Settings) -> str | None:
    """The public key of the first push provider; None without one."""
    for entry in settings.named_providers:
        if entry.channel == "push":
            provider = provider_for(entry.url, name=entry.name)
            if (key := getattr(provider, "public_key", None)) is not None:
                return str(key)
    return None


async def _ended(task: asyncio.Task[None]) -> None:
    """Cancels the task, and raises what it failed with."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def require_secret(settings: Settings) -> None:
    """Raises SettingsError if no token secret is set."""
    if not settings.token_secrets:
        sentence = (
            "POSTBELL_TOKEN_SECRET is not set, so nobody could be let in: set it to what your"
            " application signs its tokens with; `openssl rand -hex 32` makes one."
        )
        raise SettingsError([sentence])


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Returns that of uvloop where it is installed, else None for that of asyncio."""
    try:
        import uvloop  # noqa: PLC0415 - an optional dependency
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


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Does nothing: whoever runs it handles SIGTERM and SIGINT."""
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
            # Accepted connections inherit it: a client that is gone, or does not read, is dropped.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD * 1000)
    except OSError as error:
        remedy = "set POSTBELL_GATEWAY_HOST and POSTBELL_GATEWAY_PORT"
        raise ListenError.of(host, port, error, remedy) from error
    return listener
