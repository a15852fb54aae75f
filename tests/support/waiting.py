"""Waiting for what happens elsewhere. The bound ends a test that hangs; it asserts no speed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

#: Seconds. Far more than anything here takes, on a machine that is doing other things too.
PATIENCE = 60.0
_INTERVAL = 0.01


def until(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Returns when the condition holds. Raises TimeoutError, which says what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not after {seconds:g} s: {what}")
        time.sleep(_INTERVAL)


def past_end(leaf: int, seconds: float = 10.0) -> None:
    """Returns when the leaf of a ring, which is of so many seconds, lasts as long as a test may."""
    # Half a second early: the schema rounds the time to a whole one.
    left = leaf - (time.time() + 0.5) % leaf
    if left < seconds:
        time.sleep(left + 0.1)


async def seen(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """As until(), for a test whose loop has other things to do."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not after {seconds:g} s: {what}")
        await asyncio.sleep(_INTERVAL)
