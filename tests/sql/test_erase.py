"""Erasing a person: nothing of them is left in any column of any table, and figures stay."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import errors

from tests.support import given
from tests.support.background import Background, Connect, await_waiting
from tests.support.erasing import MAIL, MARKER, PHONE, WHO, complete, erase, person, traces
from tests.support.given import Connection, Fate
from tests.support.manual import ROOT, blocks
from tests.support.roles import acting_as

PAYLOAD = {"text": MARKER}
LATER = "2099-01-01Z"


@pytest.fixture
def shop(db: Connection) -> Iterator[Connection]:
    """Two people, of whom one is to be erased. No part of housekeeping may fail."""
    given.event_type(db, default_channels=["in_app", "email"])
    person(db)
    given.recipient(db, "u2", roles=["client"])
    notices: list[str] = []

    def hear(notice: psycopg.errors.Diagnostic) -> None:
        notices.append(str(notice.message_primary))

    db.add_notice_handler(hear)
    yield db
    db.remove_notice_handler(hear)
    assert [notice for notice in notices if "housekeeping" in notice] == []


def routed(db: Connection, channel: str, **columns: object) -> int:
    """The delivery of an event to the person."""
    named = {"recipient": WHO, "payload": PAYLOAD, "channels": [channel], **columns}
    event = given.emit(db, **named)  # type: ignore[arg-type]
    given.route(db)
    return int(
        given.value(
            db,
            "select coalesce(max(id), 0) from postbell.delivery"
            " where notification_id = %s and recipient_id = %s",
            event,
            WHO,
        )
    )


def claimed(db: Connection, delivery: int, **named: int) -> tuple[int, str]:
    """The batch of a delivery, and the token of a claim."""
    batch = given.value(db, "select id from postbell.batch where %s = any(delivery_ids)", delivery)
    ((token, *_), *_) = given.claim(db, batch, "claim_token", **named)
    return batch, token


def answered(db: Connection, delivery: int, outcome: str, reason: str | None = None) -> None:
    """A provider's answer."""
    batch, token = claimed(db, delivery, start_sending=1)
    given.attempts(db, outcome, delivery, reason=reason)
    given.call(db, "finish_batch", batch_id=batch, claim_token=token)


def written(db: Connection, delivery: int, title: str = f"Paid: {MARKER}") -> None:
    """An item in the inbox."""
    batch, token = claimed(db, delivery)
    items = [{"delivery_id": delivery, "title": title, "body": MARKER}]
    given.call(db, "record_inbox", batch_id=batch, claim_token=token, items=json.dumps(items))


def state(db: Connection, delivery: int) -> Fate:
    (row,) = given.rows(
        db, "select state, reason from postbell.delivery_log where delivery_id = %s", delivery
    )
    return Fate(*row)


def everything(db: Connection) -> None:
    """A row about the person in every table that can have one."""
    _choices(db)
    _deliveries(db)
    _events(db)
    _stream(db)
    _others(db)


def _choices(db: Connection) -> None:
    given.device(db, WHO, f"https://push.example/{MARKER}")
    given.call(db, "join_topic", recipient=WHO, topic="thread:7")
    given.call(db, "set_preference", recipient=WHO, enabled=True, channel="sms")
    given.call(db, "mute", recipient=WHO, subject=f"user:{WHO}")
    # Not now: what the person gets is sent at once.
    day = (datetime.now(UTC) + timedelta(days=3)).isoweekday()
    given.call(db, "set_quiet_hours", recipient=WHO, starts="22:00", ends="07:00", days=[day])
    who = {"tenant_id": "default", "recipient_id": WHO, "expires_at": LATER}
    given.insert(db, "session", digest=b"session", **who)
    given.insert(db, "ticket", digest=b"ticket", valid_until=LATER, **who)
    given.call(db, "suppress", channel="push", address=WHO, reason="gone", detail=f"of {MAIL}")


