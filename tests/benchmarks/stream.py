"""What an open page costs the gateway, and how soon it hears of something."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import uvloop

from tests.benchmarks import process, stage
from tests.benchmarks.crowd import Crowd, files_for
from tests.benchmarks.process import Process
from tests.benchmarks.stage import Stage, connected
from tests.benchmarks.table import Table, decimal, median, number, percentile
from tests.support.peers.server_process import free_port, listens
from tests.support.tokens import SECRET, token

OURS, NAIVE = "postbell serve", "Starlette, a queue per stream"
SERVERS = (OURS, NAIVE)

#: Pages that are told of something at the same time.
TOLD = 1000
#: Pages that warm the server up before its memory is taken for its own.
_FIRST = 50
_PATIENCE = 60.0

_OURS_TELL = """
    insert into postbell_private.stream_event (tenant_id, kind, recipient_id, frame)
    select 'default', 'notification', 'u' || n, json_build_object(
        'id', n, 'title', 'Order #42 paid', 'body', repeat('x', 80), 'link', 'https://shop.example'
    )
    from generate_series(1, %s) as n
"""
_NAIVE_TELL = """
    select pg_notify('told', json_build_object(
        'recipient', 'u' || n,
        'id', n, 'title', 'Order #42 paid', 'body', repeat('x', 80), 'link', 'https://shop.example'
    )::text)
    from generate_series(1, %s) as n
"""


@dataclass(frozen=True)
class Measured:
    per_second: float
    kib_each: float
    #: Milliseconds from the commit to each page.
    waits: list[float]


def run(streams: int = 2_000, rounds: int = 20) -> Table:
    """Each server alone, one after the other, on the same PostgreSQL."""
    files_for(streams)
    with stage.opened() as ground:
        table = Table(
            f"Streams: {number(streams)} open pages in one process; {number(min(streams, TOLD))}"
            f" of them told at once, {rounds} times",
            ("server", "opened a second", "KiB each", "p50 ms", "p99 ms", "max ms"),
        )
        for name in SERVERS:
            found = _measure(ground, name, streams, rounds)
            table.add(
                name,
                number(found.per_second),
                f"{found.kib_each:.1f}",
                decimal(median(found.waits)),
                decimal(percentile(found.waits, 0.99)),
                decimal(max(found.waits)),
            )
    table.head = ground.head
    table.notes += [
        "KiB each: resident memory of the server, idle, over that with the first 50 pages.",
        (
            "ms: from the commit of one transaction with an item for each page to the page's having"
            " it; the pages are one process on the same machine. Aim: 25 KiB, 100 ms at p99"
        ),
        (
            "ours checks a signed token and counts what is unread for each page that opens, and"
            " tells who comes back what was missed; the other checks nothing, and what is sent"
            " while a page is away is lost"
        ),
    ]
    return table


def _measure(ground: Stage, name: str, streams: int, rounds: int) -> Measured:
    url = ground.ours("streams") if name == OURS else ground.theirs("streams_naive")
    port = free_port()
    if name == OURS:
        with connected(url) as connection:
            connection.execute(
                "insert into postbell.recipient (tenant_id, id)"
                " select 'default', 'u' || n from generate_series(1, %s) as n",
                [streams],
            )
            connection.execute("vacuum (analyze) postbell.recipient")
    serving, request, tell = (
        (_ours(url, port), _our_request, _OURS_TELL)
        if name == OURS
        else (_naive(url, port), _naive_request, _NAIVE_TELL)
    )
    with serving as server, connected(url) as producer:
        return uvloop.run(_open_and_tell(server, producer, port, streams, rounds, request, tell))


async def _open_and_tell(
    server: Process,
    producer: psycopg.Connection,
    port: int,
    streams: int,
    rounds: int,
    request: Callable[[int], bytes],
    tell: str,
) -> Measured:
    crowd = Crowd(port)
    requests = [request(one) for one in range(1, streams + 1)]
    await crowd.open(requests[:_FIRST])
    await asyncio.sleep(1)
    before = server.memory_mib()
    seconds = await crowd.open(requests[_FIRST:])
    await asyncio.sleep(2)
    memory = server.memory_mib() - before
    many = min(streams, TOLD)
    waits: list[float] = []
    for _ in range(rounds):
        # Long enough for the gateway to fall asleep again.
        await asyncio.sleep(0.7)
        crowd.expect(many)
        committed_at = await asyncio.to_thread(_tell, producer, tell, many)
        await crowd.came()
        waits += [(arrival - committed_at) * 1000 for arrival in crowd.arrivals]
    crowd.close()
    opened = streams - _FIRST
    return Measured(opened / seconds, memory * 1024 / opened, waits)


def _tell(producer: psycopg.Connection, statement: str, many: int) -> float:
    """When the commit began, which nobody can see before."""
    with producer.transaction():
        producer.execute(statement.encode(), [many])
        if "postbell" in statement:
            producer.execute("select postbell_private.notify_gateways()")
        return time.perf_counter()


@contextmanager
def _ours(url: str, port: int) -> Iterator[Process]:
    environment = {
        **{name: text for name, text in os.environ.items() if not name.startswith("POSTBELL_")},
        "POSTBELL_DATABASE_URL": url,
        "POSTBELL_TOKEN_SECRET": SECRET,
        "POSTBELL_GATEWAY_PORT": str(port),
        "POSTBELL_LOG_LEVEL": "warning",
    }
    with process.running([*process.COMMAND[:-1], "serve"], environment) as server:
        _await_listening(server, port)
        yield server


@contextmanager
def _naive(url: str, port: int) -> Iterator[Process]:
    module = "tests.benchmarks.peers.queue_per_stream"
    command = [sys.executable, "-m", module, url, str(port)]
    with process.running(command, dict(os.environ)) as server:
        _await_listening(server, port)
        yield server


def _await_listening(server: Process, port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not listens(port):
        server.fail_if_ended()
        if time.monotonic() > deadline:
            raise RuntimeError(f"Nobody listens on {port} after {_PATIENCE:.0f} s")
        time.sleep(0.05)
    # Its sessions at the database come up beside.
    time.sleep(1)


def _our_request(one: int) -> bytes:
    bearer = token(f"u{one}", exp=int(time.time()) + 3600)
    return (
        f"GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {bearer}\r\n\r\n"
    ).encode()


def _naive_request(one: int) -> bytes:
    return f"GET /v1/stream?recipient=u{one} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
