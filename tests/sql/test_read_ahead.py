"""What is read and rendered before the router decides, and written together with the decision."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.support import given
from tests.support.background import Background, Connect, await_waiting, rings
from tests.support.chunks import Chunk, contents, read, route
from tests.support.given import Connection, Fate
from tests.support.outcome import left_over
from tests.support.poison import poison

SUBJECT = "order:7"
PAYLOAD = {"order_id": 7}


@pytest.fixture(autouse=True)
def people(db: Connection) -> None:
    given.event_type(db, default_channels=["in_app", "sse"])
    given.recipient(db)


def written(db: Connection) -> dict[str, int]:
    """How many rows there are where something is written or queued."""
    return {
        table: given.value(db, f"select count(*) from {table}")
        for table in (
            "postbell.inbox_item",
            "postbell_private.stream_event",
            "postbell.batch",
            "postbell_queue.pgqueuer",
        )
    }


ALL_WRITTEN = {
    "postbell.inbox_item": 1,
    "postbell_private.stream_event": 1,
    "postbell.batch": 0,
    "postbell_queue.pgqueuer": 0,
}
ALL_QUEUED = {
    "postbell.inbox_item": 0,
    "postbell_private.stream_event": 0,
    "postbell.batch": 2,
    "postbell_queue.pgqueuer": 2,
}


def test_what_has_a_text_is_written_with_its_decision(db: Connection) -> None:
    event = given.emit(db, payload=PAYLOAD, subject=SUBJECT)

    routed = route(db, read(db))

    assert (routed.routed, routed.claimed) == (1, None)
    assert given.deliveries(db, event) == {
        ("u1", "in_app"): Fate("delivered", "wanted"),
        ("u1", "sse"): Fate("sent", "wanted"),
    }
    assert written(db) == ALL_WRITTEN
    assert given.rows(
        db,
        "select outbox_id, tenant_id, recipient_id, event, category, subject, title, body, link,"
        " image, actions, seen_at from postbell.inbox_item",
    ) == [
        (
            event, "default", "u1", "order.paid", "orders", SUBJECT, "in_app for u1",
            "The order is paid.", "https://shop.example/orders/7", None,
            [{"label": "Look", "link": "https://shop.example/orders/7"}], None,
        )
    ]  # fmt: skip


def test_the_log_is_that_of_what_the_queue_delivers(db: Connection) -> None:
    given.emit(db, payload=PAYLOAD)
    route(db, read(db))
    given.emit(db, payload=PAYLOAD)
    given.route(db)
    for batch, channel in given.rows(db, "select id, channel from postbell.batch"):
        claimed = given.rows(
            db,
            "select claim_token, delivery_id from postbell_private.claim_batch(%s, %s)",
            batch,
            channel,
        )
        record = "record_inbox" if channel == "in_app" else "record_stream"
        for token, delivery in claimed:
            text = contents(
                [[0, "", "", "", None, {}, [["u1", None, None, None, [channel], None]]]]
            )
            given.value(
                db,
                f'select postbell_private.{record}(%s, %s, %s, \'{{"order.paid": "v1.1"}}\')',
                batch,
                token,
                json.dumps([{**text[0], "delivery_id": delivery}]),
            )

    kept = given.rows(
        db,
        "select channel, decision, rung, decision_reason, is_silent, state, reason, attempts,"
        " provider, template_version, due_at is null, sent_at is null, delivered_at is null"
        " from postbell.delivery order by notification_id, channel",
    )
    assert kept[:2] == kept[2:]
    steps = given.rows(
        db,
        "select what, provider, code, reason from postbell.delivery_timeline"
        " order by delivery_id, happened_at",
    )
    assert steps[:4] == steps[4:]
    frames = given.rows(
        db,
        "select frame::jsonb - '{id,item_id,created_at}'::text[],"
        " frame ->> 'item_id' = (select id::text from postbell.delivery where channel = 'in_app'"
        " and notification_id = (select notification_id from postbell.delivery"
        " where id = (frame ->> 'id')::bigint))"
        " from postbell_private.stream_event order by id",
    )
    assert frames[0] == frames[1]
    assert frames[0][1] is True


def test_frames_come_in_the_order_of_their_events(db: Connection) -> None:
    events = [given.emit(db, payload=PAYLOAD) for _ in range(40)]
    route(db, read(db))
    delivered = (
        "(select notification_id from postbell.delivery where id = (frame ->> 'id')::bigint)"
    )
    told = f"select {delivered} from postbell_private.stream_event order by id"
    assert given.column(db, told) == events


def test_reading_writes_nothing(db: Connection) -> None:
    event = given.emit(db, payload=PAYLOAD)
    with db.transaction():
        db.execute("set transaction read only")
        chunk = read(db)
    assert chunk.events == 1
    assert chunk.messages == [
        [
            event, "order.paid", "orders", "default", None, PAYLOAD,
            [["u1", None, None, None, ["in_app", "sse"], None]],
        ]
    ]  # fmt: skip


def test_of_a_few_events_other_channels_are_read_too(db: Connection) -> None:
    given.emit(db, payload=PAYLOAD, channels=["email", "in_app"], forced_channels=["email"])

    def channels(few: int) -> list[list[str] | None]:
        messages = given.value(
            db, "select messages from postbell_private.read_chunk(500, null, %s)", few
        )
        return [sorted(found or []) for found in messages[0][6][0][4:]]

    assert channels(few=1) == [["email", "in_app"], ["email"]]
    assert channels(few=0) == [["in_app"], []]


def test_nothing_new_is_no_chunk(db: Connection) -> None:
    given.route(db)
    assert read(db) == Chunk(0, None, None, None)


def test_a_chunk_is_read_on_before_it_is_routed(db: Connection) -> None:
    events = [given.emit(db, payload=PAYLOAD) for _ in range(5)]
    first = read(db, most=2)
    second = read(db, 2, first.next_step)
    third = read(db, 2, second.next_step)
    ids = [message[0] for chunk in (first, second, third) for message in chunk.messages or []]
    assert ids == events

    for chunk in (first, second, third):
        assert route(db, chunk, most=2).claimed is None
    assert given.value(db, "select count(*) from postbell.inbox_item") == 5
    assert given.value(db, "select count(*) from postbell.batch") == 0
    assert read(db, 2, third.next_step) == Chunk(0, None, None, None)


def test_texts_of_another_step_are_not_used(db: Connection) -> None:
    given.emit(db, payload=PAYLOAD)
    chunk = read(db)
    given.emit(db, payload=PAYLOAD)
    given.route(db, most=1)
    given.emit(db, payload=PAYLOAD)
    route(db, chunk)
    assert given.value(db, "select count(*) from postbell.inbox_item") == 0
    assert given.value(db, "select count(*) from postbell_private.notification") == 3


def test_an_event_that_came_after_the_reading_is_left_for_the_next_chunk(db: Connection) -> None:
    given.emit(db, payload=PAYLOAD)
    chunk = read(db)
    late = given.emit(db, payload=PAYLOAD)
    assert route(db, chunk).routed == 1
    assert given.deliveries(db, late) == {}
    assert [message[0] for message in read(db).messages or []] == [late]


def test_what_has_no_text_is_queued(db: Connection) -> None:
    given.emit(db, payload=PAYLOAD)
    assert route(db, read(db), []).ages is None
    assert written(db) == ALL_QUEUED


def test_of_what_is_queued_a_little_is_handed_over(db: Connection) -> None:
    given.emit(db, payload=PAYLOAD, channels=["in_app", "email"])
    routed = route(db, read(db), room={"email": 1})
    assert [batch["channel"] for batch in routed.claimed or ()] == ["email"]
    assert list(routed.ages or {}) == ["in_app"]


def test_the_decision_is_made_after_the_rendering(db: Connection) -> None:
    event = given.emit(db, payload=PAYLOAD, subject=SUBJECT)
    chunk = read(db)
    given.call(db, "mute", recipient="u1", subject=SUBJECT)
    route(db, chunk)
    assert given.deliveries(db, event) == {
        ("u1", "in_app"): Fate("delivered", "muted"),
        ("u1", "sse"): Fate("skipped", "muted"),
    }
    assert given.value(db, "select is_silent from postbell.inbox_item")


def test_whom_the_decision_does_not_want_gets_no_item(db: Connection) -> None:
    given.emit(db, payload=PAYLOAD)
    chunk = read(db)
    given.call(db, "set_preference", recipient="u1", enabled=False)
    routed = route(db, chunk)
    assert routed.ages is None
    assert set(written(db).values()) == {0}


def test_a_text_that_cannot_be_stored_fails_and_rejects_nothing(
    db: Connection,
) -> None:
    events = [given.emit(db, payload=PAYLOAD), given.emit(db, payload=PAYLOAD)]
    chunk = read(db)
    texts = contents(chunk.messages)
    texts[0]["title"] = "\0"
    with pytest.raises(psycopg.DataError):
        route(db, chunk, texts)
    route(db, chunk, [])
    assert given.rejections(db) == {}
    assert [given.deliveries(db, event)["u1", "in_app"].state for event in events] == ["queued"] * 2


def test_a_small_audience_shares_a_text(db: Connection) -> None:
    given.recipient(db, "u2", locale="de")
    audience = {"recipients": ["u1", "u2", "nobody"]}
    given.emit(db, recipient=None, audience=audience, payload=PAYLOAD)
    chunk = read(db)
    assert chunk.messages is not None
    assert sorted(chunk.messages[0][6]) == [
        ["u1", None, None, None, ["in_app", "sse"], None],
        ["u2", "de", None, None, ["in_app", "sse"], None],
    ]
    text = {text["title"]: text for text in contents(chunk.messages)}["in_app for u1"]
    route(db, chunk, [{**text, "recipient_ids": ["u1", "u2"]}])
    assert given.column(
        db, "select recipient_id || ' ' || title from postbell.inbox_item order by 1"
    ) == ["u1 in_app for u1", "u2 in_app for u1"]


@pytest.mark.parametrize(
    "columns",
    [
        {"deliver_at": "2090-01-01"},
        {"recipient": "nobody"},
        {"event": "order.unknown"},
        {"tenant_id": "unknown"},
        {"recipient": None, "audience": {"recipients": [f"u{n}" for n in range(21)]}},
        {"recipient": None, "audience": {"everyone": True, "recipients": 7}},
        {"recipient": None, "audience": {"everyone": True, "notify_actor": "maybe"}},
        {"recipient": None, "audience": Jsonb("everyone")},
        {"payload": {"text": "x" * 100_000}},
        {"payload": Jsonb([1])},
        {"channels": ["email"]},
        {"actor": "u1"},
    ],
    ids=str,
)
def test_what_is_not_rendered_ahead_holds_up_nothing(
    db: Connection, columns: dict[str, Any]
) -> None:
    odd = given.emit(db, **{"payload": PAYLOAD, **columns})
    plain = given.emit(db, payload=PAYLOAD)
    chunk = read(db)
    assert [message[0] for message in chunk.messages or []] == [plain]
    route(db, chunk)
    assert given.deliveries(db, plain)["u1", "in_app"].state == "delivered"
    assert given.value(
        db,
        "select exists (select from postbell_private.notification where id = %s)"
        " or exists (select from postbell.rejected_event where outbox_id = %s)",
        odd,
        odd,
    )


def test_a_repeated_event_is_written_once(db: Connection) -> None:
    for _ in range(2):
        given.emit(db, payload=PAYLOAD, idempotency_key="k1")
    first = read(db, 1)
    second = read(db, 1, first.next_step)
    route(db, first, most=1)
    route(db, second, most=1)
    assert written(db) == ALL_WRITTEN


def test_a_router_that_is_overtaken_writes_nothing(db: Connection, connect: Connect) -> None:
    given.emit(db, payload=PAYLOAD)
    late, early = connect(autocommit=False), connect(autocommit=False)
    chunk = read(db)
    route(early, chunk)
    waiting = Background(lambda: route(late, chunk))
    await_waiting(db, late)
    early.commit()
    with pytest.raises(psycopg.errors.UniqueViolation):
        waiting.result()
    late.rollback()
    assert written(db) == ALL_WRITTEN


def take_back(db: Connection) -> bool:
    return bool(given.value(db, "select postbell_private.take_back_items()"))


def has_cancellations(db: Connection) -> bool:
    return bool(given.value(db, "select has_cancellations from postbell_private.pending_work()"))


def items(db: Connection) -> int:
    return int(given.value(db, "select count(*) from postbell.inbox_item"))


@pytest.mark.parametrize("by", ["subject", "outbox_id"])
def test_an_item_that_was_written_while_it_was_being_cancelled_is_removed(
    db: Connection, connect: Connect, by: str
) -> None:
    event = given.emit(db, payload=PAYLOAD, subject=SUBJECT)
    canceller = connect(autocommit=False)
    named = {"subject": SUBJECT} if by == "subject" else {"outbox_id": event}
    assert given.call(canceller, "cancel", **named) == [(0, 0)]
    route(db, read(db))
    assert written(db) == ALL_WRITTEN
    assert not has_cancellations(db)

    canceller.commit()
    assert has_cancellations(db)
    assert take_back(db)
    assert items(db) == 0
    # The frame may have been shown.
    assert given.deliveries(db, event) == {
        ("u1", "in_app"): Fate("cancelled", "cancelled"),
        ("u1", "sse"): Fate("sent", "wanted"),
    }
    assert not has_cancellations(db)


def test_an_item_whose_router_is_overtaken_by_a_cancellation_is_removed(
    db: Connection, connect: Connect
) -> None:
    given.emit(db, payload=PAYLOAD, subject=SUBJECT)
    router = connect(autocommit=False)
    route(router, read(router))
    assert given.call(db, "cancel", subject=SUBJECT) == [(0, 0)]
    router.commit()
    take_back(db)
    assert items(db) == 0


def test_an_item_that_the_canceller_saw_stays(db: Connection) -> None:
    event = given.emit(db, payload=PAYLOAD, subject=SUBJECT)
    route(db, read(db))
    assert given.call(db, "cancel", subject=SUBJECT) == [(0, 2)]
    take_back(db)
    assert given.deliveries(db, event)["u1", "in_app"] == Fate("delivered", "wanted")
    assert items(db) == 1


def test_a_later_item_of_the_subject_stays(db: Connection, connect: Connect) -> None:
    canceller = connect(autocommit=False)
    given.call(canceller, "cancel", subject=SUBJECT)
    given.emit(db, payload=PAYLOAD, subject=SUBJECT)
    route(db, read(db))
    canceller.commit()
    take_back(db)
    assert items(db) == 1


def test_a_cancellation_that_is_rolled_back_removes_nothing(
    db: Connection, connect: Connect
) -> None:
    given.emit(db, payload=PAYLOAD, subject=SUBJECT)
    canceller = connect(autocommit=False)
    given.call(canceller, "cancel", subject=SUBJECT)
    route(db, read(db))
    canceller.rollback()
    assert not has_cancellations(db)
    take_back(db)
    assert items(db) == 1


class Late:
    """An item that a dispatcher is about to write, though its event is being cancelled."""

    def __init__(self, db: Connection, connect: Connect) -> None:
        self.event = given.emit(db, payload=PAYLOAD, subject=SUBJECT, channels=["in_app"])
        self.canceller = connect(autocommit=False)
        given.call(self.canceller, "cancel", subject=SUBJECT)
        given.route(db)
        ((self.batch, self.token, self.delivery),) = given.rows(
            db,
            "select b.id, c.claim_token, c.delivery_id from postbell.batch as b,"
            " postbell_private.claim_batch(b.id, b.channel) as c",
        )

    def record(self, session: Connection) -> int:
        items = json.dumps([{"delivery_id": self.delivery, "title": "Paid", "body": ""}])
        record = "select postbell_private.record_inbox(%s, %s, %s)"
        return int(given.value(session, record, self.batch, self.token, items))


def test_an_item_that_a_dispatcher_is_writing_is_removed_once_it_is_written(
    db: Connection, connect: Connect
) -> None:
    late = Late(db, connect)
    dispatcher = connect(autocommit=False)
    assert late.record(dispatcher) == 1
    late.canceller.commit()
    assert not take_back(db)
    assert has_cancellations(db)

    dispatcher.commit()
    assert take_back(db)
    assert items(db) == 0
    assert given.deliveries(db, late.event)["u1", "in_app"] == Fate("cancelled", "cancelled")


def test_what_is_queued_while_it_was_being_cancelled_is_not_written_any_more(
    db: Connection, connect: Connect
) -> None:
    late = Late(db, connect)
    late.canceller.commit()
    assert take_back(db)
    assert late.record(db) == 0


def test_an_item_that_somebody_is_marking_is_removed_when_they_are_done(
    db: Connection, connect: Connect
) -> None:
    given.emit(db, payload=PAYLOAD, subject=SUBJECT)
    canceller, reader = connect(autocommit=False), connect(autocommit=False)
    given.call(canceller, "cancel", subject=SUBJECT)
    route(db, read(db))
    given.call(reader, "mark_all_read", recipient="u1")
    canceller.commit()
    db.execute("set lock_timeout = '1s'")
    assert not take_back(db)
    assert items(db) == 1

    reader.commit()
    assert take_back(db)
    assert items(db) == 0


def test_open_pages_drop_an_item_that_is_taken_back(db: Connection, connect: Connect) -> None:
    gateway = connect()
    gateway.execute("select postbell_private.acquire_gateway_lock()")
    given.emit(db, payload=PAYLOAD, subject=SUBJECT, channels=["in_app"])
    canceller = connect(autocommit=False)
    given.call(canceller, "cancel", subject=SUBJECT)
    route(db, read(db))
    canceller.commit()
    take_back(db)
    kinds = given.column(db, "select kind from postbell_private.stream_event order by id")
    assert kinds == ["added", "archived"]


def test_a_cancellation_wakes_a_sleeping_router(db: Connection, connect: Connect) -> None:
    router = connect()
    assert given.value(router, "select postbell_private.acquire_sleep_lock()")
    router.execute("listen postbell_wake")
    given.call(db, "cancel", subject=SUBJECT)
    assert rings(router) == 1


def test_a_scheduled_event_is_written_when_it_is_due(db: Connection) -> None:
    event = given.emit(db, payload=PAYLOAD, deliver_at="2090-01-01")
    given.route(db)
    assert given.value(db, "select postbell_private.read_due(500)") is None
    given.clock(db, "2090-01-02")
    texts = contents(given.value(db, "select postbell_private.read_due(500)"))
    assert [text["channel"] for text in texts] == ["in_app", "sse"]
    released, ages = given.rows(
        db, "select * from postbell_private.release_due(500, %s)", json.dumps(texts)
    )[0]
    assert (released, sorted(ages)) == (1, ["in_app", "sse"])
    assert given.deliveries(db, event)["u1", "in_app"] == Fate("delivered", "wanted")
    assert written(db) == ALL_WRITTEN


def release(db: Connection) -> dict[str, list[float]] | None:
    """Release what is due, with a text of each message; the ages of what was written."""
    texts = contents(given.value(db, "select postbell_private.read_due(500)"))
    ages: dict[str, list[float]] | None = given.value(
        db, "select ages from postbell_private.release_due(500, %s)", json.dumps(texts)
    )
    return ages


def test_what_waited_for_quiet_hours_is_written_when_they_end(db: Connection) -> None:
    given.clock(db, "2090-01-01 23:00Z")
    given.call(db, "set_quiet_hours", recipient="u1", starts="22:00", ends="07:00")
    event = given.emit(db, payload=PAYLOAD, channels=["sse"])
    other = given.emit(db, payload=PAYLOAD, channels=["in_app"])
    route(db, read(db))
    assert given.deliveries(db, event)["u1", "sse"] == Fate("waiting", "quiet_hours")

    given.clock(db, "2090-01-02 07:00Z")
    ages = release(db)

    assert [*(ages or {})] == ["sse"]
    assert given.deliveries(db, event)["u1", "sse"] == Fate("sent", "wanted")
    assert given.value(db, "select count(*) from postbell.inbox_item") == 1
    assert given.deliveries(db, other)["u1", "in_app"].state == "delivered"
    assert written(db) == ALL_WRITTEN
    assert left_over(db) == {}


def held_items(db: Connection, *subjects: str) -> list[int]:
    """Events whose items were queued without a text, and are held; due now."""
    events = [
        given.emit(db, payload=PAYLOAD, channels=["in_app"], subject=subject)
        for subject in subjects
    ]
    given.route(db)
    for batch in given.column(db, "select id from postbell.batch"):
        claimed = given.claim(db, batch, "claim_token", "delivery_id")
        given.call(
            db,
            "hold_deliveries",
            batch_id=batch,
            claim_token=claimed[0][0],
            delivery_ids=[delivery for _, delivery in claimed],
            seconds=["0"] * len(claimed),
            begun=[False] * len(claimed),
            reasons=["template_missing"] * len(claimed),
        )
    db.execute("delete from postbell.batch")
    db.execute("delete from postbell_queue.pgqueuer")
    return events


def test_an_item_that_waited_for_its_template_is_written(db: Connection) -> None:
    event, cancelled = held_items(db, SUBJECT, "other")
    given.call(db, "cancel", outbox_id=cancelled)

    ages = release(db)

    assert {channel: len(seconds) for channel, seconds in (ages or {}).items()} == {"in_app": 1}
    assert given.deliveries(db, event)["u1", "in_app"] == Fate("delivered", "wanted")
    assert given.deliveries(db, cancelled)["u1", "in_app"].state == "cancelled"
    assert given.column(db, "select outbox_id from postbell.inbox_item") == [event]
    assert left_over(db) == {}


def test_what_waited_and_has_no_text_is_queued(db: Connection) -> None:
    (event,) = held_items(db, SUBJECT)
    assert given.value(db, "select ages from postbell_private.release_due(500, '[]')") is None
    assert given.deliveries(db, event)["u1", "in_app"].state == "queued"
    assert len(given.column(db, "select id from postbell_queue.pgqueuer")) == 1


def test_an_item_that_waited_and_fails_is_repeated_alone(db: Connection) -> None:
    odd, event = held_items(db, "odd", SUBJECT)
    poison(db, "postbell.inbox_item", "new.subject = 'odd'")
    with pytest.raises(psycopg.errors.DivisionByZero):
        release(db)
    given.value(db, "select released from postbell_private.release_due(500)")
    assert {given.deliveries(db, each)["u1", "in_app"].state for each in (odd, event)} == {"queued"}


def test_a_large_audience_is_written_chunk_by_chunk(db: Connection) -> None:
    for number in range(30):
        given.recipient(db, f"p{number:02}")
    everyone = {"everyone": True}
    given.emit(db, recipient=None, audience=everyone, payload=PAYLOAD, channels=["in_app"])
    route(db, read(db))
    while messages := given.value(db, "select messages from postbell_private.read_fanout(8)"):
        ((message),) = messages
        (text, *_) = contents(messages)
        text = {**text, "recipient_ids": [person[0] for person in message[6]]}
        given.rows(db, "select * from postbell_private.fan_out(8, %s)", json.dumps([text]))
    assert given.value(db, "select count(distinct recipient_id) from postbell.inbox_item") == 31
    assert given.value(db, "select count(*) from postbell.batch") == 0


def test_the_next_members_are_read_while_the_last_are_written(db: Connection) -> None:
    for number in range(30):
        given.recipient(db, f"p{number:02}")
    event = given.emit(
        db, recipient=None, audience={"everyone": True}, payload=PAYLOAD, channels=["in_app"]
    )
    route(db, read(db))
    position: tuple[Any, ...] = (None, None)
    chunks = []
    while True:
        ((notification, last, messages),) = given.rows(
            db, "select * from postbell_private.read_fanout(8, %s, %s)", *position
        )
        assert notification == event
        if last is None:
            break
        position = (notification, last)
        chunks.append(sorted(person[0] for person in messages[0][6]))

    everybody = sorted(["u1", *(f"p{number:02}" for number in range(30))])
    assert chunks == [everybody[first : first + 8] for first in range(0, 31, 8)]


def test_the_next_members_are_those_of_another_tenant_that_waits(db: Connection) -> None:
    given.tenant(db, "other")
    everyone = {"everyone": True}
    events = {}
    for tenant in ("default", "other"):
        for number in range(30):
            given.recipient(db, f"p{number:02}", tenant_id=tenant)
        events[tenant] = given.emit(
            db, recipient=None, audience=everyone, payload=PAYLOAD, tenant_id=tenant
        )
    route(db, read(db))
    read_next = "select notification_id from postbell_private.read_fanout(8, %s, %s)"

    assert given.value(db, read_next, events["default"], "p07") == events["other"]
    assert given.value(db, read_next, events["other"], "p07") == events["default"]
    db.execute("update postbell.fanout set priority = 'critical' where tenant_id = 'other'")
    assert given.value(db, read_next, events["other"], "p07") == events["other"]


def test_a_long_list_is_read_when_it_is_copied(db: Connection) -> None:
    audience = {"recipients": ["u1", *(f"p{number}" for number in range(30))]}
    given.emit(db, recipient=None, audience=audience, payload=PAYLOAD, channels=["in_app"])
    route(db, read(db))
    assert given.value(db, "select messages from postbell_private.read_fanout(8)") is None
    given.rows(db, "select * from postbell_private.fan_out(8)")
    while given.value(db, "select exists (select from postbell.fanout)"):
        texts = contents(given.value(db, "select messages from postbell_private.read_fanout(8)"))
        given.rows(db, "select * from postbell_private.fan_out(8, %s)", json.dumps(texts))
    assert given.column(db, "select recipient_id from postbell.inbox_item") == ["u1"]


def test_open_pages_are_told_of_new_items(db: Connection, connect: Connect) -> None:
    gateway = connect()
    gateway.execute("select postbell_private.acquire_gateway_lock()")
    given.tenant(db, "other")
    given.recipient(db, tenant_id="other")
    for tenant in ("default", "other"):
        given.emit(db, payload=PAYLOAD, tenant_id=tenant, channels=["in_app"])
    route(db, read(db))
    assert (
        given.rows(
            db,
            "select kind, recipient_ids, item_ids = array(select id from postbell.inbox_item as i"
            " where i.tenant_id = e.tenant_id) from postbell_private.stream_event as e",
        )
        == [("added", ["u1"], True)] * 2
    )