def _deliveries(db: Connection) -> None:
    """In every state."""
    themselves = {"recipients": [WHO], "notify_actor": True}
    read = routed(db, "in_app", recipient=None, audience=themselves, actor=WHO, subject=WHO)
    written(db, read)
    given.call(db, "mark_read", recipient=WHO, item_ids=[read])
    written(db, routed(db, "in_app"))
    answered(db, routed(db, "sms"), "unknown", f"no answer for {PHONE}")
    answered(db, routed(db, "email"), "retry", f"451 <{MAIL}> greylisted")
    answered(db, routed(db, "email"), "refused", f"550 <{MAIL}> unknown")
    given.fail(db, f"template: {MARKER} is missing", routed(db, "email"))
    bounced = routed(db, "email")
    answered(db, bounced, "sent")
    receipts = [
        {"event_id": "1", "delivery_id": bounced, "kind": "bounced", "blame": "hard",
         "reason": f"<{MAIL}>: no such user", "detail": {"to": MAIL}},
        {"event_id": "2", "message_id": "nobody's yet", "kind": "delivered", "addresses": [MAIL]},
    ]  # fmt: skip
    given.call(db, "receive_receipt", provider="test", receipts=json.dumps(receipts))
    routed(db, "email", forced_channels=["push"])
    routed(db, "in_app")
    db.execute("update postbell.delivery set state = 'waiting' where channel = 'push'")
    db.execute(
        "insert into postbell.waiting_delivery select id, tenant_id, recipient_id, false, %s"
        " from postbell.delivery where channel = 'push'",
        [LATER],
    )


def _events(db: Connection) -> None:
    """Planned, cancelled, repeated, rejected; of the person alone, and of several."""
    given.emit(db, recipient=WHO, payload=PAYLOAD, deliver_at=LATER)
    given.emit(
        db, recipient=None, audience={"recipients": [WHO, "u2"]}, actor=WHO, deliver_at=LATER
    )
    given.emit(db, recipient=None, audience={"recipients": [WHO, "u2"]})
    given.emit(db, recipient="u2", actor=WHO)
    given.emit(db, recipient=None, payload=PAYLOAD, audience={"topic": "thread:7"})
    for _ in range(2):
        given.emit(db, recipient=WHO, payload=PAYLOAD, idempotency_key=f"welcome:{WHO}")
    given.emit(db, recipient=WHO, payload={"text": 1}, idempotency_key=f"welcome:{WHO}")
    given.emit(db, "no.such_event", recipient=WHO, payload=PAYLOAD)
    given.emit(db, "no.such_event", recipient=None, audience={"recipients": [WHO]}, actor=WHO)
    given.emit(db, recipient=WHO, payload=PAYLOAD, subject=f"user:{WHO}")
    given.call(db, "cancel", subject=f"user:{WHO}")
    given.emit(db, recipient=None, payload=PAYLOAD, audience={"role": "nobody"}, actor=WHO)
    crowd = [WHO, *(f"p{number}" for number in range(40))]
    given.emit(db, recipient=None, audience={"recipients": crowd})
    given.route(db)
    given.value(db, "select reached from postbell_private.fan_out(10)")


def _stream(db: Connection) -> None:
    columns = {"tenant_id": "default"}
    given.insert(
        db, "stream_event", kind="notification", recipient_id=WHO, frame={"title": MARKER},
        **columns,
    )  # fmt: skip
    given.insert(
        db, "stream_event", kind="added", recipient_ids=["u2", WHO], item_ids=[1, 2], **columns
    )


def _others(db: Connection) -> None:
    given.call(db, "receive_reply", provider="test", event_id="3", address=PHONE, words="STOP")
    db.execute(
        "insert into postbell_queue.pgqueuer_log (job_id, priority, status, entrypoint, traceback)"
        " values (1, 0, 'exception', 'deliver.email', to_jsonb(%s::text))",
        [f"ValueError: {MAIL}"],
    )
    db.execute(
        "create table public.users (id text primary key);"
        " select postbell.mirror_recipients('public.users', '{\"id\": \"id\"}');"
        " update postbell_private.recipient_mirror set failed_at = now(),"
        f" failure = 'user {WHO} of tenant default: 22000: no'"
    )


