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
from dispatcher.providers.circuit_breaker import Breaker, Breakers, Patience, Several, State
from dispatcher.providers.token_bucket import Bucket

log = structlog.get_logger()

#: Seconds that a message in hand waits for its turn under a rate limit; beyond, it is not in hand.
LONGEST_TURN = 5.0


class Answer(NamedTuple):
    """What came of asking a provider."""

    outcome: Outcome
    #: The message was sent to find out whether the provider is back.
    is_probe: bool


class Status(NamedTuple):
    """How a provider is doing, for people: as the worst of its services, if it has several."""

    provider: str
    channel: str
    state: State
    #: Why; empty if it is ready.
    reason: str
    #: Since when it is in that state.
    since: datetime
    #: Seconds until it is asked again; 0 if it is ready.
    opens_in: float


class Observer(Protocol):
    """Who wants to know how providers are doing (metrics, the database)."""

    def provider_changed(self, status: Status) -> None: ...


class Guard:
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
        patience: Patience | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = provider.name
        self.channel = provider.channel
        self.provider = provider
        self.observers: tuple[Observer, ...] = ()
        self._several = provider if isinstance(provider, Several) else None
        self._breakers = Breakers(patience)
        self._state = State.READY
        self._bucket = Bucket(rate, burst or max(1, round(rate))) if rate else None
        self._places = asyncio.Semaphore(concurrency) if concurrency else None
        self._clock = clock
        self._since = datetime.now(UTC)

    async def send(self, message: Any) -> Answer | None:
        """Hand the message to the provider; None if it may not be asked now."""
        if self._places is None and self._bucket is None:
            return await self._ask(message)
        async with self._places or contextlib.nullcontext():
            if self._bucket is not None:
                # Nobody waits for the turn of a provider that is closed.
                if self._breaker_of(message).opens_in(self._clock()) > 0:
                    return None
                turn = self._bucket.take(self._clock(), LONGEST_TURN)
                if turn is None:
                    return None
                if turn > 0:
                    await asyncio.sleep(turn)
            return await self._ask(message)

    def opens_in(self, message: Any = None) -> float:
        """Seconds until a message may be sent through it, or this one; 0 is now."""
        now = self._clock()
        opens_in = 0.0
        # Before it is known to which service a message goes, one that is open will do.
        if message is not None or self._several is None:
            opens_in = self._breaker_of(message).opens_in(now)
        if self._bucket is not None:
            turn = self._bucket.opens_in(now)
            opens_in = max(opens_in, turn if turn > LONGEST_TURN else 0.0)
        return opens_in

    @property
    def status(self) -> Status:
        return self._status_of(self._breakers.worst(self._clock()))

    def state_for(self, message: Any) -> State:
        """How the service of a message is doing; of None, the worst."""
        return self._breaker_of(message).state

    def _breaker_of(self, message: Any) -> Breaker:
        if self._several is None:
            return self._breakers.of("")
        if message is None:
            return self._breakers.worst(self._clock())
        return self._breakers.of(self._several.service_of(message))

    def _status_of(self, breaker: Breaker) -> Status:
        return Status(
            self.name,
            self.channel,
            breaker.state,
            breaker.reason,
            self._since,
            breaker.opens_in(self._clock()),
        )

    async def _ask(self, message: Any) -> Answer | None:
        breaker = self._breaker_of(message)
        permit = breaker.admit(self._clock())
        if permit is None:
            return None
        try:
            outcome = await self.provider.send(message)
        except BaseException:
            breaker.abandon(permit)
            raise
        if breaker.settle(permit, outcome, self._clock()):
            self._log(self._status_of(breaker))
            self._tell()
        elif self._state is not State.READY and self.status.state is not self._state:
            # Nobody waits any more for the service that was worst.
            self._tell()
        return Answer(outcome, permit.is_probe)

    def _tell(self) -> None:
        state = self.status.state
        if state is not self._state:
            self._state, self._since = state, datetime.now(UTC)
        for observer in self.observers:
            observer.provider_changed(self.status)

    def _log(self, told: Status) -> None:
        said = {"provider": self.name, "channel": self.channel}
        match told.state:
            case State.READY:
                log.info("a provider is back", **said)
            case State.RESTING:
                seconds = round(told.opens_in, 1)
                log.warning("a provider rests", **said, reason=told.reason, seconds=seconds)
            case State.PAUSED:
                log.error(
                    "a provider is paused until our configuration is mended; messages are kept",
                    **said,
                    reason=told.reason,
                )
