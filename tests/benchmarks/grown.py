"""A year of notifications in the tables, beside empty ones: what does each thing cost then?"""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg

from tests.benchmarks import people, process, stage
from tests.benchmarks.process import Process
from tests.benchmarks.stage import EVENT, connected, value
from tests.benchmarks.table import Table, decimal, median, number, percentile

#: Rows that one statement fills in.
_PORTION = 1_000_000
#: Deliveries of a year for each person, when there are many.
_EACH = 200

#: A month each of the log, a quarter each of events and inboxes, as a year's are.
_LEAVES = """
    do $do$
    declare
        v_leaf record;
        v_count integer;
    begin
        for v_leaf in select kind, first_id, parent from postbell_private.leaf
            join postbell_private.leaf_tables using (kind)
        loop
            execute format(
                'drop table %s', postbell_private.leaf_name(v_leaf.parent, v_leaf.first_id)
            );
        end loop;
        delete from postbell_private.leaf;
        foreach v_leaf.kind in array array['event', 'log', 'inbox'] loop
            v_count := case v_leaf.kind when 'log' then 12 else 4 end;
            for n in 0 .. v_count - 1 loop
                perform postbell_private.make_leaf(
                    v_leaf.kind,
                    1 + n * {rows}::bigint / v_count,
                    1 + (n + 1) * {rows}::bigint / v_count
                );
                update postbell_private.leaf set
                    began_at = now() - interval '1 year' + n * interval '1 year' / v_count,
                    filled_at = now() - interval '1 year' + (n + 1) * interval '1 year' / v_count
                where end_id = 1 + (n + 1) * {rows}::bigint / v_count and kind = v_leaf.kind;
            end loop;
        end loop;
        perform setval('postbell.outbox_id_seq', {rows});
        perform setval('postbell.delivery_id_seq', {rows});
        perform postbell_private.make_leaves();
    end
    $do$
"""
_ROWS = """
    from (
        select
            n as id, 'u' || 1 + mod(hashint8(n)::bigint + 2147483648, {people}) as recipient,
            now() - interval '1 year' + n * (interval '1 year' / {rows}) as at
        from generate_series({first}::bigint, {last}::bigint) as n
    ) as row
"""
_FILL = (
    """
    insert into postbell_private.notification (
        id, xid, tenant_id, event, recipient, subject, payload, priority, created_at
    )
    select
        id, '1', 'default', '{event}', recipient, 'order:' || id,
        jsonb_build_object('order_id', id, 'order_topic', 'A market study', 'amount', '19.90'),
        'normal', at
    """,
    """
    insert into postbell.finished_delivery (
        id, notification_id, tenant_id, recipient_id, event, channel, priority, decision, rung,
        decision_reason, is_silent, state, attempts, provider, template_version, created_at,
        sent_at, delivered_at, is_open
    )
    select
        id, id, 'default', recipient, '{event}', 'in_app', 'normal', 'now', 11, 'wanted', false,
        'delivered', 1, 'inbox', 'abcdef0123456789.1', at, at, at, false
    """,
    """
    insert into postbell.inbox_item (
        id, outbox_id, tenant_id, recipient_id, event, category, subject, title, body,
        is_silent, created_at, seen_at, read_at
    )
    select
        id, id, 'default', recipient, '{event}', 'orders', 'order:' || id,
        'Order #' || id || ' paid', '€19.90 has been received for A market study.', false, at,
        case when mod(id, 50) > 0 then at end, case when mod(id, 50) > 0 then at end
    """,
)
_PAGE = (
    "select id, title, body, read_at from postbell.inbox"
    " where tenant_id = 'default' and recipient_id = %s order by id desc limit 20"
)
#: What people and the administrator read; each once for a person.
QUERIES: Mapping[str, str] = {
    "first page of an inbox": _PAGE,
    "unread count": (
        "select unread from postbell.unread_counts"
        " where tenant_id = 'default' and recipient_id = %s"
    ),
    "a person's log, 50 lines": (
        "select * from postbell.delivery_log"
        " where tenant_id = 'default' and recipient_id = %s order by delivery_id desc limit 50"
    ),
    "an event's log": (
        "select * from postbell.delivery_log where outbox_id ="
        " (select outbox_id from postbell.inbox_item where recipient_id = %s limit 1)"
    ),
}


