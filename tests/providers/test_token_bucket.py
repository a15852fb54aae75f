"""How many messages a rate lets through, and when."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.providers.token_bucket import TokenBucket


def test_a_burst_goes_at_once_and_the_rest_at_the_rate() -> None:
    bucket = TokenBucket(rate=2, burst=3)

    assert [bucket.take(0, max_wait=10) for _ in range(6)] == [0, 0, 0, 0.5, 1, 1.5]


def test_a_bucket_at_rest_fills_up_to_its_burst_and_no_further() -> None:
    bucket = TokenBucket(rate=2, burst=2)
    for _ in range(2):
        bucket.take(0, max_wait=0)

    assert [bucket.take(100, max_wait=10) for _ in range(3)] == [0, 0, 0.5]


def test_nothing_is_taken_by_one_who_would_not_wait() -> None:
    bucket = TokenBucket(rate=1, burst=1)
    bucket.take(0, max_wait=0)

    assert bucket.take(0, max_wait=0.5) is None
    assert bucket.retry_in(0) == 1


@given(
    rate=st.floats(0.1, 1000),
    burst=st.integers(1, 50),
    gaps=st.lists(st.floats(0, 2), min_size=1, max_size=100),
)
def test_no_stretch_of_time_sees_more_than_the_rate_and_a_burst(
    rate: float, burst: int, gaps: list[float]
) -> None:
    bucket = TokenBucket(rate, burst)
    now = 0.0
    used = []
    for gap in gaps:
        now += gap
        wait = bucket.take(now, max_wait=math.inf)
        assert wait is not None
        used.append(now + wait)

    assert used == sorted(used)
    for first, start in enumerate(used):
        for last, end in enumerate(used[first:], start=1):
            assert last <= burst + rate * (end - start) + 1e-6
