"""Snapshots outside the database agree with those inside it."""

from __future__ import annotations

from hypothesis import given as supposing
from hypothesis import strategies as some

from dispatcher.gateway.snapshot import Snapshot
from tests.support import given
from tests.support.given import Connection


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
