"""Computes the wait before the next attempt."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

#: The longest wait that a provider can ask for.
LONGEST_WAIT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter: between 0 and a bound that doubles up to `cap`."""

    #: The bound after the first attempt.
    first: timedelta
    cap: timedelta

    def wait(
        self,
        attempt: int,
        retry_after: timedelta | None = None,
        draw: Callable[[], float] = random.random,
    ) -> timedelta:
        """The wait after attempt number `attempt`, counted from 1.

        `retry_after` is what the provider asked for (RFC 9110, 10.2.3). The wait is at least that
        long, plus jitter of up to `first`, because many deliveries may have been told the same.
        `draw` returns a number in [0, 1).
        """
        if retry_after is not None and retry_after > timedelta(0):
            return min(retry_after, LONGEST_WAIT) + self.first * draw()
        # Beyond 2^32 the bound exceeds any cap, and timedelta would overflow.
        doublings = min(max(attempt, 1) - 1, 32)
        bound: timedelta = min(self.cap, self.first * 2**doublings)
        return bound * draw()
