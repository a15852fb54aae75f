"""Batches claimed, started, recorded and finished; what is given up, and what is taken up again."""

from __future__ import annotations

import json
from typing import NamedTuple
from uuid import UUID

import pytest

from tests.support import given
from tests.support.background import Background, Connect, await_waiting
from tests.support.given import Connection, Fate
from tests.support.senders import batches, jobs


class Claim(NamedTuple):
    batch: int
    token: UUID | None
    deliveries: list[int]


@pytest.fixture(autouse=True)
def channels(db: Connection) -> None:
    given.event_type(db, default_channels=["email"])


def emit_and_route(db: Connection, many: int = 1, **columns: object) -> list[int]:
    with db.transaction():
        events = [given.emit(db, "order.paid", **columns) for _ in range(many)]  # type: ignore[arg-type]
    given.route(db)
    return events


def claim(db: Connection, batch: int | None = None) -> Claim:
    batch = batch or batches(db)[0]
    found = given.claim(db, batch, "claim_token", "delivery_id")
    return Claim(batch, found[0][0] if found else None, [delivery for _, delivery in found])


def start(db: Connection, claimed: Claim) -> list[int]:
    """What may go; nothing if the claim does not hold."""
    started = given.value(
        db,
        "select postbell_private.start_sending(%s, %s, %s)",
        claimed.batch,
        claimed.token,
        claimed.deliveries,
    )
    return sorted(started or [])


def finish(db: Connection, claimed: Claim) -> None:
    given.call(db, "finish_batch", batch_id=claimed.batch, claim_token=claimed.token)


def record_inbox(db: Connection, claimed: Claim, title: str = "Paid") -> int | None:
    """How many were written; None if the claim does not hold."""
    items = [
        {"delivery_id": delivery, "title": title, "body": "Thank you", "link": "/orders/7"}
        for delivery in claimed.deliveries
    ]
    found = given.call(
        db,
        "record_inbox",
        batch_id=claimed.batch,
        claim_token=claimed.token,
        items=json.dumps(items),
    )
    written: int | None = found[0][0]
    return written


def fail(db: Connection, *deliveries: int) -> list[bool]:
    """Whether each of their claims held."""
    return [
        given.call(
            db,
            "fail_deliveries",
            batch_id=batch,
            claim_token=claim_token,
            delivery_ids=carried,
            reasons=["the template failed"] * len(carried),
        )[0][0]
        for batch, claim_token, carried in given.claims(db, *deliveries)
    ]


def fate(db: Connection, delivery: int) -> Fate:
    return Fate._make(
        given.rows(
            db,
            "select state, reason from postbell.delivery_log where delivery_id = %s",
            delivery,
        )[0]
    )


def outcomes(db: Connection, delivery: int) -> list[str]:
    return given.column(
        db,
        "select outcome from postbell.attempt where delivery_id = %s order by attempted_at",
        delivery,
    )


def dead(db: Connection) -> list[int]:
    return given.column(db, "select delivery_id from postbell.dead_letters order by 1")


def lose_jobs(db: Connection) -> None:
    db.execute("delete from postbell_queue.pgqueuer")


# --- batches


def test_a_job_is_a_batch_of_one_tenant_channel_and_priority(db: Connection) -> None:
    given.tenant(db, "other")
    given.recipient(db, tenant_id="other")
    with db.transaction():
        for _ in range(3):
            given.emit(db, channels=["email", "sms"])
        given.emit(db, tenant_id="other")
        given.emit(db, priority="high")
    given.route(db)
    found = given.rows(
        db,
        "select tenant_id, channel, priority, cardinality(delivery_ids) from postbell.batch"
        " order by 1, 2, 3",
    )
    assert found == [
        ("default", "email", "high", 1),
        ("default", "email", "normal", 3),
        ("default", "sms", "normal", 3),
        ("other", "email", "normal", 1),
    ]
    assert jobs(db) == batches(db)


def test_a_batch_has_a_bound(db: Connection) -> None:
    emit_and_route(db, 60)
    assert sorted(given.column(db, "select cardinality(delivery_ids) from postbell.batch")) == [
        10,
        50,
    ]


def test_the_more_urgent_is_first_in_the_queue(db: Connection) -> None:
    for priority in ("low", "critical", "normal", "high"):
        emit_and_route(db, priority=priority)
    order = given.column(
        db,
        "select b.priority from postbell_queue.pgqueuer as job"
        " join postbell.batch as b on b.id = convert_from(job.payload, 'UTF8')::bigint"
        " order by job.priority desc",
    )
    assert order == ["critical", "high", "normal", "low"]


