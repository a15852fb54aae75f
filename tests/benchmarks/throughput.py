"""From commits to inbox rows: one worker process, and PostgreSQL beside it."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg

from tests.benchmarks import people, pgbench, process, stage
from tests.benchmarks.peers import PEERS
from tests.benchmarks.peers.handler import INBOX, Message
from tests.benchmarks.process import Process
from tests.benchmarks.stage import EVENT, Stage, column, connected, value
from tests.benchmarks.table import Table, decimal, median, number, percentile

#: Settings to try for each peer; the best of them is measured.
CANDIDATES: Mapping[str, Sequence[Mapping[str, int]]] = {
    "pgqueuer": (
        {"concurrency": 40, "sessions": 8},
        {"concurrency": 100, "sessions": 16},
        {"concurrency": 400, "sessions": 16},
        {"concurrency": 400, "sessions": 32},
    ),
    "procrastinate": (
        {"concurrency": 4, "sessions": 4},
        {"concurrency": 10, "sessions": 8},
        {"concurrency": 30, "sessions": 16},
    ),
    "polled outbox": (
        {"concurrency": 1, "chunk": 100},
        {"concurrency": 2, "chunk": 100},
        {"concurrency": 4, "chunk": 100},
        {"concurrency": 4, "chunk": 500},
    ),
}

#: Of our events, each peer gets this share: enough to measure it, and not to wait for it.
_SHARE = {"pgqueuer": 0.2, "procrastinate": 0.04, "polled outbox": 0.2}
_TRIAL_SHARE = 0.25

_LABELS = {
    "pgqueuer": "pgqueuer, a job per message",
    "procrastinate": "procrastinate, a job per message",
    "polled outbox": "outbox table, NOTIFY and polling",
}

_TOPIC = "Market study: electric bicycles in the Alps"
_EMIT = (
    "insert into postbell.outbox (event, recipient, payload)"
    " select '{event}', 'u' || 1 + (random() * ({recipients} - 1))::integer,"
    " jsonb_build_object("
    "'order_id', n, 'order_topic', '{topic}', 'amount', (n % 1000)::text || '.90')"
    " from generate_series({first}, {last}) as n"
)
#: Sizes of the transactions that are committed beforehand, besides single rows.
_SIZES = (2, 5, 20, 100, 500)
_SINGLES = 0.2


def run(
    rounds: int = 3,
    events: int = 50_000,
    recipients: int = 10_000,
    seconds: float = 15,
    rate: int = 3_000,
) -> Table:
    """What is waiting is drained, by each in turn; then producers and we work at the same time."""
    with stage.opened() as ground:
        table = Table(
            f"Throughput: events for {number(recipients)} people with two preferences and quiet"
            f" hours, to inbox and log; {rounds} rounds",
            (
                "one worker process",
                "notifications/s",
                "ours is",
                "worker's CPU ms each",
                "counted",
                "settings",
            ),
        )
        best = {name: _tuned(ground, name, events, recipients) for name in PEERS}
        rates: dict[str, list[float]] = defaultdict(list)
        costs: dict[str, list[float]] = defaultdict(list)
        for turn, name in stage.interleaved(rounds, ["postbell", *PEERS]):
            if name == "postbell":
                found = _drained(ground.ours(f"postbell_{turn}"), events, recipients)
            else:
                url = ground.theirs(f"{name}_{turn}")
                share = max(100, round(events * _SHARE[name]))
                found = _drained_by(name, url, share, recipients, best[name])
            rates[name].append(found[0])
            costs[name].append(found[1])

        for name in ("postbell", *PEERS):
            ratios = [ours / its for ours, its in zip(rates["postbell"], rates[name], strict=True)]
            share = events if name == "postbell" else max(100, round(events * _SHARE[name]))
            table.add(
                _LABELS.get(name, name),
                number(median(rates[name])),
                f"{decimal(median(ratios))} ×",
                decimal(median(costs[name])),
                f"{rounds} × {number(share)}",
                ", ".join(f"{option} {size}" for option, size in best.get(name, {}).items()),
            )
        bytes_each, wal_each = _weighed(ground.ours("postbell_weighed"), events, recipients)
        sustained = _sustained(ground.ours("postbell_sustained"), seconds, rate, recipients)
    table.head = ground.head
    table.notes += [
        (
            "drained: all events are committed before the clock starts, ours in transactions of"
            f" 1 to {max(_SIZES)} rows by many connections, the peers' by their own batch calls;"
            " then the worker, already connected, is let go. Aim: 10,000/s, 5 × pgqueuer,"
            " 20 × procrastinate"
        ),
        (
            "a peer's settings are the best of those tried in this run:"
            f" {', '.join(f'{len(tried)} for {name}' for name, tried in CANDIDATES.items())}"
        ),
        (
            f"ours at rest: {number(bytes_each)} bytes a notification in delivery, inbox,"
            f" notification and attempt with their indexes; {number(wal_each)} bytes of WAL each"
        ),
        sustained,
    ]
    return table


def _weighed(url: str, events: int, recipients: int) -> tuple[float, float]:
    """Bytes at rest, and of WAL, for each notification."""
    people.into_postbell(url, recipients)
    _emit(url, events, recipients)
    tables = [
        "postbell.delivery", "postbell.inbox_item", "postbell_private.notification",
        "postbell.attempt",
    ]  # fmt: skip
    weight = (
        "select sum(pg_total_relation_size(relid)) from unnest(%s::text[]) as name"
        " cross join pg_partition_tree(name::regclass)"
    )
    with stage.held_lead(url) as let_go, process.daemon(url) as daemon, connected(url) as session:
        session.execute("checkpoint")
        began_at = value(session, "select pg_current_wal_insert_lsn()::text")
        let_go()
        _await_delivered(session, daemon, events)
        wal = value(session, "select pg_current_wal_insert_lsn() - %s::pg_lsn", began_at)
        return float(value(session, weight, tables)) / events, float(wal) / events


def _drained(url: str, events: int, recipients: int) -> tuple[float, float]:
    """Notifications a second, and the daemon's milliseconds of CPU for each."""
    people.into_postbell(url, recipients)
    _emit(url, events, recipients)
    with stage.held_lead(url) as let_go, process.daemon(url) as daemon, connected(url) as session:
        session.execute("vacuum (analyze) postbell.outbox")
        session.execute("checkpoint")
        before = daemon.cpu_seconds()
        began = time.perf_counter()
        let_go()
        _await_delivered(session, daemon, events)
        took = time.perf_counter() - began
        spent = daemon.cpu_seconds() - before
        assert value(session, "select count(*) from postbell.inbox_item") == events
        states = column(session, "select distinct state::text from postbell.delivery_log")
        assert states == ["delivered"], states
    return events / took, spent / events * 1000


