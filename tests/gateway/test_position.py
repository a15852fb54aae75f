"""The opaque id of a stream: read back unchanged, and never believed."""

from __future__ import annotations

import pytest
from hypothesis import given as supposing
from hypothesis import strategies as some

from dispatcher.gateway.position import LONGEST, Position
from dispatcher.gateway.snapshot import Snapshot

#: A signed number of 64 bits.
EPOCH = -7_512_345_678_901_234_567


@some.composite
def positions(draw: some.DrawFn) -> Position:
    xmax = draw(some.integers(1, 2**40))
    running = draw(some.frozensets(some.integers(max(1, xmax - 200), xmax)))
    running = frozenset(xid for xid in running if xid < xmax)
    xid = draw(some.integers(0, 2**40))
    row_id = draw(some.integers(1, 2**40)) if xid else 0
    return Position(Snapshot(min(running, default=xmax), xmax, running), xid, row_id)


@supposing(positions())
def test_a_position_is_read_as_it_was_spelled(position: Position) -> None:
    assert Position.read(position.spelled(EPOCH), EPOCH) == position


@supposing(positions())
def test_an_id_fits_into_a_header_and_a_line(position: Position) -> None:
    assert position.spelled(EPOCH).replace("-", "").replace(".", "").isalnum()


def test_an_id_of_another_epoch_is_none_of_ours() -> None:
    spelled = Position(Snapshot(7, 9, frozenset({7}))).spelled(EPOCH)
    assert Position.read(spelled, EPOCH + 1) is None


@supposing(some.text())
def test_whatever_a_client_sends_is_a_position_or_none(text: str) -> None:
    found = Position.read(text, EPOCH)
    assert found is None or found.spelled(EPOCH) == text


@pytest.mark.parametrize(
    "rest",
    [
        "", "0-0-", "7-2", "7-2-0-", "7-2-2", "7-2-ff", "7-2--5", "7-2-0-5", "-7-2-0", "+7-2-0",
        "7_0-2-0", "7-2-0.", "ffffffffffffffff-0-", "1-ffffffffffffffff-", "7-2-0-5-1-1", "7-2-٣",
        "7-2-0\n", "7-2-" + ".".join(["0"] * LONGEST),
    ],
)  # fmt: skip
def test_a_forged_id_is_refused(rest: str) -> None:
    epoch = Position(Snapshot(7, 9, frozenset())).spelled(EPOCH).partition("-")[0]
    assert Position.read(f"{epoch}-{rest}", EPOCH) is None


def test_rows_up_to_a_position_have_been_read() -> None:
    position = Position(Snapshot(7, 10, frozenset({7, 9})), 9, 100)
    read = [
        (xid, row) for xid in (6, 7, 8, 9, 10) for row in (99, 100, 101) if position.has(xid, row)
    ]
    assert read == [(6, 99), (6, 100), (6, 101), (8, 99), (8, 100), (8, 101), (9, 99), (9, 100)]