# --- what is gone


def test_nothing_is_left_in_any_column_of_any_table(shop: Connection) -> None:
    everything(shop)
    before = set(traces(shop))
    tables = {name.partition(".")[0] for name in before}
    assert tables >= {
        "attempt", "cancellation", "delivery", "delivery_step", "early_receipt", "fanout_member",
        "idempotency_key", "inbox_item", "mute", "notification", "outbox", "pgqueuer_log",
        "preference", "push_subscription", "quiet_hours", "receipt", "recipient",
        "recipient_mirror", "recipient_role", "rejected_event", "session", "stop", "stream_event",
        "suppression", "ticket", "topic_member", "waiting_delivery",
    }  # fmt: skip

    erase(shop)
    complete(shop)

    assert traces(shop) == {}
    assert given.value(shop, "select completed_at is not null from postbell.erasure")


def test_every_table_about_people_was_looked_at(shop: Connection) -> None:
    everything(shop)
    about_people = given.column(
        shop,
        "select distinct relname::text from pg_attribute join pg_class on attrelid = pg_class.oid"
        " where attname in ('recipient_id', 'recipient', 'recipient_ids') and relkind in ('r', 'p')"
        " and not relispartition and relnamespace::regnamespace::text ~ '^postbell'",
    )

    found = {name.partition(".")[0] for name in traces(shop)}

    # Who is held cannot be erased.
    assert set(about_people) - found == {"open_erasure", "hold"}


def test_the_call_itself_leaves_nothing_that_people_see(shop: Connection) -> None:
    everything(shop)
    erase(shop)

    left = {name.partition(".")[0] for name in traces(shop)}
    assert left <= {
        # Housekeeping's.
        "cancellation", "early_receipt", "fanout_member", "idempotency_key", "notification",
        "open_erasure", "outbox", "pgqueuer_log", "recipient_mirror", "rejected_event",
        "stream_event",
    }  # fmt: skip


def test_who_rolls_back_erases_nobody(shop: Connection) -> None:
    everything(shop)
    before = traces(shop)
    with shop.transaction(force_rollback=True):
        erase(shop)

    assert traces(shop) == before
    complete(shop)
    assert given.value(shop, "select count(*) from postbell.erasure") == 0


def test_what_is_queued_waiting_and_planned_is_cancelled(shop: Connection) -> None:
    queued, waiting = routed(shop, "email"), routed(shop, "email")
    answered(shop, waiting, "retry")
    planned = given.emit(shop, recipient=WHO, deliver_at=LATER)
    given.route(shop)

    _, _, _, removed, *_ = erase(shop)

    assert (removed["cancelled"], removed["scheduled_notification"]) == (2, 1)
    assert state(shop, queued) == state(shop, waiting) == Fate("cancelled", "recipient_erased")
    assert given.deliveries(shop, planned) == {}
    batch = given.value(shop, "select id from postbell.batch where %s = any(delivery_ids)", queued)
    assert given.claim(shop, batch) == []


def test_figures_stay_under_a_pseudonym(shop: Connection) -> None:
    everything(shop)
    shop.execute(
        "update postbell.delivery set state = 'cancelled', reason = 'recipient_erased'"
        " where state in ('queued', 'waiting', 'sending') and recipient_id = %s",
        [WHO],
    )
    shop.execute("update postbell.delivery set state = 'failed' where state = 'unknown'")
    figures = "select * from postbell.analytics_daily order by 1, 2, 3, 4"
    before = given.rows(shop, figures)

    _, _, pseudonym, *_ = erase(shop)

    assert given.rows(shop, figures) == before
    assert pseudonym in given.column(shop, "select recipient_id from postbell.delivery_log")