def test_a_claim_has_all_that_rendering_needs(db: Connection) -> None:
    given.recipient(db, locale="fr", time_zone="Europe/Paris", attributes={"name": "Ann"})
    (event,) = emit_and_route(db, payload={"amount": "9.90"}, subject="order:7")
    cursor = db.execute(
        "select c.notification_id, c.recipient_id, c.event, c.category, c.channel, c.priority,"
        " c.state, c.subject, c.payload, c.address, c.locale, c.time_zone, c.attributes, c.attempts"
        " from postbell.batch as b, postbell_private.claim_batch(b.id, b.channel) as c"
    )
    assert cursor.fetchall() == [
        (
            event, "u1", "order.paid", "orders", "email", "normal", "queued", "order:7",
            {"amount": "9.90"}, "u1@example.org", "fr", "Europe/Paris", {"name": "Ann"}, 0,
        )
    ]  # fmt: skip


def test_a_claim_may_start_the_first_ones_at_once(db: Connection) -> None:
    emit_and_route(db, 3)
    found = given.rows(
        db,
        "select c.is_started, c.state"
        " from postbell.batch as b, postbell_private.claim_batch(b.id, b.channel, 2) as c order"
        " by 2 desc",
    )
    assert found == [(True, "sending"), (True, "sending"), (False, "queued")]


