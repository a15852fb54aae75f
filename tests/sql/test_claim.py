"""Who may record what: the holder of a claim, of what is in its batch, also after a crash.

A crash of the server undoes what had not reached the disk, and the numbers of what it undid are
given to others.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from tests.support import declared, given
from tests.support.background import Connect
from tests.support.given import Connection, Fate

Named = dict[str, object]


class Claimed(NamedTuple):
    """The only delivery of the only batch."""

    batch: int
    token: UUID
    delivery: int
    identity: str

    @property
    def by(self) -> Named:
        return {"batch_id": self.batch, "claim_token": self.token}


@pytest.fixture(autouse=True)
def people(db: Connection) -> None:
    given.recipient(db, "u2")
    for who in ("u1", "u2"):
        given.device(db, who, endpoint=f"https://push.example/{who}")


def route(db: Connection, channel: str, recipient: str = "u1") -> int:
    event = given.emit(db, recipient=recipient, channels=[channel])
    given.route(db)
    return event


def claim(db: Connection) -> Claimed:
    (batch,) = given.column(db, "select id from postbell.batch")
    ((token, delivery, identity),) = given.claim(
        db, batch, "claim_token", "delivery_id", "identity"
    )
    return Claimed(batch, token, delivery, identity)


def start(db: Connection, claimed: Claimed) -> None:
    given.call(db, "start_sending", **claimed.by, delivery_ids=[claimed.delivery])


def undo(db: Connection) -> None:
    """What a crash leaves of a routing and a claim that had not reached the disk."""
    db.execute("delete from postbell.batch")
    db.execute("delete from postbell.delivery")
    db.execute("delete from postbell.attempt")
    db.execute("delete from postbell_queue.pgqueuer")
    for table in ("postbell.batch", "postbell.delivery"):
        db.execute("select setval(pg_get_serial_sequence(%s, 'id'), 1, false)", [table])


def attempts(claimed: Claimed, outcome: str) -> Named:
    return {
        **claimed.by,
        "attempts": json.dumps([attempt(claimed, outcome)]),
    }


def attempt(claimed: Claimed, outcome: str, **said: Any) -> Named:
    return given.attempt(
        claimed.delivery,
        outcome,
        identity=claimed.identity,
        message_id="m1",
        reason="the provider's words",
        **{"retry_after": 60 if outcome == "retry" else None, "blame": None, **said},
    )


def pushes(claimed: Claimed, outcome: str, device: int = 2) -> Named:
    """Of a push to the device of u2; `partly`: others of the person were not reached."""
    is_gone = outcome == "refused"
    call = {
        "device": device,
        "provider": "test",
        "outcome": "refused" if is_gone else "sent",
        "is_gone": is_gone,
    }
    retry_after = 60 if outcome in ("partly", "retry") else None
    said = "sent" if outcome == "partly" else outcome
    tried = attempt(claimed, said, retry_after=retry_after, calls=[call])
    return {**claimed.by, "attempts": json.dumps([tried])}


def items(claimed: Claimed) -> Named:
    said = {"delivery_id": claimed.delivery, "title": "For u1 alone", "body": ""}
    return {**claimed.by, "items": json.dumps([said])}


def held(claimed: Claimed) -> Named:
    return {
        **claimed.by,
        "delivery_ids": [claimed.delivery],
        "seconds": ["60"],
        "begun": [True],
        "reasons": ["provider_paused"],
    }


#: Everything that a claim is shown to, and what it says to somebody whose claim is gone.
CALLS = [
    ("in_app", "record_inbox", items, None),
    ("sse", "record_stream", items, None),
    *(("email", "record_attempts", lambda c, o=o: attempts(c, o), False) for o in (
        "sent", "retry", "refused", "unknown", "failed",
    )),
    *(("push", "record_attempts", lambda c, o=o: pushes(c, o), False) for o in (
        "sent", "partly", "retry", "refused", "failed",
    )),
    ("email", "hold_deliveries", held, False),
    ("email", "fail_deliveries", lambda c: {
        **c.by, "delivery_ids": [c.delivery], "reasons": ["the template failed"],
    }, False),
    ("email", "record_failover", lambda c: {
        **c.by, "delivery_id": c.delivery, "provider": "spare",
    }, False),
    ("email", "start_sending", lambda c: {**c.by, "delivery_ids": [c.delivery]}, None),
    ("email", "finish_batch", lambda c: c.by, False),
]  # fmt: skip


def test_whoever_names_a_batch_shows_its_claim(db: Connection) -> None:
    found = given.column(
        db,
        "select proname from pg_proc where pronamespace = 'postbell_private'::regnamespace"
        " and 'batch_id' = any (proargnames) and not 'claim_token' = any (proargnames)",
    )

    # Without a claim a batch can only be put back into the queue.
    assert found == ["queue_batch"]


def everything(db: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All that any of them may write."""
    return {
        table: given.rows(db, f"select t::text from {declared.name(table)} as t order by 1")
        for table in (
            "batch", "delivery", "attempt", "waiting_delivery", "unknown_delivery", "dead_letter",
            "suppression", "inbox_item", "stream_event", "push_subscription",
        )
    }  # fmt: skip


