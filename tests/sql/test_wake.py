"""Producers ring only while somebody sleeps, and no wake-up is lost."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import given
from tests.support.background import Background, Connect, await_waiting, rings
from tests.support.given import Connection


@pytest.fixture
def router(connect: Connect) -> Connection:
    """A session that listens, as the router's does."""
    session = connect()
    session.execute("listen postbell_wake")
    return session


def acquire_sleep_lock(router: Connection) -> bool:
    return bool(given.value(router, "select postbell_private.acquire_sleep_lock()"))


def test_a_producer_rings_for_a_sleeping_router(db: Connection, router: Connection) -> None:
    assert acquire_sleep_lock(router)
    given.emit(db)
    assert rings(router) == 1


def test_a_producer_does_not_ring_for_an_awake_router(db: Connection, router: Connection) -> None:
    given.emit(db)
    assert rings(router) == 0


def test_a_router_that_woke_up_is_not_rung_for(db: Connection, router: Connection) -> None:
    assert acquire_sleep_lock(router)
    assert given.value(router, "select postbell_private.release_sleep_lock()")
    given.emit(db)
    assert rings(router) == 0


def test_many_rows_ring_once(db: Connection, router: Connection) -> None:
    assert acquire_sleep_lock(router)
    db.execute(
        "insert into postbell.outbox (event, recipient)"
        " select 'order.paid', 'u1' from generate_series(1, 50)"
    )
    assert rings(router) == 1


def test_what_is_rolled_back_does_not_ring(db: Connection, router: Connection) -> None:
    assert acquire_sleep_lock(router)
    with db.transaction(force_rollback=True):
        given.emit(db)
    assert rings(router) == 0


def test_nobody_sleeps_while_a_producer_is_in_flight(
    db: Connection, router: Connection, connect: Connect
) -> None:
    producer = connect(autocommit=False)
    given.emit(producer)
    assert not acquire_sleep_lock(router)
    producer.commit()
    assert acquire_sleep_lock(router)


def test_who_fell_asleep_is_rung_for_by_every_producer_in_flight(
    db: Connection, router: Connection, connect: Connect
) -> None:
    assert acquire_sleep_lock(router)
    producer = connect(autocommit=False)
    given.emit(producer)
    assert rings(router) == 0
    producer.commit()
    assert rings(router) == 1


def test_a_producer_neither_waits_for_the_sleeper_nor_the_sleeper_for_it(
    db: Connection, router: Connection
) -> None:
    assert acquire_sleep_lock(router)
    db.execute("set lock_timeout = '1ms'")
    assert given.emit(db) > 0


def test_a_sleeper_whose_session_ends_sleeps_no_more(
    db: Connection, router: Connection, connect: Connect
) -> None:
    assert acquire_sleep_lock(router)
    another = connect()
    assert not acquire_sleep_lock(another)
    pid = router.info.backend_pid
    db.execute("select pg_terminate_backend(%s, 5000)", [pid])
    assert acquire_sleep_lock(another)


def test_a_session_that_is_exempt_never_rings(db: Connection, router: Connection) -> None:
    assert acquire_sleep_lock(router)
    db.execute("set postbell.wake = off")
    given.emit(db)
    assert rings(router) == 0


def test_two_phase_commit_needs_the_exemption(
    db: Connection, router: Connection, connect: Connect
) -> None:
    if given.value(db, "show max_prepared_transactions") == "0":
        pytest.skip("this server has max_prepared_transactions = 0")
    assert acquire_sleep_lock(router)
    producer = connect(autocommit=False)
    producer.tpc_begin("rings")
    given.emit(producer)
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        producer.tpc_prepare()

    producer = connect(autocommit=False)
    producer.tpc_begin("does not ring")
    producer.execute("set local postbell.wake = off")
    given.emit(producer)
    producer.tpc_prepare()
    producer.tpc_commit()
    assert rings(router) == 0


def test_a_new_due_time_rings_too(db: Connection, router: Connection) -> None:
    given.event_type(db, default_channels=["sms"])
    given.call(db, "set_quiet_hours", recipient="u1", starts="12:00", ends="14:00")
    given.clock(db, "2030-03-01 13:00Z")
    given.emit(db)
    given.route(db)
    assert rings(router) == 0
    given.call(db, "set_quiet_hours", recipient="u1", starts="12:00", ends="13:30")
    assert rings(router) > 0


def test_a_retry_rings_for_the_router_that_will_release_it(
    db: Connection, router: Connection
) -> None:
    given.event_type(db, default_channels=["email"])
    given.emit(db)
    given.route(db)
    ((batch, claim, delivery),) = given.rows(
        db,
        "select b.id, c.claim_token, c.delivery_id"
        " from postbell.batch as b, postbell_private.claim_batch(b.id, b.channel) as c",
    )
    given.rows(db, "select postbell_private.start_sending(%s, %s, %s)", batch, claim, [delivery])
    assert rings(router) == 0
    given.attempts(db, "retry", delivery)
    assert rings(router) == 1


def test_standing_by_costs_a_producer_nothing(db: Connection, connect: Connect) -> None:
    leader, standby = connect(), connect()
    leader.execute("select postbell_private.acquire_leadership()")
    waiting = Background(lambda: standby.execute("select postbell_private.acquire_leadership()"))
    await_waiting(db, standby)
    leader.execute("listen postbell_wake")
    given.emit(db)
    assert rings(leader) == 0
    leader.close()
    waiting.result()
