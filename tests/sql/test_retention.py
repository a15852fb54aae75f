"""What is old goes, a leaf at a time or row by row; what is open or held stays."""

from __future__ import annotations

import psycopg
import pytest

from dispatcher import housekeeping
from tests.support import given
from tests.support.background import Connect
from tests.support.daemon import running
from tests.support.given import Connection
from tests.support.manual import ROOT, blocks
from tests.support.scripted_provider import ScriptedProvider
from tests.support.waiting import seen

NOW = "2030-01-01 12:00Z"
#: More than a year later.
LATER = "2031-02-01 12:00Z"
#: What each kind consists of.
TABLES = {
    "event": ("notification",),
    "log": ("delivery", "attempt", "receipt", "delivery_step", "dead_letter"),
    "inbox": ("inbox_item",),
}


@pytest.fixture(autouse=True)
def event_type(db: Connection) -> None:
    given.event_type(db, default_channels=["in_app", "email"])
    given.clock(db, NOW)


def deliver(db: Connection, recipient: str = "u1", **columns: object) -> int:
    """An event that is in the inbox, and whose mail was sent, came back and is dead."""
    given.recipient(db, recipient)
    event = given.emit(db, "order.paid", recipient, {}, **columns)
    db.execute("update postbell.outbox set created_at = postbell.clock()")
    given.route(db)
    ids = dict(
        given.rows(
            db,
            "select channel::text, id from postbell.delivery where notification_id = %s",
            event,
        )
    )
    if "email" in ids:
        given.sent(db, ids["email"])
        receipt = f'[{{"event_id": "{event}", "kind": "bounced", "delivery_id": {ids["email"]}}}]'
        db.execute("select postbell_private.receive_receipt('test', %s)", [receipt])
    if "in_app" in ids:
        given.inbox_item(
            db, id=ids["in_app"], outbox_id=event, recipient_id=recipient,
            subject=columns.get("subject"), created_at=given.value(db, "select postbell.clock()"),
        )  # fmt: skip
        db.execute(
            "update postbell.delivery set state = 'delivered', sent_at = now() where id = %s",
            [ids["in_app"]],
        )
        db.execute("delete from postbell.batch where %s = any(delivery_ids)", [ids["in_app"]])
    return event


def fill(db: Connection) -> None:
    """As if so many ids were used that the first leaves are full."""
    db.execute(
        "select setval('postbell.outbox_id_seq', max(end_id)) from"
        " (select min(end_id) as end_id from postbell_private.leaf where kind = 'event') as first"
    )
    db.execute(
        "select setval('postbell.delivery_id_seq', max(end_id)) from"
        " (select min(end_id) as end_id from postbell_private.leaf where kind = 'log') as first"
    )
    housekeep(db)


def housekeep(db: Connection, rounds: int = 1) -> None:
    for _ in range(rounds):
        given.route(db)
        db.execute("select postbell_private.tidy_up()")
        for kind in TABLES:
            given.value(db, "select postbell_private.apply_retention(%s)", kind)


def left(db: Connection) -> dict[str, int]:
    """How many rows are left in each table that has some."""
    found = {
        table: given.value(db, f"select count(*) from {schema}.{table}")
        for tables in TABLES.values()
        for table in tables
        for schema in ["postbell_private" if table == "notification" else "postbell"]
    }
    return {table: many for table, many in found.items() if many}


def leaves(db: Connection, kind: str) -> list[int]:
    return given.column(
        db, "select first_id from postbell_private.leaf where kind = %s order by first_id", kind
    )


def test_a_leaf_that_is_older_goes_at_once(db: Connection) -> None:
    for _ in range(3):
        deliver(db)
    fill(db)
    given.clock(db, "2030-12-01 12:00Z")
    young = deliver(db)
    before = left(db)
    assert before == {
        "notification": 4, "delivery": 8, "attempt": 4, "receipt": 4, "dead_letter": 4,
        "inbox_item": 4,
    }  # fmt: skip

    housekeep(db)
    assert left(db) == before
    given.clock(db, "2030-12-31 12:00Z")
    housekeep(db, 4)
    assert left(db) == before
    given.clock(db, LATER)
    housekeep(db, 5)

    assert left(db) == {
        "notification": 1, "delivery": 2, "attempt": 1, "receipt": 1, "dead_letter": 1,
        "inbox_item": 1,
    }  # fmt: skip
    assert len(given.deliveries(db, young)) == 2
    for kind in TABLES:
        assert leaves(db, kind)[0] > 1
        assert given.value(
            db, "select count(*) from postbell_private.leaf where emptied_at is not null"
        ) == 0  # fmt: skip


