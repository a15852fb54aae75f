"""How often one may ask: each person for themselves, and each address that lets nobody in."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from starlette.requests import HTTPConnection

from dispatcher.addresses import read_network
from dispatcher.gateway.app import application, limits
from dispatcher.gateway.auth import Authenticator
from dispatcher.gateway.preference_overview import MOST_WAITING
from dispatcher.gateway.problem import TooManyRequests
from dispatcher.gateway.rate_limits import (
    BURST,
    LOOPBACK,
    FairSemaphore,
    RateLimiter,
    RateLimits,
    client_address,
)
from dispatcher.settings import Settings
from tests.support import given
from tests.support.client import Client
from tests.support.clock import Clock
from tests.support.given import Connection
from tests.support.tokens import OURS

PROXIES = [
    read_network(proxy)
    for proxy in (*LOOPBACK, "10.1.0.0/16", "::ffff:10.3.0.0/112", "2001:4860::/32")
]


@pytest.fixture
def clock() -> Clock:
    # As a machine's that has run for months: its fractions are coarse.
    return Clock(20_000_000.0)


@pytest.fixture
def limited(
    client: Client, authenticator: Authenticator, clock: Clock, settings: Settings
) -> Client:
    """A gateway at which each has a request a second, and ten at once."""
    strict = Authenticator(
        authenticator._pool,
        authenticator._tokens,
        cookie_name="postbell",
        origin=OURS,
        limits=RateLimits(
            RateLimiter(1, clock=clock), RateLimiter(1, clock=clock), proxies=LOOPBACK
        ),
    )
    app = application(authenticator._pool, settings, strict, streams={})
    return Client(app, document=client.document)


@pytest.mark.parametrize("rate", [0.05, 1, 7, 20])
def test_so_many_may_come_at_once_and_then_one_after_the_other(clock: Clock, rate: float) -> None:
    limiter = RateLimiter(rate, clock=clock)
    burst = max(1, int(rate * BURST))

    for _ in range(burst):
        limiter.spend("u1")
    with pytest.raises(TooManyRequests) as refused:
        limiter.spend("u1")

    assert refused.value.seconds == pytest.approx(1 / rate, rel=1e-4)
    clock.now += refused.value.seconds
    limiter.spend("u1")
    with pytest.raises(TooManyRequests):
        limiter.require("u1")


def test_what_is_refused_does_not_count(clock: Clock) -> None:
    limiter = RateLimiter(1, clock=clock)
    for _ in range(BURST):
        limiter.spend("u1")
    for _ in range(BURST):
        with pytest.raises(TooManyRequests):
            limiter.spend("u1")

    clock.now += 1
    limiter.spend("u1")


def test_each_has_their_own(clock: Clock) -> None:
    limiter = RateLimiter(0.1, clock=clock)
    limiter.spend("u1")

    limiter.spend("u2")

    with pytest.raises(TooManyRequests):
        limiter.spend("u1")


def test_who_has_not_asked_for_longest_is_forgotten_so_that_memory_has_a_bound(
    clock: Clock,
) -> None:
    limiter = RateLimiter(0.1, most=2, clock=clock)
    for who in ("u1", "u2"):
        limiter.spend(who)
    limiter.charge("u1")
    limiter.spend("u3")

    assert len(limiter) == 2
    with pytest.raises(TooManyRequests):
        limiter.require("u1")
    limiter.require("u2")


def test_what_was_under_way_counts_for_a_minute_at_most(clock: Clock) -> None:
    limiter = RateLimiter(1, clock=clock)
    for _ in range(1000):
        limiter.charge("9.9.9.9")

    with pytest.raises(TooManyRequests) as refused:
        limiter.require("9.9.9.9")

    assert refused.value.seconds <= 61


@pytest.mark.parametrize(
    ("host", "forwarded", "client"),
    [
        ("9.9.9.9", None, "9.9.9.9"),
        ("9.9.9.9", "8.8.8.8", "9.9.9.9"),
        ("127.0.0.1", "8.8.8.8", "8.8.8.8"),
        ("127.0.0.1", "1.1.1.1, 8.8.8.8", "8.8.8.8"),
        ("::1", "8.8.8.8, 10.1.2.3", "8.8.8.8"),
        ("127.0.0.1", "2606:4700:1:2:3::4", "2606:4700:1:2::/64"),
        ("2001:4860::5", "1.1.1.1", "1.1.1.1"),
        ("::ffff:9.9.9.9", None, "9.9.9.9"),
        ("::ffff:127.0.0.1", "8.8.8.8", "8.8.8.8"),
        ("127.0.0.1", "::ffff:8.8.8.8", "8.8.8.8"),
        ("::1", "1.1.1.1, ::ffff:8.8.8.8, ::ffff:10.1.2.3", "8.8.8.8"),
        ("10.3.2.3", "8.8.8.8", "8.8.8.8"),
        ("::ffff:192.168.0.7", None, None),
        ("127.0.0.1", None, None),
        ("10.1.2.3", "127.0.0.1", None),
        ("10.2.2.3", "8.8.8.8", None),
        ("192.168.0.7", None, None),
        ("127.0.0.1", "unknown", None),
        ("127.0.0.1", "8.8.8.8:443", None),
        ("a socket", None, None),
    ],
)
def test_the_client_is_whom_the_last_proxy_names_that_is_believed(
    host: str, forwarded: str | None, client: str | None
) -> None:
    headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded.encode())]
    connection = HTTPConnection({"type": "http", "client": (host, 1), "headers": headers})

    assert client_address(connection, PROXIES) == client


async def test_an_ipv4_client_of_a_dual_stack_proxy_locks_out_no_other(limited: Client) -> None:
    guessing = limited.having(x_forwarded_for="::ffff:9.9.9.9", cookie="postbell=guessed")
    for _ in range(BURST + 1):
        await guessing.get("/v1/session")

    elsewhere = limited.having(x_forwarded_for="::ffff:9.9.9.10", cookie="postbell=guessed")

    assert (await guessing.get("/v1/session")).status == 429
    assert (await elsewhere.get("/v1/session")).status == 401


def test_without_an_address_there_is_no_client() -> None:
    assert (
        client_address(HTTPConnection({"type": "http", "client": None, "headers": []}), []) is None
    )


async def test_a_person_who_asks_without_end_is_told_when_to_come_again(
    limited: Client, clock: Clock
) -> None:
    asking = limited.as_("u1")
    for _ in range(BURST):
        assert (await asking.get("/v1/inbox")).status == 200

    answer = await asking.get("/v1/inbox")

    assert answer.status == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "1"
    assert answer.json["code"] == "too_many_requests"
    assert (await limited.as_("u2").get("/v1/inbox")).status == 200
    assert (await limited.as_("u1", tenant="other").get("/v1/inbox")).status == 200
    clock.now += 1
    assert (await asking.get("/v1/inbox")).status == 200


async def test_an_operator_is_counted_too_and_not_as_a_person_of_that_name(limited: Client) -> None:
    asking = limited.as_operator("u1")
    for _ in range(BURST):
        assert (await asking.get("/v1/operator/session")).status == 200

    assert (await asking.get("/v1/operator/session")).status == 429
    assert (await limited.as_("u1").get("/v1/session")).status == 200


async def test_an_address_that_guesses_is_refused_before_anything_is_looked_up(
    limited: Client, clock: Clock
) -> None:
    stranger = limited.having(x_forwarded_for="9.9.9.9", cookie="postbell=guessed")
    for _ in range(BURST):
        assert (await stranger.get("/v1/session")).status == 401

    for path in ("/v1/session", "/v1/operator/session", "/login?token=x", "/preferences/x"):
        answer = await stranger.get(path)
        assert (answer.status, answer.headers["retry-after"]) == (429, "1")
    elsewhere = limited.having(x_forwarded_for="9.9.9.10", cookie="postbell=guessed")
    assert (await elsewhere.get("/v1/session")).status == 401
    clock.now += 1
    assert (await stranger.as_("u1").get("/v1/session")).status == 200


async def test_behind_a_proxy_that_does_not_say_for_whom_it_asks_nobody_is_locked_out(
    limited: Client,
) -> None:
    for _ in range(2 * BURST):
        assert (await limited.having(cookie="postbell=guessed").get("/v1/session")).status == 401


async def test_whoever_sends_many_that_take_long_waits_for_themselves_alone() -> None:
    turns, ran = FairSemaphore(1, waiting=2), list[str]()

    async def ask(who: str) -> None:
        async with turns.slot(who):
            ran.append(who)
            await asyncio.sleep(0)

    async with turns.slot("u3"):
        waiting = [asyncio.create_task(ask(who)) for who in ("u1", "u1", "u1", "u2")]
        await asyncio.sleep(0)
        with pytest.raises(TooManyRequests):
            await ask("u1")
    await asyncio.gather(*waiting)

    assert ran == ["u1", "u2", "u1", "u1"]
    assert turns._queues == {}


async def test_one_persons_burst_of_changes_delays_nobody_else(
    client: Client, db: Connection, database_url: str
) -> None:
    given.event_type(db)
    given.call(db, "mute", recipient="u1")
    foreseen = {"changes": [{"kind": "mute"}]}
    # Theirs cannot end before this does.
    with psycopg.connect(database_url) as holding:
        holding.execute("select from postbell.mute where recipient_id = 'u1' for update")
        burst = [
            asyncio.create_task(client.as_("u1").post("/v1/preferences/foresee", foreseen))
            for _ in range(MOST_WAITING + 2)
        ]

        theirs = await asyncio.wait_for(
            client.as_("u2").post("/v1/preferences/foresee", foreseen), timeout=20
        )
        (refused,), _ = await asyncio.wait(burst, return_when=asyncio.FIRST_COMPLETED, timeout=20)
    answers = await asyncio.gather(*burst)

    assert theirs.status == 200
    assert (await refused).status == 429
    assert (await refused).headers["retry-after"] == "1"
    assert sorted(answer.status for answer in answers) == [200] * (MOST_WAITING + 1) + [429]


async def test_unsubscribing_and_health_are_never_refused(limited: Client) -> None:
    stranger = limited.having(x_forwarded_for="9.9.9.9", cookie="postbell=guessed")
    for _ in range(BURST + 1):
        await stranger.get("/v1/session")

    assert (await stranger.get("/healthz")).status == 200
    assert (await stranger.get("/v1/unsubscribe/x")).status != 429


def test_a_rate_of_nothing_is_no_limit() -> None:
    free = limits(Settings(request_rate=0))

    for _ in range(1000):
        free.count("u1")


def test_the_setting_is_the_rate() -> None:
    slow = limits(Settings(request_rate=0.1))
    slow.count("u1")

    with pytest.raises(TooManyRequests) as refused:
        slow.count("u1")

    assert 9 < refused.value.seconds <= 10