def test_others_keep_what_they_were_told(shop: Connection) -> None:
    event = given.emit(
        shop, recipient=None, payload={"order_id": 7}, audience={"recipients": [WHO, "u2"]},
        channels=["in_app"], subject="order:7",
    )  # fmt: skip
    by_person = given.emit(shop, recipient="u2", payload={"order_id": 8}, actor=WHO)
    given.route(shop)

    erase(shop)
    complete(shop)

    pseudonym = given.value(shop, "select pseudonym from postbell.erasure")
    assert given.deliveries(shop, event) == {
        ("u2", "in_app"): Fate("queued", "wanted"),
        (pseudonym, "in_app"): Fate("cancelled", "recipient_erased"),
    }
    assert given.rows(
        shop,
        "select id, actor, audience -> 'recipients', payload, subject"
        " from postbell_private.notification order by id",
    ) == [
        (event, None, [pseudonym, "u2"], {"order_id": 7}, "order:7"),
        (by_person, pseudonym, None, {"order_id": 8}, None),
    ]
    assert given.rows(
        shop, "select id, actor, audience -> 'recipients' from postbell.outbox order by id"
    ) == [(event, None, [pseudonym, "u2"]), (by_person, pseudonym, None)]


@pytest.mark.parametrize(
    "columns",
    [
        {"recipient": "u2"},
        {"recipient": None, "audience": {"role": "client"}},
        {"recipient": "u2", "audience": {"recipients": [WHO]}},
    ],
    ids=str,
)
def test_what_is_planned_for_others_is_delivered(
    shop: Connection, columns: dict[str, object]
) -> None:
    event = given.emit(shop, actor=WHO, deliver_at=LATER, channels=["in_app"], **columns)  # type: ignore[arg-type]
    told = given.emit(shop, recipient="u2", payload={"order_id": 8}, actor=WHO, channels=["push"])
    given.route(shop)
    erase(shop)
    complete(shop)

    given.clock(shop, "2099-01-02Z")
    given.value(shop, "select postbell_private.release_due()")

    assert given.deliveries(shop, event)["u2", "in_app"] == Fate("queued", "wanted")
    payload = "select recipient, payload from postbell_private.notification where id = %s"
    assert given.rows(shop, payload, told) == [("u2", {"order_id": 8})]


def test_a_cancellation_of_others_stays(shop: Connection) -> None:
    given.recipient(shop, "42")
    cancelled = given.emit(shop, recipient="u2", subject="order:42", deliver_at=LATER)
    given.emit(shop, recipient="42", subject="user:42")
    given.route(shop)
    for subject in ("order:42", "user:42"):
        given.call(shop, "cancel", subject=subject)

    erase(shop, "42")
    complete(shop)

    pseudonym = given.value(shop, "select pseudonym from postbell.erasure")
    found = given.column(shop, "select subject from postbell_private.cancellation order by id")
    assert found == ["order:42", f"user:{pseudonym}"]
    assert [each.reason for each in given.explain(shop, cancelled)] == ["cancelled"]


def test_an_event_for_two_goes_with_the_second(shop: Connection) -> None:
    given.emit(shop, recipient=None, payload=PAYLOAD, audience={"recipients": [WHO, "u2"]})
    given.route(shop)

    erase(shop)
    complete(shop)
    assert traces(shop, MARKER)
    erase(shop, "u2")
    complete(shop)

    assert traces(shop, MARKER) == {}


def test_a_number_in_a_list_is_the_same_id(shop: Connection) -> None:
    given.recipient(shop, "4711")
    given.emit(shop, recipient=None, audience={"recipients": [4711, "u2"]}, deliver_at=LATER)
    given.route(shop)

    erase(shop, "4711")
    complete(shop)

    audiences = "select audience -> 'recipients' -> 0 from postbell_private.notification"
    assert given.value(shop, audiences).startswith("erased:")


def test_the_same_id_of_another_tenant_is_somebody_else(shop: Connection) -> None:
    given.tenant(shop, "boutique")
    person(shop, tenant_id="boutique")
    given.emit(shop, recipient=WHO, payload=PAYLOAD, tenant_id="boutique")
    given.route(shop)
    before = given.rows(shop, "select * from postbell.delivery")

    erase(shop)
    complete(shop)

    assert given.rows(shop, "select * from postbell.delivery") == before
    assert given.value(shop, "select payload from postbell_private.notification") == PAYLOAD