def test_where_a_leaf_lasts_for_years_rows_go_one_by_one(db: Connection) -> None:
    deliver(db)
    housekeep(db)
    given.clock(db, "2030-06-01Z")
    deliver(db)
    before = left(db)
    given.clock(db, "2030-12-31Z")
    housekeep(db, 3)
    assert left(db) == before

    given.clock(db, LATER)
    housekeep(db, 3)

    assert left(db) == {
        "notification": 1, "delivery": 2, "attempt": 1, "receipt": 1, "dead_letter": 1,
        "inbox_item": 1,
    }  # fmt: skip
    assert leaves(db, "log")[0] == 1


@pytest.mark.parametrize("kind", TABLES)
def test_each_kind_is_kept_as_long_as_was_said(db: Connection, kind: str) -> None:
    db.execute("select postbell.set_retention('event', null)")
    db.execute("select postbell.set_retention('log', null)")
    db.execute("select postbell.set_retention('inbox', null)")
    deliver(db)
    fill(db)
    before = left(db)
    given.clock(db, "2040-01-01Z")
    housekeep(db, 4)
    assert left(db) == before

    given.call(db, "set_retention", kind=kind, keep="30 days")
    housekeep(db, 4)

    assert before.keys() - left(db).keys() == before.keys() & set(TABLES[kind])


def test_what_is_open_keeps_its_leaf_and_its_event(db: Connection) -> None:
    deliver(db)
    waiting = given.emit(db, channels=["email"], deliver_at="2035-01-01Z")
    given.route(db)
    queued = given.emit(db, channels=["email"])
    given.route(db)
    fill(db)
    given.clock(db, LATER)
    housekeep(db, 5)

    kept = given.column(db, "select id from postbell_private.notification order by id")
    assert kept == sorted([waiting, queued])
    given.sent(db, given.value(db, "select id from postbell.open_delivery"))
    housekeep(db, 5)
    # The scheduled event is still to come.
    assert waiting in given.column(db, "select id from postbell_private.notification")
    assert "delivery" not in left(db)


@pytest.mark.parametrize("by", ["subject", "recipient"])
@pytest.mark.parametrize("is_filled", [True, False], ids=["by leaf", "by row"])
def test_what_is_held_stays_until_it_is_released(db: Connection, by: str, is_filled: bool) -> None:
    held = deliver(db, "u2", subject="order:2")
    deliver(db, "u1", subject="order:1")
    hold = given.value(
        db, f"select postbell.hold({by} => %s)", {"subject": "order:2", "recipient": "u2"}[by]
    )
    housekeep(db)
    if is_filled:
        fill(db)
    given.clock(db, LATER)
    housekeep(db, 6)

    assert left(db) == {
        "notification": 1, "delivery": 2, "attempt": 1, "receipt": 1, "dead_letter": 1,
        "inbox_item": 1,
    }  # fmt: skip
    assert given.column(db, "select id from postbell_private.notification") == [held]
    assert given.column(db, "select distinct outbox_id from postbell.inbox_item") == [held]

    assert given.value(db, "select postbell.release_hold(%s)", hold)
    housekeep(db, 6)
    assert left(db) == {}
    assert not given.value(db, "select postbell.release_hold(%s)", hold)


def test_who_is_held_cannot_be_erased(db: Connection) -> None:
    deliver(db)
    before = left(db)
    given.call(db, "hold", recipient="u1", reason="case 7")
    with pytest.raises(psycopg.Error) as error:
        db.execute("select postbell.erase_recipient('u1')")
    assert error.value.sqlstate == "PB024"
    assert left(db) == before

    db.execute("select postbell.release_hold(id) from postbell.hold")
    db.execute("select postbell.erase_recipient('u1')")
    assert "inbox_item" not in left(db)


def test_holding_again_changes_the_reason(db: Connection) -> None:
    first = given.value(db, "select postbell.hold(subject => 'order:1', reason => 'case 7')")
    again = given.value(db, "select postbell.hold(subject => 'order:1', reason => 'case 8')")
    assert first == again
    assert given.column(db, "select reason from postbell.hold") == ["case 8"]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("set_retention('mail', '1 year')", "kind 'mail' is none of event, log and inbox"),
        ("set_retention(null, '1 year')", "is none of event, log and inbox"),
        (
            "set_retention('log', '1 hour')",
            "keep must be from a day to a hundred years, or null for ever",
        ),
        (
            "set_retention('log', '300000 years')",
            "keep must be from a day to a hundred years, or null for ever",
        ),
        (
            "set_retention('log', '-1 year')",
            "keep must be from a day to a hundred years, or null for ever",
        ),
        ("hold()", "hold either a subject or a recipient"),
        ("hold(subject => 'order:1', recipient => 'u1')", "hold either a subject or a recipient"),
        ("hold(subject => '')", "subject is empty"),
        ("hold(recipient => 'u1', tenant_id => '')", "tenant_id is empty"),
    ],
)
def test_what_cannot_be_said_is_named(connection: Connection, statement: str, said: str) -> None:
    with pytest.raises(psycopg.Error, match=said) as error:
        connection.execute(f"select postbell.{statement}".encode())
    assert error.value.sqlstate == "PB022"


