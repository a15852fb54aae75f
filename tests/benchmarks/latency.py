"""From a commit to the call of the provider, one event at a time."""

from __future__ import annotations

import asyncio
import queue
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import product
from typing import Any

import psycopg

from tests.benchmarks import people, process, stage
from tests.benchmarks import sink as mail
from tests.benchmarks.peers import PEERS
from tests.benchmarks.peers.handler import EMAIL
from tests.benchmarks.process import Process
from tests.benchmarks.sink import Sink
from tests.benchmarks.stage import Stage, connected, value
from tests.benchmarks.table import Table, decimal, median, number, percentile
from tests.benchmarks.throughput import messages_for

Session = psycopg.Connection[Any]

_RECIPIENTS = 1000
#: Seconds after which nobody waits for a mail any more.
_PATIENCE = 10.0
_EMIT = (
    "insert into postbell.outbox (event, recipient, payload, channels)"
    " values ('order.paid', %s, '{\"order_id\": 42, \"amount\": \"19.90\"}', '{email}')"
)
#: A session that holds the producers' lock did not ring: the router, awake, may not sleep.
_KEEPS_AWAKE = (
    "select exists (select from pg_locks where pid = pg_backend_pid()"
    " and locktype = 'advisory' and mode = 'ShareLock' and granted)"
)


@dataclass(frozen=True, slots=True)
class System:
    """Who is measured, and how it is started."""

    peer: str | None = None
    driver: str = ""
    #: How many times the events: the 99th percentile of few means little.
    share: float = 1.0


SYSTEMS = {
    "postbell": System(share=3),
    "pgqueuer, two connections": System("pgqueuer", "two"),
    "pgqueuer, stock driver": System("pgqueuer", "stock"),
    "procrastinate": System("procrastinate"),
    "outbox table with NOTIFY": System("polled outbox"),
}
BACKGROUNDS = ("nothing", "idle since it read", "idle since it emitted")


@dataclass(slots=True)
class Delays:
    """Milliseconds to the provider's call: since COMMIT was answered, and since it was sent."""

    answered: list[float]
    sent: list[float]
    late: int = 0


def run(events: int = 75, gap: float = 0.1, rounds: int = 3) -> Table:
    """`events` of each kind, `gap` seconds after one another on average, over the rounds."""
    with stage.opened() as ground, mail.opened() as sink:
        table = Table(
            f"Latency at idle, commit to provider call: one e-mail at a time, {gap:g} s apart on"
            " average; the peers with a job per message",
            (
                "system",
                "an open transaction",
                "p50 ms",
                "p90 ms",
                "p99 ms",
                "max ms",
                "p50 since COMMIT sent",
                "events",
                "later than 10 s",
            ),
        )
        urls = {
            name: _prepared(ground, f"latency_{number}", system)
            for number, (name, system) in enumerate(SYSTEMS.items())
        }
        found: dict[tuple[str, str], Delays] = defaultdict(lambda: Delays([], []))
        for _, name in stage.interleaved(rounds, list(SYSTEMS)):
            count = max(2, round(events * SYSTEMS[name].share / rounds))
            with _started(urls[name], SYSTEMS[name], sink) as worker:
                _measure(urls[name], SYSTEMS[name], sink, worker, min(3, count), gap)
                for background in BACKGROUNDS:
                    with _background(urls[name], SYSTEMS[name], background):
                        delays = _measure(urls[name], SYSTEMS[name], sink, worker, count, gap)
                    total = found[name, background]
                    total.answered += delays.answered
                    total.sent += delays.sent
                    total.late += delays.late

        to_inbox = _to_inbox(ground.ours("latency_inbox"), 2 * events, gap)

    for name, background in product(SYSTEMS, BACKGROUNDS):
        delays = found[name, background]
        table.add(
            name,
            background,
            *(decimal(percentile(delays.answered, share)) for share in (0.5, 0.9, 0.99, 1)),
            decimal(median(delays.sent)),
            number(len(delays.answered)),
            number(delays.late),
        )
    table.head = ground.head
    table.notes += [
        (
            "from the answer to COMMIT to the first byte of the mail at an SMTP server here, by one"
            " clock; no event begins before the mail of the last has come. Aim: p50 5, p99 15"
        ),
        "ours renders the whole mail of order.paid (HTML, text, headers); the peers a few lines",
        (
            "ours, from the answer to COMMIT to the row in the inbox, beside a reader that polls:"
            f" p50 {decimal(median(to_inbox))} ms, p99 {decimal(percentile(to_inbox, 0.99))},"
            f" {number(len(to_inbox))} events"
        ),
        (
            "idle since it emitted: it wrote its event while the router was awake, which keeps the"
            " router from sleeping: the worst that a producer can do to it"
        ),
    ]
    return table


