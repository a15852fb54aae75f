"""What postbell.explain() foresees is what the router then does: asked of the event before it is
emitted, of the row before it is routed, and of what was written down.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from tests.support import given
from tests.support.chunks import contents, read, route
from tests.support.given import Connection, Decision, Fate

NOW = datetime(2030, 3, 1, 13, tzinfo=UTC)
PEOPLE = ("ann", "bob", "cid")
numbers = count(1)

some_channels = st.lists(st.sampled_from(given.CHANNELS), unique=True, max_size=5)
sometimes = st.sampled_from([True, False, False, False])
hours = st.integers(-48, 48).map(lambda offset: NOW + timedelta(hours=offset))
clock_face = st.integers(0, 23).map(lambda hour: f"{hour:02}:00")
kinds: dict[str, st.SearchStrategy[Any]] = {
    "category": st.just("orders"),
    "event": st.just(True),
    "channel": st.sampled_from(given.CHANNELS),
}
what = st.sampled_from(
    [{}, {"category"}, {"event"}, {"channel"}, {"channel", "category"}, {"channel", "event"}]
).flatmap(lambda names: st.fixed_dictionaries({name: kinds[name] for name in names}))
event_types = st.fixed_dictionaries(
    {
        "default_channels": some_channels,
        "forced_channels": st.just([]) | some_channels,
        "channels": some_channels | st.just(list(given.CHANNELS)),
        "priority": st.sampled_from(["low", "normal", "critical"]),
        "notify_actor": st.booleans(),
    }
)
tenants = st.fixed_dictionaries(
    {
        "disabled_channels": st.just([]) | some_channels,
        "time_zone": st.sampled_from(["UTC", "Pacific/Chatham"]),
    }
)
people = st.fixed_dictionaries(
    {
        "email": st.booleans(),
        "phone": st.booleans(),
        "erased": sometimes,
        "time_zone": st.sampled_from([None, "America/New_York", "Asia/Kathmandu"]),
        "role": st.booleans(),
        "topic": st.booleans(),
        "suppressed": st.lists(st.sampled_from(["email", "sms"]), max_size=1),
        "choices": st.lists(st.tuples(st.booleans(), what), max_size=3),
        "mutes": st.lists(
            st.tuples(
                st.sampled_from([{}, {"category": "orders"}, {"event": True}, {"subject": "s:1"}]),
                st.sampled_from(["infinity", "2030-03-01 12:00Z", "2030-03-02 12:00Z"]),
            ),
            max_size=1,
        ),
        "quiet": st.none() | st.tuples(clock_face, clock_face, st.booleans()),
    }
)
audiences = st.sampled_from(
    [
        {"recipient": "ann"},
        {"recipient": "ann"},
        {"audience": {"recipients": ["ann", "bob", "dan"]}},
        {"audience": {"role": "support"}, "recipient": "cid"},
        {"audience": {"topic": "thread:7", "role": "support"}},
        {"audience": {"everyone": True, "notify_actor": True}},
        {"audience": {"everyone": True, "recipients": ["dan"]}},
        {"recipient": "dan"},
    ]
)
rows = st.fixed_dictionaries(
    {},
    optional={
        "channels": some_channels,
        "forced_channels": some_channels,
        "priority": st.sampled_from(["low", "critical"]),
        "subject": st.sampled_from(["s:1", "s:2"]),
        "actor": st.sampled_from(PEOPLE),
        "deliver_at": hours,
        "expires_at": hours,
    },
)


@pytest.fixture
def db(db: Connection) -> Connection:
    """As everywhere, and `order.paid` goes to the inbox alone."""
    given.event_type(db)
    return db


def set_up(db: Connection, scene: dict[str, Any]) -> tuple[str, str]:
    """A tenant and an event of the example's own."""
    number = next(numbers)
    tenant = given.tenant(db, f"t{number}", **scene["tenant"])
    event = given.event_type(
        db, f"order.paid_{number}", **{**scene["event_type"], "category": "orders"}
    )
    if scene["tenant_event"] is not None:
        given.insert(
            db,
            "tenant_event",
            tenant_id=tenant,
            event=event,
            **scene["tenant_event"],
        )
    for name, person in zip(PEOPLE, scene["people"], strict=True):
        set_up_person(db, {"recipient": name, "tenant_id": tenant}, event, person)
    return tenant, event


