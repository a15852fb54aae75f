"""Health checks of a daemon over HTTP: /healthz, /readyz and /metrics."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from dispatcher.delivery.missing_templates import AwaitedTemplate
from dispatcher.masking import mask
from dispatcher.metrics import CONTENT_TYPE, Metrics
from dispatcher.providers.client import ProviderStatus
from dispatcher.rendering.template_set import OverrideFault

#: Seconds to finish open requests when the server stops.
_GRACE: Final = 2
_UNAVAILABLE: Final = 503

#: The most missing templates that /healthz lists; there may be one per tenant, event and channel.
MOST_LISTED: Final = 100


class ListenError(Exception):
    """The server cannot listen on its address."""

    @classmethod
    def of(cls, host: str, port: int, error: OSError, remedy: str) -> Self:
        # str(error) would repeat the address; an error of name resolution has no number.
        number = error.errno or 0
        why = os.strerror(number) if number > 0 else error.strerror or str(error)
        return cls(f"{host}:{port} cannot be listened on ({why}): {remedy}.")


@dataclass(slots=True)
class _Part:
    within: float
    #: Time of the last heartbeat; of expect() before the first.
    seen_at: float
    has_beaten: bool = False


class Health:
    """Heartbeats of the parts of a daemon, and what is degraded.

    A part is alive if its last heartbeat, or the call of expect(), is not longer ago than its
    limit. Providers, mirrors, templates and failing steps of the router never make a daemon
    unhealthy, since a restart would not help. `clock` returns monotonic seconds.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        providers: Callable[[], Iterable[ProviderStatus]] = tuple,
    ) -> None:
        self._clock: Final = clock
        self._providers: Final = providers
        self._texts: Callable[[], Iterable[OverrideFault]] = tuple
        #: Faults of mirrored users tables, a sentence each.
        self.mirror_faults: Sequence[str] = ()
        self._failing_steps: Callable[[], Mapping[str, str]] = dict
        self._missing: Callable[[], Iterable[AwaitedTemplate]] = tuple
        self._outdated: Callable[[], Sequence[str]] = tuple
        self._parts: Final[dict[str, _Part]] = {}
        self._is_stopping = False

    def expect(self, part: str, within_seconds: float) -> None:
        """Expect a heartbeat at least every so many seconds; infinity: one is enough."""
        self._parts[part] = _Part(within_seconds, self._clock())

    def beat(self, part: str, within_seconds: float | None = None) -> None:
        """Record a heartbeat. `within_seconds` sets a new limit, for example before a long sleep.

        Raises KeyError for a part that was not passed to expect().
        """
        found = self._parts[part]
        found.seen_at = self._clock()
        found.has_beaten = True
        if within_seconds is not None:
            found.within = within_seconds

    def show_texts(self, faults: Callable[[], Iterable[OverrideFault]]) -> None:
        """Set what returns the template overrides that cannot be used."""
        self._texts = faults

    def show_failing_steps(self, failing: Callable[[], Mapping[str, str]]) -> None:
        """Set what returns the error of each failing step of the router."""
        self._failing_steps = failing

    def show_missing_templates(self, missing: Callable[[], Iterable[AwaitedTemplate]]) -> None:
        """Set what returns the templates that deliveries wait for."""
        self._missing = missing

    def show_outdated_templates(self, events: Callable[[], Sequence[str]]) -> None:
        """Set what returns the events whose files here are not the deployed ones."""
        self._outdated = events

    def forget(self, part: str) -> None:
        """Expect no more heartbeats of the part."""
        self._parts.pop(part, None)

    def stop(self) -> None:
        """The daemon shuts down: it is alive, but not ready."""
        self._is_stopping = True

    @property
    def is_alive(self) -> bool:
        """Whether every part is alive."""
        return all(self._is_alive(part) for part in self._parts.values())

    @property
    def is_ready(self) -> bool:
        """Whether every part is alive and has started, and the daemon does not shut down."""
        has_begun = all(part.has_beaten for part in self._parts.values())
        return self.is_alive and has_begun and not self._is_stopping

    def report(self) -> dict[str, Any]:
        """For JSON, by part: whether it is alive, and the seconds since its last heartbeat."""
        return {
            name: {
                "alive": self._is_alive(part),
                "seconds_ago": round(self._clock() - part.seen_at, 3) if part.has_beaten else None,
            }
            for name, part in sorted(self._parts.items())
        }

    def providers(self) -> dict[str, Any]:
        """For JSON, by provider: its state, the reason, and when it is tried again."""
        return {
            status.provider: {
                "channel": status.channel,
                "state": status.state,
                "reason": mask(status.reason) or None,
                "since": status.since.isoformat(),
                "opens_in_seconds": round(status.retry_in, 1),
            }
            for status in self._providers()
        }

    def texts(self) -> list[dict[str, Any]]:
        """For JSON: template overrides that cannot be used, why, and what is used instead."""
        return [
            {
                "path": fault.override.path,
                "tenant": fault.override.tenant_id,
                "version": fault.override.version,
                "fault": fault.sentence,
                "instead": fault.instead,
            }
            for fault in self._texts()
        ]

    def failing_steps(self) -> dict[str, str]:
        """For JSON, by step of the router: the error of its last attempt, if that failed."""
        return {step: mask(error) for step, error in sorted(self._failing_steps().items())}

    def missing_templates(self) -> list[dict[str, Any]]:
        """For JSON: the templates that deliveries wait for, why, and since when.

        At most MOST_LISTED are returned.
        """
        return [
            {
                "event": each.event,
                "channel": each.channel,
                "tenant": each.tenant_id,
                "reason": each.reason,
                "sentence": each.sentence,
                "since": each.since.isoformat(),
            }
            for each in islice(self._missing(), MOST_LISTED)
        ]

    @property
    def degradations(self) -> list[str]:
        """What is degraded in mirrors, router and templates, a sentence each."""
        waiting = dict.fromkeys(
            (each.event, each.channel, each.sentence) for each in self._missing()
        )
        sentences = [
            *self.mirror_faults,
            *(
                f"The router's step {step} fails: {error.rstrip('.')}."
                for step, error in self.failing_steps().items()
            ),
            *(
                f"Deliveries of {event} on {channel} wait for a template. {sentence}"
                for event, channel, sentence in islice(waiting, MOST_LISTED)
            ),
        ]
        if outdated := self._outdated():
            listed = ", ".join(outdated[:MOST_LISTED])
            sentences.append(
                f"Templates of this process are not the deployed ones: {listed}."
                " Restart it, or deploy its templates."
            )
        if len(waiting) > MOST_LISTED:
            more = len(waiting) - MOST_LISTED
            sentences.append(f"Deliveries wait for {more} more templates, which are not listed.")
        return sentences

    @property
    def silent(self) -> list[str]:
        """The parts that are not alive."""
        return sorted(name for name, part in self._parts.items() if not self._is_alive(part))

    def _is_alive(self, part: _Part) -> bool:
        return self._clock() - part.seen_at <= part.within


