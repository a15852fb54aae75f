"""When a provider is asked, and when it is left alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dispatcher.delivery.model import FailureScope, Outcome, Refused, Retry, Sent, Unknown
from dispatcher.providers.circuit_breaker import (
    BreakerPolicy,
    BreakerState,
    CallPermission,
    CircuitBreaker,
)

PATIENCE = BreakerPolicy(
    failure_threshold=3,
    open_seconds=1,
    max_open_seconds=8,
    misconfigured_seconds=60,
    max_misconfigured_seconds=240,
)

DOWN = Retry("connection refused", scope=FailureScope.PROVIDER)
WRONG_KEY = Retry("401", scope=FailureScope.CONFIGURATION)
GREYLISTED = Retry("greylisted")


def slow_down(seconds: float) -> Retry:
    return Retry("429", after=timedelta(seconds=seconds), scope=FailureScope.PROVIDER)


def ask(breaker: CircuitBreaker, outcome: Outcome, now: float) -> None:
    permission = breaker.acquire(now)
    assert permission is not None
    breaker.record(permission, outcome, now)


def failing(times: int = 3) -> CircuitBreaker:
    breaker = CircuitBreaker(PATIENCE)
    for _ in range(times):
        ask(breaker, DOWN, 0)
    return breaker


def test_failures_in_a_row_open_it() -> None:
    breaker = failing(2)
    assert breaker.state is BreakerState.READY

    ask(breaker, DOWN, 0)

    assert (breaker.state, breaker.reason) == (BreakerState.OPEN, "connection refused")
    assert breaker.acquire(0.9) is None
    assert breaker.retry_in(0.4) == pytest.approx(0.6)


@pytest.mark.parametrize(
    "outcome",
    [
        Sent("1"),
        Refused("no such user"),
        GREYLISTED,
        Unknown("an endpoint that fell silent", scope=FailureScope.MESSAGE),
    ],
)
def test_an_answer_about_the_message_shows_that_the_provider_is_there(outcome: Outcome) -> None:
    breaker = failing(2)

    ask(breaker, outcome, 0)
    ask(breaker, DOWN, 0)
    ask(breaker, DOWN, 0)

    assert breaker.state is BreakerState.READY


def test_an_unknown_outcome_is_a_failure_of_the_provider() -> None:
    breaker = failing(2)

    ask(breaker, Unknown("timed out"), 0)

    assert breaker.state is BreakerState.OPEN


def test_after_the_wait_one_message_probes_and_the_others_wait_for_it() -> None:
    breaker = failing()

    probe = breaker.acquire(1)

    assert probe is not None
    assert probe.is_probe
    assert breaker.acquire(1) is None
    assert breaker.retry_in(1) > 0


def test_a_probe_that_succeeds_lets_everybody_in() -> None:
    breaker = failing()

    ask(breaker, Sent("1"), 1)

    assert (breaker.state, breaker.reason, breaker.retry_in(1)) == (BreakerState.READY, "", 0)
    permissions = [breaker.acquire(1) for _ in range(3)]
    assert all(permission is not None and not permission.is_probe for permission in permissions)


def test_the_wait_doubles_with_every_failed_probe_up_to_a_bound() -> None:
    breaker = failing()
    waits = []
    now = 0.0
    for _ in range(5):
        waits.append(breaker.retry_in(now))
        now += waits[-1]
        ask(breaker, DOWN, now)

    assert waits == [1, 2, 4, 8, 8]


def test_the_first_wait_after_a_recovery_is_short_again() -> None:
    breaker = failing()
    ask(breaker, DOWN, 1)
    ask(breaker, Sent("1"), 3)

    for _ in range(3):
        ask(breaker, DOWN, 10)

    assert breaker.retry_in(10) == 1


def test_a_fault_of_our_configuration_opens_it_at_once_and_longer() -> None:
    breaker = CircuitBreaker(PATIENCE)

    ask(breaker, WRONG_KEY, 0)

    assert (breaker.state, breaker.reason) == (BreakerState.MISCONFIGURED, "401")
    assert breaker.retry_in(0) == 60
    ask(breaker, WRONG_KEY, 60)
    assert breaker.retry_in(60) == 120


def test_a_mended_configuration_comes_back_by_itself() -> None:
    breaker = CircuitBreaker(PATIENCE)
    ask(breaker, WRONG_KEY, 0)

    ask(breaker, Sent("1"), 60)

    assert breaker.state is BreakerState.READY


def test_what_a_provider_asks_for_closes_it_at_once_and_for_so_long() -> None:
    breaker = CircuitBreaker(PATIENCE)

    ask(breaker, slow_down(30), 0)

    assert breaker.state is BreakerState.OPEN
    assert breaker.acquire(29.9) is None
    assert breaker.acquire(30) is not None


def test_the_longest_of_several_waits_holds() -> None:
    breaker = CircuitBreaker(PATIENCE)
    permissions = [breaker.acquire(0), breaker.acquire(0), breaker.acquire(0)]

    for permission, seconds in zip(permissions, (30, 90, 60), strict=True):
        assert permission is not None
        breaker.record(permission, slow_down(seconds), 0)

    assert breaker.retry_in(0) == 90


@pytest.mark.parametrize("after", [timedelta(0), timedelta(seconds=-5)])
def test_a_wait_that_is_over_already_is_an_ordinary_failure(after: timedelta) -> None:
    breaker = CircuitBreaker(PATIENCE)

    ask(breaker, Retry("429", after=after, scope=FailureScope.PROVIDER), 0)

    assert breaker.state is BreakerState.READY


def test_no_provider_is_left_alone_for_more_than_a_day() -> None:
    breaker = CircuitBreaker(PATIENCE)

    ask(breaker, slow_down(10 * 86_400), 0)

    assert breaker.retry_in(0) == 86_400


def test_an_outcome_from_before_it_opened_is_ignored() -> None:
    breaker = CircuitBreaker(PATIENCE)
    early = breaker.acquire(0)
    assert early is not None
    for _ in range(3):
        ask(breaker, DOWN, 0)

    assert breaker.record(early, Sent("1"), 0.5) is False

    assert breaker.state is BreakerState.OPEN


def test_a_probe_that_is_cancelled_leaves_its_place_to_another() -> None:
    breaker = failing()
    probe = breaker.acquire(1)
    assert probe is not None

    breaker.release(probe)

    assert breaker.acquire(1) is not None


OUTCOMES = st.one_of(
    st.sampled_from([Sent("1"), Refused("no"), GREYLISTED, Unknown("?"), DOWN, WRONG_KEY]),
    st.floats(0.1, 500).map(slow_down),
)


class Traffic(RuleBasedStateMachine):
    """Messages that ask for leave and come back with answers, in any order, while time passes."""

    @initialize()
    def begin(self) -> None:
        self.breaker = CircuitBreaker(PATIENCE)
        self.now = 0.0
        self.out: list[CallPermission] = []

    @property
    def probes(self) -> list[CallPermission]:
        return [permission for permission in self.out if permission.is_probe]

    @rule(seconds=st.floats(0, 300))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def ask(self) -> None:
        was_ready = self.breaker.state is BreakerState.READY
        retry_in = self.breaker.retry_in(self.now)
        permission = self.breaker.acquire(self.now)
        # What it says beforehand is what it does.
        assert (permission is not None) == (retry_in == 0)
        if permission is not None:
            assert permission.is_probe == (not was_ready)
            self.out.append(permission)

    @precondition(lambda self: self.out)
    @rule(data=st.data(), outcome=OUTCOMES)
    def answer(self, data: st.DataObject, outcome: Outcome) -> None:
        permission = self.out.pop(data.draw(st.integers(0, len(self.out) - 1)))
        before = self.breaker.state
        self.breaker.record(permission, outcome, self.now)
        if permission.is_probe:
            is_well = not isinstance(outcome, Unknown) and not (
                isinstance(outcome, Retry) and outcome.scope is not FailureScope.MESSAGE
            )
            assert (self.breaker.state is BreakerState.READY) == is_well
        elif before is not BreakerState.READY:
            assert self.breaker.state is before

    @precondition(lambda self: self.out)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        self.breaker.release(self.out.pop(data.draw(st.integers(0, len(self.out) - 1))))

    @invariant()
    def at_most_one_probes(self) -> None:
        assert len(self.probes) <= 1

    @invariant()
    def it_always_comes_back(self) -> None:
        if self.breaker.state is not BreakerState.READY and not self.probes:
            # By the time, for a difference of times may be rounded up.
            assert self.breaker.retry_at <= self.now + 500
            assert self.breaker.retry_in(self.breaker.retry_at) == 0

    @invariant()
    def it_says_why(self) -> None:
        assert bool(self.breaker.reason) == (self.breaker.state is not BreakerState.READY)


TestTraffic = Traffic.TestCase


@given(st.lists(OUTCOMES, max_size=30))
def test_whatever_happened_a_provider_that_is_well_again_is_found_to_be(
    history: list[Outcome],
) -> None:
    breaker = CircuitBreaker(PATIENCE)
    now = 0.0
    for outcome in history:
        now += breaker.retry_in(now)
        ask(breaker, outcome, now)

    ask(breaker, Sent("1"), now + breaker.retry_in(now))

    assert breaker.state is BreakerState.READY
