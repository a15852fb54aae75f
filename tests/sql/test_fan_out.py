"""Audiences: who is in them, and large ones told in turns so that nobody waits for them."""

from __future__ import annotations

import pytest

from tests.support import given
from tests.support.background import Connect
from tests.support.given import Connection


def crowd(db: Connection, many: int = 30, tenant_id: str = "default", role: str = "crowd") -> None:
    db.execute(
        "insert into postbell.recipient (tenant_id, id)"
        " select %s, 'p' || to_char(n, 'FM0000') from generate_series(1, %s) as n"
        " on conflict do nothing",
        [tenant_id, many],
    )
    db.execute(
        "insert into postbell.recipient_role (tenant_id, role, recipient_id)"
        " select tenant_id, %s, id from postbell.recipient where tenant_id = %s and id like 'p%%'",
        [role, tenant_id],
    )


def emit_to_crowd(db: Connection, **columns: object) -> int:
    return given.emit(db, "order.paid", None, audience={"role": "crowd"}, **columns)


def fan_out(db: Connection, most: int = 10) -> int | None:
    reached = given.value(db, "select reached from postbell_private.fan_out(%s)", most)
    return None if reached is None else int(reached)


def told(db: Connection, event: int) -> list[str]:
    return sorted(who for who, _ in given.deliveries(db, event))


def finish(db: Connection) -> None:
    """As if dispatchers had worked off the queue."""
    db.execute("delete from postbell.batch")


@pytest.fixture
def small(db: Connection) -> Connection:
    """Four people: ann and bob in support, bob and cid following thread:7, and u1."""
    for name, roles in (("ann", ["support"]), ("bob", ["support", "sales"]), ("cid", [])):
        given.recipient(db, name, roles=roles)
    for name in ("bob", "cid"):
        given.call(db, "join_topic", recipient=name, topic="thread:7")
    return db


@pytest.mark.parametrize(
    ("named", "people"),
    [
        ({"recipient": "ann"}, ["ann"]),
        ({"audience": {"recipients": ["bob", "ann"]}}, ["ann", "bob"]),
        ({"audience": {"role": "support"}}, ["ann", "bob"]),
        ({"audience": {"topic": "thread:7"}}, ["bob", "cid"]),
        ({"audience": {"everyone": True}}, ["ann", "bob", "cid", "u1"]),
        ({"audience": {"role": "support", "topic": "thread:7"}}, ["ann", "bob", "cid"]),
        ({"audience": {"role": "sales"}, "recipient": "ann"}, ["ann", "bob"]),
        ({"audience": {"role": "nobody has it"}}, []),
        ({"audience": {"topic": "thread:8"}}, []),
    ],
    ids=str,
)
def test_an_audience_is(small: Connection, named: dict[str, object], people: list[str]) -> None:
    event = given.emit(small, **{"recipient": None, **named})  # type: ignore[arg-type]
    given.route(small)
    assert told(small, event) == people


def test_who_is_named_twice_is_told_once(small: Connection) -> None:
    audience = {"recipients": ["bob", "bob"], "role": "support", "everyone": True}
    event = given.emit(small, recipient="bob", audience=audience)
    given.route(small)
    assert told(small, event) == ["ann", "bob", "cid", "u1"]


def test_another_tenants_people_are_not_told(small: Connection) -> None:
    given.tenant(small, "other")
    given.recipient(small, "dan", tenant_id="other", roles=["support"])
    event = given.emit(small, recipient=None, audience={"role": "support"})
    given.route(small)
    assert told(small, event) == ["ann", "bob"]


def test_one_of_several_who_is_unknown_is_skipped_with_the_reason(small: Connection) -> None:
    event = given.emit(small, recipient=None, audience={"recipients": ["ann", "zoe", 7]})
    given.route(small)
    found = {who: fate.reason for (who, _), fate in given.deliveries(small, event).items()}
    assert found == {"ann": "wanted", "zoe": "recipient_unknown", "7": "recipient_unknown"}


def test_who_is_erased_is_skipped_with_the_reason_or_not_among_everyone(small: Connection) -> None:
    small.execute("update postbell.recipient set erased_at = now() where id = 'ann'")
    by_role = given.emit(small, recipient=None, audience={"role": "support"})
    everyone = given.emit(small, recipient=None, audience={"everyone": True})
    given.route(small)
    assert given.deliveries(small, by_role)["ann", "in_app"].reason == "recipient_erased"
    assert told(small, everyone) == ["bob", "cid", "u1"]