def _prepared(ground: Stage, name: str, system: System) -> str:
    if system.peer is None:
        url = ground.ours(name)
        people.into_postbell(url, _RECIPIENTS)
        return url
    url = ground.theirs(name)
    people.into_peer(url, _RECIPIENTS)
    asyncio.run(PEERS[system.peer].prepare(url))
    return url


def _started(url: str, system: System, sink: Sink) -> AbstractContextManager[Process]:
    if system.peer is None:
        return process.daemon(url, smtp_url=f"smtp://127.0.0.1:{sink.port}")
    return process.worker(
        system.peer,
        url,
        concurrency=2 if system.peer != "polled outbox" else 1,
        chunk=100,
        driver=system.driver,
        sink=f"127.0.0.1:{sink.port}",
    )


def _emitter(system: System) -> Callable[[Session, str], object]:
    if system.peer is None:
        return lambda session, recipient: session.execute(_EMIT, [recipient])
    emit = PEERS[system.peer].emit
    (message,) = messages_for(1, _RECIPIENTS, EMAIL)
    return lambda session, recipient: emit(session, message.to(recipient))


def _measure(
    url: str, system: System, sink: Sink, worker: Process, count: int, gap: float
) -> Delays:
    dice = random.Random()
    delays = Delays([], [])
    emit = _emitter(system)
    with connected(url) as session:
        for _ in range(count):
            time.sleep(dice.uniform(0, 2 * gap))
            recipient = f"u{dice.randint(1, _RECIPIENTS)}"
            session.execute("begin")
            emit(session, recipient)
            sent = time.perf_counter()
            session.execute("commit")
            answered = time.perf_counter()
            began = _awaited(sink, f"{recipient}@example.org")
            if began is None:
                worker.fail_if_ended()
                delays.late += 1
                continue
            delays.answered.append((began - answered) * 1000)
            delays.sent.append((began - sent) * 1000)
    # The last mail is sent, but not yet written down: whoever is stopped now sends it again.
    time.sleep(0.3)
    return delays


def _to_inbox(url: str, count: int, gap: float) -> list[float]:
    """Milliseconds from the answer to COMMIT until the inbox has the item, one at a time."""
    people.into_postbell(url, _RECIPIENTS)
    dice = random.Random()
    delays = []
    has_item = "select exists (select from postbell.inbox_item where recipient_id = %s)"
    with process.daemon(url), connected(url) as session, connected(url) as reader:
        for index in range(1, count + 1):
            time.sleep(dice.uniform(0, 2 * gap))
            session.execute(_EMIT.replace("{email}", "{in_app}"), [f"u{index}"])
            answered = time.perf_counter()
            while not value(reader, has_item, f"u{index}"):
                time.sleep(0.0002)
            delays.append((time.perf_counter() - answered) * 1000)
    return delays


def _awaited(sink: Sink, address: str) -> float | None:
    """When the mail began, past late ones that were given up already; None if it does not come."""
    deadline = time.perf_counter() + _PATIENCE
    while True:
        try:
            arrival = sink.arrivals.get(timeout=max(0, deadline - time.perf_counter()))
        except queue.Empty:
            return None
        if arrival.address == address:
            return arrival.began


@contextmanager
def _background(url: str, system: System, kind: str) -> Iterator[None]:
    if kind == "nothing":
        with nullcontext():
            yield
        return
    with connected(url) as session:
        if kind == "idle since it read":
            session.execute("begin")
            session.execute("select pg_current_xact_id()")
        else:
            _emit_and_stay(url, session, system)
        yield
        session.execute("rollback")


def _emit_and_stay(url: str, session: Session, system: System) -> None:
    """Leaves open a transaction that emitted while the router was awake."""
    emit = _emitter(system)
    if system.peer is not None:
        session.execute("begin")
        emit(session, "u1")
        return
    with connected(url) as waker:
        for _ in range(1000):
            # An event without anybody to hear of it: it wakes and sends no mail.
            waker.execute("insert into postbell.outbox (event, recipient) values ('no.such', 'x')")
            session.execute("begin")
            emit(session, "u1")
            if value(session, _KEEPS_AWAKE):
                return
            session.execute("rollback")
    raise RuntimeError("The router was never met awake.")
