"""What a client sends back as `Last-Event-ID`, and the snapshots in it."""

from __future__ import annotations

import pytest
from hypothesis import given as supposing
from hypothesis import strategies as some

from dispatcher.gateway.stream.cursor import LONGEST, Cursor, Snapshot
from tests.support import given
from tests.support.given import Connection

#: A signed number of 64 bits.
EPOCH = -7_512_345_678_901_234_567


@some.composite
def snapshots(draw: some.DrawFn, least: int = 1) -> Snapshot:
    xmax = draw(some.integers(least, 40))
    running = draw(some.frozensets(some.integers(1, 39)))
    running = frozenset(xid for xid in running if xid < xmax)
    return Snapshot(min(running, default=xmax), xmax, running)


@some.composite
def windows(draw: some.DrawFn) -> tuple[Snapshot, Snapshot]:
    """Two snapshots of which the second is later: it sees all that the first does, and more."""
    since = draw(snapshots())
    xmax = draw(some.integers(since.xmax, 45))
    begun = draw(some.frozensets(some.integers(since.xmax, 44)))
    still = draw(some.frozensets(some.sampled_from(sorted(since.running) or [0])))
    running = frozenset(xid for xid in begun | still if 0 < xid < xmax)
    return since, Snapshot(min(running, default=xmax), xmax, running)


def seen(snapshot: Snapshot) -> set[int]:
    return {xid for xid in range(1, 50) if snapshot.sees(xid)}


@supposing(snapshots())
def test_a_snapshot_is_spelled_as_it_is_read(snapshot: Snapshot) -> None:
    assert Snapshot.parse(str(snapshot)) == snapshot


@supposing(snapshots(), snapshots())
def test_one_covers_another_if_it_sees_as_much(one: Snapshot, other: Snapshot) -> None:
    if one.covers(other):
        assert seen(other) <= seen(one)
    elif other.xmax <= one.xmax:
        assert not seen(other) <= seen(one)


@supposing(windows())
def test_a_later_snapshot_covers_an_earlier_one(window: tuple[Snapshot, Snapshot]) -> None:
    since, until = window
    assert until.covers(since)
    assert seen(since) <= seen(until)


@supposing(windows(), some.integers(1, 49))
def test_who_has_read_part_of_a_window_has_a_snapshot_of_that(
    window: tuple[Snapshot, Snapshot], xid: int
) -> None:
    since, until = window
    if xid in seen(until) - seen(since):
        partly = until.up_to(xid, since)
        assert seen(partly) == seen(since) | {one for one in seen(until) if one < xid}
        assert Snapshot.parse(str(partly)) == partly
        assert until.covers(partly)
        assert not partly.sees(xid)


def test_postgresql_reads_and_writes_the_same_spelling(connection: Connection) -> None:
    for text in ("7:7:", "7:9:7,8", "5:20:5,9,19"):
        snapshot = Snapshot.parse(text)
        assert given.value(connection, "select %s::pg_snapshot::text", str(snapshot)) == text
        for xid in range(1, 22):
            is_seen = given.value(
                connection, "select pg_visible_in_snapshot(%s::text::xid8, %s)", str(xid), text
            )
            assert snapshot.sees(xid) == is_seen


@some.composite
def positions(draw: some.DrawFn) -> Cursor:
    xmax = draw(some.integers(1, 2**40))
    running = draw(some.frozensets(some.integers(max(1, xmax - 200), xmax)))
    running = frozenset(xid for xid in running if xid < xmax)
    xid = draw(some.integers(0, 2**40))
    row_id = draw(some.integers(1, 2**40)) if xid else 0
    return Cursor(Snapshot(min(running, default=xmax), xmax, running), xid, row_id)


@supposing(positions())
def test_a_position_is_read_as_it_was_spelled(position: Cursor) -> None:
    assert Cursor.decode(position.encode(EPOCH), EPOCH) == position


@supposing(positions())
def test_an_id_fits_into_a_header_and_a_line(position: Cursor) -> None:
    assert position.encode(EPOCH).replace("-", "").replace(".", "").isalnum()


def test_an_id_of_another_epoch_is_none_of_ours() -> None:
    spelled = Cursor(Snapshot(7, 9, frozenset({7}))).encode(EPOCH)
    assert Cursor.decode(spelled, EPOCH + 1) is None


@supposing(some.text())
def test_whatever_a_client_sends_is_a_position_or_none(text: str) -> None:
    found = Cursor.decode(text, EPOCH)
    assert found is None or found.encode(EPOCH) == text


@pytest.mark.parametrize(
    "rest",
    [
        "", "0-0-", "7-2", "7-2-0-", "7-2-2", "7-2-ff", "7-2--5", "7-2-0-5", "-7-2-0", "+7-2-0",
        "7_0-2-0", "7-2-0.", "ffffffffffffffff-0-", "1-ffffffffffffffff-", "7-2-0-5-1-1", "7-2-٣",
        "7-2-0\n", "7-2-" + ".".join(["0"] * LONGEST),
    ],
)  # fmt: skip
def test_a_forged_id_is_refused(rest: str) -> None:
    epoch = Cursor(Snapshot(7, 9, frozenset())).encode(EPOCH).partition("-")[0]
    assert Cursor.decode(f"{epoch}-{rest}", EPOCH) is None


def test_rows_up_to_a_position_have_been_read() -> None:
    position = Cursor(Snapshot(7, 10, frozenset({7, 9})), 9, 100)
    read = [
        (xid, row) for xid in (6, 7, 8, 9, 10) for row in (99, 100, 101) if position.has(xid, row)
    ]
    assert read == [(6, 99), (6, 100), (6, 101), (8, 99), (8, 100), (8, 101), (9, 99), (9, 100)]
