"""Calls a provider within its rate limit and concurrency, and through its circuit breakers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

import structlog

from dispatcher.delivery.model import Outcome
from dispatcher.providers.base import Provider
from dispatcher.providers.circuit_breaker import (
    BreakerPolicy,
    BreakerState,
    CircuitBreaker,
    CircuitBreakers,
    MultiService,
)
from dispatcher.providers.token_bucket import TokenBucket

log = structlog.get_logger()

#: Seconds that a message waits for the rate limit; if it takes longer, it is not sent now.
MAX_RATE_WAIT = 5.0


class SendResult(NamedTuple):
    """The outcome of a call."""

    outcome: Outcome
    #: The call probed whether the provider is back.
    is_probe: bool


class ProviderStatus(NamedTuple):
    """The state of a provider: that of its worst service, if it has several."""

    provider: str
    channel: str
    state: BreakerState
    #: Why it is not ready; empty if it is.
    reason: str
    #: When it entered the state.
    since: datetime
    #: Seconds until it is called again; 0 if it is ready.
    retry_in: float


class StatusObserver(Protocol):
    """Observes the state of a provider: metrics, the report in the database."""

    def provider_changed(self, status: ProviderStatus) -> None: ...


class ProviderClient:
    """One provider, called only when its limits and circuit breakers allow it.

    `rate` is in messages per second and `burst` how many of them may go at once (by default one
    second's); `concurrency` bounds the calls in flight. Without it the provider's own bound holds.
    `clock` is monotonic, in seconds.
    """

    def __init__(
        self,
        provider: Provider[Any],
        *,
        rate: float | None = None,
        burst: int | None = None,
        concurrency: int | None = None,
        policy: BreakerPolicy | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = provider.name
        self.channel = provider.channel
        self.provider = provider
        self.observers: tuple[StatusObserver, ...] = ()
        self._services = provider if isinstance(provider, MultiService) else None
        self._breakers = CircuitBreakers(policy)
        self._state = BreakerState.READY
        self._bucket = TokenBucket(rate, burst or max(1, round(rate))) if rate else None
        self._slots = asyncio.Semaphore(concurrency) if concurrency else None
        self._clock = clock
        self._since = datetime.now(UTC)

    async def send(self, message: Any) -> SendResult | None:
        """Send the message; None, without a call, if the provider may not be called now."""
        if self._slots is None and self._bucket is None:
            return await self._call(message)
        async with self._slots or contextlib.nullcontext():
            if self._bucket is not None:
                # Does not wait for the rate limit while the breaker is open.
                if self._breaker_for(message).retry_in(self._clock()) > 0:
                    return None
                turn = self._bucket.take(self._clock(), MAX_RATE_WAIT)
                if turn is None:
                    return None
                if turn > 0:
                    await asyncio.sleep(turn)
            return await self._call(message)

    def retry_in(self, message: Any = None) -> float:
        """Seconds until `message`, or any message, may be sent; 0 is now."""
        now = self._clock()
        retry_in = 0.0
        # Without a message, a provider with several services counts as ready.
        if message is not None or self._services is None:
            retry_in = self._breaker_for(message).retry_in(now)
        if self._bucket is not None:
            turn = self._bucket.retry_in(now)
            retry_in = max(retry_in, turn if turn > MAX_RATE_WAIT else 0.0)
        return retry_in

    @property
    def status(self) -> ProviderStatus:
        return self._status_of(self._breakers.worst(self._clock()))

    def state_for(self, message: Any) -> BreakerState:
        """The state of the service that takes `message`; the worst state for None."""
        return self._breaker_for(message).state

    def _breaker_for(self, message: Any) -> CircuitBreaker:
        if self._services is None:
            return self._breakers.for_service("")
        if message is None:
            return self._breakers.worst(self._clock())
        return self._breakers.for_service(self._services.service_of(message))

    def _status_of(self, breaker: CircuitBreaker) -> ProviderStatus:
        return ProviderStatus(
            self.name,
            self.channel,
            breaker.state,
            breaker.reason,
            self._since,
            breaker.retry_in(self._clock()),
        )

    async def _call(self, message: Any) -> SendResult | None:
        breaker = self._breaker_for(message)
        permission = breaker.acquire(self._clock())
        if permission is None:
            return None
        try:
            outcome = await self.provider.send(message)
        except BaseException:
            breaker.release(permission)
            raise
        if breaker.record(permission, outcome, self._clock()):
            self._log(self._status_of(breaker))
            self._notify()
        elif self._state is not BreakerState.READY and self.status.state is not self._state:
            # The service in the worst state has been forgotten.
            self._notify()
        return SendResult(outcome, permission.is_probe)

    def _notify(self) -> None:
        state = self.status.state
        if state is not self._state:
            self._state, self._since = state, datetime.now(UTC)
        for observer in self.observers:
            observer.provider_changed(self.status)

    def _log(self, status: ProviderStatus) -> None:
        fields = {"provider": self.name, "channel": self.channel}
        match status.state:
            case BreakerState.READY:
                log.info("circuit breaker closed", **fields)
            case BreakerState.OPEN:
                log.warning("circuit breaker open", **fields, **_why(status))
            case BreakerState.MISCONFIGURED:
                log.error("provider misconfigured; its messages are kept", **fields, **_why(status))


def _why(status: ProviderStatus) -> dict[str, Any]:
    return {"reason": status.reason, "retry_in_seconds": round(status.retry_in, 1)}