def test_leaving_a_topic_or_a_role_counts_from_then_on(small: Connection) -> None:
    given.call(small, "leave_topic", recipient="bob", topic="thread:7")
    given.recipient(small, "bob", roles=["sales"])
    event = given.emit(small, recipient=None, audience={"topic": "thread:7", "role": "support"})
    given.route(small)
    assert told(small, event) == ["ann", "cid"]


def test_an_audience_is_resolved_when_it_is_due(small: Connection) -> None:
    given.clock(small, "2030-03-01 13:00Z")
    event = given.emit(
        small, recipient=None, audience={"role": "support"}, deliver_at="2030-03-01 14:00Z"
    )
    given.route(small)
    assert told(small, event) == []
    given.recipient(small, "ann", roles=[])
    given.recipient(small, "eve", roles=["support"])
    given.clock(small, "2030-03-01 13:59Z")
    assert given.value(small, "select released from postbell_private.release_due()") == 0
    given.clock(small, "2030-03-01 14:00Z")
    assert given.value(small, "select released from postbell_private.release_due()") == 1
    assert told(small, event) == ["bob", "eve"]


def test_twenty_are_told_at_once_and_more_in_turns(db: Connection) -> None:
    crowd(db, 21)
    few = given.emit(
        db, recipient=None, audience={"recipients": [f"p{n:04}" for n in range(1, 21)]}
    )
    many = emit_to_crowd(db)
    given.route(db)
    assert len(told(db, few)) == 20
    assert told(db, many) == []
    assert given.column(db, "select notification_id from postbell.fanout") == [many]


def test_a_large_audience_is_told_to_the_last_person(db: Connection) -> None:
    crowd(db, 30)
    event = emit_to_crowd(db)
    given.route(db)
    assert [fan_out(db) for _ in range(5)] == [10, 10, 10, 1, 0]
    assert told(db, event) == [f"p{n:04}" for n in range(1, 31)]


def test_a_chunk_that_is_rolled_back_is_told_again_and_no_other(db: Connection) -> None:
    crowd(db, 25)
    event = emit_to_crowd(db)
    given.route(db)
    assert fan_out(db) == 10
    with db.transaction(force_rollback=True):
        assert fan_out(db) == 10
    assert len(told(db, event)) == 10
    while fan_out(db):
        pass
    assert told(db, event) == [f"p{n:04}" for n in range(1, 26)]


def test_who_joins_behind_the_last_chunk_is_told_too(db: Connection) -> None:
    crowd(db, 25)
    event = emit_to_crowd(db)
    given.route(db)
    fan_out(db)
    given.recipient(db, "z", roles=["crowd"])
    while fan_out(db):
        pass
    assert told(db, event)[-1] == "z"


def test_named_recipients_and_a_role_come_in_one_order(db: Connection) -> None:
    crowd(db, 25)
    audience = {"role": "crowd", "recipients": ["a", "p0003", "p0003", "zz"]}
    event = given.emit(db, recipient="u1", audience=audience)
    given.route(db)
    while fan_out(db, 4):
        finish(db)
    expected = sorted(["a", "zz", "u1", *(f"p{n:04}" for n in range(1, 26))])
    assert told(db, event) == expected


def test_tenants_take_turns(db: Connection) -> None:
    events = {}
    for tenant in ("red", "green", "blue"):
        given.tenant(db, tenant)
        crowd(db, 30, tenant)
        events[emit_to_crowd(db, tenant_id=tenant)] = tenant
        given.route(db)
    order = []
    for _ in range(6):
        before = {event: len(told(db, event)) for event in events}
        fan_out(db)
        order += [events[event] for event in events if len(told(db, event)) > before[event]]
    assert order == ["red", "green", "blue", "red", "green", "blue"]


def test_a_tenant_with_two_crowds_has_one_turn(db: Connection) -> None:
    given.tenant(db, "other")
    crowd(db, 30)
    crowd(db, 30, "other")
    first, second = emit_to_crowd(db), emit_to_crowd(db)
    others = emit_to_crowd(db, tenant_id="other")
    given.route(db)
    fan_out(db)
    fan_out(db)
    assert [len(told(db, event)) for event in (first, second, others)] == [10, 0, 10]


