"""What stands round a provider: its rate, its concurrency, and a breaker."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

import structlog

from dispatcher.delivery import Outcome
from dispatcher.providers.breaker import Breaker, Patience, State
from dispatcher.providers.bucket import Bucket
from dispatcher.providers.provider import Provider

log = structlog.get_logger()

#: Seconds that a message in hand waits for its turn under a rate limit; beyond, it is not in hand.
LONGEST_TURN = 5.0


class Answer(NamedTuple):
    """What came of asking a provider."""

    outcome: Outcome
    #: The message was sent to find out whether the provider is back.
    is_probe: bool


class Status(NamedTuple):
    """How a provider is doing, for people."""

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
        self._breaker = Breaker(patience)
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
                if self._breaker.opens_in(self._clock()) > 0:
                    return None
                turn = self._bucket.take(self._clock(), LONGEST_TURN)
                if turn is None:
                    return None
                if turn > 0:
                    await asyncio.sleep(turn)
            return await self._ask(message)

    def opens_in(self) -> float:
        """Seconds until a message may be sent through it; 0 is now."""
        now = self._clock()
        opens_in = self._breaker.opens_in(now)
        if self._bucket is not None:
            turn = self._bucket.opens_in(now)
            opens_in = max(opens_in, turn if turn > LONGEST_TURN else 0.0)
        return opens_in

    @property
    def status(self) -> Status:
        breaker = self._breaker
        return Status(
            self.name,
            self.channel,
            breaker.state,
            breaker.reason,
            self._since,
            breaker.opens_in(self._clock()),
        )

    async def _ask(self, message: Any) -> Answer | None:
        permit = self._breaker.admit(self._clock())
        if permit is None:
            return None
        try:
            outcome = await self.provider.send(message)
        except BaseException:
            self._breaker.abandon(permit)
            raise
        before = self._breaker.state
        if self._breaker.settle(permit, outcome, self._clock()):
            self._tell(before)
        return Answer(outcome, permit.is_probe)

    def _tell(self, before: State) -> None:
        state = self._breaker.state
        if state is not before:
            self._since = datetime.now(UTC)
        status = self.status
        said = {"provider": self.name, "channel": self.channel}
        match state:
            case State.READY:
                log.info("a provider is back", **said)
            case State.RESTING:
                seconds = round(status.opens_in, 1)
                log.warning("a provider rests", **said, reason=status.reason, seconds=seconds)
            case State.PAUSED:
                log.error(
                    "a provider is paused until our configuration is mended; messages are kept",
                    **said,
                    reason=status.reason,
                )
        for observer in self.observers:
            observer.provider_changed(status)
