"""Circuit breakers: they decide whether a provider is called, one for each service behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol, runtime_checkable

from dispatcher.delivery.backoff import LONGEST_WAIT
from dispatcher.delivery.model import FailureScope, Outcome, Retry, Sent, Unknown


class BreakerState(StrEnum):
    """Whether a provider is called."""

    #: Closed: messages are sent.
    READY = "ready"
    #: It failed several times in a row, or asked to be called later (Retry-After).
    OPEN = "open"
    #: It rejects our credentials or settings, so no message can succeed.
    MISCONFIGURED = "misconfigured"


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When a breaker opens, and for how many seconds."""

    #: Consecutive failures that open it. A configuration error needs only one.
    failure_threshold: int = 3
    #: The first wait; each failed probe doubles it, up to `max_open_seconds`.
    open_seconds: float = 1.0
    max_open_seconds: float = 60.0
    #: Longer, since many providers lock an account after repeated attempts with a wrong key.
    misconfigured_seconds: float = 60.0
    max_misconfigured_seconds: float = 900.0


class CallPermission(NamedTuple):
    """Allows one call of the provider."""

    round: int
    #: The only call until its outcome is recorded.
    is_probe: bool


class CircuitBreaker:
    """The breaker of one service: stops calls while it is down, and probes whether it is back.

    Does no I/O and reads no clock: `now` is a monotonic time in seconds. A caller ends every
    permission with `record` or `release`.
    """

    def __init__(self, policy: BreakerPolicy | None = None) -> None:
        self._policy: Final = policy or BreakerPolicy()
        self.state = BreakerState.READY
        #: Why it is not ready; empty if it is.
        self.reason = ""
        #: When the next call is allowed; meaningless while ready.
        self.retry_at = 0.0
        self._failures = 0
        #: Length of the current wait, without what the provider asked for.
        self._wait = 0.0
        self._is_probing = False
        # Counts state changes: outcomes of calls allowed before the last one are ignored.
        self._round = 0
        self._permission = CallPermission(self._round, is_probe=False)

    def acquire(self, now: float) -> CallPermission | None:
        """Permission for a call, or None. After a wait one caller gets it: the probe."""
        if self.state is BreakerState.READY:
            return self._permission
        if self._is_probing or now < self.retry_at:
            return None
        self._is_probing = True
        return CallPermission(self._round, is_probe=True)

    def retry_in(self, now: float) -> float:
        """Seconds until `acquire` may succeed; 0 is now."""
        if self.state is BreakerState.READY:
            return 0.0
        if self._is_probing:
            # The probe has probably ended by then.
            return self._policy.open_seconds
        return max(0.0, self.retry_at - now)

    def record(self, permission: CallPermission, outcome: Outcome, now: float) -> bool:
        """Count the outcome of an allowed call. Returns whether the state changed."""
        if permission is self._permission and isinstance(outcome, Sent):
            # The common case, kept fast.
            self._failures = 0
            return False
        if permission.round != self._round:
            self._record_late(outcome, now)
            return False
        match outcome:
            case Retry(scope=FailureScope.CONFIGURATION):
                self._trip(BreakerState.MISCONFIGURED, permission, outcome, now)
            case Retry(scope=FailureScope.PROVIDER) | Unknown(scope=FailureScope.PROVIDER):
                self._failures += 1
                if not (
                    permission.is_probe
                    or self._failures >= self._policy.failure_threshold
                    or _requested_wait(outcome)
                ):
                    return False
                self._trip(BreakerState.OPEN, permission, outcome, now)
            case _:
                self._failures = 0
                if not permission.is_probe:
                    return False
                self._reset()
        return True

    def release(self, permission: CallPermission) -> None:
        """End a permission whose call was cancelled, without an outcome."""
        if permission.is_probe and permission.round == self._round:
            self._is_probing = False

    def _trip(
        self, state: BreakerState, permission: CallPermission, outcome: Retry | Unknown, now: float
    ) -> None:
        policy = self._policy
        first, longest = (
            (policy.misconfigured_seconds, policy.max_misconfigured_seconds)
            if state is BreakerState.MISCONFIGURED
            else (policy.open_seconds, policy.max_open_seconds)
        )
        before = self._wait if permission.is_probe else 0.0
        self._wait = min(longest, max(first, 2 * before))
        self.retry_at = now + max(self._wait, _requested_wait(outcome))
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
        self._permission = CallPermission(self._round, is_probe=False)

    def _record_late(self, outcome: Outcome, now: float) -> None:
        # Of several calls in flight when the breaker opened, the longest requested wait holds.
        if self.state is not BreakerState.READY and not self._is_probing:
            self.retry_at = max(self.retry_at, now + _requested_wait(outcome))


def _requested_wait(outcome: Outcome) -> float:
    """Seconds after which the provider asked to be called again; 0 if it did not."""
    if (
        not isinstance(outcome, Retry)
        or outcome.scope is FailureScope.MESSAGE
        or outcome.after is None
    ):
        return 0.0
    return max(timedelta(0), min(outcome.after, LONGEST_WAIT)).total_seconds()


#: Breakers kept at once.
_MAX_BREAKERS: Final = 64
#: Seconds after `retry_at` without a call, after which a service is forgotten.
_STALE_SECONDS: Final = 900.0
_SEVERITY: Final = {BreakerState.READY: 0, BreakerState.OPEN: 1, BreakerState.MISCONFIGURED: 2}


@runtime_checkable
class MultiService(Protocol):
    """A provider that sends each message to one of several services, as Web Push does."""

    def service_of(self, message: Any) -> str:
        """The key of the service that takes the message; empty for a shared breaker."""
        ...


class CircuitBreakers:
    """The breakers of a provider, by service. Those of healthy services are evicted first."""

    def __init__(self, policy: BreakerPolicy | None = None, *, most: int = _MAX_BREAKERS) -> None:
        self._policy: Final = policy
        self._most: Final = most
        self._breakers: Final[dict[str, CircuitBreaker]] = {}

    def __len__(self) -> int:
        return len(self._breakers)

    def for_service(self, service: str) -> CircuitBreaker:
        found = self._breakers.get(service)
        if found is None:
            if len(self._breakers) >= self._most:
                del self._breakers[self._evicted()]
            found = self._breakers[service] = CircuitBreaker(self._policy)
        return found

    def worst(self, now: float) -> CircuitBreaker:
        """The breaker in the worst state; the provider's status is derived from it."""
        for service, breaker in [*self._breakers.items()]:
            if breaker.state is not BreakerState.READY and now - breaker.retry_at > _STALE_SECONDS:
                del self._breakers[service]
        return max(
            self._breakers.values(),
            key=lambda breaker: (_SEVERITY[breaker.state], breaker.retry_at),
            default=CircuitBreaker(self._policy),
        )

    def _evicted(self) -> str:
        """The service to forget: the oldest that is ready, else the oldest."""
        ready = (name for name, each in self._breakers.items() if each.state is BreakerState.READY)
        return next(ready, next(iter(self._breakers)))
