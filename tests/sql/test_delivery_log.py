"""What the delivery log says of a delivery: the same on every channel."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import UUID

import pytest

from tests.support import given
from tests.support.given import CHANNELS, Connection, Fate

NIGHT, MORNING = "2030-01-01 23:00Z", "2030-01-02 07:00Z"

#: The state that means success. Only the inbox knows that it has arrived.
DONE = {channel: "delivered" if channel == "in_app" else "sent" for channel in CHANNELS}


def deliver_all(db: Connection) -> None:
    """What dispatchers do with every batch while all goes well."""
    for batch, channel in given.rows(db, "select id, channel from postbell.batch order by id"):
        claim, deliveries = take(db, batch)
        record(db, batch, claim, channel, deliveries)
        given.call(db, "finish_batch", batch_id=batch, claim_token=claim)


def take(db: Connection, batch: int) -> tuple[UUID, list[int]]:
    claimed = given.claim(db, batch, "claim_token", "delivery_id")
    return claimed[0][0], [delivery for _, delivery in claimed]


def record(db: Connection, batch: int, claim: UUID, channel: str, deliveries: list[int]) -> None:
    if channel in ("in_app", "sse"):
        items = [{"delivery_id": each, "title": "Paid", "body": ""} for each in deliveries]
        function = "record_inbox" if channel == "in_app" else "record_stream"
        given.call(db, function, batch_id=batch, claim_token=claim, items=json.dumps(items))
        return
    started = given.value(
        db, "select postbell_private.start_sending(%s, %s, %s)", batch, claim, deliveries
    )
    given.sent(db, *started)


def at_once(db: Connection) -> int:
    return emitted(db)


def after_quiet_hours(db: Connection) -> int:
    given.clock(db, NIGHT)
    channels = [channel for channel in CHANNELS if channel != "in_app"]
    given.call(
        db, "set_quiet_hours", recipient="u1", starts="22:00", ends="07:00", channels=channels
    )
    event = emitted(db)
    held = {
        fate for (_, channel), fate in given.deliveries(db, event).items() if channel in channels
    }
    assert held == {Fate("waiting", "quiet_hours")}
    given.clock(db, MORNING)
    given.value(db, "select released from postbell_private.release_due()")
    return event


def after_being_held(db: Connection) -> int:
    event = emitted(db)
    for batch in given.column(db, "select id from postbell.batch"):
        claim, deliveries = take(db, batch)
        given.call(
            db, "hold_deliveries", batch_id=batch, claim_token=claim, delivery_ids=deliveries,
            seconds=["0"] * len(deliveries), begun=[False] * len(deliveries),
            reasons=["provider_paused"] * len(deliveries),
        )  # fmt: skip
        given.call(db, "finish_batch", batch_id=batch, claim_token=claim)
    given.value(db, "select released from postbell_private.release_due()")
    return event


def after_being_sent_again(db: Connection) -> int:
    event = emitted(db)
    for batch in given.column(db, "select id from postbell.batch"):
        claim, deliveries = take(db, batch)
        given.call(
            db,
            "fail_deliveries",
            batch_id=batch,
            claim_token=claim,
            delivery_ids=deliveries,
            reasons=["no such filter"] * len(deliveries),
        )
        given.call(db, "finish_batch", batch_id=batch, claim_token=claim)
    assert given.call(db, "retry") == [(len(CHANNELS),)]
    return event


def emitted(db: Connection) -> int:
    event = given.emit(db, channels=list(CHANNELS))
    given.route(db)
    return event


@pytest.fixture
def everywhere(db: Connection) -> Connection:
    """The person can be reached on every channel."""
    given.device(db)
    return db


@pytest.mark.parametrize(
    "way", [at_once, after_quiet_hours, after_being_held, after_being_sent_again]
)
def test_what_is_sent_says_the_same_on_every_channel(
    everywhere: Connection, way: Callable[[Connection], int]
) -> None:
    event = way(everywhere)

    deliver_all(everywhere)

    assert given.deliveries(everywhere, event) == {
        ("u1", channel): Fate(DONE[channel], "wanted") for channel in CHANNELS
    }


def test_a_retry_that_succeeds_says_nothing_of_the_try_before(db: Connection) -> None:
    event = given.emit(db, channels=["email"])
    given.route(db)
    (batch,) = given.column(db, "select id from postbell.batch")
    claim, deliveries = take(db, batch)
    given.value(db, "select postbell_private.start_sending(%s, %s, %s)", batch, claim, deliveries)
    given.attempts(db, "retry", *deliveries, reason="mailbox is busy", retry_after=0)
    given.call(db, "finish_batch", batch_id=batch, claim_token=claim)
    assert given.deliveries(db, event)["u1", "email"] == Fate("waiting", "mailbox is busy")
    given.value(db, "select released from postbell_private.release_due()")

    deliver_all(db)

    assert given.deliveries(db, event)["u1", "email"] == Fate("sent", "wanted")


def test_the_last_decision_is_the_one_that_is_told(everywhere: Connection) -> None:
    event = after_quiet_hours(everywhere)

    told = {
        found.channel: (found.decision, found.rung, found.reason)
        for found in given.explain(everywhere, event)
    }

    # One that had to wait says so when its time has come.
    assert told == {
        channel: ("now" if channel == "in_app" else "later", 11, "wanted") for channel in CHANNELS
    }


def test_a_change_of_mind_is_a_decision(everywhere: Connection) -> None:
    given.clock(everywhere, NIGHT)
    given.call(everywhere, "set_quiet_hours", recipient="u1", starts="22:00", ends="07:00")
    event = given.emit(everywhere, channels=["sms"])
    given.route(everywhere)

    given.call(everywhere, "set_preference", recipient="u1", enabled=False, channel="sms")
    given.value(everywhere, "select released from postbell_private.release_due()")

    assert given.deliveries(everywhere, event)["u1", "sms"] == Fate("skipped", "switched_off")
    (told,) = given.explain(everywhere, event)
    assert (told.decision, told.rung, told.reason) == ("no", 6, "switched_off")


def test_what_stops_a_push_that_reached_one_device_is_no_decision(everywhere: Connection) -> None:
    event = given.emit(everywhere, channels=["push"])
    given.route(everywhere)
    (batch,) = given.column(everywhere, "select id from postbell.batch")
    claim, deliveries = take(everywhere, batch)
    given.value(
        everywhere, "select postbell_private.start_sending(%s, %s, %s)", batch, claim, deliveries
    )
    tried = given.attempt(
        deliveries[0], "sent", reason="1 of 2 devices were reached", retry_after=0, calls=[]
    )
    given.record(everywhere, batch, claim, tried)

    given.call(everywhere, "set_preference", recipient="u1", enabled=False, channel="push")
    given.value(everywhere, "select released from postbell_private.release_due()")

    assert given.deliveries(everywhere, event)["u1", "push"] == Fate("sent", "switched_off")
    (told,) = given.explain(everywhere, event)
    assert (told.decision, told.rung, told.reason) == ("now", 11, "wanted")


ALL = "select channel, state, reason, attempts, decision, rung, decision_reason"


def log(db: Connection, event: int) -> list[tuple[object, ...]]:
    return given.rows(
        db, f"{ALL} from postbell.delivery_log where outbox_id = %s order by channel", event
    )


def rows_of(db: Connection, event: int) -> int:
    return int(
        given.value(db, "select count(*) from postbell.delivery where notification_id = %s", event)
    )


@pytest.mark.parametrize("is_told", [True, False])
def test_what_was_decided_against_is_a_line_and_takes_no_row(db: Connection, is_told: bool) -> None:
    given.event_type(db, default_channels=list(CHANNELS))
    given.recipient(db, "u9", phone=None)
    given.call(db, "set_preference", recipient="u9", enabled=False, channel="email")
    if not is_told:
        given.call(db, "set_preference", recipient="u9", enabled=False)
    event = given.emit(db, recipient="u9")
    given.route(db)

    assert rows_of(db, event) == (2 if is_told else 1)
    states = {channel: (state, reason) for channel, state, reason, *_ in log(db, event)}
    assert set(states) == set(CHANNELS)
    assert states["sms"] == ("skipped", "no_address")
    assert states["push"] == ("skipped", "no_address")
    assert states["email"] == ("skipped", "switched_off")
    assert [(line[0], line[4], line[5], line[6]) for line in log(db, event)] == [
        (one.channel, one.decision, one.rung, one.reason) for one in given.explain(db, event)
    ]
    refused = [line for line in log(db, event) if line[4] == "no"]
    assert {line[3] for line in refused} == {0}
    counted = given.rows(
        db, "select channel, wanted, skipped, skipped_by_reason from postbell.analytics_daily"
    )
    assert sorted(counted) == sorted(
        [(line[0], 1, 1, {line[2]: 1}) for line in refused]
        + [(line[0], 1, 0, {}) for line in log(db, event) if line[4] != "no"]
    )


def test_what_would_come_too_late_is_a_line_too(db: Connection) -> None:
    given.event_type(db, default_channels=["in_app", "sms"])
    given.recipient(db, "u9")
    given.clock(db, NIGHT)
    given.call(db, "set_quiet_hours", recipient="u9", starts="22:00", ends="07:00")
    event = given.emit(db, recipient="u9", expires_at="2030-01-02 03:00Z")
    given.route(db)
    assert rows_of(db, event) == 1
    assert [line[:3] for line in log(db, event)] == [
        ("in_app", "queued", "wanted"),
        ("sms", "expired", "expired"),
    ]


def test_each_person_of_an_audience_has_their_own_lines(db: Connection) -> None:
    given.event_type(db, default_channels=["in_app", "sms"])
    given.recipient(db, "u8")
    given.recipient(db, "u9", phone=None)
    event = given.emit(db, recipient=None, audience={"recipients": ["nobody", "u8", "u9"]})
    given.route(db)
    assert given.rows(
        db,
        "select recipient_id, channel, state, reason from postbell.delivery_log order by 1, 2",
    ) == [
        ("nobody", "in_app", "skipped", "recipient_unknown"),
        ("nobody", "sms", "skipped", "recipient_unknown"),
        ("u8", "in_app", "queued", "wanted"),
        ("u8", "sms", "queued", "wanted"),
        ("u9", "in_app", "queued", "wanted"),
        ("u9", "sms", "skipped", "no_address"),
    ]
    assert rows_of(db, event) == 4
