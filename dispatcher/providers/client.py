"""What stands round a provider: its rate, its concurrency, and a breaker for each service."""

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

#: Seconds that a message in hand waits for its turn under a rate limit; beyond, it is not in hand.
LONGEST_TURN = 5.0


class SendResult(NamedTuple):
    """What came of asking a provider."""

    outcome: Outcome
    #: The message was sent to find out whether the provider is back.
    is_probe: bool


class ProviderStatus(NamedTuple):
    """How a provider is doing, for people: as the worst of its services, if it has several."""

    provider: str
    channel: str
    state: BreakerState
    #: Why; empty if it is ready.
    reason: str
    #: Since when it is in that state.
    since: datetime
    #: Seconds until it is asked again; 0 if it is ready.
    retry_in: float


class StatusObserver(Protocol):
    """Who wants to know how providers are doing (metrics, the database)."""

    def provider_changed(self, status: ProviderStatus) -> None: ...


class ProviderClient:
    """Asks its provider when it may be asked, and says so when it may not.

    `rate` is in messages a second, of which `burst` (by default those of one second) may go at
    once; `concurrency` is how many may be in flight. Without them the provider's own bound holds.
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
        self._several = provider if isinstance(provider, MultiService) else None
        self._breakers = CircuitBreakers(policy)
        self._state = BreakerState.READY
        self._bucket = TokenBucket(rate, burst or max(1, round(rate))) if rate else None
        self._places = asyncio.Semaphore(concurrency) if concurrency else None
        self._clock = clock
        self._since = datetime.now(UTC)

    async def send(self, message: Any) -> SendResult | None:
        """Hand the message to the provider; None if it may not be asked now."""
        if self._places is None and self._bucket is None:
            return await self._ask(message)
        async with self._places or contextlib.nullcontext():
            if self._bucket is not None:
                # Nobody waits for the turn of a provider that is closed.
                if self._breaker_for(message).retry_in(self._clock()) > 0:
                    return None
                turn = self._bucket.take(self._clock(), LONGEST_TURN)
                if turn is None:
                    return None
                if turn > 0:
                    await asyncio.sleep(turn)
            return await self._ask(message)

    def retry_in(self, message: Any = None) -> float:
        """Seconds until a message may be sent through it, or this one; 0 is now."""
        now = self._clock()
        retry_in = 0.0
        # Before it is known to which service a message goes, one that is open will do.
        if message is not None or self._several is None:
            retry_in = self._breaker_for(message).retry_in(now)
        if self._bucket is not None:
            turn = self._bucket.retry_in(now)
            retry_in = max(retry_in, turn if turn > LONGEST_TURN else 0.0)
        return retry_in

    @property
    def status(self) -> ProviderStatus:
        return self._status_of(self._breakers.worst(self._clock()))

    def state_for(self, message: Any) -> BreakerState:
        """How the service of a message is doing; of None, the worst."""
        return self._breaker_for(message).state

    def _breaker_for(self, message: Any) -> CircuitBreaker:
        if self._several is None:
            return self._breakers.for_service("")
        if message is None:
            return self._breakers.worst(self._clock())
        return self._breakers.for_service(self._several.service_of(message))

    def _status_of(self, breaker: CircuitBreaker) -> ProviderStatus:
        return ProviderStatus(
            self.name,
            self.channel,
            breaker.state,
            breaker.reason,
            self._since,
            breaker.retry_in(self._clock()),
        )

    async def _ask(self, message: Any) -> SendResult | None:
        breaker = self._breaker_for(message)
        permit = breaker.acquire(self._clock())
        if permit is None:
            return None
        try:
            outcome = await self.provider.send(message)
        except BaseException:
            breaker.release(permit)
            raise
        if breaker.record(permit, outcome, self._clock()):
            self._log(self._status_of(breaker))
            self._tell()
        elif self._state is not BreakerState.READY and self.status.state is not self._state:
            # Nobody waits any more for the service that was worst.
            self._tell()
        return SendResult(outcome, permit.is_probe)

    def _tell(self) -> None:
        state = self.status.state
        if state is not self._state:
            self._state, self._since = state, datetime.now(UTC)
        for observer in self.observers:
            observer.provider_changed(self.status)

    def _log(self, told: ProviderStatus) -> None:
        said = {"provider": self.name, "channel": self.channel}
        match told.state:
            case BreakerState.READY:
                log.info("circuit breaker closed", **said)
            case BreakerState.OPEN:
                log.warning("circuit breaker open", **said, **_why(told))
            case BreakerState.MISCONFIGURED:
                log.error("provider misconfigured; its messages are kept", **said, **_why(told))


def _why(status: ProviderStatus) -> dict[str, Any]:
    return {"reason": status.reason, "retry_in_seconds": round(status.retry_in, 1)}