@pytest.mark.parametrize("is_begun", [False, True], ids=["queued", "sending"])
@pytest.mark.parametrize(("channel", "function", "named", "answer"), CALLS)
def test_after_a_crash_nothing_is_recorded_of_whoever_has_the_numbers_now(
    db: Connection, channel: str, function: str, named: Any, answer: object, is_begun: bool
) -> None:
    route(db, channel)
    lost = claim(db)
    undo(db)
    route(db, channel, "u2")
    found = claim(db)
    assert (found.batch, found.delivery) == (lost.batch, lost.delivery)
    if is_begun:
        start(db, found)
    before = everything(db)

    assert given.call(db, function, **named(lost)) == [(answer,)]

    assert everything(db) == before


@pytest.mark.parametrize(("channel", "function", "named", "answer"), CALLS)
def test_a_claim_is_good_for_what_is_in_its_batch_alone(
    db: Connection, channel: str, function: str, named: Any, answer: object
) -> None:
    route(db, channel)
    first = claim(db)
    db.execute("update postbell.batch set delivery_ids = '{}'")
    before = everything(db)

    given.call(db, function, **named(first))

    after = everything(db)
    del before["batch"], after["batch"]
    assert after == before


@pytest.mark.parametrize(("channel", "function", "named", "answer"), CALLS)
def test_what_is_claimed_is_recorded(
    db: Connection, channel: str, function: str, named: Any, answer: object
) -> None:
    route(db, channel)
    claimed = claim(db)
    if channel in ("email", "push"):
        start(db, claimed)
    before = everything(db)

    ((said,),) = given.call(db, function, **named(claimed))

    assert said is not answer
    assert everything(db) != before


def test_a_yes_that_comes_when_the_claim_is_gone_is_recorded_once(db: Connection) -> None:
    event = route(db, "email")
    slow = claim(db)
    start(db, slow)
    claim(db)

    for _ in range(2):
        assert given.call(db, "record_attempts", **attempts(slow, "sent")) == [(False,)]

    assert given.deliveries(db, event)["u1", "email"].state == "sent"
    outcomes = given.column(db, "select outcome from postbell.attempt order by attempted_at")
    assert outcomes == ["unknown", "sent"]


@pytest.mark.parametrize(("channel", "answer"), [("email", attempts), ("push", pushes)])
def test_a_yes_whose_commit_nobody_heard_of_is_said_again_and_recorded_once(
    db: Connection, channel: str, answer: Any
) -> None:
    event = route(db, channel)
    claimed = claim(db)
    start(db, claimed)

    for _ in range(2):
        assert given.call(db, "record_attempts", **answer(claimed, "sent")) == [(True,)]

    assert given.deliveries(db, event)["u1", channel].state == "sent"
    assert given.column(db, "select outcome from postbell.attempt") == ["sent"]


def test_the_same_yes_to_a_dead_letter_that_is_sent_again_is_another(db: Connection) -> None:
    route(db, "email")
    for _ in range(2):
        claimed = claim(db)
        start(db, claimed)
        given.call(db, "record_attempts", **attempts(claimed, "sent"))
        given.call(db, "finish_batch", **claimed.by)
        db.execute("insert into postbell.dead_letter (delivery_id) values (%s)", [claimed.delivery])
        given.call(db, "retry")

    assert given.column(db, "select outcome from postbell.attempt") == ["sent", "sent"]


@pytest.mark.parametrize("outcome", ["retry", "refused", "unknown", "failed"])
def test_any_other_answer_counts_for_nothing_when_the_claim_is_gone(
    db: Connection, outcome: str
) -> None:
    event = route(db, "email")
    slow = claim(db)
    start(db, slow)
    start(db, claim(db))

    given.call(db, "record_attempts", **attempts(slow, outcome))

    assert given.deliveries(db, event)["u1", "email"] == Fate("sending", "wanted")
    assert given.column(db, "select outcome from postbell.attempt") == ["unknown"]
    assert given.column(db, "select address from postbell.suppression") == []


