"""Circuit breakers: when a provider may be asked, and when it is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol, runtime_checkable

from dispatcher.delivery.backoff import LONGEST_WAIT
from dispatcher.delivery.model import FailureScope, Outcome, Retry, Sent, Unknown


class BreakerState(StrEnum):
    """How a provider is doing."""

    READY = "ready"
    #: It failed several times in a row, or asked to be left alone for a while.
    OPEN = "open"
    #: Our configuration is at fault, so nothing can get through it.
    MISCONFIGURED = "misconfigured"


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """How soon a provider is left alone, and for how long. All but `failures` in seconds."""

    #: So many in a row, and it rests. A fault of our configuration needs only one.
    failure_threshold: int = 3
    #: The first rest; each that a failed probe makes necessary is twice as long.
    open_seconds: float = 1.0
    max_open_seconds: float = 60.0
    #: Longer, for many a provider locks the accounts of those who keep coming with a wrong key.
    misconfigured_seconds: float = 60.0
    max_misconfigured_seconds: float = 900.0


class Permit(NamedTuple):
    """Leave to ask the provider once."""

    round: int
    #: Nobody else may ask until this one has its answer.
    is_probe: bool


class CircuitBreaker:
    """A circuit breaker: it stops asking a provider that is down, and finds out when it is back.

    Pure: `now` is told with every call, in seconds that never go back. Each permit is given back,
    by `settle` or by `abandon`.
    """

    def __init__(self, policy: BreakerPolicy | None = None) -> None:
        self._policy: Final = policy or BreakerPolicy()
        self.state = BreakerState.READY
        #: Why it is in its state; empty if it is ready.
        self.reason = ""
        #: When one may ask again; of no account while it is ready.
        self.retry_at = 0.0
        self._failures = 0
        #: How long the current rest or pause is, without what the provider asked for.
        self._rest = 0.0
        self._is_probing = False
        # Counts the changes. What was permitted before the last one says nothing about now.
        self._round = 0
        self._permit = Permit(self._round, is_probe=False)

    def acquire(self, now: float) -> Permit | None:
        """Leave to ask, or None. When a rest is over, one gets it: the probe."""
        if self.state is BreakerState.READY:
            return self._permit
        if self._is_probing or now < self.retry_at:
            return None
        self._is_probing = True
        return Permit(self._round, is_probe=True)

    def retry_in(self, now: float) -> float:
        """Seconds until it is worth asking for leave; 0 is now."""
        if self.state is BreakerState.READY:
            return 0.0
        if self._is_probing:
            # The probe will have its answer by then.
            return self._policy.open_seconds
        return max(0.0, self.retry_at - now)

    def record(self, permit: Permit, outcome: Outcome, now: float) -> bool:
        """Take note of an answer. True if that began a rest or a pause, or ended one."""
        if permit is self._permit and isinstance(outcome, Sent):
            # Nearly always.
            self._failures = 0
            return False
        if permit.round != self._round:
            self._note_late(outcome, now)
            return False
        match outcome:
            case Retry(scope=FailureScope.CONFIGURATION):
                self._trip(BreakerState.MISCONFIGURED, permit, outcome, now)
            case Retry(scope=FailureScope.PROVIDER) | Unknown(scope=FailureScope.PROVIDER):
                self._failures += 1
                if not (
                    permit.is_probe
                    or self._failures >= self._policy.failure_threshold
                    or _asked(outcome)
                ):
                    return False
                self._trip(BreakerState.OPEN, permit, outcome, now)
            case _:
                self._failures = 0
                if not permit.is_probe:
                    return False
                self._reset()
        return True

    def release(self, permit: Permit) -> None:
        """Nobody will know what came of it: the call was cancelled. Another may probe."""
        if permit.is_probe and permit.round == self._round:
            self._is_probing = False

    def _trip(
        self, state: BreakerState, permit: Permit, outcome: Retry | Unknown, now: float
    ) -> None:
        policy = self._policy
        first, longest = (
            (policy.misconfigured_seconds, policy.max_misconfigured_seconds)
            if state is BreakerState.MISCONFIGURED
            else (policy.open_seconds, policy.max_open_seconds)
        )
        before = self._rest if permit.is_probe else 0.0
        self._rest = min(longest, max(first, 2 * before))
        self.retry_at = now + max(self._rest, _asked(outcome))
        self.reason = outcome.reason
        self._change(state)

    def _reset(self) -> None:
        self.reason = ""
        self._change(BreakerState.READY)

    def _change(self, state: BreakerState) -> None:
        self.state = state
        self._failures = 0
        self._is_probing = False
        self._round += 1
        self._permit = Permit(self._round, is_probe=False)

    def _note_late(self, outcome: Outcome, now: float) -> None:
        # Several were under way when it was told to wait: the longest wait holds.
        if self.state is not BreakerState.READY and not self._is_probing:
            self.retry_at = max(self.retry_at, now + _asked(outcome))


def _asked(outcome: Outcome) -> float:
    """Seconds for which the provider asked to be left alone; 0 if it did not."""
    if (
        not isinstance(outcome, Retry)
        or outcome.scope is FailureScope.MESSAGE
        or outcome.after is None
    ):
        return 0.0
    return max(timedelta(0), min(outcome.after, LONGEST_WAIT)).total_seconds()


#: Services of which we remember how they are doing.
_MOST: Final = 64
#: Seconds after which nobody waits any more for a service that could be asked again, and is not.
_FORGOTTEN: Final = 900.0
_SEVERITY: Final = {BreakerState.READY: 0, BreakerState.OPEN: 1, BreakerState.MISCONFIGURED: 2}


@runtime_checkable
class MultiService(Protocol):
    """A provider that hands each message to one of several services."""

    def service_of(self, message: Any) -> str:
        """Which one; empty for those that are told apart by nothing."""
        ...


class CircuitBreakers:
    """Pure, as a Breaker is. A service that fails has its own; of others a new one is as good."""

    def __init__(self, policy: BreakerPolicy | None = None, *, most: int = _MOST) -> None:
        self._policy: Final = policy
        self._most: Final = most
        self._breakers: Final[dict[str, CircuitBreaker]] = {}

    def __len__(self) -> int:
        return len(self._breakers)

    def for_service(self, service: str) -> CircuitBreaker:
        found = self._breakers.get(service)
        if found is None:
            if len(self._breakers) >= self._most:
                del self._breakers[self._dispensable()]
            found = self._breakers[service] = CircuitBreaker(self._policy)
        return found

    def worst(self, now: float) -> CircuitBreaker:
        """That of the service which does worst: what people should know of the provider."""
        for service, breaker in [*self._breakers.items()]:
            if breaker.state is not BreakerState.READY and now - breaker.retry_at > _FORGOTTEN:
                del self._breakers[service]
        return max(
            self._breakers.values(),
            key=lambda breaker: (_SEVERITY[breaker.state], breaker.retry_at),
            default=CircuitBreaker(self._policy),
        )

    def _dispensable(self) -> str:
        """The oldest that is ready, or else the oldest."""
        ready = (name for name, each in self._breakers.items() if each.state is BreakerState.READY)
        return next(ready, next(iter(self._breakers)))