# --- the certificate


def test_erasing_twice_returns_the_same_certificate(shop: Connection) -> None:
    written(shop, routed(shop, "in_app"))
    first = erase(shop)

    assert erase(shop) == first
    complete(shop)
    *again, erased_by, erased_at, completed_at, forgiven_at = erase(shop)
    assert (*again, erased_by, erased_at, completed_at, forgiven_at) == first
    complete(shop)
    assert given.rows(shop, "select id, removed from postbell.erasure") == [(first[0], first[3])]


def test_erasing_again_finds_what_the_application_has_said_since(shop: Connection) -> None:
    erase(shop)
    complete(shop)
    given.emit(shop, recipient=None, audience={"recipients": [WHO, "u2"]})
    given.route(shop)
    assert traces(shop)

    erase(shop)
    complete(shop)

    assert traces(shop) == {}


def test_the_certificate_says_what_was_removed(shop: Connection) -> None:
    given.device(shop, WHO)
    written(shop, routed(shop, "in_app"))
    answered(shop, routed(shop, "email"), "sent")

    _, tenant, _, removed, *_ = erase(shop)

    assert tenant == "default"
    assert removed == {
        "recipient": 1, "push_subscription": 1, "inbox_item": 1, "delivery": 2, "attempt": 1,
        "notification": 2,
    }  # fmt: skip


def test_somebody_who_is_not_there_can_be_erased(shop: Connection) -> None:
    given.emit(shop, recipient="nobody-9", payload=PAYLOAD)
    given.route(shop)

    _, _, _, removed, *_ = erase(shop, "nobody-9")
    complete(shop)

    assert removed == {}
    assert traces(shop, "nobody-9", MARKER) == {}


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ({"recipient": ""}, "PB022"),
        ({"recipient": "x" * 256}, "PB010"),
        ({"recipient": "u1", "tenant_id": "nowhere"}, "PB004"),
    ],
)
def test_what_makes_no_sense_is_refused(
    connection: Connection, named: dict[str, object], code: str
) -> None:
    with pytest.raises(psycopg.Error) as error:
        given.call(connection, "erase_recipient", **named)
    assert error.value.sqlstate == code


# --- nobody comes back by mistake


def test_who_was_erased_is_not_made_a_recipient_again(shop: Connection) -> None:
    erase(shop)

    with pytest.raises(psycopg.Error) as error:
        person(shop)

    assert error.value.sqlstate == "PB023"
    assert "forgive => true" in (error.value.diag.message_hint or "")
    assert given.value(shop, "select count(*) from postbell.recipient where id = %s", WHO) == 0


def test_who_is_forgiven_is_back(shop: Connection) -> None:
    erase(shop)
    person(shop, forgive=True)
    person(shop)
    kept = routed(shop, "in_app")
    complete(shop)

    assert state(shop, kept).state == "queued"
    assert given.value(shop, "select forgiven_at is not null from postbell.erasure")
    first, second = given.value(shop, "select id from postbell.erasure"), erase(shop)[0]
    assert first != second


def test_a_mirror_skips_who_was_erased_and_says_so(connection: Connection) -> None:
    connection.execute(
        "create schema app; create table app.users (id text primary key, mail text);"
        " insert into app.users values ('a', 'a@example.org'), ('b', 'b@example.org')"
    )
    mapping = {"id": "id", "email": "mail"}
    given.call(connection, "mirror_recipients", source="app.users", mapping=mapping)
    erase(connection, "a")

    connection.execute("update app.users set mail = 'new-' || mail")
    given.call(connection, "mirror_recipients", source="app.users", mapping=mapping)

    assert given.rows(connection, "select id, email from postbell.recipient") == [
        ("b", "new-b@example.org")
    ]
    ((_, who, fault),) = given.rows(connection, "select * from postbell.mirror_faults('app.users')")
    assert who == "a"
    assert "erased" in fault
    assert given.value(connection, "select count(*) from postbell.check_mirrors()") == 0