def set_up_person(db: Connection, who: dict[str, str], event: str, person: dict[str, Any]) -> None:
    def about(what: dict[str, Any]) -> dict[str, Any]:
        return {**what, "event": event} if "event" in what else what

    email = f"{who['recipient']}@example.org"
    given.call(
        db,
        "upsert_recipient",
        id=who["recipient"],
        tenant_id=who["tenant_id"],
        email=email if person["email"] else None,
        phone="+33612345678" if person["phone"] else None,
        time_zone=person["time_zone"],
        roles=["support"] if person["role"] else None,
    )
    if person["topic"]:
        given.call(db, "join_topic", topic="thread:7", **who)
    for channel in person["suppressed"]:
        address = email if channel == "email" else "+33612345678"
        given.call(db, "suppress", channel=channel, address=address, tenant_id=who["tenant_id"])
    for enabled, what_of in person["choices"]:
        given.call(db, "set_preference", enabled=enabled, **about(what_of), **who)
    for muted, until in person["mutes"]:
        given.call(db, "mute", until=until, **about(muted), **who)
    if person["quiet"]:
        starts, ends, email_too = person["quiet"]
        channels = ["sms", "push", "sse"] + ["email"] * email_too
        days = [1, 3, 5, 6]
        given.call(
            db, "set_quiet_hours", starts=starts, ends=ends, days=days, channels=channels, **who
        )
    if person["erased"]:
        db.execute(
            "update postbell.recipient set erased_at = now() where tenant_id = %s and id = %s",
            [who["tenant_id"], who["recipient"]],
        )


def expected_fate(decision: Decision, *, is_rendered: bool) -> Fate:
    state = {"now": "queued", "later": "waiting", "no": "skipped"}[decision.decision]
    if is_rendered and state == "queued":
        # Of some people there is no text, such as those who are unknown.
        state = {"in_app": "delivered", "sse": "sent"}.get(str(decision.channel), state)
    return Fate("expired" if decision.reason == "expired" else state, decision.reason)


def check_deliveries(
    db: Connection, outbox_id: int, foreseen: list[Decision], *, is_rendered: bool = False
) -> None:
    assert given.deliveries(db, outbox_id) == {
        (str(one.recipient_id), str(one.channel)): expected_fate(one, is_rendered=is_rendered)
        for one in foreseen
        if one.reason != "told_nobody"
    }
    waiting = given.rows(
        db,
        "select w.recipient_id, d.channel, w.due_at from postbell.waiting_delivery as w"
        " join postbell.delivery as d on d.id = w.delivery_id where d.notification_id = %s",
        outbox_id,
    )
    assert sorted(waiting) == [
        (one.recipient_id, one.channel, one.due_at) for one in foreseen if one.decision == "later"
    ]


def assert_items_agree(db: Connection, outbox_id: int) -> None:
    """Whoever has an item was decided to, and counts it as unread unless it is muted."""
    items = given.rows(
        db,
        "select recipient_id, is_silent from postbell.inbox_item where outbox_id = %s",
        outbox_id,
    )
    decided = given.rows(
        db,
        "select recipient_id, is_silent from postbell.delivery where notification_id = %s"
        " and state = 'delivered'",
        outbox_id,
    )
    assert sorted(items) == sorted(decided)


scenes = st.fixed_dictionaries(
    {
        "tenant": tenants,
        "event_type": event_types,
        "tenant_event": st.none()
        | st.fixed_dictionaries(
            {}, optional={"default_channels": some_channels, "disabled_at": st.just(NOW)}
        ),
        "people": st.tuples(people, people, people),
    }
)


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@for_all(scene=scenes, audience=audiences, row=rows, is_rendered=st.booleans())
def test_the_router_does_what_explain_foresaw(
    db: Connection,
    scene: dict[str, Any],
    audience: dict[str, Any],
    row: dict[str, Any],
    is_rendered: bool,
) -> None:
    given.clock(db, NOW)
    tenant, event = set_up(db, scene)
    emitted = {"recipient": None, **audience, **row, "tenant_id": tenant}

    foreseen = given.explain(db, event=event, **emitted)
    outbox_id = given.emit(db, event, **emitted)
    assert given.explain(db, outbox_id) == foreseen
    if is_rendered:
        route(db, read(db))
    given.route(db)

    rejected = given.rejections(db).get(outbox_id)
    if rejected == "unknown_recipient":
        # Foreseen on the ladder, where an earlier rung may say no too; then rejected as a whole.
        assert {(one.decision, one.rung <= 3) for one in foreseen} <= {("no", True)}
        return
    assert not rejected or [one.reason for one in foreseen] == [rejected]
    if rejected:
        return
    assert given.explain(db, outbox_id) == foreseen
    deliver_at = row.get("deliver_at", NOW)
    if deliver_at > NOW:
        assert not given.deliveries(db, outbox_id)
        given.clock(db, deliver_at)
        foreseen = given.explain(db, outbox_id)
        texts = given.value(db, "select postbell_private.read_due(500)")
        given.rows(
            db,
            "select * from postbell_private.release_due(500, %s)",
            json.dumps(contents(texts)) if is_rendered else None,
        )
        assert given.explain(db, outbox_id) == foreseen
    check_deliveries(db, outbox_id, foreseen, is_rendered=is_rendered)
    assert_items_agree(db, outbox_id)


