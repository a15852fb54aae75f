"""What went wrong in the system that Postbell replaces, each fault a test by its name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dispatcher.gateway.stream.cursor import Cursor, Snapshot
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.lint import lint_catalog
from dispatcher.rendering.renderer import Renderer
from tests.support import given
from tests.support.databases import Kept
from tests.support.given import Connection, Fate
from tests.support.renderings import (
    SHOP,
    delivery,
    email,
    email_files,
    folder,
    reader,
    shipped_catalog,
)

SHIPPED = shipped_catalog()
CLIENT, WRITER, SUPPORT = "client", "writer", "support"


@pytest.fixture
def db(kept: Kept) -> Connection:
    """With the shipped events, a client, a writer and somebody of the support."""
    given.recipient(kept.session, CLIENT)
    given.recipient(kept.session, WRITER)
    given.recipient(kept.session, SUPPORT, roles=["support"])
    return kept.session


def told(db: Connection) -> set[tuple[int, str]]:
    """Who has what in the inbox, or will as soon as it is delivered: event and person."""
    return set(
        given.rows(
            db,
            "select outbox_id, recipient_id from postbell.delivery_log"
            " where channel = 'in_app' and state <> 'skipped'",
        )
    )


def fates(db: Connection, event: int, person: str = CLIENT) -> dict[str, Fate]:
    found = given.deliveries(db, event)
    return {channel: fate for (who, channel), fate in found.items() if who == person}


def verb(db: Connection, name: str, **named: object) -> int:
    ((outbox_id,),) = given.call(db, name, **named)
    given.route(db)
    return int(outbox_id)


# --- what an event is


def test_events_lived_in_seven_lists_that_disagreed(db: Connection) -> None:
    registered = given.rows(
        db, "select key, category, priority, channels from postbell.event_type order by key"
    )
    assert registered == [
        (key, event.category, event.priority, list(event.channels))
        for key, event in sorted(SHIPPED.events.items())
    ]
    assert len(registered) == 28


def test_templates_that_could_not_be_rendered_went_unnoticed(tmp_path: Path) -> None:
    broken = email_files(text="Dear {{ name_of_the_client }}, thank you.")
    found = lint_catalog(Catalog.load([folder(tmp_path, broken)]))
    assert "name_of_the_client" in " ".join(finding.message for finding in found)
    assert any(finding.severity == "error" for finding in found)


@pytest.mark.parametrize(
    "shape",
    [
        {"order": {"id": 42, "amount": "19.90"}},
        {"order_id": 42, "amount": {"value": "19.90", "currency": "EUR"}},
        {"data": {"order_id": 42, "amount": "19.90"}},
    ],
)
def test_one_event_had_three_shapes_of_payload(db: Connection, shape: dict[str, Any]) -> None:
    wrong = given.emit(db, "order.paid", CLIENT, shape)
    right = given.emit(db, "order.paid", CLIENT, {"order_id": 42, "amount": "19.90"})
    given.route(db)
    assert given.rejections(db) == {wrong: "invalid_payload"}
    assert told(db) == {(right, CLIENT)}


# --- that it gets out, once


def test_the_outbox_was_never_drained_and_failed_rows_stuck_in_processing(db: Connection) -> None:
    given.emit(db, "order.completed", CLIENT, {"order_id": 42})
    given.route(db)
    ((batch,),) = given.rows(db, "select min(id) from postbell.batch where channel = 'email'")
    given.claim(db, batch, start_sending=1)
    # The worker dies with its job, and nobody is left who knows of the batch.
    db.execute("delete from postbell_queue.pgqueuer")
    unsettled = given.value(db, "select count(*) from postbell.batch")

    assert given.call(db, "sweep", grace="0 seconds") == [(unsettled,)]
    assert given.value(db, "select count(*) from postbell_queue.pgqueuer") == unsettled


def test_a_task_was_queued_before_the_commit(db: Connection) -> None:
    with db.transaction(force_rollback=True):
        given.emit(db, "order.paid", CLIENT, {"order_id": 42, "amount": "19.90"})
    given.route(db)
    assert given.value(db, "select count(*) from postbell_queue.pgqueuer") == 0
    assert told(db) == set()


def test_a_clients_second_completed_order_was_taken_for_a_repetition(db: Connection) -> None:
    first = verb(db, "notify_order_completed", order_id="1", client_id=CLIENT)
    second = verb(db, "notify_order_completed", order_id="2", client_id=CLIENT)
    assert told(db) == {(first, CLIENT), (second, CLIENT)}


def test_a_second_payment_within_45_seconds_was_swallowed(db: Connection) -> None:
    payment = {"order_id": "1", "client_id": CLIENT, "amount": "19.90"}
    first = verb(db, "notify_order_paid", **payment)
    second = verb(db, "notify_order_paid", **payment)
    assert told(db) == {(first, CLIENT), (second, CLIENT)}
    # Only who says that it is the same one has it taken as one.
    third = verb(db, "notify_order_paid", **payment, idempotency_key="bank:7")
    verb(db, "notify_order_paid", **payment, idempotency_key="bank:7")
    assert told(db) == {(first, CLIENT), (second, CLIENT), (third, CLIENT)}


def test_an_error_swallowed_inside_the_transaction_aborted_the_payment(db: Connection) -> None:
    with db.transaction():
        db.execute("create temporary table payment (amount numeric) on commit preserve rows")
        db.execute("insert into payment values (19.90)")
        for event, person in (("no.such.event", CLIENT), ("order.paid", "nobody"), (None, None)):
            given.emit(db, event, person, {"amount": 19.9})
    assert given.column(db, "select amount::text from payment") == ["19.90"]
    given.route(db)
    assert len(given.rejections(db)) == 3


# --- to whom, and when


def test_one_user_read_what_was_rendered_for_another(tmp_path: Path) -> None:
    personal = email_files(text="{{ recipient.attributes.name }}, your code is {{ text }}.")
    render = Renderer(Catalog.load([folder(tmp_path, personal)])).render

    def text(name: str) -> str:
        person = reader(id=name.lower(), attributes={"name": name})
        return email(render(delivery({"text": "7"}, recipient=person))).text

    assert text("Ana") == "Ana, your code is 7.\n"
    assert text("Ben") == "Ben, your code is 7.\n"


def test_quiet_hours_dropped_messages_in_the_servers_time(db: Connection) -> None:
    given.recipient(db, CLIENT, time_zone="Asia/Tokyo")
    given.call(
        db,
        "set_quiet_hours",
        recipient=CLIENT,
        starts="22:00",
        ends="07:00",
        channels=["email"],
    )
    # 14:00 in London, 23:00 in Tokyo.
    given.clock(db, "2030-01-15 14:00Z")
    event = verb(db, "notify_order_completed", order_id="1", client_id=CLIENT)

    assert fates(db, event)["email"].state == "waiting"
    assert given.value(
        db, "select due_at = '2030-01-16 07:00 Asia/Tokyo' from postbell.waiting_delivery"
    )
    assert told(db) == {(event, CLIENT)}


def test_mutes_dropped_the_record_from_the_inbox(db: Connection) -> None:
    given.call(db, "mute", recipient=CLIENT, subject="order:1")
    event = verb(db, "notify_order_completed", order_id="1", client_id=CLIENT)
    assert fates(db, event)["email"] == Fate("skipped", "muted")
    assert told(db) == {(event, CLIENT)}


def test_forced_channels_replaced_the_others(db: Connection) -> None:
    event = given.emit(db, "order.completed", CLIENT, {"order_id": 1}, forced_channels=["sms"])
    given.route(db)
    assert {"in_app", "email", "sms"} <= set(fates(db, event))


def test_switching_e_mail_off_had_no_effect_for_default_rows_ranked_above_it(
    db: Connection,
) -> None:
    assert given.value(db, "select count(*) from postbell.preference") == 0
    given.call(db, "set_preference", recipient=CLIENT, enabled=False, channel="email")
    events = [
        verb(db, "notify_order_completed", order_id="1", client_id=CLIENT),
        verb(db, "notify_payment_failed", order_id="1", client_id=CLIENT, amount="5.00"),
    ]
    assert [fates(db, event)["email"] for event in events] == [Fate("skipped", "switched_off")] * 2
    assert given.value(db, "select count(*) from postbell.preference") == 1


def test_internal_notes_of_the_staff_notified_clients(db: Connection) -> None:
    event = verb(
        db,
        "notify_ticket_reply",
        ticket_number="T-1",
        creator_id=CLIENT,
        assignee_id=SUPPORT,
        replier_id=WRITER,
        message="He is always late.",
        is_internal=True,
    )
    assert told(db) == {(event, SUPPORT)}


def test_repliers_were_told_of_their_own_replies(db: Connection) -> None:
    event = verb(
        db,
        "notify_ticket_reply",
        ticket_number="T-1",
        creator_id=CLIENT,
        assignee_id=SUPPORT,
        replier_id=SUPPORT,
        message="It is on its way.",
    )
    assert told(db) == {(event, CLIENT)}


def test_an_order_that_was_paid_told_the_client_twice(db: Connection) -> None:
    verb(db, "notify_order_paid", order_id="1", client_id=CLIENT, amount="5.00")
    assert given.column(db, "select event from postbell.outbox") == ["order.paid"]


def test_suppressed_addresses_were_mailed_all_the_same(db: Connection) -> None:
    given.call(db, "suppress", channel="email", address="CLIENT@example.org")
    event = verb(db, "notify_order_completed", order_id="1", client_id=CLIENT)
    assert fates(db, event)["email"] == Fate("skipped", "address_suppressed")


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_what_failed_or_was_never_sent_was_reported_as_sent(db: Connection, channel: str) -> None:
    event = given.emit(db, "order.completed", CLIENT, {"order_id": 1}, channels=[channel])
    given.route(db)
    assert fates(db, event)[channel].state == "queued"
    ((batch,),) = given.rows(db, "select id from postbell.batch")
    found = given.claim(db, batch, start_sending=1)
    given.attempts(db, "refused", found[0][0], reason="550 5.7.1 no")
    assert fates(db, event)[channel] == Fate("refused", "550 5.7.1 no")


# --- what is read


def test_marking_as_read_never_lasted_and_the_unread_count_drifted(db: Connection) -> None:
    first, second = (given.inbox_item(db, recipient_id=CLIENT) for _ in range(2))

    def unread() -> int:
        return int(
            given.value(
                db,
                "select coalesce(sum(unread), 0) from postbell.unread_counts"
                " where recipient_id = %s",
                CLIENT,
            )
        )

    assert unread() == 2
    given.call(db, "mark_read", recipient=CLIENT, item_ids=[first])
    given.call(db, "mark_read", recipient=CLIENT, item_ids=[first])
    assert unread() == 1
    assert given.column(
        db, "select id from postbell.inbox where recipient_id = %s and read_at is null", CLIENT
    ) == [second]


def test_a_stream_that_was_away_was_never_told_what_it_missed(db: Connection) -> None:
    def now() -> Snapshot:
        return Snapshot.parse(given.value(db, "select pg_current_snapshot()::text"))

    left = now()
    seen = Cursor.decode(Cursor(left).encode(1), 1)
    assert seen is not None
    assert seen.snapshot == left
    for number in (1, 2):
        given.insert(
            db,
            "stream_event",
            tenant_id="default",
            kind="notification",
            recipient_id=CLIENT,
            frame={"id": number},
        )
    missed = given.rows(
        db,
        "select frame from postbell_private.stream_missed(%s, %s::pg_snapshot, %s::pg_snapshot,"
        " 10)",
        CLIENT,
        str(seen.snapshot),
        str(now()),
    )
    assert missed == [({"id": 1},), ({"id": 2},)]


def test_links_were_relative_money_was_a_dollar_sign_and_a_float_and_html_unescaped() -> None:
    shop = replace(SHOP, base_url="https://boutique.example", currency="EUR", locale="fr")
    paid = {"order_id": 42, "order_topic": "<script>alert(1)</script>", "amount": "1019.90"}
    mail = email(
        Renderer(SHIPPED).render(
            delivery(paid, event="order.paid", tenant=shop, recipient=reader(locale="fr"))
        )
    )
    html = mail.html or ""
    assert "https://boutique.example/orders/42" in html
    assert "https://boutique.example/orders/42" in mail.text
    assert "1\u202f019,90\u00a0€" in mail.text
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html
    assert "$" not in mail.text
    assert "example.com" not in html


def test_each_notification_took_a_dozen_queries_and_a_role_was_a_loop_in_the_request(
    db: Connection,
) -> None:
    given.rows(
        db,
        "select postbell.upsert_recipient('s' || n, email => 's' || n || '@example.org',"
        " roles => '{support}') from generate_series(1, 100) as n",
    )
    event = given.emit(
        db, "ticket.created", None, {"ticket_number": "T-1"}, audience={"role": "support"}
    )
    # One row is all that the request writes; two calls of the router's tell everybody.
    assert given.value(db, "select count(*) from postbell.outbox") == 1
    given.call(db, "route", most=500)
    given.call(db, "fan_out", most=500)
    assert len({person for outbox_id, person in told(db) if outbox_id == event}) == 101