@pytest.mark.parametrize("is_known", [True, False])
def test_who_is_being_erased_is_not_made_anew_meanwhile(
    shop: Connection, connect: Connect, is_known: bool
) -> None:
    if not is_known:
        shop.execute("delete from postbell.recipient where id = %s", [WHO])
    application, other = connect(autocommit=False), connect()
    erase(application)

    making = Background(lambda: person(other))
    await_waiting(shop, other)
    application.commit()

    with pytest.raises(psycopg.Error) as error:
        making.result()
    assert error.value.sqlstate == "PB023"


def test_nor_by_a_mirror(shop: Connection, connect: Connect) -> None:
    shop.execute("create schema app; create table app.users (id text primary key, mail text)")
    shop.execute("select postbell.mirror_recipients('app.users', '{\"id\": \"id\"}')")
    application, other = connect(autocommit=False), connect()
    erase(application)

    inserting = Background(lambda: other.execute("insert into app.users values (%s)", [WHO]))
    await_waiting(shop, other)
    application.commit()
    inserting.result()

    assert given.value(shop, "select count(*) from postbell.recipient where id = %s", WHO) == 0
    shop.execute("drop schema app cascade")


# --- suppressed addresses


IMPORTS: dict[str, Callable[[Connection], object]] = {
    "upsert": lambda db: given.recipient(db, "new", email=MAIL.upper(), phone=PHONE),
    "mirror": lambda db: db.execute(
        "create schema app; create table app.users (id text primary key, mail text, mobile text);"
        f" insert into app.users values ('new', '{MAIL}', '{PHONE}');"
        " select postbell.mirror_recipients('app.users',"
        ' \'{"id": "id", "email": "mail", "phone": "mobile"}\')'
    ),
}


@pytest.mark.parametrize("how", IMPORTS)
def test_a_suppressed_address_stays_suppressed_for_whoever_gets_it(
    connection: Connection, how: str
) -> None:
    given.event_type(connection, default_channels=["email", "sms"])
    person(connection)
    given.call(connection, "suppress", channel="email", address=MAIL, reason="complaint")
    given.call(connection, "receive_reply", provider="p", event_id="1", address=PHONE, words="STOP")
    erase(connection)
    assert given.value(connection, "select count(*) from postbell.suppression") == 0
    assert given.value(connection, "select count(*) from postbell_private.stop") == 0

    IMPORTS[how](connection)

    decided = given.explain(connection, event="order.paid", recipient="new")
    assert {found.reason for found in decided} == {"address_suppressed"}
    assert given.rows(
        connection, "select channel, reason, detail from postbell.suppression order by 1"
    ) == [("email", "complaint", None), ("sms", "stop", "answered to p")]
    assert given.column(connection, "select address from postbell_private.stop") == [PHONE]


def test_an_address_that_somebody_else_has_too_stays_as_it_is(connection: Connection) -> None:
    person(connection)
    given.recipient(connection, "twin", email=MAIL)
    given.call(connection, "suppress", channel="email", address=MAIL)

    erase(connection)

    assert given.column(connection, "select address from postbell.suppression") == [MAIL.lower()]
    assert given.value(connection, "select count(*) from postbell_private.hashed_suppression") == 0


def test_what_is_no_longer_suppressed_is_forgotten_in_its_hash_too(connection: Connection) -> None:
    person(connection)
    given.call(connection, "suppress", channel="email", address=MAIL)
    given.call(connection, "receive_reply", provider="p", event_id="1", address=PHONE, words="STOP")
    erase(connection)

    assert given.call(connection, "unsuppress", channel="email", address=MAIL) == [(True,)]
    given.call(
        connection, "receive_reply", provider="p", event_id="2", address=PHONE, words="START"
    )
    given.recipient(connection, "new", email=MAIL, phone=PHONE)

    assert given.value(connection, "select count(*) from postbell.suppression") == 0


# --- events about somebody who is erased


