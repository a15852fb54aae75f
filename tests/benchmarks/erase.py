"""Erasing one person with many items, and what other people notice of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from tests.benchmarks import stage
from tests.benchmarks.stage import connected, value
from tests.benchmarks.table import Table, decimal, number, percentile

_WHO = "the one"
_ITEMS_EACH = 100
#: Events, their deliveries to the inbox, calls, items: as if they had been routed and delivered.
_FILL = (
    """
    insert into postbell.outbox (event, recipient, payload, subject)
    select
        'order.paid', case when n <= {own} then '{who}' else 'u' || 1 + n % {people} end,
        '{{"order_id": 1, "amount": "19.90"}}', 'order:' || n
    from generate_series(1, {items}) as n
    order by hashint4(n)
    """,
    """
    insert into postbell_private.notification (
        id, xid, tenant_id, event, recipient, subject, payload, priority, created_at
    )
    select id, xid, tenant_id, event, recipient, subject, payload, 'normal', created_at
    from postbell.outbox
    """,
    """
    insert into postbell.delivery (
        notification_id, tenant_id, recipient_id, event, channel, priority, decision, rung,
        decision_reason, is_silent, state, attempts, provider, created_at, sent_at, delivered_at,
        is_open
    )
    select
        id, tenant_id, recipient, event, channel, 'normal', 'now', 11, 'wanted', false,
        'delivered', 1, 'test', created_at, created_at, created_at, false
    from postbell_private.notification
    cross join unnest(array['in_app', 'email']) as channel
    where channel = 'in_app' or id % 2 = 0
    """,
    """
    insert into postbell.attempt (delivery_id, outcome, provider, provider_message_id)
    select id, 'sent', 'test', case channel when 'email' then '<' || id || '@shop.example>' end
    from postbell.delivery
    """,
    """
    insert into postbell.inbox_item (
        id, outbox_id, tenant_id, recipient_id, event, category, subject, title, body,
        is_silent, created_at, read_at
    )
    select
        id, notification_id, tenant_id, recipient_id, event, 'orders', 'order:' || id,
        'Order #' || id || ' paid', '€19.90 has been received.', false, created_at,
        case when id % 3 = 0 then created_at end
    from postbell.delivery
    where channel = 'in_app'
    """,
)
_PAGE = (
    "select id, title, body, read_at from postbell.inbox"
    " where tenant_id = 'default' and recipient_id = %s order by id desc limit 20"
)


def run(items: int = 10_000, others: int = 200_000, seconds: float = 5) -> Table:
    """One person is erased beside a reader of other people's inboxes; then housekeeping."""
    table = Table(
        f"Erasing a person with {number(items)} items and half as many mails, beside"
        f" {number(others)} items of other people",
        ("measured", "value"),
    )
    with stage.opened() as ground:
        url = ground.ours("erase")
        people = max(others // _ITEMS_EACH, 1)
        _fill(url, items, others, people)
        with connected(url) as session:
            with _reading(url, people) as alone:
                time.sleep(seconds)
            with _reading(url, people) as meanwhile:
                took = _timed(session, f"select postbell.erase_recipient('{_WHO}')")
                rounds = _housekept(session)
            assert not value(
                session,
                "select count(*) from postbell.outbox where recipient = %s",
                _WHO,
            )
            removed = value(session, "select removed ->> 'inbox_item' from postbell.erasure")
            assert int(removed) == items
    table.add("the call", f"{decimal(took)} s")
    table.add("rounds of housekeeping until it is completed", number(len(rounds)))
    table.add("the longest round", f"{max(rounds) * 1000:.0f} ms")
    for when, found in (("alone", alone), ("meanwhile", meanwhile)):
        for share in (0.5, 0.99):
            table.add(
                f"a page of somebody else's inbox, {when}, p{share * 100:.0f}",
                f"{percentile(found, share) * 1000:.2f} ms",
            )
    table.head = ground.head
    table.notes += [
        (
            "The router does a round about every 30 seconds; here one follows the other. Aim of"
            " the call: 1 s"
        )
    ]
    return table


def _housekept(session: psycopg.Connection[Any]) -> list[float]:
    """The seconds of each round, until the erasure is completed."""
    rounds = []
    while value(session, "select count(*) from postbell_private.open_erasure"):
        session.execute("select postbell_private.route()")
        rounds.append(_timed(session, "select postbell_private.tidy_up()"))
        assert len(rounds) < 1_000
    return rounds


def _timed(session: psycopg.Connection[Any], statement: str) -> float:
    began = time.perf_counter()
    session.execute(statement.encode())
    return time.perf_counter() - began


@contextmanager
def _reading(url: str, people: int) -> Iterator[list[float]]:
    """Reads a page after the other, of another person each; the seconds of each."""
    found: list[float] = []
    stopped = threading.Event()

    def read() -> None:
        with connected(url) as session:
            turn = 0
            while not stopped.is_set():
                turn += 1
                began = time.perf_counter()
                session.execute(_PAGE, [f"u{1 + turn * 7919 % people}"]).fetchall()
                found.append(time.perf_counter() - began)
                time.sleep(0.002)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield found
    finally:
        stopped.set()
        reader.join()


def _fill(url: str, items: int, others: int, people: int) -> None:
    with connected(url) as session:
        session.execute(
            "insert into postbell.recipient (tenant_id, id, email)"
            " select 'default', 'u' || n, 'u' || n || '@example.org'"
            " from generate_series(1, %s) as n",
            [people],
        )
        session.execute(
            "insert into postbell.recipient (tenant_id, id, email)"
            " values ('default', %s, 'one@example.org')",
            [_WHO],
        )
        for statement in _FILL:
            filled = statement.format(own=items, who=_WHO, people=people, items=items + others)
            session.execute(filled.encode())
        # What is filled in counts as routed.
        session.execute(
            "insert into postbell_private.router_step (step, snapshot, system_identifier)"
            " select step + 1, pg_current_snapshot(), system_identifier"
            " from postbell_private.router_step order by step desc limit 1"
        )
        session.execute("vacuum (analyze)")
        session.execute("checkpoint")