@pytest.mark.parametrize("table", ["event_type", "tenant_event"])
def test_explain_and_router_agree_about_disabled_events(db: Connection, table: str) -> None:
    given.insert(db, "tenant_event", tenant_id="default", event="order.paid")
    db.execute(f"update postbell.{table} set disabled_at = now()".encode())
    foreseen = given.explain(db, event="order.paid", recipient="u1")
    outbox_id = given.emit(db)
    given.route(db)
    assert [one.rung for one in foreseen] == [1]
    assert given.explain(db, outbox_id) == foreseen
    check_deliveries(db, outbox_id, foreseen)


def test_explain_sees_the_callers_own_transaction(db: Connection) -> None:
    with db.transaction(force_rollback=True):
        given.recipient(db, "new")
        outbox_id = given.emit(db, recipient="new")
        ((who, channel, decision, *_),) = given.explain(db, outbox_id)
    assert (who, channel, decision) == ("new", "in_app", "now")
    assert given.explain(db, outbox_id) == []


def test_explain_says_why_nobody_was_told(db: Connection) -> None:
    rejected = given.emit(db, "no.such")
    first = given.emit(db, idempotency_key="k")
    second = given.emit(db, idempotency_key="k")
    cancelled = given.emit(db, subject="order:7")
    given.call(db, "cancel", subject="order:7")
    lonely = given.emit(db, recipient=None, audience={"role": "nobody has it"})
    given.route(db)

    def reasons(outbox_id: int) -> list[tuple[str, int, str]]:
        return [(one.decision, one.rung, one.reason) for one in given.explain(db, outbox_id)]

    assert reasons(rejected) == [("no", 0, "unknown_event")]
    assert reasons(second) == [("no", 0, f"duplicate_of_{first}")]
    assert reasons(cancelled) == [("no", 0, "cancelled")]
    assert reasons(lonely) == [("no", 0, "told_nobody")]
    assert reasons(lonely + 1000) == []


def test_explain_completes_a_large_audience_that_is_being_told(db: Connection) -> None:
    for number in range(30):
        given.recipient(db, f"p{number:02}", roles=["crowd"])
    outbox_id = given.emit(db, recipient=None, audience={"role": "crowd"})
    given.route(db)
    assert len(given.explain(db, outbox_id)) == 30
    assert given.value(db, "select reached from postbell_private.fan_out(10)") == 10
    assert len(given.deliveries(db, outbox_id)) == 10
    found = [one.recipient_id for one in given.explain(db, outbox_id)]
    assert sorted(map(str, found)) == [f"p{number:02}" for number in range(30)]


def test_who_is_set_aside_of_a_large_audience_is_explained_once(db: Connection) -> None:
    for number in range(30):
        given.recipient(db, f"p{number:02}", roles=["crowd"])
    outbox_id = given.emit(db, recipient=None, audience={"role": "crowd"})
    given.route(db)

    given.value(db, "select postbell_private.reject(%s, 'p07', '22012', 'poison')", outbox_id)

    found = [one.reason for one in given.explain(db, outbox_id) if one.recipient_id == "p07"]
    assert found == ["unreadable_event"]


def test_explaining_writes_nothing(db: Connection) -> None:
    db.execute("set default_transaction_read_only = on")
    assert given.explain(db, event="order.paid", recipient="u1")
    assert given.explain(db, event="order.paid", audience={"everyone": True})
