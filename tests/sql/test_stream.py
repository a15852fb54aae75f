"""The stream log: what open pages are told, in commit order, and what they have missed."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from tests.support import given
from tests.support.background import Background, Connect, await_waiting, rings
from tests.support.given import Connection
from tests.support.waiting import past_end

#: Leaves of the ring, and seconds of each.
RING, LEAF = 8, 10_800


def now(db: Connection) -> str:
    return str(given.value(db, "select snapshot::text from postbell_private.stream_position()"))


@pytest.fixture(autouse=True)
def one_leaf() -> None:
    """What is told in a test is told in one leaf."""
    past_end(LEAF)


def tell(db: Connection, who: str = "u1", **columns: object) -> int:
    """A notification as record_stream() writes it; its number in the log."""
    named = {"tenant_id": "default", "kind": "notification", "recipient_id": who, **columns}
    told = given.value(
        db,
        f"insert into postbell_private.stream_event ({', '.join(named)}, frame)"
        f" values ({', '.join(['%s'] * len(named))}, '{{}}') returning id",
        *named.values(),
    )
    return int(told)


def tell_and_ring(db: Connection) -> None:
    with db.transaction():
        tell(db)
        given.call(db, "notify_gateways")


def between(db: Connection, since: str, until: str, most: int = 1000) -> list[int]:
    """The window, read in pages of `most`."""
    found: list[int] = []
    after: tuple[str, int] = ("0", 0)
    while page := given.rows(
        db,
        "select xid::text, id from postbell_private.stream_between(%s, %s, %s, %s, %s)",
        since, until, *after, most,
    ):  # fmt: skip
        found += [number for _, number in page]
        after = page[-1]
    return found


def missed(
    db: Connection, since: str, until: str, who: str = "u1", most: int = 100, **named: object
) -> list[int]:
    gone = given.call(
        db, "stream_missed", recipient=who, since=since, until=until, most=most, **named
    )
    return [number for _, number, _ in gone]


def log(db: Connection) -> list[tuple[Any, ...]]:
    return given.rows(
        db,
        "select kind, recipient_id, recipient_ids, item_ids from postbell_private.stream_event"
        " order by id",
    )


@pytest.fixture
def gateway(db: Connection, connect: Connect) -> Connection:
    session = connect()
    given.call(session, "acquire_gateway_lock")
    session.execute("listen postbell_stream")
    return session


# --- in commit order


@pytest.mark.parametrize("most", [1, 2, 1000])
def test_what_was_told_between_two_snapshots_is_found_once(db: Connection, most: int) -> None:
    first = now(db)
    told = [tell(db) for _ in range(3)]
    second = now(db)
    later = tell(db)
    assert between(db, first, second, most) == told
    assert between(db, second, now(db), most) == [later]
    assert between(db, first, first, most) == []


def test_a_late_committer_is_never_skipped(db: Connection, connect: Connect) -> None:
    since = now(db)
    slow = connect(autocommit=False)
    early = tell(slow)
    late = tell(db)
    middle = now(db)
    assert between(db, since, middle) == missed(db, since, middle) == [late]
    slow.commit()
    assert between(db, middle, now(db)) == missed(db, middle, now(db)) == [early]


def test_an_open_transaction_holds_up_nobody(db: Connection, connect: Connect) -> None:
    first = now(db)
    stuck = connect(autocommit=False)
    tell(stuck)
    told = []
    for _ in range(3):
        since = now(db)
        told.append(tell(db))
        assert between(db, since, now(db)) == missed(db, since, now(db)) == told[-1:]
    stuck.rollback()
    assert between(db, first, now(db)) == told


def test_what_is_rolled_back_is_never_told(db: Connection, connect: Connect) -> None:
    since = now(db)
    other = connect(autocommit=False)
    tell(other)
    other.rollback()
    assert between(db, since, now(db)) == []


def test_a_page_may_end_inside_a_transaction(db: Connection, connect: Connect) -> None:
    since = now(db)
    other = connect(autocommit=False)
    told = [tell(other) for _ in range(5)]
    other.commit()
    assert between(db, since, now(db), most=2) == told


# --- of one person


def test_a_person_is_told_what_is_theirs_and_nothing_else(db: Connection) -> None:
    since = now(db)
    own = tell(db)
    theirs = tell(db, "u2")
    elsewhere = tell(db, tenant_id="other")
    until = now(db)
    assert missed(db, since, until) == [own]
    assert missed(db, since, until, "u2") == [theirs]
    assert missed(db, since, until, tenant_id="other") == [elsewhere]


def test_no_more_is_told_than_was_asked_for_and_the_oldest_first(db: Connection) -> None:
    since = now(db)
    told = [tell(db) for _ in range(5)]
    assert missed(db, since, now(db), most=3) == told[:3]


# --- written with the delivery


def batch(db: Connection, channel: str) -> tuple[int, UUID, list[int]]:
    """Claims the only batch of a channel: its id, the claim, its deliveries."""
    found = given.rows(
        db,
        "select b.id, c.claim_token, c.delivery_id from postbell.batch as b,"
        " postbell_private.claim_batch(b.id, b.channel) as c where b.channel = %s",
        channel,
    )
    return found[0][0], found[0][1], [delivery for _, _, delivery in found]


def record(
    db: Connection, function: str, at: tuple[int, UUID, list[int]], **named: object
) -> int | None:
    """How many were written; None if the claim does not hold."""
    batch_id, claim, deliveries = at
    said = {"title": "Paid", "body": 'said "thank you"\n', **named}
    items = json.dumps([{"delivery_id": delivery, **said} for delivery in deliveries])
    written: int | None
    ((written,),) = given.call(db, function, batch_id=batch_id, claim_token=claim, items=items)
    return written


def test_a_notification_is_told_and_its_delivery_settled_at_once(db: Connection) -> None:
    event = given.emit(db, channels=["sse"], subject="order:7")
    given.route(db)
    taken = batch(db, "sse")
    assert record(db, "record_stream", taken, link="https://default.example/orders/7") == 1
    assert given.deliveries(db, event) == {("u1", "sse"): ("sent", "wanted")}
    (frame,) = given.column(db, "select frame from postbell_private.stream_event")
    created_at = frame.pop("created_at")
    assert frame == {
        "id": taken[2][0], "item_id": None, "event": "order.paid", "category": "orders",
        "subject": "order:7", "title": "Paid", "body": 'said "thank you"\n',
        "link": "https://default.example/orders/7",
    }  # fmt: skip
    assert created_at.startswith("20")
    steps = given.rows(db, "select what, provider from postbell.delivery_timeline order by 1")
    assert steps == [("attempt: sent", "stream"), ("emitted", None)]
    assert given.value(db, "select count(*) from postbell.batch") == 0


def test_a_notification_names_the_inbox_item_of_the_same_event(db: Connection) -> None:
    given.emit(db, channels=["sse", "in_app"])
    given.route(db)
    record(db, "record_stream", batch(db, "sse"))
    _, _, (item,) = batch(db, "in_app")
    (frame,) = given.column(db, "select frame from postbell_private.stream_event")
    assert frame["item_id"] == item


def test_a_frame_is_one_line_whatever_it_says(db: Connection) -> None:
    given.emit(db, channels=["sse"])
    given.route(db)
    record(db, "record_stream", batch(db, "sse"), title="a\nb\r\u2028c", body="\n\nevent: x\n")
    (text,) = given.column(db, "select frame::text from postbell_private.stream_event")
    assert "\n" not in text
    assert "\r" not in text


def test_a_batch_recorded_twice_tells_once(db: Connection) -> None:
    given.emit(db, channels=["sse"])
    given.route(db)
    taken = batch(db, "sse")
    assert record(db, "record_stream", taken) == 1
    assert record(db, "record_stream", taken) is None
    assert len(log(db)) == 1


def test_what_was_cancelled_meanwhile_is_not_told(db: Connection) -> None:
    event = given.emit(db, channels=["sse"])
    given.route(db)
    taken = batch(db, "sse")
    given.call(db, "cancel", outbox_id=event)
    assert record(db, "record_stream", taken) == 0
    assert log(db) == []


def test_a_batch_for_the_inbox_is_one_row_for_all_its_people(
    db: Connection, gateway: Connection
) -> None:
    given.recipient(db, "u2")
    given.emit(db, recipient=None, audience={"recipients": ["u1", "u2"]}, channels=["in_app"])
    given.route(db)
    taken = batch(db, "in_app")
    record(db, "record_inbox", taken)
    assert log(db) == [("added", None, ["u1", "u2"], taken[2])]


def test_what_comes_while_muted_is_told_nobody(db: Connection, gateway: Connection) -> None:
    given.call(db, "mute", recipient="u1")
    given.emit(db, channels=["in_app", "sse"])
    given.route(db)
    record(db, "record_inbox", batch(db, "in_app"))
    assert log(db) == []
    assert given.value(db, "select count(*) from postbell.batch") == 0


# --- what changes in an inbox


@pytest.mark.parametrize(
    ("verb", "kind"), [("mark_seen", "seen"), ("mark_read", "read"), ("archive", "archived")]
)
def test_marking_tells_the_other_pages_in_one_row(
    db: Connection, gateway: Connection, verb: str, kind: str
) -> None:
    items = [given.inbox_item(db) for _ in range(3)]
    given.call(db, verb, recipient="u1", item_ids=items)
    assert log(db) == [(kind, None, ["u1"], items)]


def test_what_is_pinned_and_unpinned_is_told(db: Connection, gateway: Connection) -> None:
    items = [given.inbox_item(db) for _ in range(2)]
    given.call(db, "pin", recipient="u1", item_ids=items)
    given.call(db, "pin", recipient="u1", item_ids=items)
    given.call(db, "unpin", recipient="u1", item_ids=items[:1])
    assert log(db) == [("pinned", None, ["u1"], items), ("unpinned", None, ["u1"], items[:1])]


def test_what_is_taken_out_of_the_archive_is_told(db: Connection, gateway: Connection) -> None:
    item = given.inbox_item(db, archived_at="2030-01-01Z")
    given.call(db, "unarchive", recipient="u1", item_ids=[item])
    assert log(db) == [("unarchived", None, ["u1"], [item])]


def test_making_items_unread_is_told(db: Connection, gateway: Connection) -> None:
    item = given.inbox_item(db, read_at="2030-01-01Z", seen_at="2030-01-01Z")
    given.call(db, "mark_unread", recipient="u1", item_ids=[item])
    assert log(db) == [("unread", None, ["u1"], [item])]


@pytest.mark.parametrize(("many", "is_named"), [(100, True), (101, False)])
def test_too_many_items_are_not_named(
    db: Connection, gateway: Connection, many: int, is_named: bool
) -> None:
    items = [given.inbox_item(db) for _ in range(many)]
    given.call(db, "mark_all_read", recipient="u1")
    assert log(db) == [("read", None, ["u1"], items if is_named else None)]


def test_marking_what_is_marked_tells_nothing(db: Connection, gateway: Connection) -> None:
    item = given.inbox_item(db)
    given.call(db, "mark_read", recipient="u1", item_ids=[item])
    given.call(db, "mark_read", recipient="u1", item_ids=[item])
    assert len(log(db)) == 1


def test_several_unread_counts_are_asked_for_at_once(db: Connection) -> None:
    given.recipient(db, "u2")
    given.inbox_item(db)
    given.inbox_item(db, is_silent=True)
    found = given.rows(
        db,
        "select * from postbell_private.unread_among("
        "'{default,default,default,other}', '{u1,u2,nobody,u1}') order by recipient_id",
    )
    assert found == [("default", "u1", 1), ("default", "u2", 0)]


# --- whether anybody is there


def test_changes_are_not_written_down_while_no_gateway_is_there(db: Connection) -> None:
    given.emit(db, channels=["in_app"])
    given.route(db)
    taken = batch(db, "in_app")
    assert record(db, "record_inbox", taken) == 1
    given.call(db, "mark_read", recipient="u1", item_ids=taken[2])
    assert log(db) == []


def test_notifications_are_written_down_for_whoever_comes_later(db: Connection) -> None:
    given.emit(db, channels=["sse"])
    given.route(db)
    record(db, "record_stream", batch(db, "sse"))
    assert len(log(db)) == 1


def test_a_gateway_is_there_only_when_nobody_in_flight_thinks_otherwise(
    db: Connection, connect: Connect
) -> None:
    item = given.inbox_item(db)
    writer, session = connect(autocommit=False), connect()
    given.call(writer, "mark_read", recipient="u1", item_ids=[item])
    assert given.call(session, "acquire_gateway_lock") == [(False,)]
    writer.commit()
    assert given.call(session, "acquire_gateway_lock") == [(True,)]
    assert given.value(session, "select unread from postbell.unread_counts") == 0


def test_a_gateway_that_waits_is_not_kept_out_by_who_comes_later(
    db: Connection, connect: Connect
) -> None:
    items = [given.inbox_item(db) for _ in range(2)]
    writer, session = connect(autocommit=False), connect()
    given.call(writer, "mark_read", recipient="u1", item_ids=items[:1])
    arriving = Background(lambda: given.call(session, "acquire_gateway_lock"))
    await_waiting(db, session)
    given.call(db, "mark_read", recipient="u1", item_ids=items[1:])
    assert log(db) == [("read", None, ["u1"], items[1:])]
    writer.commit()
    assert arriving.result() == [(True,)]


def test_several_gateways_are_there_at_a_time(db: Connection, connect: Connect) -> None:
    item = given.inbox_item(db)
    first, second = connect(), connect()
    for session in (first, second):
        given.call(session, "acquire_gateway_lock")
    first.close()
    given.call(db, "mark_read", recipient="u1", item_ids=[item])
    assert len(log(db)) == 1


# --- the doorbell


def test_nobody_rings_while_no_gateway_sleeps(db: Connection, gateway: Connection) -> None:
    tell_and_ring(db)
    assert rings(gateway) == 0


def test_who_writes_while_a_gateway_sleeps_rings(db: Connection, gateway: Connection) -> None:
    place = given.value(gateway, "select postbell_private.acquire_gateway_sleep_lock()")
    tell_and_ring(db)
    assert rings(gateway) == 1
    assert given.value(gateway, "select postbell_private.release_gateway_sleep_lock(%s)", place)
    tell_and_ring(db)
    assert rings(gateway) == 0


def test_a_gateway_does_not_fall_asleep_over_a_writer_that_did_not_ring(
    db: Connection, connect: Connect, gateway: Connection
) -> None:
    writer = connect(autocommit=False)
    tell(writer)
    given.call(writer, "notify_gateways")
    assert given.value(gateway, "select postbell_private.acquire_gateway_sleep_lock()") is None
    writer.commit()
    assert given.value(gateway, "select postbell_private.acquire_gateway_sleep_lock()") == 0
    assert rings(gateway) == 0


def test_several_gateways_sleep_and_each_is_woken(
    db: Connection, connect: Connect, gateway: Connection
) -> None:
    sessions = [gateway, *(connect() for _ in range(4))]
    for session in sessions:
        session.execute("listen postbell_stream")
    places = [
        given.value(session, "select postbell_private.acquire_gateway_sleep_lock()")
        for session in sessions
    ]
    assert places == [0, 1, 2, 3, None]
    given.value(gateway, "select postbell_private.release_gateway_sleep_lock(0)")
    tell_and_ring(db)
    assert [rings(session) for session in sessions] == [1] * 5


def test_a_gateway_that_dies_leaves_its_place(db: Connection, connect: Connect) -> None:
    dead = connect()
    assert given.value(dead, "select postbell_private.acquire_gateway_sleep_lock()") == 0
    dead.close()
    heir = connect()
    while given.value(heir, "select postbell_private.acquire_gateway_sleep_lock()") != 0:
        given.value(heir, "select pg_advisory_unlock_all() is null")
    assert given.value(heir, "select postbell_private.release_gateway_sleep_lock(0)")


def test_a_session_that_prepares_transactions_can_be_exempt(
    db: Connection, gateway: Connection
) -> None:
    given.value(gateway, "select postbell_private.acquire_gateway_sleep_lock()")
    db.execute("set postbell.wake = off")
    tell_and_ring(db)
    assert rings(gateway) == 0


def test_marking_rings_only_where_something_changed(db: Connection, gateway: Connection) -> None:
    item = given.inbox_item(db)
    given.value(gateway, "select postbell_private.acquire_gateway_sleep_lock()")
    given.call(db, "mark_read", recipient="u1", item_ids=[item])
    assert rings(gateway) == 1
    given.call(db, "mark_read", recipient="u1", item_ids=[item])
    assert rings(gateway) == 0


@pytest.mark.parametrize(("channel", "function"), [("sse", "stream"), ("in_app", "inbox")])
def test_a_delivery_rings(db: Connection, gateway: Connection, channel: str, function: str) -> None:
    given.emit(db, channels=[channel])
    given.route(db)
    given.value(gateway, "select postbell_private.acquire_gateway_sleep_lock()")
    record(db, f"record_{function}", batch(db, channel))
    assert rings(gateway) == 1


# --- the ring


def tell_ago(db: Connection, leaves: int) -> int:
    slot = given.value(
        db, f"select mod(extract(epoch from now())::bigint / {LEAF} - %s, {RING})::int", leaves
    )
    return tell(db, slot=slot)


def test_a_row_falls_into_the_leaf_of_its_three_hours(db: Connection) -> None:
    tell(db)
    expected = given.value(db, f"select mod(extract(epoch from now())::bigint / {LEAF}, {RING})")
    assert given.column(db, "select slot from postbell_private.stream_event") == [expected]


def test_the_oldest_leaves_are_emptied_by_the_housekeeping(db: Connection) -> None:
    told = [tell_ago(db, leaves) for leaves in range(RING)]
    db.execute("select postbell_private.tidy_up()")
    left = given.column(db, "select id from postbell_private.stream_event order by id")
    assert left == told[: RING - 2]
    assert given.value(db, "select postbell_private.truncate_stream()") == 0


def test_what_is_gone_is_known_to_be_gone(db: Connection) -> None:
    before = now(db)
    tell_ago(db, RING - 1)
    after = now(db)
    assert given.value(db, "select postbell_private.is_stream_kept(%s)", before)
    given.value(db, "select postbell_private.truncate_stream()")
    assert not given.value(db, "select postbell_private.is_stream_kept(%s)", before)
    assert given.value(db, "select postbell_private.is_stream_kept(%s)", after)


def test_a_snapshot_that_left_a_truncated_transaction_open_has_missed_it(
    db: Connection, connect: Connect
) -> None:
    writer = connect(autocommit=False)
    writer.execute("select pg_current_xact_id()")
    since = now(db)
    tell_ago(writer, RING - 1)
    writer.commit()
    given.value(db, "select postbell_private.truncate_stream()")
    assert not given.value(db, "select postbell_private.is_stream_kept(%s)", since)


def test_a_leaf_that_is_read_just_then_is_passed_over_at_once(
    db: Connection, connect: Connect
) -> None:
    tell_ago(db, RING - 1)
    reader = connect(autocommit=False)
    reader.execute("select from postbell_private.stream_event")
    db.execute("set statement_timeout = '10s'")
    assert given.value(db, "select postbell_private.truncate_stream()") == 0
    reader.rollback()
    assert given.value(db, "select postbell_private.truncate_stream()") == 1


def test_of_another_clusters_log_nothing_is_left_after_a_reset(db: Connection) -> None:
    tell(db)
    tell_ago(db, RING - 1)
    given.value(db, "select postbell_private.truncate_stream()")
    db.execute("select postbell.reset_router()")
    assert log(db) == []
    assert given.value(db, "select postbell_private.is_stream_kept('1:1:')")


# --- in which time a position is good


def epoch(db: Connection) -> int:
    return int(given.value(db, "select epoch from postbell_private.stream_position()"))


def forget_epoch(db: Connection) -> None:
    """What PostgreSQL does to an unlogged table after a crash."""
    db.execute("delete from postbell_private.stream_epoch")


def test_an_epoch_is_the_same_for_everybody(db: Connection, connect: Connect) -> None:
    assert epoch(db) == epoch(connect()) == epoch(db)


def test_two_that_begin_an_epoch_agree_on_it(db: Connection, connect: Connect) -> None:
    forget_epoch(db)
    first = connect(autocommit=False)
    begun = epoch(first)

    second = connect()
    waiting = Background(lambda: epoch(second))
    await_waiting(db, second)
    first.commit()

    assert waiting.result() == begun == epoch(db)


def test_after_a_crash_another_epoch_begins(db: Connection) -> None:
    before = epoch(db)
    forget_epoch(db)
    assert epoch(db) != before


def test_a_table_that_a_crash_empties_holds_the_epoch(db: Connection) -> None:
    persistence = (
        "select relpersistence from pg_class where oid = 'postbell_private.stream_epoch'::regclass"
    )
    assert given.value(db, persistence) == "u"


def test_a_dump_does_not_bring_its_epoch_into_another_cluster(db: Connection) -> None:
    before = epoch(db)
    db.execute("update postbell_private.stream_epoch set system_identifier = 1")
    after = epoch(db)
    assert after != before
    assert epoch(db) == after


def test_a_router_that_is_reset_begins_another_epoch(db: Connection) -> None:
    before = epoch(db)
    db.execute("select postbell.reset_router()")
    assert epoch(db) != before
