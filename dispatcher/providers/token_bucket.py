"""Rate limiting."""

from __future__ import annotations


class TokenBucket:
    """A token bucket: `rate` tokens per second in the long run, up to `burst` at once.

    Kept as one number, the time at which the bucket is full again (the generic cell rate algorithm
    of ITU-T I.371). Reads no clock: `now` is a monotonic time in seconds.
    """

    __slots__ = ("_full_at", "_interval", "_slack")

    def __init__(self, rate: float, burst: int) -> None:
        self._interval = 1 / rate
        self._slack = (burst - 1) * self._interval
        self._full_at = float("-inf")

    def take(self, now: float, max_wait: float) -> float | None:
        """Take a token. Returns the seconds until it may be used; None if over `max_wait`."""
        wait = self.retry_in(now)
        if wait > max_wait:
            return None
        self._full_at = max(self._full_at, now) + self._interval
        return wait

    def retry_in(self, now: float) -> float:
        """Seconds until a token taken now may be used."""
        return max(0.0, self._full_at - self._slack - now)
