"""What comes back: believed or not, once, in whatever order, and what it does to what is queued."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from dispatcher.inbound import receipts as inbound
from dispatcher.inbound.receipts import Blame, Kind, written
from tests.support import given
from tests.support.background import Background, Connect, await_waiting
from tests.support.given import Connection, Fate

Receipt = dict[str, Any]


@pytest.fixture(autouse=True)
def channels(db: Connection) -> None:
    given.event_type(db, default_channels=["email"])


def deliver(
    db: Connection, state: str = "sent", message_id: str | None = "m1", **columns: object
) -> int:
    """A delivery that the provider `test` was called for, and what became of it at first."""
    delivery = queue(db, **columns)
    db.execute("update postbell.delivery set state = 'sending' where id = %s", [delivery])
    record(db, delivery, state, message_id)
    return delivery


def queue(db: Connection, **columns: object) -> int:
    event = given.emit(db, "order.paid", **columns)  # type: ignore[arg-type]
    given.route(db)
    found = given.value(db, "select id from postbell.delivery where notification_id = %s", event)
    return int(found)


def record(
    db: Connection, delivery: int, outcome: str, message_id: str | None, provider: str = "test"
) -> None:
    ((batch, claim_token, _),) = given.claims(db, delivery)
    tried = given.attempt(
        delivery,
        outcome,
        identity=given.identity(db, delivery),
        provider=provider,
        message_id=message_id,
        retry_after=60 if outcome == "retry" else None,
    )
    given.record(db, batch, claim_token, tried)


def receive(db: Connection, *receipts: Receipt, provider: str = "test") -> list[str]:
    """The results, in the order of the event ids."""
    found = given.call(db, "receive_receipt", provider=provider, receipts=json.dumps(receipts))
    return [result for _, result in found]


def told(delivery: int | None, kind: str, event_id: str | None = None, **more: object) -> Receipt:
    return {"event_id": event_id or kind, "delivery_id": delivery, "kind": kind, **more}


def fate(db: Connection, delivery: int) -> Fate:
    found = given.rows(
        db, "select state, reason from postbell.delivery_log where delivery_id = %s", delivery
    )
    return Fate._make(found[0])


def state(db: Connection, delivery: int) -> str:
    return fate(db, delivery).state


def suppressions(db: Connection) -> list[tuple[str, str, str, bool]]:
    """Tenant, address, reason, and whether it is for good."""
    return given.rows(
        db,
        "select tenant_id, address, reason, expires_at = 'infinity' from postbell.suppression"
        " order by 1, 2",
    )


# --- any order


@pytest.mark.parametrize(
    ("kinds", "ends"),
    [
        (["accepted", "queued", "sent", "delivered"], "delivered"),
        (["queued", "sending", "sent", "undelivered"], "bounced"),
        (["queued", "sent", "failed"], "failed"),
        (["sent", "deferred", "bounced"], "bounced"),
        (["sent", "delivered", "bounced"], "bounced"),
        (["sent", "failed", "delivered"], "delivered"),
        (["sent", "undelivered", "delivered"], "delivered"),
        (["sent", "bounced", "complained"], "delivered"),
        (["accepted", "dropped"], "failed"),
    ],
)
def test_whatever_the_order_of_arrival_the_end_is_the_same(
    db: Connection, kinds: list[str], ends: str
) -> None:
    order = range(len(kinds))
    outcomes = set()
    for number, arrival in enumerate(permutations(order)):
        message = f"order-{number}"
        delivery = deliver(db, message_id=message)
        for place in arrival:
            receipt = told(
                delivery,
                kinds[place],
                f"{message}-{place}",
                message_id=message,
                occurred_at=f"2020-01-01T12:0{place}:00Z",
            )
            assert receive(db, receipt) == ["taken"]
        ((found, reason, delivered_at),) = given.rows(
            db,
            "select state, reason, delivered_at from postbell.delivery where id = %s",
            delivery,
        )
        outcomes.add((found, reason, delivered_at))
    assert len(outcomes) == 1
    assert {found for found, *_ in outcomes} == {ends}


def test_all_at_once_is_as_one_after_the_other(db: Connection) -> None:
    delivery = deliver(db)
    batch = [told(delivery, kind) for kind in ("delivered", "accepted", "opened", "sent")]
    given.tenant(db, tracking=["opens"])
    assert receive(db, *batch) == ["taken"] * 4
    assert state(db, delivery) == "delivered"


def test_sent_after_delivered_is_noted_and_changes_nothing(db: Connection) -> None:
    delivery = deliver(db)
    receive(db, told(delivery, "delivered"))
    assert receive(db, told(delivery, "sent")) == ["taken"]
    assert state(db, delivery) == "delivered"
    assert given.column(
        db, "select kind from postbell.receipt where delivery_id = %s order by 1", delivery
    ) == ["delivered", "sent"]


def test_failed_after_delivered_does_not_take_the_delivery_back(db: Connection) -> None:
    delivery = deliver(db)
    receive(db, told(delivery, "delivered"))
    assert receive(db, told(delivery, "failed", reason="30003")) == ["taken"]
    assert fate(db, delivery) == Fate("delivered", "wanted")


def test_a_bounce_says_why_and_is_a_dead_letter(db: Connection) -> None:
    delivery = deliver(db)
    receive(db, told(delivery, "bounced", code="5.1.1", reason="no such user"))
    assert fate(db, delivery) == Fate("bounced", "no such user")
    assert given.column(db, "select delivery_id from postbell.dead_letters") == [delivery]


def test_a_dead_letter_that_arrived_after_all_is_none_any_more(db: Connection) -> None:
    delivery = deliver(db)
    receive(db, told(delivery, "failed"))
    receive(db, told(delivery, "delivered"))
    assert given.column(db, "select delivery_id from postbell.dead_letters") == []


def test_the_first_of_each_moment_is_kept(db: Connection) -> None:
    given.tenant(db, tracking=["opens", "clicks"])
    delivery = deliver(db)
    for number, kind in ((3, "opened"), (1, "opened"), (2, "clicked"), (0, "delivered")):
        receive(db, told(delivery, kind, f"e{number}", occurred_at=f"2020-01-0{number + 1} 12:00Z"))
    found = given.rows(
        db,
        "select delivered_at::date::text, opened_at::date::text, clicked_at::date::text"
        " from postbell.delivery_log",
    )
    assert found == [("2020-01-01", "2020-01-02", "2020-01-03")]


def test_a_providers_clock_that_is_ahead_does_not_make_us_prophets(db: Connection) -> None:
    delivery = deliver(db)
    receive(db, told(delivery, "delivered", occurred_at="2999-01-01 12:00Z"))
    assert given.value(db, "select delivered_at <= clock_timestamp() from postbell.delivery_log")


# --- once


def test_a_repeated_receipt_is_taken_once(db: Connection) -> None:
    delivery = deliver(db)
    again = told(delivery, "bounced")
    assert receive(db, again) == ["taken"]
    assert receive(db, again, again) == ["repeated"]
    assert given.value(db, "select count(*) from postbell.receipt") == 1


def test_one_event_of_two_providers_is_two(db: Connection) -> None:
    delivery = deliver(db)
    record(db, delivery, "sent", "x1", provider="other")
    assert receive(db, told(delivery, "sent", "e1")) == ["taken"]
    assert receive(db, told(delivery, "sent", "e1"), provider="other") == ["taken"]


def test_a_repetition_that_races_the_first_waits_and_is_known(connect: Connect) -> None:
    one, other = connect(autocommit=False), connect()
    given.event_type(one, default_channels=["email"])
    given.recipient(one)
    one.commit()
    delivery = deliver(other)
    receive(one, told(delivery, "delivered"))
    other.execute("set lock_timeout = '100ms'")
    with pytest.raises(Exception, match="lock timeout"):
        receive(other, told(delivery, "delivered"))
    one.commit()
    assert receive(other, told(delivery, "delivered")) == ["repeated"]


# --- before we stored the message id


def test_a_receipt_before_we_stored_the_message_id_is_kept_and_applied(db: Connection) -> None:
    delivery = queue(db)
    db.execute("update postbell.delivery set state = 'sending'")
    assert receive(db, told(None, "delivered", message_id="m7")) == ["kept"]
    assert state(db, delivery) == "sending"
    record(db, delivery, "sent", "m7")
    assert state(db, delivery) == "delivered"
    assert given.value(db, "select count(*) from postbell_private.early_receipt") == 0


def test_a_receipt_that_overtakes_the_record_of_its_sending_is_kept_and_applied(
    db: Connection,
) -> None:
    delivery = queue(db)
    db.execute("update postbell.delivery set state = 'sending'")
    assert receive(db, told(delivery, "delivered", message_id="m7")) == ["kept"]
    assert receive(db, told(delivery, "delivered", message_id="m7")) == ["repeated"]
    record(db, delivery, "sent", "m7")
    ((found, message, was_sent),) = given.rows(
        db,
        "select state, provider_message_id, sent_at is not null from postbell.delivery_log",
    )
    assert (found, message, was_sent) == ("delivered", "m7", True)


def test_a_kept_receipt_of_a_provider_that_did_not_get_the_message_is_dropped(
    db: Connection,
) -> None:
    delivery = queue(db)
    db.execute("update postbell.delivery set state = 'sending'")
    receive(db, told(delivery, "bounced"), provider="stranger")
    record(db, delivery, "sent", "m7")
    assert state(db, delivery) == "sent"
    assert given.value(db, "select count(*) from postbell_private.early_receipt") == 0


def test_what_is_too_early_keeps_its_age(db: Connection) -> None:
    receive(db, told(None, "delivered", message_id="of somebody else's program"))
    came = "select received_at, xmin::text from postbell_private.early_receipt"
    first = given.rows(db, came)

    db.execute("select postbell_private.tidy_up()")
    assert receive(db, told(None, "delivered", message_id="of somebody else's program")) == [
        "repeated"
    ]

    assert given.rows(db, came) == first


def test_a_kept_receipt_of_what_is_still_in_hand_keeps_its_age(db: Connection) -> None:
    delivery = queue(db)
    db.execute("update postbell.delivery set state = 'sending'")
    receive(db, told(delivery, "delivered"))
    came = "select received_at, xmin::text from postbell_private.early_receipt"
    first = given.rows(db, came)

    record(db, queue(db), "sent", "another")
    db.execute("select postbell_private.tidy_up()")

    assert given.rows(db, came) == first


def test_what_nobody_ever_sent_is_dropped_after_an_hour_and_counted(db: Connection) -> None:
    receive(db, told(None, "delivered", message_id="of somebody else's program"))
    receive(db, told(None, "bounced", message_id="another of theirs"))
    db.execute("select postbell_private.tidy_up()")
    assert given.call(db, "forget_early_receipts") == []

    db.execute(
        "update postbell_private.early_receipt set received_at = received_at - interval '61"
        " minutes'"
    )
    db.execute("select postbell_private.tidy_up()")

    assert given.call(db, "forget_early_receipts") == [("test", 2)]
    assert given.value(db, "select count(*) from postbell_private.early_receipt") == 0


def test_a_receipt_that_names_a_message_in_hand_is_not_dropped(db: Connection) -> None:
    delivery = queue(db)
    db.execute("update postbell.delivery set state = 'sending'")
    receive(db, told(delivery, "delivered", message_id="m7"))
    db.execute(
        "update postbell_private.early_receipt set received_at = received_at - interval '1 day'"
    )

    assert given.call(db, "forget_early_receipts") == []

    record(db, delivery, "sent", "m7")
    assert state(db, delivery) == "delivered"


def test_a_record_that_the_receipt_did_not_see_is_matched_later(db: Connection) -> None:
    receive(db, told(None, "delivered", message_id="m7"))
    delivery = queue(db)
    given.insert(
        db,
        "attempt",
        delivery_id=delivery,
        outcome="sent",
        provider="test",
        provider_message_id="m7",
    )
    db.execute("update postbell.delivery set state = 'sent'")
    given.call(db, "match_receipts")
    assert state(db, delivery) == "delivered"


# --- side by side with those who write down what was sent


def test_what_is_due_and_is_just_being_reported_on_is_left_for_the_next_turn(
    db: Connection, connect: Connect
) -> None:
    delivery = deliver(db, "retry", message_id=None)
    db.execute("update postbell.waiting_delivery set due_at = now() - interval '1 second'")
    post = connect(autocommit=False)
    post.execute("select from postbell.delivery where id = %s for update", [delivery])

    db.execute("set lock_timeout = '1s'")
    assert given.value(db, "select released from postbell_private.release_due()") == 0

    assert receive(post, told(delivery, "delivered")) == ["taken"]
    post.commit()
    assert given.value(db, "select released from postbell_private.release_due()") == 0
    assert state(db, delivery) == "delivered"


def test_dead_letters_that_are_revived_while_they_are_reported_on_form_no_ring(
    db: Connection, connect: Connect
) -> None:
    delivery = deliver(db, "failed", message_id=None)
    post, operator = connect(autocommit=False), connect()
    post.execute("select from postbell.delivery where id = %s for update", [delivery])

    revived = Background(lambda: given.value(operator, "select postbell.retry()"))
    await_waiting(db, operator)
    assert receive(post, told(delivery, "delivered")) == ["taken"]
    post.commit()

    assert revived.result() == 0
    assert state(db, delivery) == "delivered"


# --- unknown becomes known


@pytest.mark.parametrize(
    ("kind", "ends"),
    [
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("undelivered", "bounced"),
        ("failed", "failed"),
    ],
)
def test_unknown_becomes_known(db: Connection, kind: str, ends: str) -> None:
    delivery = deliver(db, "unknown", message_id=None)
    assert receive(db, told(delivery, kind, message_id="m9")) == ["taken"]
    found = given.rows(db, "select state, provider_message_id from postbell.delivery_log")
    assert found == [(ends, "m9")]


def test_what_is_known_to_have_been_sent_is_not_tried_again(db: Connection) -> None:
    delivery = deliver(db, "retry", message_id=None)
    assert state(db, delivery) == "waiting"
    receive(db, told(delivery, "accepted"))
    assert state(db, delivery) == "sent"
    assert given.value(db, "select count(*) from postbell.waiting_delivery") == 0


def test_what_befell_an_earlier_try_does_not_end_the_next(db: Connection) -> None:
    delivery = deliver(db, "retry")
    receive(db, told(delivery, "bounced"))
    assert state(db, delivery) == "waiting"


def test_a_dead_letter_sent_again_and_refused_was_not_sent(db: Connection) -> None:
    delivery = deliver(db)
    receive(db, told(delivery, "failed"))
    given.call(db, "retry", delivery_id=delivery)
    db.execute("update postbell.delivery set state = 'sending'")
    record(db, delivery, "refused", None)
    assert state(db, delivery) == "refused"


def test_a_dead_letter_sent_again_is_judged_by_its_new_message(db: Connection) -> None:
    delivery = deliver(db, message_id="m1")
    receive(db, told(delivery, "undelivered", "e1", message_id="m1"))
    given.call(db, "retry", delivery_id=delivery)
    db.execute("update postbell.delivery set state = 'sending'")
    record(db, delivery, "sent", "m2")
    receive(db, told(delivery, "sent", "e2", message_id="m2"))
    assert state(db, delivery) == "sent"
    receive(db, told(delivery, "delivered", "e3", message_id="m2"))
    assert state(db, delivery) == "delivered"


# --- not believed


def test_a_delivery_that_this_provider_never_had_is_refused(db: Connection) -> None:
    delivery = deliver(db)
    assert receive(db, told(delivery, "bounced"), provider="other") == ["never_handed_over"]
    assert state(db, delivery) == "sent"
    assert suppressions(db) == []


def test_another_tenants_message_id_is_refused(db: Connection) -> None:
    given.tenant(db, "other")
    given.recipient(db, tenant_id="other")
    ours = deliver(db, message_id="m1")
    theirs = deliver(db, message_id="m2", tenant_id="other")
    assert receive(db, told(ours, "bounced", message_id="m2")) == ["another_message"]
    assert (state(db, ours), state(db, theirs)) == ("sent", "sent")
    assert suppressions(db) == []


def test_another_installation_on_the_same_account_says_nothing_of_our_deliveries(
    db: Connection,
) -> None:
    delivery = deliver(db, message_id="m1")
    theirs = told(delivery, "bounced", message_id="of-theirs", blame="hard")
    assert receive(db, theirs) == ["another_message"]
    assert (state(db, delivery), suppressions(db)) == ("sent", [])


@pytest.mark.parametrize("answered", [None, "postbell_7"], ids=["no id", "our own"])
def test_a_message_whose_id_was_not_told_is_known_by_its_delivery(
    db: Connection, answered: str | None
) -> None:
    delivery = deliver(db, message_id=answered)
    assert receive(db, told(delivery, "delivered", message_id="the-services-own")) == ["taken"]


def test_a_delivery_that_does_not_exist_is_refused(db: Connection) -> None:
    assert receive(db, told(4_000_000, "bounced")) == ["unknown_delivery"]
    assert receive(db, told(None, "bounced")) == ["names_nothing"]


def test_a_message_id_of_ours_that_we_never_sent_is_refused(db: Connection) -> None:
    delivery = deliver(db, message_id="<postbell.1.abc@shop.example>")
    made_up = told(delivery, "bounced", message_id="<postbell.1.xyz@shop.example>")
    assert receive(db, made_up, provider="postbell") == ["another_message"]
    made_up["message_id"] = "<postbell.1.abc@shop.example>"
    assert receive(db, made_up, provider="postbell") == ["taken"]


def test_one_that_is_refused_does_not_hold_up_the_others(db: Connection) -> None:
    delivery = deliver(db)
    results = receive(
        db,
        told(delivery, "delivered", "a"),
        told(4_000_000, "bounced", "b"),
        told(delivery, "sent", "c"),
    )
    assert results == ["taken", "unknown_delivery", "taken"]


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_that_the_daemon_writes_is_taken(db: Connection, kind: Kind) -> None:
    delivery = deliver(db)
    (receipt,) = json.loads(written([inbound.Receipt("e1", kind, delivery_id=delivery)]))
    tracked = "not_tracked" if kind in (Kind.OPENED, Kind.CLICKED) else "taken"
    assert receive(db, receipt) == [tracked]


# --- suppression


@pytest.mark.parametrize("blame", Blame)
def test_every_blame_of_the_daemons_suppresses(db: Connection, blame: Blame) -> None:
    bounced = inbound.Receipt("e1", Kind.BOUNCED, delivery_id=deliver(db), blame=blame)
    assert receive(db, *json.loads(written([bounced]))) == ["taken"]
    ((_, address, _, is_for_good),) = suppressions(db)
    assert (address, is_for_good) == ("u1@example.org", blame is not Blame.SOFT)


def test_a_hard_bounce_suppresses_for_good(db: Connection) -> None:
    receive(db, told(deliver(db), "bounced", blame="hard", addresses=["U1@example.org"]))
    assert suppressions(db) == [("default", "u1@example.org", "bounce", True)]


def test_a_full_mailbox_suppresses_for_days(db: Connection) -> None:
    receive(db, told(deliver(db), "bounced", blame="soft"))
    assert suppressions(db) == [("default", "u1@example.org", "bounce", False)]
    later = given.value(db, "select now() + interval '4 days'")
    given.clock(db, later)
    (event,) = [given.emit(db)]
    given.route(db)
    assert given.deliveries(db, event)["u1", "email"].state == "queued"


def test_a_policy_bounce_suppresses_nobody(db: Connection) -> None:
    receive(db, told(deliver(db), "bounced", code="5.7.1"))
    assert suppressions(db) == []


def test_repeated_deferral_suppresses_for_a_while(db: Connection) -> None:
    delivery = deliver(db)
    receive(db, *(told(delivery, "deferred", f"e{number}") for number in range(4)))
    assert suppressions(db) == []
    receive(db, told(delivery, "deferred", "e4"))
    assert suppressions(db) == [("default", "u1@example.org", "bounce", False)]
    assert state(db, delivery) == "sent"


@pytest.mark.parametrize(
    ("kind", "reason"), [("complained", "complaint"), ("unsubscribed", "unsubscribe")]
)
def test_who_objects_is_left_alone_for_good(db: Connection, kind: str, reason: str) -> None:
    receive(db, told(deliver(db), kind))
    assert suppressions(db) == [("default", "u1@example.org", reason, True)]


def test_a_soft_reason_does_not_shorten_a_hard_one_and_a_hard_one_outlasts_a_soft(
    db: Connection,
) -> None:
    delivery = deliver(db)
    receive(db, told(delivery, "bounced", "e1", blame="soft"))
    receive(db, told(delivery, "complained", "e2"))
    receive(db, told(delivery, "bounced", "e3", blame="soft"))
    assert suppressions(db) == [("default", "u1@example.org", "complaint", True)]


def test_an_address_that_was_corrected_meanwhile_is_not_blamed_for_the_old_one(
    db: Connection,
) -> None:
    delivery = deliver(db)
    given.recipient(db, email="right@example.org")
    receive(db, told(delivery, "bounced", blame="hard", addresses=["u1@example.org"]))
    assert suppressions(db) == []
    assert state(db, delivery) == "bounced"


def test_what_is_already_queued_for_the_address_is_stopped(db: Connection) -> None:
    waiting = queue(db)
    receive(db, told(deliver(db), "bounced", "e1", blame="hard"))
    batch = given.value(
        db, "select id from postbell.batch where delivery_ids @> array[%s::bigint]", waiting
    )
    assert given.claim(db, batch) == []
    assert fate(db, waiting) == Fate("skipped", "address_suppressed")


# --- replies


def reply(
    db: Connection, words: str, event_id: str = "SM1", meaning: str | None = None
) -> str | None:
    found = given.call(
        db,
        "receive_reply",
        provider="test",
        event_id=event_id,
        address="+33612345678",
        words=words,
        meaning=meaning,
    )
    answer: str | None = found[0][0]
    return answer


@pytest.mark.parametrize(
    "word", ["STOP", "stop", " Stop. ", "STOPALL", "unsubscribe", "Cancel", "END", "QUIT", "«stop»"]
)
def test_a_reply_of_stop_counts_for_every_tenant_of_the_provider(db: Connection, word: str) -> None:
    given.tenant(db, "other")
    assert reply(db, word) == "stop"
    assert suppressions(db) == [
        ("default", "+33612345678", "stop", True),
        ("other", "+33612345678", "stop", True),
    ]


def test_a_tenant_that_sends_through_others_is_not_concerned(db: Connection) -> None:
    given.tenant(db, "other")
    given.tenant(db, "third")
    given.call(db, "choose_providers", channel="sms", providers=["elsewhere"], tenant_id="other")
    given.call(db, "choose_providers", channel="sms", providers=["a", "test"], tenant_id="third")
    reply(db, "STOP")
    assert [tenant for tenant, *_ in suppressions(db)] == ["default", "third"]


def test_a_stop_counts_for_a_tenant_that_comes_later_until_it_is_taken_back(db: Connection) -> None:
    reply(db, "STOP", "SM1")
    given.tenant(db, "other")
    assert suppressions(db) == [
        ("default", "+33612345678", "stop", True),
        ("other", "+33612345678", "stop", True),
    ]
    reply(db, "START", "SM2")
    assert suppressions(db) == []
    given.tenant(db, "third")
    assert suppressions(db) == []


def test_a_stop_counts_for_a_tenant_that_sends_from_the_number_only_then(db: Connection) -> None:
    given.tenant(db, "other")
    given.call(db, "choose_providers", channel="sms", providers=["elsewhere"], tenant_id="other")
    reply(db, "STOP")
    given.call(
        db, "suppress", channel="sms", address="+33612345678", reason="bounce",
        expires_at=given.value(db, "select now() + interval '1 day'"), tenant_id="other",
    )  # fmt: skip
    given.call(db, "choose_providers", channel="sms", providers=["test"], tenant_id="other")
    assert suppressions(db) == [
        ("default", "+33612345678", "stop", True),
        ("other", "+33612345678", "stop", True),
    ]


def test_a_new_tenant_with_a_number_of_its_own_is_not_concerned(db: Connection) -> None:
    reply(db, "STOP")
    db.execute("update postbell_private.stop set said_at = now() - interval '1 day'")
    given.tenant(db, "other")
    given.call(db, "suppress", channel="sms", address="+4", reason="stop", tenant_id="other")
    given.call(db, "choose_providers", channel="sms", providers=["elsewhere"], tenant_id="other")
    assert suppressions(db) == [
        ("default", "+33612345678", "stop", True),
        ("other", "+4", "stop", True),
    ]


def test_who_was_stopped_as_the_tenants_own_stays_so_when_its_number_changes(
    db: Connection,
) -> None:
    reply(db, "STOP")
    given.call(db, "choose_providers", channel="sms", providers=["elsewhere"])
    assert suppressions(db) == [("default", "+33612345678", "stop", True)]


def test_whatever_else_is_suppressed_is_the_tenants_own(db: Connection) -> None:
    given.call(db, "suppress", channel="email", address="a@example.org", reason="complaint")
    given.call(db, "suppress", channel="sms", address="+4", reason="stop")
    given.tenant(db, "other")
    assert [tenant for tenant, *_ in suppressions(db)] == ["default", "default"]


@pytest.mark.parametrize("word", ["START", "yes", "Unstop!"])
def test_a_reply_of_start_takes_stop_back_and_nothing_else(db: Connection, word: str) -> None:
    given.tenant(db, "other")
    given.call(
        db, "suppress", channel="sms", address="+33612345678", reason="bounce", tenant_id="other"
    )
    reply(db, "STOP", "SM1")
    assert reply(db, word, "SM2") == "start"
    # A phone that answers is not a dead one.
    assert suppressions(db) == []


def test_a_stop_that_is_played_again_does_not_undo_the_start_after_it(db: Connection) -> None:
    reply(db, "STOP", "SM1")
    reply(db, "START", "SM2")
    assert reply(db, "STOP", "SM1") == "repeated"
    assert suppressions(db) == []


@pytest.mark.parametrize(
    ("words", "meaning"), [("HELP", "help"), ("please stop it", None), ("", None), ("stopp", None)]
)
def test_other_words_suppress_nobody(db: Connection, words: str, meaning: str | None) -> None:
    assert reply(db, words) == meaning
    assert suppressions(db) == []


def test_what_the_provider_understood_outranks_the_words(db: Connection) -> None:
    assert reply(db, "ARRET", meaning="stop") == "stop"
    assert suppressions(db) == [("default", "+33612345678", "stop", True)]


def test_an_operator_adds_the_words_of_their_language(db: Connection) -> None:
    given.insert(db, "reply_word", word="ARRÊT", meaning="stop")
    assert reply(db, "arrêt") == "stop"


# --- opened and clicked


@pytest.mark.parametrize(("kind", "allowed"), [("opened", "opens"), ("clicked", "clicks")])
def test_opened_and_clicked_are_nobodys_business_unless_the_tenant_asks(
    db: Connection, kind: str, allowed: str
) -> None:
    delivery = deliver(db)
    assert receive(db, told(delivery, kind, "e1")) == ["not_tracked"]
    given.tenant(db, tracking=[allowed])
    assert receive(db, told(delivery, kind, "e2")) == ["taken"]
    given.call(db, "refuse_tracking", recipient="u1")
    assert receive(db, told(delivery, kind, "e3")) == ["not_tracked"]
    given.call(db, "refuse_tracking", recipient="u1", refuses=False)
    assert receive(db, told(delivery, kind, "e4")) == ["taken"]


def test_a_tenant_tracks_what_exists(db: Connection) -> None:
    with pytest.raises(Exception, match="tracking_is_of_opens_and_clicks"):
        given.tenant(db, tracking=["glances"])


# --- the timeline


def test_the_timeline_shows_receipts_beside_attempts(db: Connection) -> None:
    delivery = deliver(db, "retry", message_id=None)
    db.execute("update postbell.delivery set state = 'sending'")
    record(db, delivery, "sent", "m1")
    receive(db, told(delivery, "delivered"))
    found = given.rows(
        db,
        "select what, provider from postbell.delivery_timeline where delivery_id = %s"
        " order by happened_at",
        delivery,
    )
    assert found == [
        ("emitted", None),
        ("attempt: retry", "test"),
        ("attempt: sent", "test"),
        ("delivered", "test"),
    ]


def test_receipts_are_no_part_of_a_deliverys_growth(db: Connection) -> None:
    """Each is one row; the delivery's own updates stay on their page."""
    delivery = deliver(db)
    before = given.value(db, "select ctid::text from postbell.delivery where id = %s", delivery)
    for number in range(5):
        receive(db, told(delivery, "sent", f"e{number}"))
    after = given.value(db, "select ctid::text from postbell.delivery where id = %s", delivery)
    assert before.partition(",")[0] == after.partition(",")[0]
    assert timedelta(0) <= given.value(
        db, "select max(received_at) - min(occurred_at) from postbell.receipt"
    )


@pytest.mark.parametrize("provider", ["test", "postbell"])
def test_what_is_told_of_one_that_a_crash_undid_counts_for_nobody(
    db: Connection, provider: str
) -> None:
    delivery = deliver(db)
    lost = told(delivery, "bounced", identity="f" * 32, blame="hard")
    assert receive(db, lost, provider=provider) == ["another_message"]
    assert fate(db, delivery).state == "sent"
    assert given.column(db, "select address from postbell.suppression") == []


@pytest.mark.parametrize("digits", [10, 32])
def test_what_is_told_of_this_very_one_is_taken(db: Connection, digits: int) -> None:
    delivery = deliver(db)
    own = given.identity(db, delivery)[:digits]
    assert receive(db, told(delivery, "bounced", identity=own)) == ["taken"]