def app(health: Health, metrics: Metrics) -> ASGIApp:
    """The endpoints. They need no login: serve them on this host or a private network only."""

    async def healthz(_: Request) -> Response:
        return _answer(health.is_alive, health)

    async def readyz(_: Request) -> Response:
        return _answer(health.is_ready, health)

    async def metrics_text(_: Request) -> Response:
        return Response(await metrics.text(), headers={"content-type": CONTENT_TYPE})

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics_text),
        ]
    )


async def serve(app: ASGIApp, host: str, port: int, *, setting: str = "POSTBELL_HTTP_PORT") -> None:
    """Serve until cancelled, then finish open requests.

    Signal handlers stay the caller's. `setting` is the variable that sets the port. Raises
    ListenError if the server cannot listen on the address.
    """
    with contextlib.closing(_listen(host, port, setting)) as listener:
        server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                # There are no WebSockets, and uvicorn's search for a library takes time.
                ws="none",
                timeout_graceful_shutdown=_GRACE,
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="health server")
        try:
            await asyncio.shield(serving)
        finally:
            server.should_exit = True
            await asyncio.wait([serving])


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The daemon handles signals."""
        yield


def _listen(host: str, port: int, setting: str) -> socket.socket:
    # uvicorn would end the process if the port is taken.
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        remedy = f"set POSTBELL_HTTP_HOST and {setting}; port 0 serves nothing"
        raise ListenError.of(host, port, error, remedy) from error


def _answer(is_well: bool, health: Health) -> Response:
    degraded = health.degradations
    status = "unavailable" if not is_well else "degraded" if degraded else "ok"
    return JSONResponse(
        {
            "status": status,
            "silent": health.silent,
            "parts": health.report(),
            "providers": health.providers(),
            "faulty_texts": health.texts(),
            "failing_router_steps": health.failing_steps(),
            "degraded": degraded,
            "missing_templates": health.missing_templates(),
        },
        status_code=200 if is_well else _UNAVAILABLE,
        headers={"cache-control": "no-store"},
    )
