"""Each benchmark runs, prints a table with all of its rows, and loses nothing on the way.

What they measure is not asserted: speed is the machine's. What they count, they assert themselves.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.benchmarks import (
    erase,
    fan_out,
    grown,
    inbox,
    latency,
    producer,
    providers,
    rivals,
    routing,
    stream,
    throughput,
    xmin_horizon,
)
from tests.benchmarks.table import Table

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

BENCHMARKS: dict[str, tuple[Callable[[], Table], int]] = {
    "producer": (
        lambda: producer.run(rounds=1, seconds=1, clients=4, customers=100),
        len(producer.VARIANTS),
    ),
    "throughput": (
        lambda: throughput.run(rounds=1, events=500, recipients=100, seconds=1, rate=200),
        1 + len(throughput.CANDIDATES),
    ),
    "routing": (
        lambda: routing.run(events=1_000, rounds=1, recipients=100),
        len(routing.CASES),
    ),
    "latency": (
        lambda: latency.run(events=2, gap=0.02, rounds=1),
        len(latency.SYSTEMS) * len(latency.BACKGROUNDS),
    ),
    "xmin_horizon": (lambda: xmin_horizon.run(seconds=2, rate=50, recipients=100), 4),
    "fan_out": (lambda: fan_out.run(recipients=1_000, events=5), 9),
    "inbox": (lambda: inbox.run(items=20_000, rounds=1, seconds=1), len(inbox.QUERIES)),
    "grown": (
        lambda: grown.run(rows=12_000, events=200, rounds=1),
        4 + len(grown.QUERIES),
    ),
    "erase": (lambda: erase.run(items=100, others=1_000, seconds=0.5), 7),
    "stream": (lambda: stream.run(streams=100, rounds=2), len(stream.SERVERS)),
}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_prints_its_whole_table(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    run, rows = BENCHMARKS[name]

    table = run()
    table.print()

    assert len(table.rows) == rows
    printed = capsys.readouterr().out
    assert "PostgreSQL 18" in printed
    assert "fsync=on, synchronous_commit=on" in printed
    assert "Processors while it ran" in printed
    assert table.columns[0] in printed
    if "later than 10 s" in table.columns:
        late = table.columns.index("later than 10 s")
        assert [row[late] for row in table.rows] == ["0"] * rows


def test_the_benchmark_of_providers_prints_a_row_for_each_way_to_send(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = providers.run(rounds=1, messages=50)
    table.print()

    services = sum(len(rival.SCHEMES) for rival in rivals.RIVALS.values())
    assert len(table.rows) == services * len(providers.WAYS)
    printed = capsys.readouterr().out
    assert "Machine: " in printed
    assert "Processors while it ran" in printed
    assert all(f"{name} " in printed for name in rivals.RIVALS)