def _await_delivered(session: psycopg.Connection[Any], daemon: Process, events: int) -> None:
    """Asks what costs next to nothing, since asking takes from what is measured."""
    routed = "select coalesce((select last_value from pg_sequences where schemaname = 'postbell'"
    routed += " and sequencename = 'delivery_id_seq'), 0)"
    while value(session, routed) < events:
        daemon.fail_if_ended()
        time.sleep(0.02)
    while value(session, "select exists (select from postbell.batch)"):
        daemon.fail_if_ended()
        time.sleep(0.01)
    while value(session, "select count(*) from postbell.inbox_item") < events:
        daemon.fail_if_ended()
        time.sleep(0.01)


def _emit(url: str, events: int, recipients: int) -> None:
    clients = 16
    singles = round(events * _SINGLES / clients)
    if singles:
        statement = _EMIT.format(
            event=EVENT,
            recipients=recipients,
            topic=_TOPIC,
            first=":order::integer",
            last=":order::integer",
        )
        script = f"\\set order random(1, 1000000)\n{statement};"
        pgbench.Load(script, clients=clients, transactions=singles).run(url)
    done = singles * clients
    dice = random.Random(1)
    with connected(url) as session:
        while done < events:
            size = min(dice.choice(_SIZES), events - done)
            session.execute(
                _EMIT.format(
                    event=EVENT,
                    recipients=recipients,
                    topic=_TOPIC,
                    first=done + 1,
                    last=done + size,
                ).encode()
            )
            done += size


