"""The leaves of the large tables: made ahead of the ids, and never in anybody's way."""

from __future__ import annotations

from functools import partial

import psycopg
import pytest

from tests.support import given
from tests.support.background import Background, Connect, await_waiting
from tests.support.given import Connection

PARENTS = (
    "postbell_private.notification", "postbell.finished_delivery", "postbell.attempt",
    "postbell.receipt", "postbell.inbox_item",
)  # fmt: skip
SEQUENCES = {"event": "outbox_id_seq", "log": "delivery_id_seq", "inbox": "delivery_id_seq"}

RECEIVED = "select result from postbell_private.receive_receipt('test', %s)"
DISK_IS_FULL = """
    create or replace function postbell_private.make_leaf(
        kind text, first_id bigint, end_id bigint
    ) returns void
    language plpgsql as $$
    begin
        raise disk_full using message = 'no space left on device';
    end $$
"""


@pytest.fixture(autouse=True)
def event_type(db: Connection) -> None:
    given.event_type(db, default_channels=["in_app", "email"])


@pytest.fixture(params=SEQUENCES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def ends(db: Connection, kind: str) -> list[int]:
    return given.column(
        db, "select end_id from postbell_private.leaf where kind = %s order by end_id", kind
    )


def go_to(db: Connection, sequence: str, last: int) -> None:
    """As if so many ids had been used."""
    db.execute("select setval(%s, %s)", [f"postbell.{sequence}", last])


def keep_leaves(db: Connection) -> None:
    db.execute("select postbell_private.keep_leaves()")


def where(db: Connection, event: int) -> dict[str, str]:
    """The tables in which the deliveries of an event lie, by channel."""
    return dict(
        given.rows(
            db,
            "select channel::text, regexp_replace(tableoid::regclass::text, '_[0-9]+$', '')"
            " from postbell.delivery where notification_id = %s",
            event,
        )
    )


def test_a_deploy_leaves_two_to_spare(db: Connection, kind: str) -> None:
    assert len(ends(db, kind)) == 3


def test_when_one_is_filled_another_is_made(db: Connection, kind: str) -> None:
    first, *others = ends(db, kind)
    go_to(db, SEQUENCES[kind], first)

    keep_leaves(db)

    assert ends(db, kind)[:3] == [first, *others]
    assert len(ends(db, kind)) == 4
    assert given.column(
        db,
        "select end_id from postbell_private.leaf where kind = %s and filled_at is not null",
        kind,
    ) == [first]


def test_a_leaf_is_like_its_parent(db: Connection) -> None:
    unlike = given.rows(
        db,
        "select inhrelid::regclass::text, count(*) from pg_inherits join pg_index"
        " on indrelid = inhrelid where inhparent = any(%s::regclass[])"
        " and inhrelid::regclass::text ~ '_[0-9]+$' group by inhrelid, inhparent"
        " having count(*) <> (select count(*) from pg_index where indrelid = inhparent)",
        list(PARENTS),
    )
    assert unlike == []


@pytest.mark.parametrize("beyond", [-1, 0, 1, 10_000_000])
def test_without_housekeeping_nothing_is_rejected(db: Connection, beyond: int) -> None:
    for kind, sequence in SEQUENCES.items():
        go_to(db, sequence, ends(db, kind)[-1] + beyond)
    event = given.emit(db)

    given.route(db)

    assert given.rejections(db) == {}
    assert where(db, event).keys() == {"in_app", "email"}


def test_an_audience_and_a_scheduled_event_find_their_leaf(db: Connection) -> None:
    people = [given.recipient(db, f"p{number}") for number in range(30)]
    large = given.emit(db, recipient=None, audience={"recipients": people})
    later = given.emit(db, deliver_at="2090-01-01Z")
    given.route(db)
    go_to(db, "delivery_id_seq", ends(db, "log")[-1] - 1)

    while given.value(db, "select reached from postbell_private.fan_out(10)"):
        pass
    go_to(db, "delivery_id_seq", ends(db, "log")[-1] - 1)
    given.clock(db, "2090-01-01Z")
    given.value(db, "select released from postbell_private.release_due()")

    assert given.rejections(db) == {}
    assert len(given.deliveries(db, large)) == 2 * len(people)
    assert len(given.deliveries(db, later)) == 2


@pytest.mark.parametrize("at", ["2099-01-01Z", "1999-01-01Z"])
def test_a_clock_that_is_wrong_stops_nothing(db: Connection, at: str) -> None:
    given.clock(db, at)
    before = {kind: ends(db, kind) for kind in SEQUENCES}
    for _ in range(3):
        db.execute("select postbell_private.tidy_up()")
    event = given.emit(db)
    given.route(db)

    assert {kind: ends(db, kind) for kind in SEQUENCES} == before
    assert where(db, event).keys() == {"in_app", "email"}


def test_a_busy_system_has_large_leaves(db: Connection) -> None:
    given.clock(db, "2030-01-01Z")
    db.execute("update postbell_private.leaf set began_at = null")
    keep_leaves(db)
    # Ten million in ten days: a twelfth of a year takes thirty.
    given.clock(db, "2030-01-11Z")
    go_to(db, "delivery_id_seq", 10_000_000)
    keep_leaves(db)

    assert ends(db, "log")[-1] - ends(db, "log")[-2] == pytest.approx(30_400_000, rel=0.05)


def test_nobody_is_waited_for_by_a_new_leaf(db: Connection, connect: Connect) -> None:
    event = given.emit(db)
    given.route(db)
    reader, writer = connect(autocommit=False), connect(autocommit=False)
    for table in ("postbell.inbox_item", "postbell.delivery", "postbell_private.notification"):
        given.rows(reader, f"select * from {table}")
    writer.execute("update postbell.inbox_item set seen_at = now()")
    writer.execute("update postbell.delivery set reason = 'x' where notification_id = %s", [event])
    given.emit(writer)
    for kind, sequence in SEQUENCES.items():
        go_to(db, sequence, ends(db, kind)[0])

    db.execute("set lock_timeout = '1s'")
    keep_leaves(db)

    assert len(ends(db, "inbox")) == 4


def test_what_is_settled_leaves_the_open_ones(db: Connection) -> None:
    event = given.emit(db)
    given.route(db)
    assert set(where(db, event).values()) == {"postbell.open_delivery"}

    mail = given.value(db, "select id from postbell.delivery where channel = 'email'")
    given.sent(db, mail)
    db.execute("select postbell.cancel(%s)", [event])

    assert set(where(db, event).values()) == {"postbell.finished_delivery"}


def test_a_dead_letter_that_is_sent_again_is_open_again(db: Connection) -> None:
    event = given.emit(db, channels=["email"])
    given.route(db)
    mail = given.value(db, "select id from postbell.delivery")
    given.fail(db, "no template", mail)
    assert where(db, event) == {"email": "postbell.finished_delivery"}

    db.execute("select postbell.retry()")

    assert where(db, event) == {"email": "postbell.open_delivery"}
    given.sent(db, mail)
    assert where(db, event) == {"email": "postbell.finished_delivery"}


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_who_waits_for_one_that_is_settled_gets_no_error(
    db: Connection, connect: Connect, end: str
) -> None:
    event = given.emit(db, channels=["email"])
    given.route(db)
    settling, waiting = connect(autocommit=False), connect()
    settling.execute("update postbell.delivery set state = 'sent', sent_at = now()")
    update = "update postbell.delivery set clicked_at = now() where notification_id = %s"
    late = Background(lambda: waiting.execute(update, [event]).rowcount)
    await_waiting(db, waiting)
    getattr(settling, end)()

    assert late.result() == (0 if end == "commit" else 1)
    assert where(db, event) == {
        "email": f"postbell.{'finished' if end == 'commit' else 'open'}_delivery"
    }


def test_a_receipt_that_waits_for_the_record_counts(db: Connection, connect: Connect) -> None:
    given.emit(db, channels=["email"])
    given.route(db)
    mail = given.value(db, "select id from postbell.delivery")
    db.execute("update postbell.delivery set state = 'unknown', provider = 'test'")
    given.insert(db, "attempt", delivery_id=mail, outcome="unknown", provider="test")
    recording, receiving = connect(autocommit=False), connect()
    recording.execute("update postbell.delivery set state = 'sent', sent_at = now()")
    receipts = f'[{{"event_id": "1", "kind": "delivered", "delivery_id": {mail}}}]'
    receipt = Background(lambda: given.value(receiving, RECEIVED, receipts))
    await_waiting(db, receiving)
    recording.commit()

    assert receipt.result() == "taken"
    assert given.value(db, "select state from postbell.delivery") == "delivered"


def test_a_full_disk_stops_only_the_new_leaves(
    db: Connection, capfd: pytest.CaptureFixture[str]
) -> None:
    db.execute(DISK_IS_FULL.encode())
    told: list[str | None] = []
    db.add_notice_handler(lambda notice: told.append(notice.message_primary))
    go_to(db, "delivery_id_seq", ends(db, "log")[0])
    event = given.emit(db)
    given.route(db)
    db.execute("select postbell_private.tidy_up()")

    assert where(db, event).keys() == {"in_app", "email"}
    assert given.rejections(db) == {}
    assert told == ["housekeeping: keep_leaves failed: 53100: no space left on device"]


def test_a_full_disk_where_no_leaf_is_left_rejects_nothing(db: Connection) -> None:
    made = given.value(
        db,
        "select pg_get_functiondef('postbell_private.make_leaf(text, bigint, bigint)'"
        "::regprocedure)",
    )
    db.execute(DISK_IS_FULL.encode())
    go_to(db, "delivery_id_seq", ends(db, "log")[-1])
    event = given.emit(db)
    with pytest.raises(psycopg.errors.DiskFull):
        given.route(db)
    assert given.rejections(db) == {}

    db.execute(made.encode())
    given.route(db)

    assert where(db, event).keys() == {"in_app", "email"}


@pytest.fixture
def many_leaves(db: Connection) -> Connection:
    """A year's worth; the deliveries of the test lie in the first."""
    for kind, count in {"event": 5, "log": 13, "inbox": 5}.items():
        for _ in range(count - len(ends(db, kind))):
            end = ends(db, kind)[-1]
            db.execute(
                "select postbell_private.make_leaf(%s, %s, %s)", [kind, end, end + 1_000_000]
            )
    return db


def locked(db: Connection, statement: str, *arguments: object) -> dict[str, int]:
    """How many leaves of each table it locks, once its plan is made for any arguments."""
    counted = (
        "select regexp_replace(relname, '_[0-9]+$', ''), count(distinct relation)"
        " from pg_locks join pg_class on pg_class.oid = relation"
        " where pid = pg_backend_pid() and relkind = 'r'"
        " and relname ~ '_[0-9]+$' and relname !~ '^(outbox|stream_event)' group by 1"
    )
    found: dict[str, int] = {}
    for _ in range(6):
        with db.transaction(force_rollback=True):
            given.rows(db, statement, *arguments)
            found = dict(given.rows(db, counted))
    return found


@pytest.mark.parametrize("channel", ["email", "in_app"])
def test_the_way_of_a_message_locks_few_leaves(many_leaves: Connection, channel: str) -> None:
    db = many_leaves
    db.execute("set plan_cache_mode = force_generic_plan")
    given.emit(db, channels=[channel])
    # An event is read by its id, wherever it lies; of these leaves there are few.
    events = {"notification": len(ends(db, "event"))}
    assert locked(db, "select * from postbell_private.route()") == events
    given.route(db)

    batch = given.value(db, "select id from postbell.batch")
    claim = "select claim_token, delivery_id from postbell_private.claim_batch(%s, %s, %s)"
    started = 1 if channel == "email" else 0
    assert locked(db, claim, batch, channel, started) == events
    ((token, delivery),) = given.rows(db, claim, batch, channel, started)

    if channel == "email":
        sent = (
            f'[{{"delivery_id": {delivery}, "identity": "", "outcome": "sent",'
            ' "provider": "test", "message_id": "<1@a.example>", "calls": [{"outcome": "sent",'
            ' "provider": "test", "message_id": "<1@a.example>"}]}]'
        )
        record = "select postbell_private.record_attempts(%s, %s, %s)"
        written = {"finished_delivery": 1, "attempt": 1}
    else:
        sent = f'[{{"delivery_id": {delivery}, "title": "Paid", "body": "Thank you"}}]'
        record = "select postbell_private.record_inbox(%s, %s, %s)"
        written = {"finished_delivery": 1, "inbox_item": 1, **events}
    assert locked(db, record, batch, token, sent) == written


def test_an_item_that_is_written_by_the_router_locks_one_leaf(many_leaves: Connection) -> None:
    db = many_leaves
    db.execute("set plan_cache_mode = force_generic_plan")
    event = given.emit(db, channels=["in_app"])
    contents = (
        f'[{{"notification_id": {event}, "channel": "in_app", "recipient_ids": ["u1"],'
        ' "version": "a.1", "title": "Paid", "body": "Thank you", "actions": []}]'
    )
    step = given.value(db, "select step from postbell_private.read_chunk(10, null, 10)")

    found = locked(db, "select * from postbell_private.route(10, null, %s, %s)", step, contents)

    assert found == {
        "notification": len(ends(db, "event")), "finished_delivery": 1, "inbox_item": 1,
    }  # fmt: skip


def test_emitting_locks_no_leaf(many_leaves: Connection) -> None:
    insert = (
        "insert into postbell.outbox (event, recipient) values ('order.paid', 'u1') returning 1"
    )
    assert locked(many_leaves, insert) == {}


def test_receipts_that_both_wait_for_the_record_are_both_counted(
    db: Connection, connect: Connect
) -> None:
    given.emit(db, channels=["email"])
    given.route(db)
    mail = given.value(db, "select id from postbell.delivery")
    db.execute("update postbell.delivery set state = 'unknown', provider = 'test'")
    given.insert(db, "attempt", delivery_id=mail, outcome="unknown", provider="test")
    recording = connect(autocommit=False)
    recording.execute("update postbell.delivery set state = 'sent', sent_at = now()")
    receipts = []
    for kind in ("delivered", "sent", "deferred"):
        session = connect()
        receipt = f'[{{"event_id": "{kind}", "kind": "{kind}", "delivery_id": {mail}}}]'
        receipts.append(Background(partial(given.value, session, RECEIVED, receipt)))
        await_waiting(db, session)
    recording.commit()

    assert [each.result() for each in receipts] == ["taken"] * 3
    assert given.value(db, "select state from postbell.delivery") == "delivered"