def test_critical_ones_come_first(db: Connection) -> None:
    crowd(db, 30)
    normal = emit_to_crowd(db)
    critical = emit_to_crowd(db, priority="critical")
    given.route(db)
    fan_out(db)
    assert [len(told(db, event)) for event in (normal, critical)] == [0, 10]


def test_while_the_queue_is_full_nobody_is_told(db: Connection) -> None:
    crowd(db, 60)
    event = emit_to_crowd(db)
    given.route(db)
    for _ in range(20):
        assert fan_out(db, 1) == 1
    assert fan_out(db, 1) is None
    assert len(told(db, event)) == 20
    finish(db)
    assert fan_out(db, 1) == 1


def test_a_chunk_somebody_else_tells_is_left_to_them(db: Connection, connect: Connect) -> None:
    crowd(db)
    emit_to_crowd(db)
    given.route(db)
    other = connect(autocommit=False)
    assert fan_out(other) == 10
    assert fan_out(db) is None
    other.rollback()
    assert fan_out(db) == 10


def test_a_large_audience_queues_behind_single_events(db: Connection) -> None:
    crowd(db)
    emit_to_crowd(db, priority="high")
    given.emit(db, priority="normal")
    given.emit(db, priority="low")
    given.route(db)
    fan_out(db)
    order = given.rows(
        db,
        "select b.priority, b.is_bulk from postbell_queue.pgqueuer as job"
        " join postbell.batch as b on b.id = convert_from(job.payload, 'UTF8')::bigint"
        " order by job.priority desc",
    )
    assert order == [("normal", False), ("high", True), ("low", False)]


def test_a_cancelled_audience_is_told_no_further(db: Connection) -> None:
    crowd(db)
    event = emit_to_crowd(db, subject="order:7")
    given.route(db)
    fan_out(db)
    finish(db)
    given.call(db, "cancel", subject="order:7")
    assert fan_out(db) == 0
    assert {fate.state for fate in given.deliveries(db, event).values()} == {"cancelled"}
    assert len(told(db, event)) == 10


def test_an_audience_cancelled_while_it_was_in_hand_is_told_no_further(
    db: Connection, connect: Connect
) -> None:
    crowd(db)
    event = emit_to_crowd(db, subject="order:7")
    given.route(db)
    router = connect(autocommit=False)
    given.value(router, "select reached from postbell_private.fan_out(10)")
    given.call(db, "cancel", subject="order:7")
    router.commit()
    finish(db)

    assert fan_out(db) == 1
    assert fan_out(db) == 0
    assert len(told(db, event)) == 10


def test_with_nothing_to_tell_there_is_nothing_to_do(db: Connection) -> None:
    assert fan_out(db) == 0


def test_a_long_list_is_taken_out_of_the_event_once(db: Connection) -> None:
    people = [f"p{number:02}" for number in range(30)]
    given.recipient(db, "ann", roles=["crowd"])
    event = given.emit(
        db, recipient="u1", audience={"recipients": [*people, "p00", "p07"], "role": "crowd"}
    )
    given.route(db)

    assert fan_out(db) == 10
    # Were it read again, nobody else would be found in it.
    db.execute("""update postbell_private.notification set audience = '{"recipients": []}'""")
    while fan_out(db):
        finish(db)

    assert set(told(db, event)) == {*people, "u1", "ann"}
    assert given.value(db, "select count(*) from postbell_private.fanout_member") == 0


def test_a_list_of_many_thousands_is_taken_in_parts(db: Connection) -> None:
    many = [f"nobody-{number:05}" for number in range(20_500)]
    event = given.emit(db, recipient=None, audience={"recipients": [*many, "u1"]})
    given.route(db)

    listed = []
    while fan_out(db, 20_000):
        finish(db)
        listed += given.column(db, "select listed from postbell.fanout")

    assert listed == [10_000, 20_000, 20_501]
    assert len(set(told(db, event))) == 20_501


def test_what_is_cancelled_leaves_no_list_behind(db: Connection) -> None:
    people = [f"p{number:02}" for number in range(30)]
    event = given.emit(db, recipient=None, audience={"recipients": people}, subject="order:1")
    given.route(db)
    assert fan_out(db) == 10
    given.call(db, "cancel", subject="order:1")

    assert fan_out(db) == 0
    assert len(told(db, event)) == 10
    assert given.value(db, "select count(*) from postbell_private.fanout_member") == 0