def _tuned(ground: Stage, name: str, events: int, recipients: int) -> Mapping[str, int]:
    """The settings under which a peer is fastest, on this machine."""
    share = max(50, round(events * _SHARE[name] * _TRIAL_SHARE))
    found = [
        _drained_by(name, ground.theirs(f"{name}_trial_{number}"), share, recipients, options)[0]
        for number, options in enumerate(CANDIDATES[name])
    ]
    return CANDIDATES[name][found.index(max(found))]


def _drained_by(
    name: str, url: str, messages: int, recipients: int, options: Mapping[str, int]
) -> tuple[float, float]:
    """As `_drained`, by a peer."""
    people.into_peer(url, recipients)
    asyncio.run(PEERS[name].prepare(url))
    asyncio.run(PEERS[name].enqueue(url, messages_for(messages, recipients)))
    with (
        stage.closed_gate(url) as let_go,
        process.worker(name, url, **options) as worker,
        connected(url) as session,
    ):
        session.execute("vacuum (analyze)")
        session.execute("checkpoint")
        before = worker.cpu_seconds()
        began = time.perf_counter()
        let_go()
        while value(session, "select last_value from delivery_log_id_seq") < messages:
            worker.fail_if_ended()
            time.sleep(0.01)
        while value(session, "select count(*) from delivery_log") < messages:
            worker.fail_if_ended()
            time.sleep(0.01)
        took = time.perf_counter() - began
        spent = worker.cpu_seconds() - before
        assert value(session, "select count(*) from inbox_item") == messages
    return messages / took, spent / messages * 1000


def messages_for(count: int, recipients: int, channel: str = INBOX) -> list[Message]:
    """The same events as ours, as jobs carry them."""
    dice = random.Random(2)
    return [
        Message(
            recipient=f"u{dice.randint(1, recipients)}",
            event=EVENT,
            category="orders",
            channel=channel,
            payload={"order_id": n, "order_topic": _TOPIC, "amount": f"{n % 1000}.90"},
            created_at=datetime.now(UTC).isoformat(),
        )
        for n in range(1, count + 1)
    ]


def _sustained(url: str, seconds: float, rate: int, recipients: int) -> str:
    """Producers of ten rows a transaction and the daemon at the same time: does it keep up?"""
    people.into_postbell(url, recipients)
    size = 10
    statement = _EMIT.format(
        event=EVENT,
        recipients=recipients,
        topic=_TOPIC,
        first=":order::integer",
        last=f":order::integer + {size - 1}",
    )
    script = f"\\set order random(1, 1000000)\n{statement};"
    load = pgbench.Load(script, clients=4, seconds=seconds, rate=rate / size)
    with process.daemon(url) as daemon, connected(url) as session:
        began = time.perf_counter()
        with load.running(url) as finish:
            emitted = finish().transactions * size
            at_once = value(session, "select count(*) from postbell.inbox_item")
        _await_delivered(session, daemon, emitted)
        lag = time.perf_counter() - began - seconds
        delays = column(
            session,
            "select extract(epoch from delivered_at - created_at)::float8 * 1000"
            " from postbell.delivery_log where channel = 'in_app'",
        )
    assert len(delays) == emitted
    return (
        f"sustained: {number(emitted / seconds)} events/s committed for {seconds:g} s in"
        f" transactions of {size} rows, the producers on the same cores: {number(at_once)} of"
        f" {number(emitted)} were in inboxes when the last was committed, the rest"
        f" {max(lag, 0):.1f} s later; insert → inbox p50 {number(percentile(delays, 0.5))} ms,"
        f" p99 {number(percentile(delays, 0.99))} ms"
    )