def test_an_event_for_who_was_erased_is_rejected_with_the_reason(shop: Connection) -> None:
    erase(shop)
    complete(shop)
    event = given.emit(shop, recipient=WHO, payload=PAYLOAD)
    given.route(shop)

    assert given.rejections(shop) == {event: "recipient_erased"}
    # The rest of it leaves with the ring.
    assert set(traces(shop)) == {"outbox.recipient", "outbox.payload"}


def test_in_a_list_they_are_on_the_third_rung(shop: Connection) -> None:
    erase(shop)
    event = given.emit(
        shop, recipient=None, audience={"recipients": [WHO, "u2", "stranger"]}, channels=["in_app"]
    )
    given.route(shop)

    found = {each.recipient_id: (each.rung, each.reason) for each in given.explain(shop, event)}
    assert found == {
        WHO: (3, "recipient_erased"),
        "stranger": (3, "recipient_unknown"),
        "u2": (11, "wanted"),
    }


def test_a_strict_session_is_told_at_once(connection: Connection) -> None:
    given.event_type(connection)
    person(connection)
    erase(connection)
    connection.execute("set local postbell.strict = on")

    with pytest.raises(psycopg.Error) as error:
        given.emit(connection, recipient=WHO)
    assert error.value.sqlstate == "PB023"


# --- beside others


def test_an_event_committed_after_the_erasure_is_found(shop: Connection, connect: Connect) -> None:
    producer = connect(autocommit=False)
    given.emit(producer, recipient=WHO, payload=PAYLOAD)
    erase(shop)
    for _ in range(5):
        shop.execute("select postbell_private.tidy_up()")
    assert given.value(shop, "select completed_at is null from postbell.erasure")

    producer.commit()
    complete(shop)

    assert traces(shop) == {}


def test_what_is_being_sent_is_finished_and_then_erased(shop: Connection) -> None:
    delivery = routed(shop, "email")
    batch, token = claimed(shop, delivery, start_sending=1)
    erase(shop)
    for _ in range(5):
        shop.execute("select postbell_private.tidy_up()")
    assert state(shop, delivery).state == "sending"
    assert given.value(shop, "select completed_at is null from postbell.erasure")

    given.attempts(shop, "refused", delivery, reason=f"550 <{MAIL}> unknown")
    given.call(shop, "finish_batch", batch_id=batch, claim_token=token)
    complete(shop)

    assert state(shop, delivery).state == "refused"
    assert traces(shop) == {}


def test_a_retry_of_what_was_being_sent_is_not_sent(shop: Connection) -> None:
    delivery = routed(shop, "email")
    batch, token = claimed(shop, delivery, start_sending=1)
    erase(shop)
    given.attempts(shop, "retry", delivery, reason="451 later")
    given.call(shop, "finish_batch", batch_id=batch, claim_token=token)

    complete(shop)

    assert state(shop, delivery) == Fate("cancelled", "recipient_erased")
    assert given.value(shop, "select count(*) from postbell.waiting_delivery") == 0


def test_a_receipt_of_an_erased_persons_message_is_refused(shop: Connection) -> None:
    delivery = routed(shop, "email")
    answered(shop, delivery, "sent")
    erase(shop)
    complete(shop)

    receipts = [{"event_id": "1", "delivery_id": delivery, "kind": "bounced", "reason": MAIL}]
    given.call(shop, "receive_receipt", provider="test", receipts=json.dumps(receipts))

    assert traces(shop) == {}


def test_an_item_is_not_written_while_the_person_is_being_erased(
    shop: Connection, connect: Connect
) -> None:
    delivery = routed(shop, "in_app")
    application = connect(autocommit=False)
    erase(application)
    batch, token = claimed(shop, delivery)
    items = json.dumps([{"delivery_id": delivery, "title": MARKER, "body": MARKER}])
    named = {"batch_id": batch, "claim_token": token, "items": items}
    assert given.call(shop, "record_inbox", **named) == [(0,)]
    application.commit()
    complete(shop)

    assert state(shop, delivery) == Fate("cancelled", "recipient_erased")
    assert traces(shop) == {}


