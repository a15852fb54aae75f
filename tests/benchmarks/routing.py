"""What the router takes for an event, by the channels that it goes to and by quiet hours."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import psycopg

from dispatcher.db.connections import SESSION
from tests.benchmarks import stage
from tests.benchmarks.stage import EVENT, Stage, connected, value
from tests.benchmarks.table import Table, decimal, median, number

_CHUNK = 500


class Case(NamedTuple):
    """Channels of an event, and quiet hours of each person."""

    channels: Sequence[str]
    #: Hours from now, on every day of the week.
    window: tuple[int, int] | None = None


_ALL = ("in_app", "email", "sms", "push", "sse")

CASES: Mapping[str, Case] = {
    "in_app": Case(("in_app",)),
    "in_app, quiet hours at another time": Case(("in_app",), (8, 16)),
    "five channels": Case(_ALL),
    "five channels, quiet hours at another time": Case(_ALL, (8, 16)),
    "five channels, quiet hours now": Case(_ALL, (-4, 4)),
}


def run(events: int = 10_000, rounds: int = 3, recipients: int = 10_000) -> Table:
    """Each case in turn; microseconds an event, all by the clock of the one session."""
    taken: dict[str, list[float]] = defaultdict(list)
    with stage.opened() as ground:
        for turn, name in stage.interleaved(rounds, list(CASES)):
            database = f"routing_{turn}_{list(CASES).index(name)}"
            url = _prepared(ground, database, CASES[name], events, recipients)
            taken[name].append(_routed(url, events))
        table = Table(
            f"Router: {number(events)} events for one person each, {_CHUNK} at a time;"
            f" {rounds} rounds",
            ("channels", "µs an event", "of in_app"),
        )
        for name in CASES:
            ratios = [own / base for own, base in zip(taken[name], taken["in_app"], strict=True)]
            table.add(name, decimal(median(taken[name])), decimal(median(ratios)))
        table.head = ground.head
    table.notes += [
        "medians over the rounds; the ratio is taken within each round",
        "quiet hours: a window on each day, for the channels that interrupt (sms, push, sse)",
    ]
    return table


def _prepared(ground: Stage, name: str, case: Case, events: int, recipients: int) -> str:
    url = ground.ours(name)
    with connected(url) as connection:
        connection.execute(
            "insert into postbell.recipient (tenant_id, id, email, phone, locale, time_zone)"
            " select 'default', 'u' || n, 'u' || n || '@example.org',"
            " '+33' || 600000000 + n, 'en', 'Europe/Paris'"
            " from generate_series(1, %s) as n",
            [recipients],
        )
        connection.execute(
            "insert into postbell.push_subscription"
            " (tenant_id, recipient_id, endpoint, p256dh, auth)"
            " select 'default', id, 'https://push.example/' || id,"
            " rpad('B', 87, 'A'), rpad('A', 22, 'A') from postbell.recipient"
        )
        connection.execute(
            "update postbell.event_type set channels = %s, default_channels = %s where key = %s",
            [list(_ALL), list(case.channels), EVENT],
        )
        if case.window:
            connection.execute(
                "insert into postbell.quiet_hours (tenant_id, recipient_id, day, starts, ends)"
                " select 'default', id, day, local + make_interval(hours => %s),"
                " local + make_interval(hours => %s)"
                " from (select (now() at time zone 'Europe/Paris')::time(0) as local) as wall,"
                " postbell.recipient, generate_series(1, 7) as day",
                case.window,
            )
        connection.execute(
            "insert into postbell.outbox (event, recipient, payload)"
            " select %s, 'u' || 1 + n %% %s, jsonb_build_object("
            "'order_id', n, 'order_topic', 'A market study', 'amount', '19.90')"
            " from generate_series(1, %s) as n",
            [EVENT, recipients, events],
        )
        connection.execute("vacuum (analyze)")
        connection.execute("checkpoint")
    return url


def _routed(url: str, events: int) -> float:
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(SESSION)
        began = time.perf_counter()
        while value(session, f"select routed from postbell_private.route({_CHUNK})"):
            pass
        took = time.perf_counter() - began
        assert value(session, "select count(*) from postbell_private.notification") == events
        assert not value(session, "select count(*) from postbell.rejected_events")
    return took / events * 1e6
