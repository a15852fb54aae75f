"""Of a few deliveries, batches that the router's process delivers without the queue."""

from __future__ import annotations

import json
import secrets
import string
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from dispatcher.db.batches import Claimed
from tests.support import given
from tests.support.background import Background, Connect, await_waiting
from tests.support.given import Connection
from tests.support.poison import poison
from tests.support.senders import batches, jobs


@pytest.fixture(autouse=True)
def channels(db: Connection) -> None:
    given.event_type(db, default_channels=["email"])
    given.recipient(db)


def handed_over(db: Connection, room: dict[str, int]) -> dict[int, str]:
    """Routes what was emitted; the batches that the caller is to deliver, and their channels."""
    found = given.rows(
        db,
        "select (batch ->> 'batch_id')::bigint, batch ->> 'channel'"
        " from postbell_private.route(500, %s) as done, json_array_elements(done.claimed) as batch",
        json.dumps(room),
    )
    given.route(db)
    return dict(found)


def test_a_few_deliveries_are_handed_over_and_have_no_job(db: Connection) -> None:
    given.emit(db, channels=["in_app", "email", "sms"])

    mine = handed_over(db, {"in_app": 8, "email": 2, "sms": 0})

    assert sorted(mine.values()) == ["email", "in_app"]
    assert set(batches(db)) - set(mine) == set(jobs(db))
    claimed = given.rows(db, "select id, claims, claim_token is not null from postbell.batch")
    assert {id_: (claims, held) for id_, claims, held in claimed} == {
        batch: (int(batch in mine), batch in mine) for batch in batches(db)
    }


def test_what_is_handed_over_has_all_that_a_claim_returns(db: Connection) -> None:
    given.emit(
        db,
        channels=["email"],
        forced_channels=["email"],
        expires_at="2099-01-01T00:00:00.5Z",
        payload={"order_id": 42, "amount": "19.90", "note": "ä\u2028"},
    )
    ((batch,),) = given.rows(
        db, "select claimed -> 0 from postbell_private.route(500, '{\"email\": 1}')"
    )
    (row,) = (Claimed.of(delivery) for delivery in batch["deliveries"])
    (token,) = given.column(db, "select claim_token from postbell.batch")
    assert (row.claim_token, row.is_started, row.is_forced) == (token, False, True)

    (claimed,) = given.claim(db, batch["batch_id"], *Claimed._fields)
    assert claimed[0] != token
    assert row._replace(claim_token=claimed[0]) == Claimed(*claimed)


def test_no_more_batches_are_handed_over_than_there_is_room(db: Connection) -> None:
    with db.transaction():
        for priority in ("low", "normal", "high"):
            given.emit(db, channels=["email"], priority=priority)

    assert list(handed_over(db, {"email": 2}).values()) == ["email", "email"]
    assert len(jobs(db)) == 1


def test_what_is_urgent_is_handed_over_first(db: Connection) -> None:
    with db.transaction():
        for priority in ("low", "critical", "normal"):
            given.emit(db, channels=["email"], priority=priority)

    (batch,) = handed_over(db, {"email": 1})

    assert given.value(db, "select priority from postbell.batch where id = %s", batch) == "critical"


def test_a_batch_that_could_not_be_delivered_gets_one_job(db: Connection, connect: Connect) -> None:
    given.emit(db, channels=["email"])
    (batch,) = handed_over(db, {"email": 1})

    given.call(db, "queue_batch", batch_id=batch)
    given.call(db, "queue_batch", batch_id=batch)
    given.call(db, "queue_batch", batch_id=batch + 1)
    assert jobs(db) == [batch]

    # Beside a sweep that has not committed.
    db.execute("delete from postbell_queue.pgqueuer")
    sweeper = connect()
    with sweeper.transaction():
        assert given.value(sweeper, "select postbell_private.sweep('-1 s')") == 1
        waiting = Background(lambda: given.call(db, "queue_batch", batch_id=batch))
        await_waiting(sweeper, db)
    waiting.result()
    assert jobs(db) == [batch]


def test_many_deliveries_are_queued_for_all(db: Connection) -> None:
    with db.transaction():
        for _ in range(11):
            given.emit(db, channels=["email"])

    assert handed_over(db, {"email": 2}) == {}
    assert jobs(db) == batches(db)


def test_large_payloads_are_queued(db: Connection) -> None:
    note = "".join(secrets.choice(string.ascii_letters) for _ in range(20_000))
    given.emit(db, channels=["email"], payload={"note": note})
    assert handed_over(db, {"email": 2}) == {}
    assert jobs(db) == batches(db)


@pytest.mark.parametrize("expires_at", ["infinity", "20000-01-01"])
def test_what_expires_after_all_time_never_expires(db: Connection, expires_at: str) -> None:
    given.emit(db, channels=["email"], expires_at=expires_at)
    batch = given.value(
        db, "select claimed -> 0 from postbell_private.route(500, '{\"email\": 1}')"
    )
    (row,) = (Claimed.of(delivery) for delivery in batch["deliveries"])
    assert row.expires_at is None


def test_what_expired_before_all_time_is_expired(db: Connection) -> None:
    event = given.emit(db, channels=["email", "in_app"], expires_at="-infinity")
    given.route(db)
    assert given.deliveries(db, event)["u1", "email"].state == "expired"
    (batch,) = batches(db)
    assert given.claim(db, batch, "expires_at") == [(datetime(1, 1, 2, tzinfo=UTC),)]


def test_a_candidate_that_fails_leaves_nothing_handed_over(db: Connection) -> None:
    event = given.emit(db, channels=["email"])
    given.emit(db, channels=["email"])
    # As a trigger of the application's might.
    poison(db, "postbell.delivery", f"new.notification_id = {event}")

    assert handed_over(db, {"email": 2}) == {}
    assert jobs(db) == batches(db)
    assert given.rejections(db) == {event: "unreadable_event"}


def test_a_claim_without_a_job_shows_that_it_is_alive(db: Connection) -> None:
    given.emit(db, channels=["email"])
    (batch,) = handed_over(db, {"email": 1})
    ((token,),) = given.claim(db, batch, "claim_token")
    db.execute("update postbell.batch set created_at = '-infinity', claimed_at = '-infinity'")

    given.call(db, "keep_claims", batch_ids=[batch], claim_tokens=[uuid4()])
    assert given.column(db, "select claimed_at = '-infinity' from postbell.batch") == [True]
    given.call(db, "keep_claims", batch_ids=[batch], claim_tokens=[token])

    assert given.value(db, "select postbell_private.sweep('10 s')") == 0
    db.execute("update postbell.batch set claimed_at = now() - interval '11 s'")
    assert given.value(db, "select postbell_private.sweep('10 s')") == 1
    assert jobs(db) == [batch]
