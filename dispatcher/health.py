"""Whether a daemon is alive, told over HTTP: /healthz, /readyz and /metrics."""

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

#: Seconds for the requests in hand when the server is asked to stop.
_GRACE: Final = 2
_UNAVAILABLE: Final = 503

#: Missing templates that /healthz lists: by tenant, event and channel there may be very many.
MOST_LISTED: Final = 100


class ListenError(Exception):
    """The address cannot be listened on."""

    @classmethod
    def of(cls, host: str, port: int, error: OSError, way_out: str) -> Self:
        # What Python adds to the number's sentence is the address again; a name has no number.
        number = error.errno or 0
        why = os.strerror(number) if number > 0 else error.strerror or str(error)
        return cls(f"{host}:{port} cannot be listened on ({why}): {way_out}.")


@dataclass(slots=True)
class _Part:
    within: float
    #: When it last gave a sign of life; when it was first expected, until then.
    seen_at: float
    has_beaten: bool = False


class Health:
    """Signs of life of the parts of a daemon: its loops, its database.

    A part is alive if it beat within the time it is expected to; from `expect` on it has that time
    for its first. `providers` says how each is doing; none of that makes a daemon unwell, for a new
    one would meet the same. `clock` returns seconds and never goes back.
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
        #: Mirrors that make no recipients, a sentence each; no harm to a daemon either.
        self.mirror_faults: Sequence[str] = ()
        self._failing_steps: Callable[[], Mapping[str, str]] = dict
        self._missing: Callable[[], Iterable[AwaitedTemplate]] = tuple
        self._parts: Final[dict[str, _Part]] = {}
        self._is_stopping = False

    def expect(self, part: str, within_seconds: float) -> None:
        """Expect a sign of life at least every so many seconds; infinity: any will do for good."""
        self._parts[part] = _Part(within_seconds, self._clock())

    def beat(self, part: str, within_seconds: float | None = None) -> None:
        """The part is alive. `within_seconds` is a new limit, before a long sleep say.

        Raises KeyError for a part that nobody expects.
        """
        found = self._parts[part]
        found.seen_at = self._clock()
        found.has_beaten = True
        if within_seconds is not None:
            found.within = within_seconds

    def show_texts(self, faults: Callable[[], Iterable[OverrideFault]]) -> None:
        """`faults` says which texts of the database cannot be used: no harm to a daemon either."""
        self._texts = faults

    def show_failing_steps(self, failing: Callable[[], Mapping[str, str]]) -> None:
        """`failing` says which steps of the router fail, and how: another daemon's would, too."""
        self._failing_steps = failing

    def show_missing_templates(self, missing: Callable[[], Iterable[AwaitedTemplate]]) -> None:
        """`missing` says for which templates deliveries wait: no harm to a daemon either."""
        self._missing = missing

    def forget(self, part: str) -> None:
        """Expect nothing of it any more."""
        self._parts.pop(part, None)

    def stop(self) -> None:
        """The daemon finishes what it has in hand: alive, but not ready."""
        self._is_stopping = True

    @property
    def is_alive(self) -> bool:
        """Every part gave a sign of life lately."""
        return all(self._is_alive(part) for part in self._parts.values())

    @property
    def is_ready(self) -> bool:
        """Alive, begun, and not about to stop."""
        has_begun = all(part.has_beaten for part in self._parts.values())
        return self.is_alive and has_begun and not self._is_stopping

    def report(self) -> dict[str, Any]:
        """For JSON: each part, whether it is alive, and how many seconds ago it said so."""
        return {
            name: {
                "alive": self._is_alive(part),
                "seconds_ago": round(self._clock() - part.seen_at, 3) if part.has_beaten else None,
            }
            for name, part in sorted(self._parts.items())
        }

    def providers(self) -> dict[str, Any]:
        """For JSON: each provider, how it is doing, why, and when it is asked again."""
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
        """For JSON: each text that cannot be used, why, and what is used in its place."""
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
        """For JSON: each step of the router that failed when it was last tried, and how."""
        return {step: mask(error) for step, error in sorted(self._failing_steps().items())}

    def missing_templates(self) -> list[dict[str, Any]]:
        """For JSON: the templates that deliveries wait for, why, and since when.

        At most MOST_LISTED.
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
        """What does not work as it should, a sentence each: mirrors, router, templates."""
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
    """The three pages. No login: they are for the machine or a closed network."""

    async def healthz(_: Request) -> Response:
        return _answer(health.is_alive, health)

    async def readyz(_: Request) -> Response:
        return _answer(health.is_ready, health)

    async def figures(_: Request) -> Response:
        return Response(await metrics.text(), headers={"content-type": CONTENT_TYPE})

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", figures),
        ]
    )


async def serve(app: ASGIApp, host: str, port: int, *, setting: str = "POSTBELL_HTTP_PORT") -> None:
    """Serve until cancelled; then finish the requests in hand.

    Signals stay with the caller. `setting` is what names the port. Raises ListenError if the
    address is not to be had.
    """
    with contextlib.closing(_listen(host, port, setting)) as listener:
        server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                # Nothing here speaks WebSocket, and looking for a library of it takes time.
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
        """Leave them to the daemon."""
        yield


def _listen(host: str, port: int, setting: str) -> socket.socket:
    # Ours rather than uvicorn's, which ends the process where the port is taken.
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        way_out = f"set POSTBELL_HTTP_HOST and {setting}; port 0 serves nothing"
        raise ListenError.of(host, port, error, way_out) from error


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