def run(rows: int = 20_000_000, events: int = 20_000, rounds: int = 3) -> Table:
    """The same events and questions, in turn, on empty tables and on those of a year."""
    many = max(rows // _EACH, 100)
    table = Table(
        f"A year of {number(rows)} notifications to {number(many)} inboxes, beside empty tables",
        ("measured", "empty", "a year", "ratio"),
    )
    measured: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with stage.opened() as ground:
        urls = {name: ground.ours(name) for name in ("empty", "a year")}
        for url in urls.values():
            people.into_postbell(url, many)
        _fill(urls["a year"], rows, many)
        for _, name in stage.interleaved(rounds, list(urls)):
            _drain(urls[name], events, many, measured, name)
        for turn, name in stage.interleaved(rounds, list(urls)):
            _ask(urls[name], many, turn, measured, name)
        removed = _removed(urls["a year"], many)
        weight = _weight(urls["a year"])
    for what, found in measured.items():
        empty, grown = (median(found[name]) for name in urls)
        table.add(what, decimal(empty), decimal(grown), f"{decimal(grown / empty)} ×")
    table.head = ground.head
    table.notes += [
        f"at rest {number(weight)} bytes a notification, indexes and all",
        removed,
        "times in ms, medians; drained: by one daemon beside PostgreSQL, in turn",
    ]
    return table


def _fill(url: str, rows: int, many: int) -> None:
    with connected(url) as session:
        session.execute(_LEAVES.format(rows=rows).encode())

    def fill(statement: str) -> None:
        with connected(url) as session:
            session.execute("set synchronous_commit = off")
            for first in range(1, rows + 1, _PORTION):
                filled = (statement + _ROWS).format(
                    event=EVENT, people=many, rows=rows, first=first,
                    last=min(first + _PORTION - 1, rows),
                )  # fmt: skip
                session.execute(filled.encode())

    threads = [threading.Thread(target=fill, args=[statement]) for statement in _FILL]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with connected(url) as session:
        for table in ("postbell.delivery", "postbell.inbox_item", "postbell_private.notification"):
            assert value(session, f"select count(*) from {table}") == rows
        session.execute("vacuum (analyze)")
        while value(session, "select postbell_private.analyze_parent()"):
            pass
        session.execute("checkpoint")


def _drain(
    url: str, events: int, many: int, measured: Mapping[str, dict[str, list[float]]], name: str
) -> None:
    """Events that are committed beforehand, by a daemon that is let go then."""
    with connected(url) as session:
        before = value(session, "select coalesce(max(id), 0) from postbell.delivery")
        former = value(session, "select count(*) from postbell.inbox_item where id > %s", before)
        session.execute(
            "insert into postbell.outbox (event, recipient, payload)"
            " select %s, 'u' || 1 + (random() * %s)::integer, jsonb_build_object("
            "'order_id', n, 'order_topic', 'A market study', 'amount', '19.90')"
            " from generate_series(1, %s) as n",
            [EVENT, many - 1, events],
        )
        session.execute("vacuum (analyze) postbell.outbox")
        session.execute("checkpoint")
        wal_from = value(session, "select pg_current_wal_insert_lsn()::text")
        with stage.held_lead(url) as let_go, process.daemon(url) as daemon:
            began = time.perf_counter()
            let_go()
            _await(session, daemon, before, former + events)
            took = time.perf_counter() - began
        wal = value(session, "select pg_current_wal_insert_lsn() - %s::pg_lsn", wal_from)
        measured["µs from the queue to the inbox, each"][name].append(took / events * 1e6)
        measured["bytes of WAL each"][name].append(float(wal) / events)
        began = time.perf_counter()
        session.execute(
            "insert into postbell.outbox (event, recipient, payload) values (%s, 'u1',"
            ' \'{"order_id": 1, "order_topic": "A", "amount": "1.00"}\')',
            [EVENT],
        )
        with process.daemon(url) as daemon:
            _await(session, daemon, before, former + events + 1)
        measured["start of a daemon → an item, s"][name].append(time.perf_counter() - began)


def _await(session: psycopg.Connection[Any], daemon: Process, before: int, items: int) -> None:
    while value(session, "select count(*) from postbell.inbox_item where id > %s", before) < items:
        daemon.fail_if_ended()
        time.sleep(0.02)


def _ask(
    url: str, many: int, turn: int, measured: Mapping[str, dict[str, list[float]]], name: str
) -> None:
    dice = random.Random(turn)
    with connected(url) as session:
        for what, query in QUERIES.items():
            found = []
            for _ in range(300):
                began = time.perf_counter()
                session.execute(query.encode(), [f"u{dice.randint(1, many)}"]).fetchall()
                found.append(time.perf_counter() - began)
            measured[what][name].append(percentile(found, 0.5) * 1000)
        began = time.perf_counter()
        session.execute("select * from postbell.analytics_daily where day = current_date - 1")
        measured["analytics_daily of a day"][name].append((time.perf_counter() - began) * 1000)


def _removed(url: str, many: int) -> str:
    """Two months go, while somebody reads and somebody emits."""
    with connected(url) as session:
        before = value(session, "select count(*) from postbell_private.leaf")
        with _busy(url, many) as alone:
            time.sleep(3)
        for kind in ("event", "log", "inbox"):
            session.execute("select postbell.set_retention(%s, '10 months')", [kind])
        with _busy(url, many) as meanwhile:
            began = time.perf_counter()
            for kind in ("event", "log", "inbox"):
                while value(session, f"select postbell_private.apply_retention('{kind}')"):
                    pass
            took = time.perf_counter() - began
        gone = before - value(session, "select count(*) from postbell_private.leaf")
    (page, commit), (page_alone, commit_alone) = (
        [
            f"p50 {percentile(each, 0.5) * 1000:.2f}, most {max(each) * 1000:.0f} ms"
            for each in found
        ]
        for found in (meanwhile, alone)
    )
    return (
        f"retention dropped {gone} leaves in {took:.1f} s; meanwhile a page took {page}"
        f" (alone {page_alone}), a producer's commit {commit} (alone {commit_alone})"
    )


@contextmanager
def _busy(url: str, many: int) -> Iterator[tuple[list[float], list[float]]]:
    """The seconds of each page that is read, and of each event that is committed."""
    found: tuple[list[float], list[float]] = ([], [])
    stopped = threading.Event()

    def work(seconds: list[float], statement: str) -> None:
        dice = random.Random(1)
        with connected(url) as session:
            while not stopped.is_set():
                began = time.perf_counter()
                session.execute(statement.encode(), [f"u{dice.randint(1, many)}"])
                seconds.append(time.perf_counter() - began)
                time.sleep(0.002)

    emit = f"insert into postbell.outbox (event, recipient) values ('{EVENT}', %s)"
    threads = [
        threading.Thread(target=work, args=[seconds, statement])
        for seconds, statement in zip(found, (_PAGE, emit), strict=True)
    ]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def _weight(url: str) -> float:
    """Bytes of a notification in all of its tables."""
    with connected(url) as session:
        return float(
            value(
                session,
                "select sum(pg_total_relation_size(relid)) / (select count(*) from"
                " postbell.inbox_item) from unnest(array['postbell.delivery',"
                " 'postbell.inbox_item', 'postbell_private.notification', 'postbell.attempt'])"
                " as name cross join pg_partition_tree(name::regclass)",
            )
        )
