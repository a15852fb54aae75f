"""What the hot paths read when tables are large and lopsided: bounds on rows and pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import psycopg
import pytest

from dispatcher.db import connections
from tests.support import given
from tests.support.databases import CreateDatabase
from tests.support.given import Connection

# Filling the tables takes longer than all the questions.
pytestmark = pytest.mark.slow

MANY = 200_000

# One person has half of everything; another tenant has next to nothing.
LOAD = f"""
    insert into postbell.recipient (tenant_id, id, email)
    select 'default', 'p' || to_char(n, 'FM000000'), n || '@example.org'
    from generate_series(1, 50000) as n;

    insert into postbell.recipient_role (tenant_id, role, recipient_id)
    select tenant_id, 'crowd', id
    from postbell.recipient
    where id like 'p%';

    insert into postbell.topic_member (tenant_id, topic, recipient_id)
    select tenant_id, 'topic:' || mod(substr(id, 2)::integer, 5000), id
    from postbell.recipient
    where id like 'p%';

    insert into postbell.preference (tenant_id, recipient_id, channel, enabled)
    select tenant_id, id, 'sms', false
    from postbell.recipient
    where id like 'p%';

    insert into postbell.outbox (slot, event, recipient, subject)
    select mod(n, 8), 'order.paid', 'u1', 'order:' || n
    from generate_series(1, {MANY}) as n;

    insert into postbell_private.notification (
        id, xid, tenant_id, event, recipient, subject, payload, priority, created_at
    )
    select id, xid, tenant_id, event, recipient, subject, payload, 'normal', created_at
    from postbell.outbox;

    insert into postbell_private.cancellation (tenant_id, subject)
    select 'default', 'order:' || n
    from generate_series(1, 20000) as n;

    insert into postbell.delivery (
        notification_id, tenant_id, recipient_id, event, channel, priority,
        decision, rung, decision_reason, is_silent, state, created_at, is_open
    )
    select
        id, tenant_id,
        case when mod(id, 2) = 0 then 'u1' else 'p' || to_char(mod(id, 50000), 'FM000000') end,
        event, 'in_app', 'normal', 'now', 11, 'wanted', false, 'delivered', now(), false
    from postbell_private.notification;

    insert into postbell.inbox_item (
        id, outbox_id, tenant_id, recipient_id, event, category, title, body, is_silent, created_at,
        read_at
    )
    select
        id, notification_id, tenant_id, recipient_id, event, 'orders', 'Paid', 'Thank you', false,
        now(),
        case when recipient_id = 'u1' and mod(id, 5000) <> 0 then now() end
    from postbell.delivery;

    insert into postbell.waiting_delivery (delivery_id, tenant_id, recipient_id, is_retry, due_at)
    select id, tenant_id, recipient_id, false, now() + interval '1 day'
    from postbell.delivery
    where mod(id, 10) = 0;

    insert into postbell.scheduled_notification (notification_id, tenant_id, priority, due_at)
    select id, tenant_id, priority, now() + interval '1 day'
    from postbell_private.notification
    where mod(id, 20) = 0;

    insert into postbell_private.router_step (step, snapshot, system_identifier)
    select step + n, snapshot, system_identifier
    from postbell_private.current_step(), generate_series(1, 1000) as n;
"""


class Work(NamedTuple):
    """What a statement and all the functions under it have read."""

    rows: int
    pages: int


ROWS_READ = """
    select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::bigint
    from pg_stat_xact_user_tables
    where schemaname in ('postbell', 'postbell_private')
