"""A transaction held open throughout, so that no dead row can be cleared away anywhere."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.benchmarks import people, pgbench, process, stage
from tests.benchmarks.peers import PEERS
from tests.benchmarks.stage import EVENT, Stage, connected, value
from tests.benchmarks.table import Table, number, percentile

#: Where dead rows might gather.
OUR_TABLES = {
    "outbox": "postbell.outbox",
    "router_step": "postbell_private.router_step",
    "delivery": "postbell.delivery",
    "batch": "postbell.batch",
    "queue": "postbell_queue.pgqueuer",
}
THEIR_TABLES = {"queue": "pgqueuer"}

_OURS = (
    "\\set order random(1, 1000000)\n"
    "insert into postbell.outbox (event, recipient, payload) values"
    " ('{event}', 'u' || 1 + :order % {recipients},"
    " jsonb_build_object('order_id', :order::bigint, 'amount', '19.90'));"
)
_THEIRS = (
    "\\set order random(1, 1000000)\n"
    "insert into pgqueuer (priority, entrypoint, payload, status, execute_after, headers) values"
    " (0, 'notify', convert_to(jsonb_build_object("
    "'recipient', 'u' || 1 + :order % {recipients}, 'event', '{event}', 'category', 'orders',"
    " 'channel', 'in_app', 'payload', jsonb_build_object('order_id', :order::bigint,"
    " 'order_topic', 'Market study', 'amount', '19.90'),"
    " 'created_at', clock_timestamp())::text, 'UTF8'), 'queued', now(), null);"
)
#: Delays in milliseconds, of what was emitted in the first and the last part of the time.
_DELAYS = """
    with delivered as (
        select
            created_at,
            delivered_at,
            min(created_at) over () as first,
            max(created_at) over () as last
        from {log}
    )
    select
        array_agg(extract(epoch from delivered_at - created_at)::float8 * 1000)
            filter (where created_at < first + (last - first) / 6),
        array_agg(extract(epoch from delivered_at - created_at)::float8 * 1000)
            filter (where created_at > last - (last - first) / 6)
    from delivered
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What one phase showed."""

    emitted: int
    in_time: int
    late_seconds: float
    first: Sequence[float]
    last: Sequence[float]
    #: By table: dead rows, and bytes in all.
    dead: dict[str, tuple[int, int]]


def run(seconds: float = 60, rate: int = 1_000, recipients: int = 10_000) -> Table:
    """`rate` events a second for so long, ours and a peer's, without and with the transaction."""
    with stage.opened() as ground:
        table = Table(
            f"A held xmin horizon: {number(rate)} events/s for {seconds:g} s, one a transaction,"
            " to inbox and log",
            (
                "system",
                "held",
                "delivered/s",
                "p50, p99 ms at the start",
                "p50, p99 ms at the end",
                "left at the end",
                "dead rows, and size",
            ),
        )
        for name in ("postbell", "pgqueuer"):
            for held in (False, True):
                measure = _ours if name == "postbell" else _theirs
                found = measure(ground, f"{name}_{held}", held, seconds, rate, recipients)
                table.add(
                    name if name == "postbell" else f"{name}, a job a message",
                    "yes" if held else "no",
                    number(found.in_time / seconds),
                    _pair(found.first),
                    _pair(found.last),
                    f"{number(found.emitted - found.in_time)}, {found.late_seconds:.1f} s",
                    "\n".join(
                        f"{where} {number(dead)} of {size / 2**20:.1f} MiB"
                        for where, (dead, size) in found.dead.items()
                    ),
                )
    table.head = ground.head
    table.notes += [
        "held: a REPEATABLE READ transaction with a snapshot, open from before the first event",
        "start and end: the first and the last sixth of the time, insert → inbox",
        "left at the end: not yet delivered when the last was committed, and how long that took",
        (
            "dead rows are counted row by row (pgstattuple); ours were all delivered, each once."
            " Aim: none in the outbox"
        ),
    ]
    return table


def _ours(
    ground: Stage, name: str, held: bool, seconds: float, rate: int, recipients: int
) -> Found:
    url = ground.ours(name)
    people.into_postbell(url, recipients)
    script = _OURS.format(event=EVENT, recipients=recipients)
    with _horizon(url, held), process.daemon(url) as daemon:
        return _phase(url, script, daemon, seconds, rate, "postbell.delivery_log", OUR_TABLES)


def _theirs(
    ground: Stage, name: str, held: bool, seconds: float, rate: int, recipients: int
) -> Found:
    url = ground.theirs(name)
    people.into_peer(url, recipients)
    asyncio.run(PEERS["pgqueuer"].prepare(url))
    script = _THEIRS.format(event=EVENT, recipients=recipients)
    # What was best for it in the throughput benchmark, on two cores.
    options = {"concurrency": 400, "sessions": 16}
    with _horizon(url, held), process.worker("pgqueuer", url, **options) as worker:
        return _phase(url, script, worker, seconds, rate, "delivery_log", THEIR_TABLES)


def _phase(
    url: str,
    script: str,
    worker: process.Process,
    seconds: float,
    rate: int,
    log: str,
    tables: dict[str, str],
) -> Found:
    load = pgbench.Load(script, clients=8, seconds=seconds, rate=rate)
    delivered = f"select count(*) from {log} where state = 'delivered'"
    with connected(url) as session:
        session.execute("create extension pgstattuple")
        began = time.perf_counter()
        emitted = load.run(url).transactions
        in_time = value(session, delivered)
        # A peer that cannot keep up is waited for, but not for ever.
        patience = time.perf_counter() + max(30.0, seconds)
        while (arrived := value(session, delivered)) < emitted and time.perf_counter() < patience:
            worker.fail_if_ended()
            time.sleep(0.1)
        late = max(time.perf_counter() - began - seconds, 0)
        assert arrived <= emitted
        if log == "postbell.delivery_log":
            assert arrived == emitted, f"{arrived} of {emitted} delivered"
        first, last = session.execute(_DELAYS.format(log=log).encode()).fetchone() or ([], [])
        dead = {label: _dead_rows(url, table) for label, table in tables.items()}
    return Found(emitted, in_time, late, first or [], last or [], dead)


def _dead_rows(url: str, table: str) -> tuple[int, int]:
    """Dead rows and bytes of a table, of all its partitions if it has some."""
    with connected(url) as session:
        row = session.execute(
            "select sum(found.dead_tuple_count)::bigint, sum(found.table_len)::bigint"
            " from ("
            " select relid from pg_partition_tree(%(table)s) where isleaf"
            " union select %(table)s::regclass where not exists"
            " (select from pg_partition_tree(%(table)s))"
            ") as part"
            " cross join lateral pgstattuple(part.relid) as found",
            {"table": table},
        ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


@contextmanager
def _horizon(url: str, held: bool) -> Iterator[None]:
    with connected(url) as session:
        if held:
            session.execute("begin isolation level repeatable read")
            session.execute("select count(*) from pg_class")
        yield
        session.rollback()


def _pair(delays: Sequence[float]) -> str:
    return f"{number(percentile(delays, 0.5))}, {number(percentile(delays, 0.99))}"
