"""What a dispatcher and the router ask the database, as the loops of the daemon ask it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, get_args

import psycopg
import pytest
from psycopg import AsyncConnection

from dispatcher.channels.base import CrashPolicy
from dispatcher.channels.in_app import InAppItem
from dispatcher.db import batches, connections, monitoring, preferences, routing
from dispatcher.db.batches import Claimed
from dispatcher.db.routing import PendingWork
from dispatcher.delivery.channels import OUTGOING, OWN
from dispatcher.delivery.model import Attempt, Call
from dispatcher.rendering.content import InAppContent
from tests.support import given
from tests.support.given import Connection
from tests.support.waiting import seen

PAYLOAD = {"order_id": 42, "amount": "19.90"}


@pytest.fixture
async def session(database_url: str) -> AsyncIterator[AsyncConnection[Any]]:
    async with await connections.connect(database_url, "test") as connection:
        yield connection


def attempted(claimed: Claimed, message_id: str | None = None) -> Attempt:
    call = Call("sent", "smtp", message_id, "250", None, 1.5, None, is_gone=False)
    return Attempt(
        claimed.delivery_id, claimed.identity, "sent", None, "smtp", message_id, None, None, (call,)
    )


@pytest.mark.parametrize(
    ("pending", "is_due", "is_idle"),
    [
        (PendingWork(False, None, False, False), False, True),
        (PendingWork(True, None, False, False), False, False),
        (PendingWork(False, None, True, False), False, False),
        (PendingWork(False, None, False, True), False, False),
        (PendingWork(False, timedelta(seconds=1), False, False), False, True),
        (PendingWork(False, timedelta(0), False, False), True, False),
        (PendingWork(False, timedelta(seconds=-1), False, False), True, False),
    ],
)
def test_the_router_is_idle_when_nothing_is_there_or_due(
    pending: PendingWork, is_due: bool, is_idle: bool
) -> None:
    assert pending.is_due is is_due
    assert pending.is_idle is is_idle


async def test_an_event_on_its_way_through_the_functions(
    db: Connection, session: AsyncConnection[Any]
) -> None:
    await routing.acquire_leadership(session)
    await routing.check_cluster(session)
    assert await routing.acquire_sleep_lock(session) is True
    await routing.release_sleep_lock(session)
    assert (await routing.pending_work(session)).is_idle

    event = given.emit(db, payload=PAYLOAD, channels=["email"], subject="order:42")
    assert (await routing.pending_work(session)).has_events
    assert (await routing.route(session, 500)).routed >= 1
    (batch,) = given.column(db, "select id from postbell.batch")

    (claimed,) = await batches.claim_batch(session, batch, "email", 0)
    assert (claimed.notification_id, claimed.recipient_id, claimed.address, claimed.payload) == (
        event, "u1", "u1@example.org", PAYLOAD,
    )  # fmt: skip
    assert (claimed.state, claimed.attempts, claimed.is_started) == ("queued", 0, False)
    started = await batches.start_sending(
        session, batch, claimed.claim_token, [claimed.delivery_id]
    )
    assert started == frozenset({claimed.delivery_id})
    await batches.record_attempts(
        session, batch, claimed.claim_token, [attempted(claimed, message_id="<m>")], {}
    )
    await batches.finish_batch(session, batch, claimed.claim_token)

    assert given.deliveries(db, event)["u1", "email"].state == "sent"
    assert await batches.claim_batch(session, batch, "email", 0) == []


async def test_a_claim_may_start_the_first_ones_at_once(
    db: Connection, session: AsyncConnection[Any]
) -> None:
    for _ in range(3):
        given.emit(db, payload=PAYLOAD, channels=["email"])
    given.route(db)
    (batch,) = given.column(db, "select id from postbell.batch")

    claimed = await batches.claim_batch(session, batch, "email", 2)

    assert [(row.is_started, row.state, row.attempts) for row in claimed] == [
        (True, "sending", 1),
        (True, "sending", 1),
        (False, "queued", 0),
    ]


async def test_an_older_claim_starts_and_finishes_nothing(
    db: Connection, session: AsyncConnection[Any]
) -> None:
    given.emit(db, payload=PAYLOAD, channels=["email"])
    given.route(db)
    (batch,) = given.column(db, "select id from postbell.batch")
    (overtaken,) = await batches.claim_batch(session, batch, "email", 0)
    (latest,) = await batches.claim_batch(session, batch, "email", 0)

    assert (
        await batches.start_sending(session, batch, overtaken.claim_token, [overtaken.delivery_id])
        is None
    )
    assert not await batches.finish_batch(session, batch, overtaken.claim_token)

    assert given.column(db, "select claim_token from postbell.batch") == [latest.claim_token]


async def test_inbox_items_carry_what_was_rendered(
    db: Connection, session: AsyncConnection[Any]
) -> None:
    given.emit(db, payload=PAYLOAD, channels=["in_app"])
    given.route(db)
    (batch,) = given.column(db, "select id from postbell.batch")
    (claimed,) = await batches.claim_batch(session, batch, "in_app", 0)
    content = InAppContent("Paid", "Thank you", "https://shop.example/1", None, ())

    written = await batches.record_inbox(
        session,
        batch,
        claimed.claim_token,
        [InAppItem(claimed.delivery_id, "default", "u1", content)],
        {},
    )

    assert written == 1
    assert given.rows(db, "select title, body, link, image, actions from postbell.inbox") == [
        ("Paid", "Thank you", "https://shop.example/1", None, [])
    ]
    assert given.column(db, "select id from postbell.batch") == []


async def test_a_batch_that_is_claimed_too_often_is_broken_up_and_one_alone_given_up(
    db: Connection, session: AsyncConnection[Any]
) -> None:
    event = given.emit(db, payload=PAYLOAD, channels=["email"])
    given.emit(db, payload=PAYLOAD, channels=["email"])
    given.emit(db, payload=PAYLOAD, channels=["in_app"])
    given.route(db)
    batch, other = given.column(db, "select id from postbell.batch order by channel = 'in_app'")

    for _ in range(5):
        assert len(await batches.claim_batch(session, batch, "email", 0)) == 2
    assert await batches.claim_batch(session, batch, "email", 0) == []
    alone = given.column(db, "select id from postbell.batch where channel = 'email' order by id")
    assert len(alone) == 2
    for _ in range(6):
        await batches.claim_batch(session, alone[0], "email", 0)

    # What was beside it, or has nothing to do with it, stays in the queue.
    assert given.column(db, "select id from postbell.batch order by id") == [other, alone[1]]
    assert given.deliveries(db, event)["u1", "email"].state == "failed"


async def test_failures_without_a_call_are_dead_letters(
    db: Connection, session: AsyncConnection[Any]
) -> None:
    event = given.emit(db, payload=PAYLOAD, channels=["email"])
    given.route(db)
    (batch,) = given.column(db, "select id from postbell.batch")
    (claimed,) = await batches.claim_batch(session, batch, "email", 0)
    delivery = claimed.delivery_id

    failures = {delivery: "the template failed"}
    assert await batches.fail_deliveries(session, batch, claimed.claim_token, failures)

    assert given.deliveries(db, event)["u1", "email"] == ("failed", "the template failed")
    assert given.column(db, "select delivery_id from postbell.dead_letters") == [delivery]


async def test_a_tenant_is_read_and_an_unknown_one_is_a_mistake(
    db: Connection, session: AsyncConnection[Any]
) -> None:
    given.tenant(db, "shop", currency="USD", branding={"from_name": "Shop"})

    tenant = await batches.tenant(session, "shop")

    assert (tenant.id, tenant.currency, tenant.branding) == ("shop", "USD", {"from_name": "Shop"})
    with pytest.raises(LookupError, match="tenant"):
        await batches.tenant(session, "nowhere")


async def test_the_depth_counts_what_is_queued_and_what_waits(
    db: Connection, session: AsyncConnection[Any]
) -> None:
    for _ in range(2):
        given.emit(db, payload=PAYLOAD, channels=["email"])
    given.route(db)

    (depth,) = await monitoring.queue_depth(session)

    assert (depth.channel, depth.priority, depth.queued, depth.waiting) == ("email", "normal", 2, 0)
    assert depth.oldest_seconds is not None
    assert depth.oldest_seconds >= 0


def test_after_a_crash_mails_and_pushes_go_again_and_texts_wait(db: Connection) -> None:
    assert batches.outgoing_channels(db) == [
        ("email", CrashPolicy.SEND_AGAIN),
        ("sms", CrashPolicy.AWAIT_RECEIPT),
        ("push", CrashPolicy.SEND_AGAIN),
        ("chat", CrashPolicy.SEND_AGAIN),
    ]


def test_the_gateway_knows_the_channels_of_the_table(db: Connection) -> None:
    def names(which: str) -> list[str]:
        query = f"select name from postbell.channel where {which} order by position"
        return given.column(db, query)

    assert names("true") == [*get_args(preferences.Channel)]
    assert names("not is_kept") == [*get_args(preferences.QuietChannel)]
    assert names("is_interrupting") == preferences.INTERRUPTING


def test_something_delivers_every_channel(db: Connection) -> None:
    rows = given.rows(db, "select name, is_outgoing from postbell.channel")

    assert {name for name, is_outgoing in rows if is_outgoing} == {*OUTGOING}
    assert {name for name, is_outgoing in rows if not is_outgoing} == {*OWN}


async def test_the_depth_counts_events_that_have_no_channel_yet(
    db: Connection, session: AsyncConnection[Any]
) -> None:
    given.emit(db, payload=PAYLOAD, deliver_at="2090-01-01")
    given.route(db)

    (depth,) = await monitoring.queue_depth(session)

    assert (depth.channel, depth.scheduled, depth.being_fanned_out) == (None, 1, 0)


async def test_housekeeping_has_nothing_to_do_in_a_new_database(
    db: Connection, session: AsyncConnection[Any]
) -> None:
    await routing.tidy_up(session)

    assert await routing.forget_early_receipts(session) == {}
    assert await routing.sweep(session, timedelta(0)) == 0
    assert await routing.truncate_outbox(session, 5) == 0
    assert await routing.take_back_items(session) is True
    assert await routing.fan_out(session, 100) == (0, None)
    assert await routing.release_due(session, 100) == (0, None)


async def test_a_batch_that_lost_its_job_gets_another(
    db: Connection, session: AsyncConnection[Any]
) -> None:
    given.emit(db, payload=PAYLOAD, channels=["email"])
    given.route(db)
    db.execute("delete from postbell_queue.pgqueuer")
    db.execute("update postbell.batch set created_at = now() - interval '1 hour'")

    assert await routing.sweep(session, timedelta(minutes=1)) == 1
    assert await routing.sweep(session, timedelta(0)) == 0

    payloads = given.column(db, "select payload from postbell_queue.pgqueuer")
    assert payloads == [
        str(batch).encode() for batch in given.column(db, "select id from postbell.batch")
    ]


async def test_outcomes_are_written_down_in_the_order_in_which_a_webhook_locks_them(
    db: Connection, database_url: str, session: AsyncConnection[Any]
) -> None:
    given.event_type(db, default_channels=["email"])
    with db.transaction():
        for _ in range(2):
            given.emit(db, payload=PAYLOAD)
    given.route(db)
    (batch,) = given.column(db, "select id from postbell.batch")
    low, high = await batches.claim_batch(session, batch, "email", 2)
    lock = "select from postbell.delivery where id = %s for update nowait"
    with psycopg.connect(database_url) as webhook:
        webhook.execute(lock, [low.delivery_id])
        outcomes = [attempted(high), attempted(low)]
        recording = asyncio.create_task(
            batches.record_attempts(session, batch, low.claim_token, outcomes, {})
        )
        await seen(
            lambda: (
                given.column(
                    db,
                    "select application_name from pg_stat_activity where wait_event_type = 'Lock'"
                    " and datname = current_database()",
                )
                == ["postbell test"]
            ),
            "the record waiting for the webhook",
        )
        webhook.execute(lock, [high.delivery_id])
    await recording

    assert given.column(db, "select state from postbell.delivery") == ["sent", "sent"]