@pytest.mark.parametrize(
    ("meanwhile", "expected"),
    [
        ("update postbell.recipient set erased_at = now()", Fate("skipped", "recipient_erased")),
        ("delete from postbell.recipient", Fate("skipped", "recipient_unknown")),
        ("update postbell.recipient set email = null", Fate("skipped", "no_address")),
        (
            "select postbell.suppress('email', 'U1@example.org')",
            Fate("skipped", "address_suppressed"),
        ),
        (
            (
                "update postbell.recipient set email = ' U1@Bücher.Example ';"
                " select postbell.suppress('email', 'u1@bücher.example')"
            ),
            Fate("skipped", "address_suppressed"),
        ),
        ("update postbell_private.notification set expires_at = now()", Fate("expired", "expired")),
        ("select postbell.cancel('order:7')", Fate("cancelled", "cancelled")),
        (
            "select postbell.set_preference('u1', false, category => 'orders')",
            Fate("skipped", "switched_off"),
        ),
        (
            "select postbell.set_preference('u1', false, channel => 'email')",
            Fate("skipped", "switched_off"),
        ),
        ("update postbell.event_type set disabled_at = now()", Fate("skipped", "event_disabled")),
        (
            "insert into postbell.tenant_event values ('default', 'order.paid', null, now())",
            Fate("skipped", "tenant_event_disabled"),
        ),
        (
            "update postbell.tenant set disabled_channels = '{email}'",
            Fate("skipped", "channel_disabled"),
        ),
        ("update postbell.event_type set channels = '{in_app}'", Fate("skipped", "no_template")),
        ("select postbell.mute('u1')", Fate("skipped", "muted")),
        ("select postbell.mute('u1', subject => 'order:7')", Fate("skipped", "muted")),
        ("delete from postbell.event_type", Fate("skipped", "unknown_event")),
        ("delete from postbell_private.notification", Fate("skipped", "event_deleted")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("when", ["before the claim", "after the claim"])
def test_a_word_said_after_routing_counts_for_what_is_queued(
    db: Connection, meanwhile: str, expected: Fate, when: str
) -> None:
    emit_and_route(db, subject="order:7")
    (delivery,) = given.column(db, "select id from postbell.delivery")
    claimed = claim(db) if when == "after the claim" else None
    db.execute(meanwhile.encode())
    if claimed:
        assert start(db, claimed) == []
    else:
        assert claim(db).deliveries == []
        assert batches(db) == []
    assert fate(db, delivery) == expected


@pytest.mark.parametrize(
    ("meanwhile", "expected"),
    [
        ("update postbell.event_type set disabled_at = now()", Fate("skipped", "event_disabled")),
        (
            "update postbell.tenant set disabled_channels = '{in_app}'",
            Fate("skipped", "channel_disabled"),
        ),
        ("delete from postbell.event_type", Fate("skipped", "unknown_event")),
    ],
)
def test_what_is_stopped_now_does_not_get_into_the_inbox(
    db: Connection, meanwhile: str, expected: Fate
) -> None:
    emit_and_route(db, channels=["in_app"])
    db.execute(meanwhile.encode())
    assert claim(db).deliveries == []
    assert [fate(db, each) for each in given.column(db, "select id from postbell.delivery")] == [
        expected
    ]


def test_what_is_muted_now_still_gets_into_the_inbox_silently(db: Connection) -> None:
    emit_and_route(db, channels=["in_app"])
    given.call(db, "mute", recipient="u1")
    assert record_inbox(db, claim(db)) == 1
    assert given.column(db, "select is_silent from postbell.inbox_item") == [True]
    assert given.column(db, "select unread from postbell.unread_counts") == [0]


@pytest.mark.parametrize(
    ("meanwhile", "goes"),
    [
        ("select postbell.mute('u1')", True),
        ("select postbell.set_preference('u1', false)", True),
        ("update postbell.event_type set disabled_at = now()", False),
        ("update postbell.tenant set disabled_channels = '{email}'", False),
    ],
)
def test_what_is_forced_passes_the_persons_word_and_not_the_houses(
    db: Connection, meanwhile: str, goes: bool
) -> None:
    emit_and_route(db, forced_channels=["email"])
    db.execute(meanwhile.encode())
    assert bool(claim(db).deliveries) is goes


def test_a_mute_that_has_ended_stops_nothing(db: Connection) -> None:
    emit_and_route(db)
    given.call(db, "mute", recipient="u1", until="2000-01-01Z")
    assert len(claim(db).deliveries) == 1


@pytest.mark.parametrize("when", ["before the claim", "after the claim"])
def test_unsubscribe_between_enqueue_and_send_stops_what_is_queued(
    db: Connection, when: str
) -> None:
    emit_and_route(db)
    (delivery,) = given.column(db, "select id from postbell.delivery")
    claimed = claim(db) if when == "after the claim" else None
    given.call(
        db, "set_preference", recipient="u1", enabled=False, channel="email", category="orders"
    )
    assert (start(db, claimed) if claimed else claim(db).deliveries) == []
    assert fate(db, delivery) == Fate("skipped", "switched_off")


@pytest.mark.parametrize(
    "choice", [{"channel": "sms"}, {"channel": "email", "category": "payments"}, {}]
)
def test_what_is_forced_or_meant_for_others_is_sent_all_the_same(
    db: Connection, choice: dict[str, str]
) -> None:
    given.event_type(db, "payment.completed")
    emit_and_route(db, forced_channels=None if choice else ["email"])
    given.call(db, "set_preference", recipient="u1", enabled=False, **choice)
    claimed = claim(db)
    assert start(db, claimed) == claimed.deliveries


def test_what_is_switched_off_now_still_gets_into_the_inbox(db: Connection) -> None:
    emit_and_route(db, channels=["in_app"])
    given.call(db, "set_preference", recipient="u1", enabled=False)
    assert record_inbox(db, claim(db)) == 1


def test_a_claim_says_what_nobody_can_opt_out_of(db: Connection) -> None:
    emit_and_route(db)
    emit_and_route(db, forced_channels=["email"])
    found = [given.claim(db, batch, "is_forced") for batch in batches(db)]
    assert found == [[(False,)], [(True,)]]


@pytest.mark.parametrize(
    ("tracking", "refuses", "claimed"),
    [
        ([], False, None),
        (["opens"], False, ["opens"]),
        (["opens", "clicks"], False, ["opens", "clicks"]),
        (["opens", "clicks"], True, None),
    ],
)
def test_a_claim_says_what_may_be_known_about_a_mail(
    db: Connection, tracking: list[str], refuses: bool, claimed: list[str] | None
) -> None:
    given.tenant(db, tracking=tracking)
    emit_and_route(db)
    given.call(db, "refuse_tracking", recipient="u1", refuses=refuses)
    [batch] = batches(db)
    assert given.claim(db, batch, "tracking") == [(claimed,)]


# --- fencing


def test_an_overtaken_claim_starts_nothing(db: Connection) -> None:
    emit_and_route(db)
    slow = claim(db)
    quick = claim(db)
    assert start(db, slow) == []
    assert start(db, quick) == quick.deliveries


def test_an_overtaken_claim_does_not_end_the_batch(db: Connection) -> None:
    emit_and_route(db)
    slow, quick = claim(db), claim(db)
    finish(db, slow)
    assert batches(db) == [quick.batch]
    start(db, quick)
    given.sent(db, *quick.deliveries)
    finish(db, quick)
    assert batches(db) == []


def test_a_late_yes_is_recorded_all_the_same(db: Connection) -> None:
    emit_and_route(db)
    slow = claim(db)
    (delivery,) = start(db, slow)
    quick = claim(db)
    start(db, quick)
    given.attempts(db, "retry", delivery)
    assert fate(db, delivery).state == "waiting"
    given.sent(db, delivery)
    assert fate(db, delivery).state == "sent"
    assert outcomes(db, delivery) == ["unknown", "retry", "sent"]
    given.clock(db, "2099-01-01Z")
    given.value(db, "select released from postbell_private.release_due()")
    assert fate(db, delivery).state == "sent"


@pytest.mark.parametrize("late", ["retry", "refused", "unknown", "failed"])
def test_a_late_no_does_not_undo_a_yes(db: Connection, late: str) -> None:
    emit_and_route(db)
    claimed = claim(db)
    (delivery,) = start(db, claimed)
    given.sent(db, delivery)
    given.attempts(db, late, delivery)
    assert fate(db, delivery).state == "sent"
    assert outcomes(db, delivery) == ["sent", late]
    assert dead(db) == []


def test_after_a_crash_it_shows_what_was_in_flight(db: Connection) -> None:
    emit_and_route(db, 2)
    first = claim(db)
    start(db, first._replace(deliveries=first.deliveries[:1]))
    found = given.claim(db, first.batch, "delivery_id", "state", "attempts")
    assert found == [(first.deliveries[0], "sending", 1), (first.deliveries[1], "queued", 0)]


def test_what_was_in_flight_in_a_crash_may_have_been_taken_by_whoever_was_asked(
    db: Connection,
) -> None:
    emit_and_route(db, 3)
    first = claim(db)
    known, passed_on, untouched = first.deliveries
    given.call(
        db,
        "start_sending",
        batch_id=first.batch,
        claim_token=first.token,
        delivery_ids=[known, passed_on],
        providers=["main", "main"],
    )
    given.call(
        db,
        "record_failover",
        batch_id=first.batch,
        claim_token=first.token,
        delivery_id=passed_on,
        provider="spare",
    )

    claim(db)

    found = given.rows(db, "select delivery_id, provider, outcome from postbell.attempt order by 1")
    assert found == [(known, "main", "unknown"), (passed_on, "spare", "unknown")]
    doubtful = given.call(db, "unknown_attempts", delivery_ids=[known, passed_on, untouched])
    assert doubtful == [(known, "main"), (passed_on, "spare")]


def test_who_claims_while_another_starts_finds_what_was_started(
    db: Connection, connect: Connect
) -> None:
    emit_and_route(db, channels=["sms"])
    slow = claim(db)
    starting, claiming = connect(autocommit=False), connect()
    assert start(starting, slow) == slow.deliveries

    quick = Background(lambda: claim(claiming, slow.batch))
    await_waiting(db, claiming)
    starting.commit()

    assert quick.result().deliveries == []
    assert fate(db, slow.deliveries[0]).state == "unknown"


def test_who_starts_while_another_claims_starts_nothing(db: Connection, connect: Connect) -> None:
    emit_and_route(db, channels=["sms"])
    slow = claim(db)
    claiming, starting = connect(autocommit=False), connect()
    quick = claim(claiming, slow.batch)

    started = Background(lambda: start(starting, slow))
    await_waiting(db, starting)
    claiming.commit()

    assert started.result() == []
    assert start(db, quick) == quick.deliveries


def test_a_text_that_may_have_been_taken_is_turned_to_nobody_else(
    db: Connection,
) -> None:
    emit_and_route(db, channels=["sms"])
    slow = claim(db)
    start(db, slow)
    claim(db)
    turned = given.call(
        db,
        "record_failover",
        batch_id=slow.batch,
        claim_token=slow.token,
        delivery_id=slow.deliveries[0],
        provider="spare",
    )
    assert turned == [(False,)]


def test_what_was_started_by_its_own_claim_may_be_started_again(db: Connection) -> None:
    emit_and_route(db, channels=["sms"])
    claimed = claim(db)
    assert start(db, claimed) == start(db, claimed) == claimed.deliveries


# --- outcomes


@pytest.mark.parametrize(
    ("outcome", "state", "is_dead"),
    [
        ("sent", "sent", False),
        ("retry", "waiting", False),
        ("unknown", "unknown", False),
        ("refused", "refused", True),
        ("failed", "failed", True),
    ],
)
def test_an_outcome_settles_the_delivery(
    db: Connection, outcome: str, state: str, is_dead: bool
) -> None:
    emit_and_route(db)
    claimed = claim(db)
    (delivery,) = start(db, claimed)
    given.attempts(db, outcome, delivery, reason="the provider's words")
    assert fate(db, delivery) == Fate(state, "the provider's words")
    assert outcomes(db, delivery) == [outcome]
    assert dead(db) == ([delivery] if is_dead else [])
    row = given.rows(
        db,
        "select attempts, provider, provider_message_id, sent_at is not null"
        " from postbell.delivery_log",
    )
    assert row == [(1, "test", f"m{delivery}", outcome == "sent")]
    finish(db, claimed)
    assert batches(db) == []


def test_a_space_around_an_address_is_no_part_of_it(db: Connection) -> None:
    given.recipient(db)
    db.execute("update postbell.recipient set email = ' u1@example.org '")
    emit_and_route(db)
    (batch,) = batches(db)
    assert given.claim(db, batch, "address") == [("u1@example.org",)]


def test_many_outcomes_are_recorded_at_once(db: Connection) -> None:
    emit_and_route(db, 3)
    claimed = claim(db)
    given.sent(db, *start(db, claimed))
    assert [fate(db, delivery).state for delivery in claimed.deliveries] == ["sent"] * 3


@pytest.mark.parametrize(
    ("blame", "expected"),
    [
        ("hard", [("email", "u1@example.org", "bounce", "5.1.1 no such user", True)]),
        ("soft", [("email", "u1@example.org", "bounce", "5.1.1 no such user", False)]),
        ("stop", [("email", "u1@example.org", "stop", "5.1.1 no such user", True)]),
        (None, []),
    ],
)
def test_an_address_at_fault_is_suppressed_for_good_or_for_days(
    db: Connection, blame: str | None, expected: list[object]
) -> None:
    given.recipient(db, email="U1@Example.org")
    emit_and_route(db)
    (delivery,) = start(db, claim(db))
    given.attempts(db, "refused", delivery, reason="5.1.1 no such user", blame=blame)
    found = given.rows(
        db,
        "select channel, address, reason, detail, expires_at = 'infinity'"
        " from postbell.suppression",
    )
    assert found == expected


def test_an_address_that_is_gone_is_suppressed_for_good_though_it_once_was_for_days(
    db: Connection,
) -> None:
    days_ago = given.value(db, "select now() - interval '1 day'")
    given.call(db, "suppress", channel="email", address="u1@example.org", expires_at=days_ago)
    emit_and_route(db)
    (delivery,) = start(db, claim(db))
    given.attempts(db, "refused", delivery, reason="5.1.1 no such user", blame="hard")
    found = given.rows(db, "select reason, expires_at = 'infinity' from postbell.suppression")
    assert found == [("bounce", True)]


def test_a_retry_waits_as_long_as_it_was_told_to(db: Connection) -> None:
    emit_and_route(db)
    claimed = claim(db)
    (delivery,) = start(db, claimed)
    given.attempts(db, "retry", delivery, retry_after=3600)
    finish(db, claimed)
    soon = given.value(
        db,
        "select due_at - clock_timestamp() < interval '1 hour'"
        " and due_at - clock_timestamp() > interval '59 minutes' from postbell.waiting_delivery",
    )
    assert soon
    assert given.value(db, "select released from postbell_private.release_due()") == 0
    db.execute("update postbell.waiting_delivery set due_at = now()")
    assert given.value(db, "select released from postbell_private.release_due()") == 1
    assert fate(db, delivery).state == "queued"
    assert start(db, claim(db)) == [delivery]
    assert given.value(db, "select attempts from postbell.delivery") == 2


def test_a_retry_is_decided_again_when_it_is_due(db: Connection) -> None:
    emit_and_route(db)
    (delivery,) = start(db, claim(db))
    given.attempts(db, "retry", delivery, retry_after=0)
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="email")
    given.value(db, "select released from postbell_private.release_due()")
    assert fate(db, delivery) == Fate("skipped", "switched_off")


def test_a_change_of_mind_does_not_hurry_a_retry(db: Connection) -> None:
    emit_and_route(db)
    (delivery,) = start(db, claim(db))
    given.attempts(db, "retry", delivery, retry_after=3600)
    given.call(db, "set_preference", recipient="u1", enabled=True, channel="email")
    assert given.value(db, "select released from postbell_private.release_due()") == 0


def test_what_could_not_be_rendered_is_a_dead_letter_without_an_attempt(db: Connection) -> None:
    emit_and_route(db)
    claimed = claim(db)
    (delivery,) = claimed.deliveries
    assert fail(db, delivery) == [True]
    assert fate(db, delivery) == Fate("failed", "the template failed")
    assert dead(db) == [delivery]
    assert outcomes(db, delivery) == []


def test_what_is_left_when_a_batch_ends_gets_another_job(db: Connection) -> None:
    emit_and_route(db, 2)
    claimed = claim(db)
    started = start(db, claimed)
    given.sent(db, started[0])
    finish(db, claimed)
    (left,) = given.rows(db, "select delivery_ids, claims from postbell.batch")
    assert left == ([started[1]], 0)
    delay = given.value(
        db,
        "select execute_after > now() + interval '500 milliseconds' from postbell_queue.pgqueuer"
        " where convert_from(payload, 'UTF8')::bigint = %s",
        batches(db)[0],
    )
    assert delay


# --- dead letters


def test_dead_letters_are_sent_again(db: Connection) -> None:
    emit_and_route(db)
    claimed = claim(db)
    (delivery,) = start(db, claimed)
    given.attempts(db, "refused", delivery)
    finish(db, claimed)
    assert given.call(db, "retry") == [(1,)]
    assert dead(db) == []
    assert fate(db, delivery) == Fate("queued", "retried")
    assert start(db, claim(db)) == [delivery]
    given.sent(db, delivery)
    assert outcomes(db, delivery) == ["refused", "sent"]
    assert given.call(db, "retry") == [(0,)]


@pytest.mark.parametrize(
    ("named", "revived"),
    [
        ({}, 3),
        ({"event": "order.paid"}, 2),
        ({"channel": "sms"}, 1),
        ({"tenant_id": "nobody"}, 0),
        ({"since": "2099-01-01Z"}, 0),
        ({"event": "order.created", "channel": "sms"}, 0),
        ({"reasons": ["another", "the template failed"]}, 3),
        ({"reasons": ["another"]}, 0),
    ],
    ids=str,
)
def test_dead_letters_may_be_chosen(db: Connection, named: dict[str, object], revived: int) -> None:
    given.event_type(db, "order.created", default_channels=["email"])
    given.emit(db)
    given.emit(db, channels=["sms"])
    given.emit(db, "order.created")
    given.route(db)
    every = given.column(db, "select id from postbell.delivery")
    fail(db, *every)
    assert given.call(db, "retry", **named) == [(revived,)]
    assert len(dead(db)) == 3 - revived


def test_one_dead_letter_may_be_chosen(db: Connection) -> None:
    emit_and_route(db, 2)
    every = given.column(db, "select id from postbell.delivery order by id")
    fail(db, *every)
    assert given.call(db, "retry", delivery_id=every[0]) == [(1,)]
    assert dead(db) == every[1:]


# --- what ends the dispatcher, and what is lost


def test_a_batch_that_is_never_finished_is_broken_up(db: Connection) -> None:
    emit_and_route(db, 3)
    (batch,) = batches(db)
    for _ in range(5):
        assert len(claim(db, batch).deliveries) == 3
    assert claim(db, batch).deliveries == []
    alone = given.column(db, "select cardinality(delivery_ids) from postbell.batch")
    assert alone == [1, 1, 1]
    assert set(batches(db)) <= set(jobs(db))


def test_a_delivery_that_ends_the_dispatcher_alone_is_given_up(db: Connection) -> None:
    emit_and_route(db)
    (batch,) = batches(db)
    (delivery,) = given.column(db, "select id from postbell.delivery")
    for _ in range(5):
        assert claim(db, batch).deliveries == [delivery]
    assert claim(db, batch).deliveries == []
    assert fate(db, delivery) == Fate(
        "failed", "the dispatcher ended 5 times while it had this in hand"
    )
    assert dead(db) == [delivery]
    assert batches(db) == []


def test_a_poisonous_delivery_harms_only_itself(db: Connection) -> None:
    emit_and_route(db, 3)
    poison = given.column(db, "select id from postbell.delivery order by id")[1]
    for _ in range(40):
        for batch in batches(db):
            claimed = claim(db, batch)
            if poison not in claimed.deliveries and claimed.deliveries:
                given.sent(db, *start(db, claimed))
                finish(db, claimed)
    assert batches(db) == []
    assert dead(db) == [poison]
    states = given.column(db, "select state from postbell.delivery order by id")
    assert states == ["sent", "failed", "sent"]


def test_a_batch_without_a_job_gets_one(db: Connection) -> None:
    emit_and_route(db)
    assert given.value(db, "select postbell_private.sweep('0')") == 0
    lose_jobs(db)
    assert given.value(db, "select postbell_private.sweep('1 minute')") == 0
    assert given.value(db, "select postbell_private.sweep('0')") == 1
    assert jobs(db) == batches(db)
    assert given.value(db, "select postbell_private.sweep('0')") == 0


def test_a_batch_just_claimed_is_given_its_time(db: Connection) -> None:
    emit_and_route(db)
    db.execute("update postbell.batch set created_at = now() - interval '1 hour'")
    claim(db)
    lose_jobs(db)
    assert given.value(db, "select postbell_private.sweep('1 minute')") == 0
    db.execute("update postbell.batch set claimed_at = now() - interval '2 minutes'")
    assert given.value(db, "select postbell_private.sweep('1 minute')") == 1


def homeless(db: Connection) -> list[tuple[int, str]]:
    """Deliveries that are not settled, and that nothing will ever take up."""
    return given.rows(
        db,
        "select id, state::text from postbell.delivery as d"
        " where (state in ('queued', 'sending')"
        " and not exists (select from postbell.batch as b where d.id = any(b.delivery_ids)))"
        " or (state = 'waiting' and not exists"
        " (select from postbell.waiting_delivery as w where w.delivery_id = d.id))"
        " or (state = 'unknown' and not exists"
        " (select from postbell_private.unknown_delivery as u where u.delivery_id = d.id))",
    )


GONE = {
    "event_type": "delete from postbell.event_type",
    "notification": "delete from postbell_private.notification",
    "recipient": "delete from postbell.recipient",
    "tenant": "delete from postbell.recipient; delete from postbell.tenant",
}


# What our own database delivers is never in doubt.
@pytest.mark.parametrize(
    ("stage", "channel"),
    [
        (stage, channel)
        for stage in ["queued", "claimed", "sending", "waiting", "unknown"]
        for channel in given.CHANNELS
        if stage != "unknown" or channel in ("email", "sms", "push")
    ],
)
@pytest.mark.parametrize("gone", GONE.values(), ids=GONE)
def test_nothing_is_left_in_nobodys_hands_whatever_was_deleted(
    db: Connection, gone: str, stage: str, channel: str
) -> None:
    given.device(db)
    emit_and_route(db, 2, channels=[channel])
    claimed = claim(db) if stage != "queued" else None
    if claimed and stage != "claimed":
        start(db, claimed)
    if claimed and stage in ("waiting", "unknown"):
        outcome = {"waiting": "retry", "unknown": "unknown"}[stage]
        given.attempts(db, outcome, *claimed.deliveries, retry_after=0)
    db.execute(gone.encode())

    if claimed and stage == "claimed" and channel == "in_app":
        record_inbox(db, claimed)
    elif claimed:
        finish(db, claimed)
    for _ in range(2):
        given.value(db, "select released from postbell_private.release_due()")
        for batch in batches(db):
            assert claim(db, batch).deliveries == []

    assert homeless(db) == []
    assert batches(db) == []
    # Unknown stays what may have been sent; delivered is what was on its way to the person.
    states = set(given.column(db, "select state from postbell.delivery_log"))
    assert states <= {"skipped", "unknown", "delivered"}


@pytest.mark.parametrize("named", [{"recipient": "u1"}, {"audience": {"role": "crew"}}], ids=str)
def test_a_scheduled_event_whose_type_was_deleted_says_why_it_told_nobody(
    db: Connection, named: dict[str, object]
) -> None:
    for number in range(21):
        given.recipient(db, f"crew{number}", roles=["crew"])
    event = given.emit(db, **{"recipient": None, "deliver_at": "2030-01-01Z", **named})  # type: ignore[arg-type]
    given.clock(db, "2029-12-31Z")
    given.route(db)
    db.execute("delete from postbell.event_type")
    given.clock(db, "2030-01-02Z")

    given.value(db, "select released from postbell_private.release_due()")
    while given.value(db, "select reached from postbell_private.fan_out()"):
        pass

    assert [decision.reason for decision in given.explain(db, event)] == ["unknown_event"]


def test_what_a_rolled_back_cancellation_held_during_the_claim_gets_another_job(
    db: Connection, connect: Connect
) -> None:
    emit_and_route(db, subject="order:7")
    db.execute("delete from postbell.recipient")
    canceller = connect(autocommit=False)
    given.call(canceller, "cancel", subject="order:7")
    assert claim(db).deliveries == []
    canceller.rollback()

    assert homeless(db) == []
    assert claim(db).deliveries == []
    assert given.column(db, "select state from postbell.delivery") == ["skipped"]


def test_what_is_queued_can_be_seen(db: Connection) -> None:
    given.call(db, "set_quiet_hours", recipient="u1", starts="00:00", ends="23:30")
    given.clock(db, "2030-03-01 13:00Z")
    emit_and_route(db, 3, channels=["email", "sms"])
    found = given.rows(
        db,
        "select tenant_id, channel, priority, queued::integer, waiting::integer"
        " from postbell.queue_depth order by channel",
    )
    assert found == [
        ("default", "email", "normal", 3, None),
        ("default", "sms", "normal", None, 3),
    ]


def test_what_is_not_decided_yet_can_be_seen(db: Connection) -> None:
    given.emit(db, deliver_at="2090-03-02 09:30Z", priority="high")
    given.emit(db, deliver_at="2090-03-01 09:30Z", priority="high")
    given.emit(db, recipient=None, audience={"recipients": [f"p{n}" for n in range(30)]})
    given.route(db)
    found = given.rows(
        db,
        "select channel, priority, scheduled, being_fanned_out, oldest_at = '2090-03-01 09:30Z'"
        " from postbell.queue_depth order by priority",
    )
    assert found == [(None, "high", 2, None, True), (None, "normal", None, 1, False)]


# --- the inbox


def to_inbox(db: Connection, many: int = 1, **columns: object) -> list[int]:
    return emit_and_route(db, many, channels=["in_app"], **columns)


def test_rendered_items_are_put_into_the_inbox_once(db: Connection) -> None:
    events = to_inbox(db, 3, subject="order:7")
    claimed = claim(db)
    assert record_inbox(db, claimed) == 3
    assert record_inbox(db, claimed, "again") is None
    found = given.rows(
        db,
        "select i.id, item.outbox_id, i.recipient_id, i.event, i.category, i.subject, i.title,"
        " i.body, i.link, i.actions"
        " from postbell.inbox as i join postbell.inbox_item as item on item.id = i.id order by 1",
    )
    assert found == [
        (delivery, event, "u1", "order.paid", "orders", "order:7", "Paid", "Thank you",
         "/orders/7", [])
        for delivery, event in zip(claimed.deliveries, events, strict=True)
    ]  # fmt: skip
    assert batches(db) == []
    for delivery in claimed.deliveries:
        assert fate(db, delivery) == Fate("delivered", "wanted")
        steps = "select what from postbell.delivery_timeline where delivery_id = %s order by 1"
        assert given.column(db, steps, delivery) == ["attempt: sent", "emitted"]


def test_two_dispatchers_with_one_batch_write_each_item_once(
    db: Connection, connect: Connect
) -> None:
    to_inbox(db, 2)
    slow = claim(db)
    other = connect(autocommit=False)
    quick = claim(other)
    assert record_inbox(other, quick) == 2
    other.commit()
    assert record_inbox(db, slow) is None
    assert given.value(db, "select count(*) from postbell.inbox") == 2


def test_items_keep_the_order_of_their_events(db: Connection) -> None:
    events = to_inbox(db, 5)
    record_inbox(db, claim(db))
    found = given.column(db, "select outbox_id from postbell.inbox_item order by id")
    assert found == events


def test_what_was_cancelled_after_the_claim_is_not_put_into_the_inbox(db: Connection) -> None:
    to_inbox(db, subject="order:7")
    claimed = claim(db)
    given.call(db, "cancel", subject="order:7")
    assert record_inbox(db, claimed) == 0
    assert given.value(db, "select count(*) from postbell.inbox") == 0
    assert batches(db) == []


def test_what_came_while_muted_is_kept_silently(db: Connection) -> None:
    given.call(db, "mute", recipient="u1")
    to_inbox(db)
    record_inbox(db, claim(db))
    assert given.column(db, "select is_silent from postbell.inbox_item") == [True]
    assert given.column(db, "select unread from postbell.unread_counts") == [0]


def test_what_is_muted_after_it_was_queued_says_so(db: Connection) -> None:
    event = given.emit(db, channels=["in_app"])
    given.route(db)
    given.call(db, "mute", recipient="u1")
    record_inbox(db, claim(db))

    assert given.column(db, "select is_silent from postbell.inbox_item") == [True]
    assert given.deliveries(db, event)["u1", "in_app"] == Fate("delivered", "muted")
    (told,) = given.explain(db, event)
    assert (told.decision, told.rung, told.reason) == ("now", 7, "muted")


def test_what_has_expired_is_still_put_into_the_inbox(db: Connection) -> None:
    to_inbox(db, expires_at="2020-01-01Z")
    assert record_inbox(db, claim(db)) == 1