def test_an_item_that_is_being_written_is_erased_by_housekeeping(
    shop: Connection, connect: Connect
) -> None:
    delivery = routed(shop, "in_app")
    sender = connect(autocommit=False)
    written(sender, delivery)
    erase(shop)
    sender.commit()
    assert traces(shop, MARKER)

    complete(shop)

    assert traces(shop) == {}


def test_nobody_waits_for_an_application_that_is_erasing(
    shop: Connection, connect: Connect
) -> None:
    queued = routed(shop, "email")
    crowd = [WHO, *(f"p{number}" for number in range(40))]
    given.emit(shop, recipient=None, audience={"recipients": crowd})
    planned = given.emit(shop, recipient=WHO, deliver_at=LATER)
    given.route(shop)
    application = connect(autocommit=False)
    erase(application)

    shop.execute("set lock_timeout = '1s'")
    given.clock(shop, "2099-01-02Z")
    assert given.value(shop, "select released from postbell_private.release_due()") == 0
    while given.value(shop, "select reached from postbell_private.fan_out(10)"):
        pass
    batch = given.value(shop, "select id from postbell.batch where %s = any(delivery_ids)", queued)
    given.claim(shop, batch, start_sending=1)
    shop.execute("select postbell_private.tidy_up()")
    application.commit()
    complete(shop)

    assert given.deliveries(shop, planned) == {}
    assert traces(shop) == {}


def test_housekeeping_waits_for_nobody(shop: Connection, connect: Connect) -> None:
    item = routed(shop, "in_app")
    written(shop, item)
    answered(shop, routed(shop, "email"), "retry")
    reader = connect(autocommit=False)
    given.call(reader, "mark_read", recipient=WHO, item_ids=[item])
    given.call(reader, "cancel", outbox_id=given.value(shop, "select max(id) from postbell.outbox"))
    shop.execute("set lock_timeout = '1s'")

    erase(shop)
    shop.execute("select postbell_private.tidy_up()")
    reader.commit()
    complete(shop)

    assert traces(shop) == {}


@pytest.mark.parametrize("rounds", range(4))
@pytest.mark.parametrize("act", [erase, lambda db: person(db, forgive=True)])
def test_nor_for_who_erases_again_or_forgives(
    shop: Connection, connect: Connect, act: Callable[[Connection], object], rounds: int
) -> None:
    routed(shop, "in_app")
    erase(shop)
    for _ in range(rounds):
        shop.execute("select postbell_private.tidy_up()")
    application = connect(autocommit=False)
    act(application)

    shop.execute("set lock_timeout = '1s'")
    for _ in range(3):
        shop.execute("select postbell_private.tidy_up()")
    application.commit()
    complete(shop)


# --- the page


def test_what_the_page_says_is_so(shop: Connection) -> None:
    shop.execute("create table users (id text); create role shop login")
    given.recipient(shop, "u1")
    shop.execute("insert into users values ('u1')")
    page = (ROOT / "docs" / "erasing.md").read_text(encoding="utf-8")
    try:
        for block in blocks(page):
            shop.execute(block.text.encode())
    finally:
        shop.execute("drop owned by shop; drop role shop")

    assert given.value(shop, "select forgiven_at is not null from postbell.erasure")


# --- who may


def test_an_application_may_be_granted_it(connection: Connection) -> None:
    person(connection)
    for function in ("erase_recipient", "export_recipient"):
        connection.execute(f"grant execute on function postbell.{function} to postbell_producer")
    with acting_as(connection, "producer"):
        assert erase(connection)[1] == "default"


@pytest.mark.parametrize("role", ["producer", "reader", "dispatcher", "gateway", "support"])
def test_nobody_else_may(connection: Connection, role: str) -> None:
    person(connection)
    with acting_as(connection, role):
        for function in ("erase_recipient", "export_recipient"):
            with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
                given.call(connection, function, recipient=WHO)


def test_an_administrator_may_and_does_not_read_the_salt(connection: Connection) -> None:
    person(connection)
    with acting_as(connection, "admin"):
        erase(connection)
        with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
            connection.execute("select salt from postbell_private.erasure_salt")
