"""What a producer pays: a business transaction with a row in the outbox, and with other rows."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from tests.benchmarks import people, pgbench, process, stage
from tests.benchmarks.stage import EVENT, Stage, connected, value
from tests.benchmarks.table import Table, decimal, median, number, percentile

_SHOP = b"""
create schema shop;
create table shop.customer (
    id bigint primary key,
    balance numeric(12, 2) not null default 0
);
create table shop.purchase (
    id bigint generated always as identity primary key,
    customer_id bigint not null references shop.customer (id),
    total numeric(12, 2) not null,
    created_at timestamptz not null default now()
);
create table shop.payment (
    id bigint generated always as identity primary key,
    purchase_id bigint not null references shop.purchase (id),
    amount numeric(12, 2) not null,
    created_at timestamptz not null default now()
);
"""

# Columns, types, defaults and index of postbell.outbox; no partitions and no trigger.
_PLAIN = b"""
create schema plain;
create table plain.outbox (like postbell.outbox including defaults including indexes);
"""

_RINGING = b"""
create schema ringing;
create table ringing.outbox (like postbell.outbox including defaults including indexes);
create function ringing.ring() returns trigger language plpgsql as $$
begin
    perform pg_notify('ringing_outbox', '');
    return null;
end $$;
create trigger ring after insert on ringing.outbox
for each statement execute function ringing.ring();
"""

_TRANSACTION = """
\\set customer random(1, {customers})
\\set amount random(100, 99999)
begin;
insert into shop.purchase (customer_id, total) values (:customer, :amount / 100.0)
returning id as purchase \\gset
insert into shop.payment (purchase_id, amount) values (:purchase, :amount / 100.0);
update shop.customer set balance = balance - :amount / 100.0 where id = :customer;
insert into {outbox} (event, recipient, payload) values (
    '{event}', 'u' || :customer,
    jsonb_build_object(
        'order_id', :purchase::bigint, 'amount', (:amount / 100.0)::numeric(12, 2)::text
    )
);
end;
"""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to write a row; each in a database of its own, so that none works for another."""

    outbox: str
    follows: bool = False
    delivers: bool = False


VARIANTS = {
    "an equal plain table": Variant("plain.outbox"),
    "postbell.outbox, router at work": Variant("postbell.outbox", follows=True),
    "postbell.outbox, router and dispatcher": Variant(
        "postbell.outbox", follows=True, delivers=True
    ),
    "an outbox with a NOTIFY trigger": Variant("ringing.outbox"),
}


def run(rounds: int = 5, seconds: float = 8, clients: int = 16, customers: int = 10_000) -> Table:
    """Throughput and latency of the transaction, and what is kept of the plain table's."""
    with stage.opened() as ground:
        table = Table(
            f"Producer: a business transaction at {clients} clients, {rounds} rounds of"
            f" {seconds:g} s",
            (
                "beside the business rows",
                "transactions/s",
                "of plain",
                "p50 ms",
                "p99 ms",
                "events",
            ),
        )
        urls = {
            name: _prepared(ground, f"producer_{number}", customers)
            for number, name in enumerate(VARIANTS)
        }
        runs: dict[str, list[pgbench.Run]] = defaultdict(list)
        for _, name in stage.interleaved(rounds, list(VARIANTS)):
            runs[name].append(_round(urls[name], VARIANTS[name], seconds, clients, customers))

        (plain, *_) = VARIANTS
        for name, variant in VARIANTS.items():
            kept = [
                run.per_second / base.per_second
                for run, base in zip(runs[name], runs[plain], strict=True)
            ]
            table.add(
                name,
                number(median([run.per_second for run in runs[name]])),
                decimal(median(kept)),
                decimal(median([percentile(run.latencies, 0.5) for run in runs[name]])),
                decimal(median([percentile(run.latencies, 0.99) for run in runs[name]])),
                _accounted(urls[name], variant, sum(run.transactions for run in runs[name])),
            )
    table.head = ground.head
    table.notes += [
        "medians over the rounds; the ratio is taken within each round. Aim: 0.95",
        (
            "router at work: it follows and queues, on the producers' own cores;"
            " with the dispatcher, everything is also rendered and put into inboxes there"
        ),
        "events: committed, and of those routed and delivered once the round was over",
    ]
    return table


def _prepared(ground: Stage, name: str, customers: int) -> str:
    url = ground.ours(name)
    people.into_postbell(url, customers)
    with connected(url) as connection:
        connection.execute(_SHOP + _PLAIN + _RINGING)
        connection.execute(
            "insert into shop.customer (id) select generate_series(1, %s)", [customers]
        )
        connection.execute("vacuum (analyze) shop.customer")
    return url


def _round(url: str, variant: Variant, seconds: float, clients: int, customers: int) -> pgbench.Run:
    with _followed(url, variant):
        # What the server still has to write belongs to the round before.
        with connected(url) as connection:
            connection.execute("checkpoint")
        script = _TRANSACTION.format(outbox=variant.outbox, event=EVENT, customers=customers)
        done = pgbench.Load(script, clients=clients, seconds=seconds).run(url)
        if variant.follows:
            _await_routed(url, variant)
    return done


def _followed(url: str, variant: Variant) -> AbstractContextManager[object]:
    if not variant.follows:
        return nullcontext()
    return process.daemon(url, dispatcher_enabled=str(variant.delivers).lower())


def _await_routed(url: str, variant: Variant) -> None:
    """Nobody starts with what another round left to do."""
    with connected(url) as connection:
        emitted = value(connection, "select count(*) from postbell.outbox")
        while value(connection, "select count(*) from postbell_private.notification") < emitted:
            time.sleep(0.2)
        while variant.delivers and value(connection, "select exists (select from postbell.batch)"):
            time.sleep(0.2)


def _accounted(url: str, variant: Variant, transactions: int) -> str:
    with connected(url) as connection:
        emitted = value(connection, f"select count(*) from {variant.outbox}")
        assert emitted == transactions, f"{emitted} rows of {transactions} transactions"
        if not variant.follows:
            return number(emitted)
        routed = value(connection, "select count(*) from postbell_private.notification")
        assert routed == emitted, f"{routed} routed of {emitted}"
        if variant.delivers:
            delivered = value(connection, "select count(*) from postbell.inbox_item")
            assert delivered == emitted, f"{delivered} delivered of {emitted}"
    return f"{number(emitted)}, all {'delivered' if variant.delivers else 'routed'}"
