"""How long to wait before the next try."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

#: However long a provider asks us to wait, we ask again within a day.
LONGEST_WAIT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential waits with full jitter: from nothing to a bound that doubles up to `cap`."""

    #: The bound of the wait after the first try.
    first: timedelta
    cap: timedelta

    def wait(
        self,
        attempt: int,
        retry_after: timedelta | None = None,
        draw: Callable[[], float] = random.random,
    ) -> timedelta:
        """The wait after try number `attempt` (from 1).

        `retry_after` is what the provider asked for (RFC 9110, 10.2.3): never less than that, and
        spread over `first` behind it, so that those who were told the same do not come together.
        `draw` returns a number in [0, 1).
        """
        if retry_after is not None and retry_after > timedelta(0):
            return min(retry_after, LONGEST_WAIT) + self.first * draw()
        # Beyond 2^32 the bound has long passed any cap, and timedelta would overflow.
        doublings = min(max(attempt, 1) - 1, 32)
        bound: timedelta = min(self.cap, self.first * 2**doublings)
        return bound * draw()
