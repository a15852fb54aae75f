"""Health: who gave a sign of life, and the three pages that tell it."""

from __future__ import annotations

import asyncio
import json
import math
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from dispatcher import health
from dispatcher.delivery.missing_templates import AwaitedTemplate
from dispatcher.health import MOST_LISTED, Health, ListenError
from dispatcher.metrics import Metrics
from dispatcher.rendering.overrides import TemplateOverride
from dispatcher.rendering.template_set import OverrideFault
from tests.support.clock import Clock
from tests.support.peers.server_process import free_port


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


@pytest.fixture
def watched(clock: Clock) -> Health:
    return Health(clock)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
async def served(watched: Health, port: int) -> AsyncIterator[int]:
    metrics = Metrics()
    metrics.routed(7)
    serving = asyncio.create_task(health.serve(health.app(watched, metrics), "127.0.0.1", port))
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            break
    yield port
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


async def got(port: int, path: str) -> tuple[int, str]:
    def get() -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    return await asyncio.to_thread(get)


def test_a_part_is_alive_while_it_beats_in_time(watched: Health, clock: Clock) -> None:
    watched.expect("router", 5)
    for _ in range(3):
        clock.now += 4
        watched.beat("router")
    assert watched.is_alive
    assert watched.silent == []

    clock.now += 6
    assert watched.silent == ["router"]

    watched.beat("router")
    assert watched.silent == []


def test_a_part_has_its_time_for_the_first_beat(watched: Health, clock: Clock) -> None:
    watched.expect("router", 5)
    clock.now += 5
    assert watched.silent == []

    clock.now += 1
    assert watched.silent == ["router"]


def test_ready_is_who_has_begun_and_does_not_stop(watched: Health) -> None:
    watched.expect("router", 5)
    readiness = [watched.is_ready]

    watched.beat("router")
    readiness.append(watched.is_ready)
    watched.stop()
    readiness.append(watched.is_ready)

    assert readiness == [False, True, False]
    assert watched.is_alive


def test_a_part_may_announce_a_long_sleep(watched: Health, clock: Clock) -> None:
    watched.expect("router", 5)
    watched.beat("router", math.inf)
    clock.now += 1e9
    assert watched.silent == []

    watched.beat("router", 5)
    clock.now += 6
    assert watched.silent == ["router"]


def test_what_is_forgotten_need_not_beat(watched: Health, clock: Clock) -> None:
    watched.expect("router", 5)
    watched.forget("router")
    clock.now += 6

    assert watched.is_alive


async def test_healthz_names_the_silent_part(served: int, watched: Health, clock: Clock) -> None:
    watched.expect("router", 5)
    watched.expect("database", 60)
    watched.beat("router")
    watched.beat("database")

    assert (await got(served, "/healthz"))[0] == 200

    clock.now += 30
    status, body = await got(served, "/healthz")

    assert status == 503
    assert json.loads(body) == {
        "status": "unavailable",
        "silent": ["router"],
        "parts": {
            "database": {"alive": True, "seconds_ago": 30.0},
            "router": {"alive": False, "seconds_ago": 30.0},
        },
        "providers": {},
        "faulty_texts": [],
        "degraded": [],
        "failing_router_steps": {},
        "missing_templates": [],
    }


async def test_healthz_shows_the_texts_that_cannot_be_used(served: int, watched: Health) -> None:
    text = TemplateOverride(7, "shop", "order/paid/sms.txt", 3, "{% if %}")
    watched.show_texts(
        lambda: [OverrideFault(text, "line 1: an expression is missing", "version 2")]
    )

    status, body = await got(served, "/healthz")

    assert status == 200
    assert json.loads(body)["faulty_texts"] == [
        {
            "path": "order/paid/sms.txt", "tenant": "shop", "version": 3,
            "fault": "line 1: an expression is missing", "instead": "version 2",
        }
    ]  # fmt: skip


async def test_healthz_shows_what_does_not_work_as_it_should(served: int, watched: Health) -> None:
    watched.mirror_faults = ["Recipients do not follow users: the table is gone."]

    status, body = await got(served, "/healthz")

    told = json.loads(body)
    assert (status, told["status"]) == (200, "degraded")
    assert told["degraded"] == ["Recipients do not follow users: the table is gone."]


async def test_healthz_shows_the_steps_of_the_router_that_fail(
    served: int, watched: Health
) -> None:
    watched.show_failing_steps(lambda: {"release_due": "53100: disk full"})

    status, body = await got(served, "/healthz")

    told = json.loads(body)
    assert (status, told["status"]) == (200, "degraded")
    assert told["failing_router_steps"] == {"release_due": "53100: disk full"}
    assert told["degraded"] == ["The router's step release_due fails: 53100: disk full."]


async def test_healthz_lists_some_of_many_missing_templates(served: int, watched: Health) -> None:
    since = datetime.now(UTC)
    watched.show_missing_templates(
        lambda: [
            AwaitedTemplate(f"order.{i}", "email", "default", "template_missing", since)
            for i in range(MOST_LISTED + 3)
        ]
    )

    told = json.loads((await got(served, "/healthz"))[1])

    assert len(told["missing_templates"]) == MOST_LISTED
    assert len(told["degraded"]) == MOST_LISTED + 1
    assert "3 more templates" in told["degraded"][-1]


async def test_readyz_is_for_who_may_be_given_work(served: int, watched: Health) -> None:
    watched.expect("router", 5)
    assert (await got(served, "/readyz"))[0] == 503
    assert (await got(served, "/healthz"))[0] == 200

    watched.beat("router")

    assert (await got(served, "/readyz"))[0] == 200


async def test_metrics_are_served(served: int) -> None:
    status, body = await got(served, "/metrics")

    assert status == 200
    assert "postbell_events_routed_total 7.0" in body


async def test_there_is_nothing_else(served: int) -> None:
    assert (await got(served, "/"))[0] == 404


async def test_a_taken_port_is_a_sentence(port: int) -> None:
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(ListenError, match="POSTBELL_HTTP_PORT"),
    ):
        await health.serve(health.app(Health(), Metrics()), "127.0.0.1", port)


async def test_the_port_is_free_again_after_the_server_stopped(port: int) -> None:
    for _ in range(2):
        serving = asyncio.create_task(
            health.serve(health.app(Health(), Metrics()), "127.0.0.1", port)
        )
        await asyncio.sleep(0.1)
        assert not serving.done()
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving


async def test_signals_stay_with_the_daemon(served: int) -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    assert (await got(served, "/healthz"))[0] == 200
    assert not any("uvicorn" in repr(handler).lower() for handler in handlers)
    assert handlers[1] is signal.SIG_DFL
