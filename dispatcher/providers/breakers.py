"""A breaker for each service behind a provider: where one is down, the others go on."""

from __future__ import annotations

from typing import Any, Final, Protocol, runtime_checkable

from dispatcher.providers.breaker import Breaker, Patience, State

#: Services of which we remember how they are doing.
_MOST: Final = 64
#: Seconds after which nobody waits any more for a service that could be asked again, and is not.
_FORGOTTEN: Final = 900.0
_SEVERITY: Final = {State.READY: 0, State.RESTING: 1, State.PAUSED: 2}


@runtime_checkable
class Several(Protocol):
    """A provider that hands each message to one of several services."""

    def service_of(self, message: Any) -> str:
        """Which one; empty for those that are told apart by nothing."""
        ...


class Breakers:
    """Pure, as a Breaker is. A service that fails has its own; of others a new one is as good."""

    def __init__(self, patience: Patience | None = None, *, most: int = _MOST) -> None:
        self._patience: Final = patience
        self._most: Final = most
        self._breakers: Final[dict[str, Breaker]] = {}

    def __len__(self) -> int:
        return len(self._breakers)

    def of(self, service: str) -> Breaker:
        found = self._breakers.get(service)
        if found is None:
            if len(self._breakers) >= self._most:
                del self._breakers[self._dispensable()]
            found = self._breakers[service] = Breaker(self._patience)
        return found

    def worst(self, now: float) -> Breaker:
        """That of the service which does worst: what people should know of the provider."""
        for service, breaker in [*self._breakers.items()]:
            if breaker.state is not State.READY and now - breaker.opens_at > _FORGOTTEN:
                del self._breakers[service]
        return max(
            self._breakers.values(),
            key=lambda breaker: (_SEVERITY[breaker.state], breaker.opens_at),
            default=Breaker(self._patience),
        )

    def _dispensable(self) -> str:
        """The oldest that is ready, or else the oldest."""
        ready = (name for name, each in self._breakers.items() if each.state is State.READY)
        return next(ready, next(iter(self._breakers)))
