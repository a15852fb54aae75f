"""One row for a large audience, and what another tenant notices of it."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import psycopg

from tests.benchmarks import process, stage
from tests.benchmarks.process import Process
from tests.benchmarks.stage import EVENT, connected, value
from tests.benchmarks.table import Table, decimal, number, percentile

Session = psycopg.Connection[Any]

#: Seconds between looks into the other tenant's inbox.
_LOOK = 0.001
_PATIENCE = 30.0
_ANNOUNCE = (
    "insert into postbell.outbox (event, tenant_id, audience, payload)"
    " values (%s, 'large', '{\"everyone\": true}',"
    ' \'{"order_id": 42, "order_topic": "Market study", "amount": "19.90"}\')'
    " returning id"
)
_TELL_ONE = (
    "insert into postbell.outbox (event, tenant_id, recipient, payload)"
    " values (%s, 'other', 'u1', '{\"order_id\": 42, \"amount\": \"19.90\"}') returning id"
)
_HAS_ARRIVED = (
    "select exists (select from postbell.inbox_item"
    " where tenant_id = 'other' and recipient_id = 'u1' and outbox_id = %s)"
)


def run(recipients: int = 200_000, events: int = 200) -> Table:
    """`events` single ones of another tenant before the large one, and as many as fit beside it."""
    with stage.opened() as ground:
        table = Table(
            f"Fan-out: one row for {number(recipients)} people, to inbox and log",
            ("figure", "before", "meanwhile"),
        )
        url = ground.ours("fan_out")
        _people(url, recipients)
        with process.daemon(url) as daemon:
            before = _others(url, daemon, count=events)
            idle_memory = daemon.memory_mib()
            meanwhile, seconds, memory = _announced(url, daemon, recipients)
            peak = daemon.peak_memory_mib()
        with connected(url) as session:
            reached = value(
                session,
                "select count(distinct recipient_id) from postbell.inbox_item"
                " where tenant_id = 'large'",
            )
            items = value(
                session, "select count(*) from postbell.inbox_item where tenant_id = 'large'"
            )
        assert items == reached == recipients, f"{items} items for {reached} people"

    table.add("recipients a second", "-", number(recipients / seconds))
    table.add("daemon's memory, MiB (peak in its life)", number(idle_memory), number(peak))
    quarters = [
        percentile(memory[len(memory) * n // 4 : len(memory) * (n + 1) // 4], 0.5) for n in range(4)
    ]
    table.add(
        "memory by quarter of the time, MiB",
        "-",
        " → ".join(number(quarter) for quarter in quarters),
    )
    for label, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0)):
        table.add(
            f"another tenant's single events, commit → inbox, {label} ms",
            decimal(percentile(before, share)),
            decimal(percentile(meanwhile, share)),
        )
    table.add("single events", number(len(before)), number(len(meanwhile)))
    table.add("people reached", "-", f"{number(reached)}, each once")
    table.head = ground.head
    table.notes += [
        (
            "single events are seen in the inbox by another session that looks every"
            f" {_LOOK * 1000:g} ms, one at a time, 20 ms apart on average. Aim: below 150 MiB, flat"
        ),
    ]
    return table


def _people(url: str, recipients: int) -> None:
    with connected(url) as session:
        session.execute(
            "insert into postbell.tenant (id, name, base_url)"
            " values ('large', 'Large', 'https://large.example'),"
            " ('other', 'Other', 'https://other.example')"
        )
        session.execute(
            "insert into postbell.recipient (tenant_id, id, email)"
            " select 'large', 'u' || n, 'u' || n || '@example.org'"
            " from generate_series(1, %s) as n"
            " union all select 'other', 'u1', 'u1@example.org'",
            [recipients],
        )
        session.execute("vacuum (analyze) postbell.recipient")


def _announced(
    url: str, daemon: Process, recipients: int
) -> tuple[list[float], float, list[float]]:
    """Delays of the others, seconds until everybody was told, samples of the daemon's memory."""
    memory: list[float] = []
    delays: list[float] = []
    done = threading.Event()

    def bother() -> None:
        delays.extend(_others(url, daemon, until=done))

    others = threading.Thread(target=bother)
    with connected(url) as session:
        (announced,) = session.execute(_ANNOUNCE, [EVENT]).fetchone() or (0,)
        began = time.perf_counter()
        others.start()
        try:
            while not _is_told(session, announced, recipients):
                daemon.fail_if_ended()
                memory.append(daemon.memory_mib())
                time.sleep(0.25)
            seconds = time.perf_counter() - began
        finally:
            done.set()
            others.join()
    return delays, seconds, memory


def _is_told(session: Session, announced: int, recipients: int) -> bool:
    """Asks the small tables first: counting hundreds of thousands takes from what is measured."""
    if not value(
        session,
        "select exists (select from postbell_private.notification where id = %s)",
        announced,
    ) or value(
        session,
        "select exists (select from postbell.fanout)"
        " or exists (select from postbell.batch where tenant_id = 'large')",
    ):
        return False
    told = "select count(*) from postbell.inbox_item where tenant_id = 'large'"
    return bool(value(session, told) >= recipients)


def _others(
    url: str, daemon: Process, *, count: int | None = None, until: threading.Event | None = None
) -> list[float]:
    """Milliseconds from commit to inbox, of so many events or until told to stop."""
    dice = random.Random()
    delays: list[float] = []
    with connected(url) as session:
        while not (until and until.is_set()) and (count is None or len(delays) < count):
            time.sleep(dice.uniform(0, 0.04))
            (outbox_id,) = session.execute(_TELL_ONE, [EVENT]).fetchone() or (0,)
            committed = time.perf_counter()
            while not value(session, _HAS_ARRIVED, outbox_id):
                if time.perf_counter() - committed > _PATIENCE:
                    daemon.fail_if_ended()
                    raise RuntimeError(f"Event {outbox_id} did not arrive.")
                time.sleep(_LOOK)
            delays.append((time.perf_counter() - committed) * 1000)
    return delays