def test_a_reader_is_not_disturbed_and_the_leaf_goes_later(
    db: Connection, connect: Connect
) -> None:
    deliver(db)
    fill(db)
    given.clock(db, LATER)
    reader = connect(autocommit=False)
    for table in ("inbox_item", "delivery", "receipt"):
        given.rows(reader, f"select * from postbell.{table}")
    before = left(db)

    housekeep(db, 3)

    # Rows without a leaf of their own go; tables that somebody reads stay as they are.
    assert {name: left(db).get(name) for name in ("inbox_item", "delivery", "receipt")} == {
        name: before[name] for name in ("inbox_item", "delivery", "receipt")
    }
    reader.rollback()
    housekeep(db, 5)
    assert left(db) == {}


async def test_a_full_disk_in_housekeeping_stops_nothing_else(
    db: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(db)
    fill(db)
    given.clock(db, LATER)
    db.execute("""
        create or replace function postbell_private.empty_leaf(leaf postbell_private.leaf)
        returns void language plpgsql as $$
        begin
            raise disk_full using message = 'no space left on device';
        end $$
    """)
    monkeypatch.setattr(housekeeping, "INTERVAL", 0.1)
    before = left(db)
    async with running(database_url, ScriptedProvider()):
        event = given.emit(db, payload={"order_id": 1, "amount": "1.00"}, channels=["in_app"])
        item = "select id from postbell.inbox_item where outbox_id = %s"
        await seen(lambda: given.column(db, item, event), "it delivers")

    assert {
        name: many - (name in ("notification", "delivery", "inbox_item"))
        for name, many in left(db).items()
    } == before


def test_a_receipt_for_what_is_gone_is_refused(db: Connection) -> None:
    deliver(db, channels=["email"])
    mail = given.value(db, "select id from postbell.delivery")
    fill(db)
    given.clock(db, LATER)
    housekeep(db, 4)

    late = f'[{{"event_id": "late", "kind": "delivered", "delivery_id": {mail}}}]'
    assert given.value(
        db, "select result from postbell_private.receive_receipt('test', %s)", late
    ) == "unknown_delivery"  # fmt: skip


def test_rejections_go_with_the_events(db: Connection) -> None:
    given.emit(db, "no.event")
    given.route(db)
    db.execute("update postbell.rejected_event set rejected_at = postbell.clock()")
    housekeep(db)
    assert len(given.rejections(db)) == 1
    given.clock(db, LATER)
    housekeep(db)
    assert given.rejections(db) == {}


def test_the_log_and_the_figures_do_not_need_what_is_gone(db: Connection) -> None:
    event = deliver(db)
    db.execute("select postbell.set_retention('event', '30 days')")
    fill(db)
    given.clock(db, "2030-03-01Z")
    housekeep(db, 4)
    assert "notification" not in left(db)

    assert {state for state, *_ in given.deliveries(db, event).values()} == {
        "delivered", "bounced",
    }  # fmt: skip
    given.clock(db, NOW)
    assert given.value(db, "select sum(wanted) from postbell.analytics_daily") == 2
    assert given.rows(db, "select * from postbell.dead_letters")
    assert given.rows(db, "select * from postbell.delivery_timeline")


def test_what_the_page_says_is_so(db: Connection) -> None:
    page = (ROOT / "docs" / "retention.md").read_text(encoding="utf-8")
    for block in blocks(page):
        db.execute(block.text.encode())

    assert given.rows(db, "select kind, keep::text from postbell.retention order by kind") == [
        ("event", "1 year"), ("inbox", "90 days"), ("log", None),
    ]  # fmt: skip
    assert given.column(db, "select reason from postbell.hold") == ["case 8"]


async def test_the_router_removes_what_is_old_beside_its_work(
    db: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(db)
    fill(db)
    given.clock(db, LATER)
    monkeypatch.setattr(housekeeping, "INTERVAL", 0.1)

    async with running(database_url, ScriptedProvider()):
        await seen(lambda: left(db) == {}, "what is old is gone")
        event = given.emit(db, payload={"order_id": 1, "amount": "1.00"}, channels=["in_app"])
        await seen(lambda: "inbox_item" in left(db), "it delivers")

    assert given.deliveries(db, event)
    assert given.value(
        db, "select pg_stat_get_last_analyze_time('postbell.inbox_item'::regclass) is not null"
    )


def test_who_is_waited_for_holds_up_nobody_else(db: Connection, connect: Connect) -> None:
    deliver(db)
    housekeep(db)
    given.clock(db, LATER)
    reading = connect(autocommit=False)
    reading.execute("update postbell.inbox_item set read_at = now()")
    other = connect()
    other.execute("set lock_timeout = '1s'")

    housekeep(db)
    other.execute("select postbell_private.tidy_up()")
    other.execute("select postbell.cancel('order:1')")

    assert left(db)["inbox_item"] == 1
    reading.rollback()
    housekeep(db, 2)
    assert left(db) == {}


def test_what_is_scheduled_for_later_holds_up_nothing_behind_it(db: Connection) -> None:
    scheduled = given.emit(db, channels=["email"], deliver_at="2039-01-01Z")
    db.execute("update postbell.outbox set created_at = postbell.clock()")
    deliver(db, "u2")
    housekeep(db)
    given.clock(db, LATER)
    housekeep(db, 3)
    assert given.column(db, "select id from postbell_private.notification") == [scheduled]

    db.execute("select postbell.cancel(%s)", [scheduled])
    given.clock(db, "2041-01-01Z")
    housekeep(db, 6)
    assert "notification" not in left(db)


def test_what_was_in_use_until_lately_is_kept_with_its_leaf(db: Connection) -> None:
    late = given.emit(db, channels=["email"], deliver_at="2031-01-31Z")
    db.execute("update postbell.outbox set created_at = postbell.clock()")
    deliver(db, "u2")
    fill(db)
    given.clock(db, "2031-01-31 00:00Z")
    housekeep(db)
    given.value(db, "select released from postbell_private.release_due()")
    given.sent(db, given.value(db, "select id from postbell.open_delivery"))
    given.clock(db, LATER)
    housekeep(db, 5)

    assert given.column(db, "select id from postbell_private.notification") == [late]
    given.clock(db, "2033-01-01Z")
    housekeep(db, 6)
    assert left(db) == {}


def test_an_event_that_is_not_committed_keeps_its_leaf(db: Connection, connect: Connect) -> None:
    slow = connect(autocommit=False)
    event = given.emit(slow, channels=["in_app"])
    deliver(db, "u2")
    fill(db)
    given.clock(db, LATER)
    housekeep(db, 4)
    assert leaves(db, "event")[0] == 1

    slow.commit()
    given.route(db)
    assert given.rejections(db) == {}
    assert given.deliveries(db, event)


def test_a_dead_letter_whose_inbox_is_gone_stays_dead(db: Connection) -> None:
    event = given.emit(db, channels=["in_app"])
    given.route(db)
    given.fail(db, "no template", given.value(db, "select id from postbell.delivery"))
    db.execute("select postbell.set_retention('log', null)")
    db.execute("select postbell.set_retention('event', null)")
    fill(db)
    given.clock(db, LATER)
    housekeep(db, 3)
    assert leaves(db, "inbox")[0] > 1

    assert given.value(db, "select postbell.retry()") == 0
    assert given.deliveries(db, event)["u1", "in_app"].state == "failed"


def test_a_hold_on_a_subject_protects_it_from_an_erasure(db: Connection) -> None:
    deliver(db, subject="order:1")
    before = left(db)
    db.execute("select postbell.hold(subject => 'order:1')")
    with pytest.raises(psycopg.Error) as error:
        db.execute("select postbell.erase_recipient('u1')")
    assert error.value.sqlstate == "PB024"
    assert left(db) == before


def test_who_was_erased_cannot_be_held(db: Connection) -> None:
    db.execute("select postbell.erase_recipient('u1')")
    with pytest.raises(psycopg.Error) as error:
        db.execute("select postbell.hold(recipient => 'u1')")
    assert error.value.sqlstate == "PB023"


def test_a_rejection_that_is_held_stays(db: Connection) -> None:
    given.emit(db, "no.event")
    given.route(db)
    db.execute("update postbell.rejected_event set rejected_at = postbell.clock()")
    db.execute("select postbell.hold(recipient => 'u1')")
    given.clock(db, LATER)
    housekeep(db)
    assert len(given.rejections(db)) == 1
