"""A clock that only the test moves on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Clock:
    """Called for the time in seconds, as time.time or time.monotonic."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now