def test_a_device_that_was_reached_is_not_asked_again_though_the_claim_is_gone(
    db: Connection,
) -> None:
    given.device(db, endpoint="https://push.example/other")
    route(db, "push")
    slow = claim(db)
    start(db, slow)
    quick = claim(db)
    reached = pushes(slow, "partly", device=1)

    for _ in range(2):
        assert given.call(db, "record_attempts", **reached) == [(False,)]

    ((devices,),) = given.claim(db, quick.batch, "devices")
    assert [device["endpoint"] for device in devices] == ["https://push.example/other"]
    assert given.column(db, "select device from postbell.attempt where outcome = 'sent'") == ["1"]


def test_a_device_is_forgotten_only_by_a_push_to_its_person(db: Connection) -> None:
    route(db, "push")
    claimed = claim(db)
    start(db, claimed)

    given.call(db, "record_attempts", **pushes(claimed, "refused"))

    assert given.column(db, "select recipient_id from postbell.push_subscription order by 1") == [
        "u1",
        "u2",
    ]


@pytest.mark.parametrize(("reached", "free"), [("now()", [1, 2]), ("null", [1])])
def test_only_a_device_that_is_changed_is_locked(
    db: Connection, connect: Connect, reached: str, free: list[int]
) -> None:
    db.execute(f"update postbell.push_subscription set last_reached_at = {reached}".encode())
    route(db, "push", "u2")
    claimed = claim(db)
    start(db, claimed)

    with db.transaction():
        given.call(db, "record_attempts", **pushes(claimed, "sent"))
        found = given.column(
            connect(),
            "select id from postbell.push_subscription order by id for update skip locked",
        )

    assert found == free


def test_a_job_from_before_a_crash_takes_no_batch_of_another_channel(db: Connection) -> None:
    route(db, "sms")
    (batch,) = given.column(db, "select id from postbell.batch")

    assert given.rows(db, "select * from postbell_private.claim_batch(%s, 'email')", batch) == []

    assert given.column(db, "select claims from postbell.batch") == [0]


def test_an_identity_is_of_one_delivery_and_survives_another_routing(db: Connection) -> None:
    event = given.emit(
        db, recipient=None, audience={"recipients": ["u1", "u2"]}, channels=["email", "sms"]
    )
    given.route(db)
    identities = "select postbell_private.identity_of(d) from postbell.delivery as d order by 1"
    before = given.column(db, identities)
    undo(db)
    db.execute("select setval(pg_get_serial_sequence('postbell.delivery', 'id'), 1000)")

    db.execute("select postbell_private.resolve_audience(array[%s::bigint])", [event])

    assert given.column(db, identities) == before
    assert len(set(before)) == 4
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in before)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
@pytest.mark.parametrize(
    "change", ["tenant_id = 'x'", "created_at = created_at + interval '1 microsecond'"]
)
def test_the_same_numbers_in_a_database_made_anew_are_another_identity(
    db: Connection, change: str, zone: str
) -> None:
    route(db, "email")
    (delivery,) = given.column(db, "select id from postbell.delivery")
    before = given.identity(db, delivery)
    db.execute(f"set time zone '{zone}'".encode())
    assert given.identity(db, delivery) == before

    db.execute(f"update postbell.delivery set {change}".encode())

    assert given.identity(db, delivery) != before


def durability(db: Connection, setting: str, function: str, named: Named) -> str:
    """How a transaction commits in which the function was called, by that default."""
    with db.transaction():
        db.execute("select set_config('synchronous_commit', %s, true)", [setting])
        given.call(db, function, **named)
        return str(given.value(db, "show synchronous_commit"))


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("off", "on"),
        ("local", "on"),
        ("on", "on"),
        ("remote_write", "remote_write"),
        ("remote_apply", "remote_apply"),
    ],
)
def test_what_leaves_the_house_and_what_only_we_were_told_waits_for_the_disk(
    db: Connection, setting: str, expected: str
) -> None:
    route(db, "sms")
    claimed = claim(db)
    reply = {"provider": "test", "event_id": "e1", "address": "+33612345678", "words": "STOP"}
    calls: dict[str, Named] = {
        "start_sending": {**claimed.by, "delivery_ids": [claimed.delivery]},
        "record_failover": {**claimed.by, "delivery_id": claimed.delivery, "provider": "spare"},
        "record_attempts": attempts(claimed, "sent"),
        "receive_receipt": {"provider": "test", "receipts": "[]"},
        "receive_reply": dict(reply),
    }

    found = {name: durability(db, setting, name, named) for name, named in calls.items()}

    assert found == dict.fromkeys(calls, expected)


def test_what_may_go_out_twice_does_not_wait_for_the_disk(db: Connection) -> None:
    route(db, "email")
    claimed = claim(db)

    started = {**claimed.by, "delivery_ids": [claimed.delivery]}

    assert durability(db, "off", "start_sending", started) == "off"
