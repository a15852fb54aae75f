"""The router reads the log in commit order: everything committed once, nothing else, in pages."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from tests.support import given
from tests.support.background import Background, Connect, await_waiting
from tests.support.given import Connection


def told(db: Connection) -> list[int]:
    """Events in the order in which they were told of."""
    return given.column(
        db, "select notification_id from postbell.delivery group by 1 order by min(id)"
    )


def steps(db: Connection) -> int:
    return int(given.value(db, "select count(*) from postbell_private.router_step"))


def test_what_is_committed_is_routed_once(db: Connection) -> None:
    event = given.emit(db)
    assert given.route(db) > 0
    assert given.route(db) == 0
    assert told(db) == [event]


def test_what_is_rolled_back_never_was(db: Connection) -> None:
    with db.transaction(force_rollback=True):
        given.emit(db)
    given.route(db)
    assert told(db) == []


def test_nothing_is_written_while_nothing_happens(db: Connection) -> None:
    given.emit(db)
    given.route(db)
    before = steps(db)
    for _ in range(5):
        assert given.value(db, "select routed from postbell_private.route()") == 0
    assert steps(db) == before


def test_events_are_told_in_commit_order_of_what_the_router_saw(
    db: Connection, connect: Connect
) -> None:
    first, second = connect(autocommit=False), connect(autocommit=False)
    early = given.emit(first)
    late = given.emit(second)
    second.commit()
    given.route(db)
    first.commit()
    given.route(db)
    assert told(db) == [late, early]


def test_an_open_transaction_holds_up_nobody_and_is_found_when_it_commits(
    db: Connection, connect: Connect
) -> None:
    slow = connect(autocommit=False)
    forgotten = given.emit(slow)
    others = []
    for _ in range(3):
        others.append(given.emit(db))
        given.route(db)
        assert told(db) == others
    slow.commit()
    given.route(db)
    assert told(db) == [*others, forgotten]


def test_an_open_transaction_that_rolls_back_is_not_found(db: Connection, connect: Connect) -> None:
    slow = connect(autocommit=False)
    given.emit(slow)
    other = given.emit(db)
    given.route(db)
    slow.rollback()
    given.route(db)
    assert told(db) == [other]


def test_a_transaction_that_had_its_id_long_before_it_emits_is_found(
    db: Connection, connect: Connect
) -> None:
    slow = connect(autocommit=False)
    slow.execute("select pg_current_xact_id()")
    other = given.emit(db)
    given.route(db)
    forgotten = given.emit(slow)
    given.route(db)
    slow.commit()
    given.route(db)
    assert told(db) == [other, forgotten]


def test_several_open_transactions_are_each_found_once(db: Connection, connect: Connect) -> None:
    sessions = [connect(autocommit=False) for _ in range(4)]
    emitted = [given.emit(session) for session in sessions]
    for number in (2, 0, 3, 1):
        sessions[number].commit()
        given.emit(db)
        given.route(db)
    found = told(db)
    assert sorted(set(found)) == sorted(found)
    assert [event for event in found if event in emitted] == [emitted[n] for n in (2, 0, 3, 1)]


def test_a_savepoint_that_is_rolled_back_never_was(db: Connection) -> None:
    with db.transaction():
        before = given.emit(db)
        with db.transaction(force_rollback=True):
            given.emit(db)
        with db.transaction():
            inside = given.emit(db)
        after = given.emit(db)
    given.route(db)
    assert told(db) == [before, inside, after]


def test_an_event_emitted_in_an_exception_block_is_found(db: Connection) -> None:
    db.execute("""
        do $$
        begin
            for number in 1..70 loop
                begin
                    perform postbell.notify('order.paid', 'u1', jsonb_build_object('n', number));
                    if mod(number, 2) = 0 then
                        raise division_by_zero;
                    end if;
                exception when division_by_zero then
                    null;
                end;
            end loop;
        end
        $$
    """)
    given.route(db)
    numbers = given.column(
        db, "select (payload ->> 'n')::integer from postbell_private.notification order by id"
    )
    assert numbers == list(range(1, 71, 2))


@pytest.mark.parametrize("most", [1, 2, 3, 7, 500])
def test_a_window_may_be_larger_than_a_page(db: Connection, most: int) -> None:
    with db.transaction():
        emitted = [given.emit(db) for _ in range(5)]
    emitted += [given.emit(db) for _ in range(2)]
    given.route(db, most)
    assert told(db) == emitted


def test_what_commits_while_a_window_is_paged_waits_for_the_next(
    db: Connection, connect: Connect
) -> None:
    slow = connect(autocommit=False)
    earlier = given.emit(slow)
    emitted = [given.emit(db) for _ in range(4)]
    assert given.value(db, "select routed from postbell_private.route(2)") == 2
    slow.commit()
    later = given.emit(db)
    given.route(db, 2)
    assert told(db) == [*emitted, earlier, later]


def test_a_page_that_is_rolled_back_is_routed_again(db: Connection) -> None:
    emitted = [given.emit(db) for _ in range(3)]
    with db.transaction(force_rollback=True):
        assert given.value(db, "select routed from postbell_private.route(2)") == 2
    given.route(db, 2)
    assert told(db) == emitted


def test_of_two_routers_the_second_is_overtaken(db: Connection, connect: Connect) -> None:
    event = given.emit(db)
    first, second = connect(autocommit=False), connect()
    assert given.value(first, "select routed from postbell_private.route()") == 1

    overtaken = Background(
        lambda: given.value(second, "select routed from postbell_private.route()")
    )
    await_waiting(db, second)
    first.commit()

    with pytest.raises(psycopg.Error) as error:
        overtaken.result()
    assert error.value.sqlstate == "PB031"
    assert told(db) == [event]
    assert not given.rejections(db)


def test_a_router_whose_rival_rolls_back_goes_on(db: Connection, connect: Connect) -> None:
    event = given.emit(db)
    first, second = connect(autocommit=False), connect()
    given.value(first, "select routed from postbell_private.route()")
    waiting = Background(lambda: given.value(second, "select routed from postbell_private.route()"))
    await_waiting(db, second)
    first.rollback()
    assert waiting.result() == 1
    assert told(db) == [event]


def test_a_second_leader_waits_until_the_first_one_is_gone(
    db: Connection, connect: Connect
) -> None:
    leader, standby = connect(), connect()
    leader.execute("select postbell_private.acquire_leadership()")
    waiting = Background(lambda: standby.execute("select postbell_private.acquire_leadership()"))
    await_waiting(db, standby)
    assert not waiting.is_done
    leader.close()
    waiting.result()
    assert waiting.is_done


def test_it_can_be_seen_who_leads_and_whether_they_sleep(db: Connection, connect: Connect) -> None:
    assert given.call(db, "leader") == [(None, False)]
    router = connect()
    router.execute("select postbell_private.acquire_leadership()")
    assert given.call(db, "leader") == [(router.info.backend_pid, False)]
    router.execute("select postbell_private.acquire_sleep_lock()")
    assert given.call(db, "leader") == [(router.info.backend_pid, True)]


def test_looking_says_whether_the_log_goes_on(db: Connection, connect: Connect) -> None:
    def has_events() -> bool:
        return bool(given.value(db, "select has_events from postbell_private.pending_work()"))

    assert not has_events()
    slow = connect(autocommit=False)
    given.emit(slow)
    assert not has_events()
    slow.commit()
    assert has_events()
    given.route(db)
    assert not has_events()
    with db.transaction():
        given.emit(db)
        given.emit(db)
    given.value(db, "select routed from postbell_private.route(1)")
    assert has_events()


def test_looking_says_when_something_is_due_and_whether_many_are_told(db: Connection) -> None:
    def found() -> tuple[object, ...]:
        return given.rows(db, "select due_in, has_fanout from postbell_private.pending_work()")[0]

    assert found() == (None, False)
    given.clock(db, "2030-03-01 13:00Z")
    given.emit(db, deliver_at="2030-03-01 13:10Z")
    given.emit(db, audience={"recipients": list(map(str, range(1, 30)))})
    given.route(db)
    assert found() == (timedelta(minutes=10), True)


def test_a_prepared_transaction_is_found_when_it_is_committed(
    db: Connection, connect: Connect
) -> None:
    if given.value(db, "show max_prepared_transactions") == "0":
        pytest.skip("this server has max_prepared_transactions = 0")
    producer = connect(autocommit=False)
    producer.tpc_begin("two phases")
    producer.execute("set local postbell.wake = off")
    event = given.emit(producer)
    producer.tpc_prepare()
    other = given.emit(db)
    given.route(db)
    assert told(db) == [other]
    db.execute("commit prepared 'two phases'")
    given.route(db)
    assert told(db) == [other, event]


@pytest.fixture
def trap(db: Connection) -> None:
    """Makes the router stumble over some events as content that nobody foresaw would."""
    db.execute("""
        create function stumble() returns trigger language plpgsql as $$
        begin
            if new.payload ? 'raise' then
                execute format('do %L', format('begin raise %s; end', new.payload ->> 'raise'));
            end if;
            return new;
        end
        $$;
        create trigger stumble before insert on postbell_private.notification
        for each row execute function stumble();
    """)


@pytest.mark.parametrize("many", [1, 2, 9])
def test_one_bad_row_is_rejected_and_its_neighbours_are_told(
    db: Connection, trap: None, many: int
) -> None:
    with db.transaction():
        before = [given.emit(db) for _ in range(many)]
        bad = given.emit(db, payload={"raise": "division_by_zero"})
        after = [given.emit(db) for _ in range(many)]
    given.route(db)
    assert told(db) == before + after
    assert given.rejections(db) == {bad: "unreadable_event"}
    detail = given.value(db, "select detail from postbell.rejected_events")
    assert detail.startswith("22012: ")


def test_rejections_are_counted_by_reason(db: Connection) -> None:
    given.emit(db, "no.such")
    given.emit(db, "no.such")
    given.emit(db, recipient="nobody")
    given.route(db)
    found = given.rows(
        db,
        "select reason, rejected from postbell_private.rejected_since('-infinity') order by reason",
    )
    assert found == [("unknown_event", 2), ("unknown_recipient", 1)]
    assert given.call(db, "rejected_since", since="infinity") == []


def test_nothing_but_bad_rows_comes_to_an_end(db: Connection, trap: None) -> None:
    bad = [given.emit(db, payload={"raise": "string_data_right_truncation"}) for _ in range(6)]
    sound = given.emit(db)
    given.route(db)
    assert list(given.rejections(db)) == bad
    assert told(db) == [sound]


@pytest.mark.parametrize(
    "condition", ["serialization_failure", "disk_full", "out_of_memory", "lock_not_available"]
)
def test_what_is_not_the_events_fault_is_tried_again(
    db: Connection, trap: None, condition: str
) -> None:
    event = given.emit(db, payload={"raise": condition})
    with pytest.raises(psycopg.Error) as error:
        given.route(db)
    assert error.value.diag.message_primary == condition
    assert not given.rejections(db)
    db.execute("drop function stumble() cascade")
    given.route(db)
    assert told(db) == [event]


def test_the_log_is_only_added_to(db: Connection) -> None:
    def changed() -> list[tuple[int, int]]:
        given.value(db, "select pg_stat_force_next_flush()")
        return given.rows(
            db,
            "select sum(n_tup_upd)::integer, sum(n_tup_del)::integer from pg_stat_user_tables"
            " where schemaname in ('postbell', 'postbell_private')"
            " and (relname like 'outbox%%' or relname = 'router_step')",
        )

    before = changed()
    for _ in range(3):
        given.emit(db)
        given.route(db)
    assert changed() == before


def test_tidying_up_follows_the_silence(db: Connection) -> None:
    given.emit(db)
    given.route(db)
    for _ in range(3):
        given.value(db, "select pg_current_xact_id()")
    db.execute("select postbell_private.tidy_up()")
    horizon = given.value(
        db, "select pg_snapshot_xmin(snapshot)::text::bigint from postbell_private.current_step()"
    )
    newest = given.value(db, "select max(xid)::text::bigint from postbell.outbox")
    assert horizon > newest
    event = given.emit(db)
    given.route(db)
    assert told(db)[-1] == event


def test_tidying_up_does_not_pass_over_what_is_not_routed(db: Connection, connect: Connect) -> None:
    slow = connect(autocommit=False)
    open_one = given.emit(slow)
    waiting = given.emit(db)
    db.execute("select postbell_private.tidy_up()")
    given.route(db)
    db.execute("select postbell_private.tidy_up()")
    slow.commit()
    given.route(db)
    assert told(db) == [waiting, open_one]


def test_tidying_up_forgets_old_steps(db: Connection) -> None:
    db.execute(
        "insert into postbell_private.router_step (step, snapshot, system_identifier)"
        " select n, snapshot, system_identifier from generate_series(1, 1500) as n,"
        " postbell_private.current_step()"
    )
    db.execute("select postbell_private.tidy_up()")
    assert 1000 <= steps(db) <= 1002