"""


def work(connection: Connection, statement: str, *arguments: object) -> Work:
    """What the statement reads, in a transaction that is rolled back."""
    with connection.transaction(force_rollback=True):
        # Planning reads the catalogs: done once beforehand, as in a session that has been running.
        with connection.transaction(force_rollback=True):
            given.rows(connection, statement, *arguments)
        before = given.value(connection, ROWS_READ)
        ((explained,),) = given.rows(
            connection, f"explain (analyze, buffers, format json) {statement}", *arguments
        )
        rows = given.value(connection, ROWS_READ) - before
    plan = explained[0]["Plan"]
    return Work(rows, plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.fixture(scope="module")
def large(create_database: CreateDatabase, template_url: str) -> Iterator[Connection]:
    with psycopg.connect(create_database(template_url), autocommit=True) as session:
        # As the sessions of a daemon and a gateway are set.
        session.execute(connections.SESSION)
        given.event_type(session)
        given.recipient(session)
        given.tenant(session, "small")
        given.recipient(session, "s1", tenant_id="small", roles=["crowd"])
        given.inbox_item(session, tenant_id="small", recipient_id="s1", id=10**6)
        with session.transaction():
            session.execute(LOAD.encode())
        session.execute("vacuum analyze")
        session.execute(
            "insert into postbell_private.router_step (step, snapshot, system_identifier)"
            " select step + 1, pg_current_snapshot(), system_identifier"
            " from postbell_private.current_step()"
        )
        yield session


def test_an_empty_window_costs_a_few_pages_however_long_the_log(large: Connection) -> None:
    # Something else was committed, so there is a window, with nothing of ours in it.
    for _ in range(100):
        large.execute("select pg_current_xact_id()")
    done = work(large, "select routed from postbell_private.route()")
    # Two of the step, one of each kind of leaf.
    assert done.rows <= 2 + 3
    assert done.pages < 200


def test_looking_whether_there_is_something_to_do_costs_a_few_pages(large: Connection) -> None:
    large.execute("select pg_current_xact_id()")
    done = work(large, "select * from postbell_private.pending_work()")
    assert done.rows <= 5
    assert done.pages < 200


@pytest.mark.parametrize("is_old", [True, False], ids=["open before", "begun since"])
def test_the_pages_of_a_large_transaction_are_not_read_again(
    large: Connection, is_old: bool
) -> None:
    xid, snapshot = given.rows(
        large,
        "select min(xid)::text, max(snapshot::text) from postbell.outbox,"
        " postbell_private.current_step()",
    )[0]
    number = int(xid)
    since = f"{number}:{number + 1}:{number}" if is_old else f"{number}:{number}:"
    found = work(
        large,
        "select * from postbell_private.committed_between(%s, %s, %s, %s, 100)",
        since,
        snapshot,
        xid,
        MANY // 2,
    )
    assert 100 <= found.rows <= 8 * 101
    assert found.pages < 1000


def test_one_event_reads_what_is_about_it(large: Connection) -> None:
    given.emit(large, recipient="p000007", subject="order:999999")
    done = work(large, "select routed from postbell_private.route()")
    assert done.rows < 60
    assert done.pages < 600
    given.route(large)


def test_what_an_event_reads_does_not_grow_with_the_log(large: Connection) -> None:
    """The cost of a page of a hundred, for each event."""
    with large.transaction():
        for number in range(100):
            given.emit(large, recipient=f"p{number + 1:06}", subject=f"order:x{number}")
    done = work(large, "select routed from postbell_private.route()")
    assert done.rows < 100 * 30
    assert done.pages < 100 * 200
    given.route(large)


@pytest.mark.parametrize(
    ("tenant", "person"), [("default", "u1"), ("default", "p000001"), ("small", "s1")]
)
def test_the_first_page_of_an_inbox_reads_one_page_of_items(
    large: Connection, tenant: str, person: str
) -> None:
    done = work(
        large,
        "select * from postbell.inbox where tenant_id = %s and recipient_id = %s"
        " order by id desc limit 20",
        tenant,
        person,
    )
    # The person, too, who has the pinned ones.
    assert done.rows <= 20 + 1
    assert done.pages <= 30


@pytest.mark.parametrize(
    ("tenant", "person"), [("default", "u1"), ("default", "p000001"), ("small", "s1")]
)
def test_counting_what_is_unread_reads_only_unread_items(
    large: Connection, tenant: str, person: str
) -> None:
    done = work(
        large,
        "select unread from postbell.unread_counts where tenant_id = %s and recipient_id = %s",
        tenant,
        person,
    )
    assert done.rows <= 1 + 100
    assert done.pages <= 120


def test_counting_stops_at_a_hundred(large: Connection) -> None:
    with large.transaction(force_rollback=True):
        large.execute("update postbell.inbox_item set read_at = null where recipient_id = 'u1'")
        done = work(
            large,
            "select unread from postbell.unread_counts"
            " where tenant_id = 'default' and recipient_id = 'u1'",
        )
    assert done.rows <= 1 + 110


def test_a_reader_pays_no_more_for_row_level_security(large: Connection) -> None:
    with large.transaction(force_rollback=True):
        large.execute("set local postbell.tenant = 'default'")
        large.execute("set local postbell.recipient = 'u1'")
        large.execute("set local role postbell_reader")
        done = work(
            large,
            "select * from postbell.inbox where tenant_id = 'default' and recipient_id = 'u1'"
            " order by id desc limit 20",
        )
    # The person, too, who has the pinned ones.
    assert done.rows <= 20 + 1
    assert done.pages <= 30


def test_releasing_reads_what_is_due_and_nothing_that_waits(large: Connection) -> None:
    idle = work(large, "select released from postbell_private.release_due()")
    assert idle.rows == 0
    assert idle.pages < 50
    with large.transaction(force_rollback=True):
        large.execute(
            "update postbell.waiting_delivery set due_at = now() where delivery_id in"
            " (select delivery_id from postbell.waiting_delivery order by 1 limit 10)"
        )
        done = work(large, "select released from postbell_private.release_due()")
    assert done.rows < 10 * 30


def test_a_change_of_mind_reads_what_waits_for_that_person(large: Connection) -> None:
    done = work(large, "select postbell.set_preference('p000009', false, 'email')")
    assert done.rows < 20
    assert done.pages < 200


def test_a_claim_reads_what_is_in_the_batch(large: Connection) -> None:
    with large.transaction(force_rollback=True):
        large.execute("update postbell.delivery set state = 'sent' where state = 'queued'")
        large.execute(
            "update postbell.delivery set state = 'queued' where id in"
            " (select id from postbell.delivery order by id desc limit 50)"
        )
        batch = given.value(
            large,
            "insert into postbell.batch (tenant_id, channel, priority, is_bulk, delivery_ids)"
            " select 'default', 'in_app', 'normal', false, array_agg(id) from postbell.delivery"
            " where state = 'queued' returning id",
        )
        assert len(given.claim(large, batch)) == 50
        done = work(large, "select * from postbell_private.claim_batch(%s, 'in_app')", batch)
    assert done.rows < 50 * 20


@pytest.mark.parametrize("after", ["", "p025000", "p049990"])
@pytest.mark.parametrize(
    "audience", [{"role": "crowd"}, {"everyone": True}, {"topic": "topic:7"}], ids=str
)
def test_the_next_people_of_an_audience_are_found_without_the_others(
    large: Connection, audience: dict[str, object], after: str
) -> None:
    done = work(
        large,
        "select * from postbell_private.members_of('default', null, %s, %s, 100)",
        audience,
        after,
    )
    assert done.rows <= 100
    assert done.pages <= 120


def test_a_chunk_of_a_long_list_is_told_without_reading_the_list(large: Connection) -> None:
    with large.transaction(force_rollback=True):
        event = given.emit(
            large,
            recipient=None,
            audience={"recipients": [f"p{number:06}" for number in range(1, 50001)]},
        )
        # Routed by hand: what was emitted here is committed to nobody.
        large.execute(
            "insert into postbell_private.notification"
            " (id, xid, tenant_id, event, audience, payload, priority, created_at)"
            " select id, xid, tenant_id, event, audience, payload, 'normal', created_at"
            " from postbell.outbox where id = %s and xid = pg_current_xact_id()",
            [event],
        )
        given.value(large, "select postbell_private.resolve_audience(array[%s::bigint])", event)
        for _ in range(5):
            given.value(large, "select reached from postbell_private.fan_out(1)")
        assert given.value(large, "select listed from postbell.fanout") == 50000
        done = work(large, "select reached from postbell_private.fan_out(100)")
    assert done.rows < 100 * 30
    assert done.pages < 100 * 100


def test_a_small_tenants_audience_is_found_without_the_large_ones(large: Connection) -> None:
    done = work(
        large,
        "select * from postbell_private.members_of('small', null, %s, '', 100)",
        {"role": "crowd", "everyone": True},
    )
    assert done.rows <= 2


def test_cancelling_reads_what_is_about_the_subject(large: Connection) -> None:
    done = work(large, "select * from postbell.cancel('order:150000')")
    assert done.rows < 20
    assert done.pages < 100


def test_explaining_an_event_reads_what_is_about_it(large: Connection) -> None:
    event = given.value(large, "select max(notification_id) from postbell.delivery")
    done = work(large, "select * from postbell.explain(%s)", event)
    assert done.rows < 20
    assert done.pages < 200


def test_a_table_that_has_doubled_is_analyzed_once(db: Connection) -> None:
    # Earlier tests may have left it large.
    db.execute("vacuum (full) postbell.recipient")
    assert given.call(db, "analyze_grown_tables") == [(0,)]
    db.execute(
        "insert into postbell.recipient (tenant_id, id, email)"
        " select 'default', 'p' || n, repeat('x', 100) from generate_series(1, 10000) as n"
    )
    assert given.call(db, "analyze_grown_tables") == [(1,)]
    assert given.call(db, "analyze_grown_tables") == [(0,)]
    known = given.value(
        db,
        "select reltuples from pg_class where oid = 'postbell.recipient'::regclass",
    )
    assert known >= 10000
