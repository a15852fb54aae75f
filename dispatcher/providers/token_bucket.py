"""A rate limit."""

from __future__ import annotations


class TokenBucket:
    """A token bucket: `rate` a second in the long run, up to `burst` at once.

    Kept as one number, the time at which the bucket would be full again (the generic cell rate
    algorithm of ITU-T I.371). Pure: `now` is told with every call, in seconds that never go back.
    """

    __slots__ = ("_full_at", "_interval", "_slack")

    def __init__(self, rate: float, burst: int) -> None:
        self._interval = 1 / rate
        self._slack = (burst - 1) * self._interval
        self._full_at = float("-inf")

    def take(self, now: float, patience: float) -> float | None:
        """Take a token: seconds until it may be used. None, and none taken, if over `patience`."""
        wait = self.retry_in(now)
        if wait > patience:
            return None
        self._full_at = max(self._full_at, now) + self._interval
        return wait

    def retry_in(self, now: float) -> float:
        """Seconds until a token that is taken now could be used."""
        return max(0.0, self._full_at - self._slack - now)
