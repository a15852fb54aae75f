"""The wait between tries."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.delivery.backoff import LONGEST_WAIT, Backoff

BACKOFF = Backoff(first=timedelta(minutes=1), cap=timedelta(hours=4))


def nearly_one() -> float:
    return 1.0


def zero() -> float:
    return 0.0


def test_the_bound_doubles_up_to_the_cap() -> None:
    waits = [BACKOFF.wait(attempt, draw=nearly_one) for attempt in range(1, 11)]

    minutes = [wait.total_seconds() / 60 for wait in waits]
    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128, 240, 240]


def test_jitter_is_full() -> None:
    assert BACKOFF.wait(5, draw=zero) == timedelta(0)
    assert BACKOFF.wait(5, draw=lambda: 0.5) == timedelta(minutes=8)


def test_it_never_comes_back_before_it_was_asked_to() -> None:
    assert BACKOFF.wait(1, timedelta(minutes=10), draw=zero) == timedelta(minutes=10)


def test_those_who_were_told_the_same_do_not_come_back_together() -> None:
    assert BACKOFF.wait(1, timedelta(minutes=10), draw=nearly_one) == timedelta(minutes=11)


def test_an_absurd_request_is_cut() -> None:
    assert BACKOFF.wait(1, timedelta.max, draw=zero) == LONGEST_WAIT


def test_a_time_already_past_is_no_request() -> None:
    assert BACKOFF.wait(1, timedelta(seconds=-5), draw=nearly_one) == timedelta(minutes=1)


@given(
    st.integers(-5, 10**9),
    st.none() | st.timedeltas(),
    st.floats(0, 1, exclude_max=True),
)
def test_every_wait_is_from_now_on_and_bounded(
    attempt: int, retry_after: timedelta | None, drawn: float
) -> None:
    wait = BACKOFF.wait(attempt, retry_after, draw=lambda: drawn)

    assert timedelta(0) <= wait <= LONGEST_WAIT + BACKOFF.first
