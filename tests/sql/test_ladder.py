"""The ladder of decisions, rung by rung, on real rows.

Each line is a situation and the rung that decides in it, for in_app, email, sms and sse: for an
ordinary event, for one that forces the four channels, and for a critical one.
"""
# ruff: noqa: E501 - a table is read along its lines

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.support import given
from tests.support.given import Connection

CHANNELS = ["in_app", "email", "sms", "sse"]
#: Friday 13:00 in UTC, where our person lives.
NOON = "2030-03-01 13:00Z"

Arrange = Callable[[Connection], Any]


class Situation(NamedTuple):
    name: str
    arrange: Arrange
    #: Why, wherever the rung is neither 5 (forced) nor 11 (wanted).
    reason: str
    plain: str
    forced: str
    critical: str


def result_of(rung: int, channel: str) -> str:
    """What a rung means for a channel."""
    if rung == 7:
        return "now" if channel == "in_app" else "no"
    return {5: "now", 10: "later", 11: "now"}.get(rung, "no")


def nothing(_: Connection) -> None: ...


def execute(statement: str) -> Arrange:
    return lambda connection: connection.execute(statement.encode())


def tenant(**columns: object) -> Arrange:
    return lambda connection: given.tenant(connection, **columns)  # type: ignore[arg-type]


def tenant_event(**columns: object) -> Arrange:
    return lambda connection: given.insert(
        connection, "tenant_event", tenant_id="default", event="order.paid", **columns
    )


def person(**columns: object) -> Arrange:
    def arrange(connection: Connection) -> None:
        for name, content in columns.items():
            connection.execute(f"update postbell.recipient set {name} = %s".encode(), [content])

    return arrange


def suppressed(channel: str, address: str, **named: object) -> Arrange:
    return lambda connection: given.call(
        connection, "suppress", channel=channel, address=address, **named
    )


def choice(enabled: bool, **what: object) -> Arrange:
    return lambda connection: given.call(
        connection, "set_preference", recipient="u1", enabled=enabled, **what
    )


def off(**what: object) -> Arrange:
    return choice(False, **what)


def on(**what: object) -> Arrange:
    return choice(True, **what)


def muted(**what: object) -> Arrange:
    return lambda connection: given.call(connection, "mute", recipient="u1", **what)


def quiet(starts: str = "12:00", ends: str = "14:00", **named: object) -> Arrange:
    return lambda connection: given.call(
        connection, "set_quiet_hours", recipient="u1", starts=starts, ends=ends, **named
    )


def without_template(channel: str) -> Arrange:
    remaining = [supported for supported in given.CHANNELS if supported != channel]
    return lambda connection: event_type(connection, channels=remaining)


def event_type(connection: Connection, **named: object) -> None:
    given.event_type(connection, "order.paid", **{"default_channels": CHANNELS, **named})


def all_of(*arranges: Arrange) -> Arrange:
    def arrange(connection: Connection) -> None:
        for one in arranges:
            one(connection)

    return arrange


DISABLED = execute("update postbell.event_type set disabled_at = now()")
DISABLED_HERE = tenant_event(disabled_at="2030-01-01Z")
ERASED = person(erased_at="2030-01-01Z")
ORDERS = {"category": "orders"}
PAID = {"event": "order.paid"}

# fmt: off
LADDER = [Situation(*line) for line in (
    # situation, how, reason, then in_app email sms sse: plain, forced, critical
    ("nothing", nothing, "wanted", "11 11 11 11", "5 5 5 5", "11 11 11 11"),

    ("the event is disabled", DISABLED, "event_disabled", "1 1 1 1", "1 1 1 1", "1 1 1 1"),
    ("the tenant has the event disabled", DISABLED_HERE, "tenant_event_disabled", "1 1 1 1", "1 1 1 1", "1 1 1 1"),

    ("the tenant has no email", tenant(disabled_channels=["email"]), "channel_disabled", "11 2 11 11", "5 2 5 5", "11 2 11 11"),
    ("the tenant has no inbox", tenant(disabled_channels=["in_app"]), "channel_disabled", "2 11 11 11", "2 5 5 5", "2 11 11 11"),
    ("no template for sms", without_template("sms"), "no_template", "11 11 2 11", "5 5 2 5", "11 11 2 11"),
    ("no template for in_app", without_template("in_app"), "no_template", "2 11 11 11", "2 5 5 5", "2 11 11 11"),

    ("the person is unknown", execute("delete from postbell.recipient"), "recipient_unknown", "3 3 3 3", "3 3 3 3", "3 3 3 3"),
    ("the person is erased", ERASED, "recipient_erased", "3 3 3 3", "3 3 3 3", "3 3 3 3"),
    ("no e-mail address", person(email=None), "no_address", "11 3 11 11", "5 3 5 5", "11 3 11 11"),
    ("no phone", person(phone=None), "no_address", "11 11 3 11", "5 5 3 5", "11 11 3 11"),

    ("the address bounced", suppressed("email", "u1@example.org"), "address_suppressed", "11 4 11 11", "5 4 5 5", "11 4 11 11"),
    ("the same address, in capitals", suppressed("email", " U1@Example.ORG "), "address_suppressed", "11 4 11 11", "5 4 5 5", "11 4 11 11"),
    ("the person's own has capitals and spaces", all_of(person(email=" U1@ExAmple.org "), suppressed("email", "u1@example.org")), "address_suppressed", "11 4 11 11", "5 4 5 5", "11 4 11 11"),
    ("an address beyond ASCII, in capitals", all_of(person(email="U1@BÜCHER.example"), suppressed("email", "u1@bücher.example")), "address_suppressed", "11 4 11 11", "5 4 5 5", "11 4 11 11"),
    ("the phone is written with spaces", all_of(person(phone="+33 6 12.34-56 78"), suppressed("sms", "+33 (6) 12345678", reason="stop")), "address_suppressed", "11 11 4 11", "5 5 4 5", "11 11 4 11"),
    ("the phone said STOP", suppressed("sms", "+33612345678", reason="stop"), "address_suppressed", "11 11 4 11", "5 5 4 5", "11 11 4 11"),
    ("a suppression that has passed", suppressed("email", "u1@example.org", expires_at="2030-03-01 12:59Z"), "wanted", "11 11 11 11", "5 5 5 5", "11 11 11 11"),
    ("somebody else's address bounced", suppressed("email", "u2@example.org"), "wanted", "11 11 11 11", "5 5 5 5", "11 11 11 11"),

    ("everything off", off(), "switched_off", "6 6 6 6", "5 5 5 5", "6 6 6 6"),
    ("the channel off", off(channel="email"), "switched_off", "11 6 11 11", "5 5 5 5", "11 6 11 11"),
    ("the category off", off(**ORDERS), "switched_off", "6 6 6 6", "5 5 5 5", "6 6 6 6"),
    ("the category off on a channel", off(channel="sms", **ORDERS), "switched_off", "11 11 6 11", "5 5 5 5", "11 11 6 11"),
    ("the event off", off(**PAID), "switched_off", "6 6 6 6", "5 5 5 5", "6 6 6 6"),
    ("the event off on a channel", off(channel="in_app", **PAID), "switched_off", "6 11 11 11", "5 5 5 5", "6 11 11 11"),
    ("off for another event", off(event="order.created"), "wanted", "11 11 11 11", "5 5 5 5", "11 11 11 11"),

    ("muted: everything", muted(), "muted", "7 7 7 7", "5 5 5 5", "7 7 7 7"),
    ("muted: the category", muted(**ORDERS), "muted", "7 7 7 7", "5 5 5 5", "7 7 7 7"),
    ("muted: the event", muted(**PAID), "muted", "7 7 7 7", "5 5 5 5", "7 7 7 7"),
    ("muted: the subject", muted(subject="order:7"), "muted", "7 7 7 7", "5 5 5 5", "7 7 7 7"),
    ("muted: another subject", muted(subject="order:8"), "wanted", "11 11 11 11", "5 5 5 5", "11 11 11 11"),
    ("muted until later", muted(until="2030-03-01 13:01Z"), "muted", "7 7 7 7", "5 5 5 5", "7 7 7 7"),
    ("muted until now", muted(until=NOON), "wanted", "11 11 11 11", "5 5 5 5", "11 11 11 11"),

    ("quiet hours", quiet(), "quiet_hours", "11 11 10 10", "5 5 5 5", "11 11 11 11"),
    ("quiet hours, email too", quiet(channels=["email", "sms", "push", "sse"]), "quiet_hours", "11 10 10 10", "5 5 5 5", "11 11 11 11"),
    ("quiet hours for sms only", quiet(channels=["sms"]), "quiet_hours", "11 11 10 11", "5 5 5 5", "11 11 11 11"),
    ("quiet hours on other days", quiet(days=[1, 2, 3, 4, 6, 7]), "wanted", "11 11 11 11", "5 5 5 5", "11 11 11 11"),
    ("quiet hours that are over", quiet(ends="13:00"), "wanted", "11 11 11 11", "5 5 5 5", "11 11 11 11"),

    # The first rung that applies decides.
    ("1 before 2", all_of(DISABLED, tenant(disabled_channels=CHANNELS)), "event_disabled", "1 1 1 1", "1 1 1 1", "1 1 1 1"),
    ("2 before 3", all_of(tenant(disabled_channels=["email"]), ERASED), "channel_disabled", "3 2 3 3", "3 2 3 3", "3 2 3 3"),
    ("3 before 4", all_of(ERASED, suppressed("email", "u1@example.org")), "recipient_erased", "3 3 3 3", "3 3 3 3", "3 3 3 3"),
    ("4 before 6", all_of(suppressed("email", "u1@example.org"), off()), "address_suppressed", "6 4 6 6", "5 4 5 5", "6 4 6 6"),
    ("6 before 7", all_of(off(channel="email"), muted()), "switched_off", "7 6 7 7", "5 5 5 5", "7 6 7 7"),
    ("7 before 10", all_of(muted(), quiet()), "muted", "7 7 7 7", "5 5 5 5", "7 7 7 7"),

    # Off wins over on, whichever is the more specific.
    ("event on a channel on, channel off", all_of(on(channel="email", **PAID), off(channel="email")), "switched_off", "11 6 11 11", "5 5 5 5", "11 6 11 11"),
    ("event on a channel on, category off", all_of(on(channel="email", **PAID), off(**ORDERS)), "switched_off", "6 6 6 6", "5 5 5 5", "6 6 6 6"),
    ("event on a channel on, everything off", all_of(on(channel="email", **PAID), off()), "switched_off", "6 6 6 6", "5 5 5 5", "6 6 6 6"),
    ("event on, event on a channel off", all_of(on(**PAID), off(channel="email", **PAID)), "switched_off", "11 6 11 11", "5 5 5 5", "11 6 11 11"),
    ("channel on, category on that channel off", all_of(on(channel="email"), off(channel="email", **ORDERS)), "switched_off", "11 6 11 11", "5 5 5 5", "11 6 11 11"),
    ("category on, channel off", all_of(on(**ORDERS), off(channel="email")), "switched_off", "11 6 11 11", "5 5 5 5", "11 6 11 11"),
)]
# fmt: on

in_every_situation = pytest.mark.parametrize(
    "situation", LADDER, ids=[line.name for line in LADDER]
)


@pytest.fixture(autouse=True)
def scene(connection: Connection) -> Connection:
    given.clock(connection, NOON)
    event_type(connection)
    given.event_type(connection, "order.created")
    given.recipient(connection)
    return connection


def check(connection: Connection, rungs: str, reason: str, **event: object) -> None:
    decisions = given.explain(
        connection,
        event="order.paid",
        recipient="u1",
        subject="order:7",
        **event,
    )
    expected = dict(zip(CHANNELS, map(int, rungs.split()), strict=True))
    assert {d.channel: d.rung for d in decisions} == expected
    assert {d.channel: d.decision for d in decisions} == {
        channel: result_of(rung, channel) for channel, rung in expected.items()
    }
    reasons = {d.reason for d in decisions} - {"wanted", "forced"}
    assert reason in reasons or not reasons
    assert all((d.due_at is None) == (d.decision == "no") for d in decisions)


@in_every_situation
def test_an_ordinary_event_climbs_to(connection: Connection, situation: Situation) -> None:
    situation.arrange(connection)
    check(connection, situation.plain, situation.reason)


@in_every_situation
def test_an_event_with_forced_channels_climbs_to(
    connection: Connection, situation: Situation
) -> None:
    situation.arrange(connection)
    check(connection, situation.forced, situation.reason, forced_channels=CHANNELS)


@in_every_situation
def test_a_critical_event_climbs_to(connection: Connection, situation: Situation) -> None:
    situation.arrange(connection)
    check(connection, situation.critical, situation.reason, priority="critical")


def wanted(connection: Connection, **event: object) -> dict[str | None, str]:
    named = {"event": "order.paid", "recipient": "u1", **event}
    return {d.channel: d.decision for d in given.explain(connection, **named)}


def test_an_event_is_critical_because_its_type_is(connection: Connection) -> None:
    event_type(connection, priority="critical")
    quiet()(connection)
    assert wanted(connection)["sms"] == "now"


def test_the_rows_priority_outranks_the_types(connection: Connection) -> None:
    event_type(connection, priority="critical")
    quiet()(connection)
    assert wanted(connection, priority="normal")["sms"] == "later"


def test_quiet_hours_say_when_they_end(connection: Connection) -> None:
    quiet()(connection)
    ends = {
        d.channel: d.due_at and d.due_at.isoformat()
        for d in given.explain(connection, event="order.paid", recipient="u1")
    }
    assert ends["sms"] == "2030-03-01T14:00:00+00:00"
    assert ends["email"] == "2030-03-01T13:00:00+00:00"


def test_channels_come_from_the_event(connection: Connection) -> None:
    event_type(connection, default_channels=["in_app", "sse"])
    assert set(wanted(connection)) == {"in_app", "sse"}


def test_the_tenants_channels_outrank_the_events(connection: Connection) -> None:
    tenant_event(default_channels=["email"])(connection)
    assert set(wanted(connection)) == {"email"}


def test_a_tenant_may_want_no_channel(connection: Connection) -> None:
    tenant_event(default_channels=[])(connection)
    assert wanted(connection) == {None: "no"}


def test_a_tenants_setting_without_channels_leaves_the_events(connection: Connection) -> None:
    tenant_event()(connection)
    assert set(wanted(connection)) == set(CHANNELS)


def test_the_rows_channels_outrank_the_tenants(connection: Connection) -> None:
    tenant_event(default_channels=["email"])(connection)
    assert set(wanted(connection, channels=["sms"])) == {"sms"}


def test_forced_channels_of_the_row_add_to_the_others(connection: Connection) -> None:
    event_type(connection, default_channels=["in_app"])
    off()(connection)
    assert wanted(connection, forced_channels=["sms"]) == {"in_app": "no", "sms": "now"}


def test_forced_channels_of_the_event_add_to_the_rows(connection: Connection) -> None:
    event_type(connection, forced_channels=["email"])
    off()(connection)
    assert wanted(connection, channels=["in_app"]) == {"in_app": "no", "email": "now"}


def test_forced_channels_of_the_event_add_to_the_tenants(connection: Connection) -> None:
    event_type(connection, forced_channels=["email"])
    tenant_event(default_channels=[])(connection)
    assert wanted(connection) == {"email": "now"}


def test_a_channel_switched_on_for_the_event_is_added(connection: Connection) -> None:
    event_type(connection, default_channels=["in_app"])
    on(channel="sms", event="order.paid")(connection)
    assert wanted(connection) == {"in_app": "now", "sms": "now"}


def test_a_channel_switched_on_for_the_event_adds_to_the_tenants(connection: Connection) -> None:
    tenant_event(default_channels=["email"])(connection)
    on(channel="sms", event="order.paid")(connection)
    assert wanted(connection) == {"email": "now", "sms": "now"}


def test_a_channel_switched_on_does_not_add_to_channels_that_the_row_names(
    connection: Connection,
) -> None:
    on(channel="sms", event="order.paid")(connection)
    assert wanted(connection, channels=["in_app"]) == {"in_app": "now"}


@pytest.mark.parametrize(
    "what",
    [{}, {"channel": "sms"}, {"category": "orders"}, {"channel": "sms", "category": "orders"}],
    ids=str,
)
def test_only_a_choice_for_just_the_event_and_channel_adds(
    connection: Connection, what: dict[str, str]
) -> None:
    event_type(connection, default_channels=["in_app"])
    on(**what)(connection)
    assert set(wanted(connection)) == {"in_app"}


def test_a_choice_taken_back_is_as_if_never_made(connection: Connection) -> None:
    off(channel="email")(connection)
    given.call(connection, "set_preference", recipient="u1", enabled=None, channel="email")
    assert wanted(connection)["email"] == "now"
    assert given.value(connection, "select count(*) from postbell.preference") == 0


def test_a_mute_ends_when_it_is_taken_back(connection: Connection) -> None:
    muted(subject="order:7")(connection)
    given.call(connection, "unmute", recipient="u1", subject="order:7")
    assert wanted(connection, subject="order:7")["email"] == "now"


def test_a_pause_mutes_everything_until_a_time(connection: Connection) -> None:
    given.call(connection, "pause", recipient="u1", until="2030-03-01 15:00Z")
    assert wanted(connection) == {"in_app": "now", "email": "no", "sms": "no", "sse": "no"}
    assert wanted(connection, deliver_at="2030-03-01 15:00Z")["email"] == "later"


def test_a_mute_of_another_person_is_theirs(connection: Connection) -> None:
    given.recipient(connection, "u2")
    given.call(connection, "mute", recipient="u2")
    assert wanted(connection)["email"] == "now"


def test_a_mute_under_another_tenant_is_theirs(connection: Connection) -> None:
    given.tenant(connection, "other")
    given.recipient(connection, "u1", tenant_id="other")
    given.call(connection, "mute", recipient="u1", tenant_id="other")
    assert wanted(connection)["email"] == "now"
    assert wanted(connection, tenant_id="other")["email"] == "no"


def test_another_tenants_suppression_does_not_count(connection: Connection) -> None:
    given.tenant(connection, "other")
    suppressed("email", "u1@example.org", tenant_id="other")(connection)
    assert wanted(connection)["email"] == "now"


def test_the_actor_is_not_told(connection: Connection) -> None:
    decisions = given.explain(connection, event="order.paid", recipient="u1", actor="u1")
    assert {(d.decision, d.rung, d.reason) for d in decisions} == {("no", 0, "actor")}
    assert len(decisions) == len(CHANNELS)


def test_the_actor_is_not_told_by_force_either(connection: Connection) -> None:
    assert set(wanted(connection, actor="u1", forced_channels=["email"]).values()) == {"no"}


def test_the_actor_is_told_if_the_event_says_so(connection: Connection) -> None:
    event_type(connection, notify_actor=True)
    assert set(wanted(connection, actor="u1").values()) == {"now"}


@pytest.mark.parametrize(("notify_actor", "decision"), [(True, "now"), (False, "no")])
def test_the_audience_decides_about_the_actor_before_the_event_does(
    connection: Connection, notify_actor: bool, decision: str
) -> None:
    event_type(connection, notify_actor=not notify_actor)
    audience = {"recipients": ["u1"], "notify_actor": notify_actor}
    assert set(wanted(connection, actor="u1", audience=audience).values()) == {decision}


def test_everybody_but_the_actor_is_told(connection: Connection) -> None:
    given.recipient(connection, "u2")
    decisions = given.explain(
        connection, event="order.paid", audience={"everyone": True}, actor="u2", channels=["in_app"]
    )
    assert [(d.recipient_id, d.decision) for d in decisions] == [("u1", "now"), ("u2", "no")]


def test_what_has_expired_is_kept_by_the_inbox_only(connection: Connection) -> None:
    decisions = given.explain(connection, event="order.paid", recipient="u1", expires_at=NOON)
    assert {d.channel: (d.decision, d.reason) for d in decisions} == {
        "in_app": ("now", "wanted"),
        "email": ("no", "expired"),
        "sms": ("no", "expired"),
        "sse": ("no", "expired"),
    }


def test_what_would_expire_in_quiet_hours_is_not_deferred(connection: Connection) -> None:
    quiet(ends="14:00")(connection)
    decisions = given.explain(
        connection, event="order.paid", recipient="u1", expires_at="2030-03-01 14:00Z"
    )
    assert {d.channel: (d.decision, d.reason) for d in decisions} == {
        "in_app": ("now", "wanted"),
        "email": ("now", "wanted"),
        "sms": ("no", "expired"),
        "sse": ("no", "expired"),
    }


def test_what_is_not_allowed_is_not_called_expired(connection: Connection) -> None:
    off(channel="email")(connection)
    decisions = given.explain(
        connection, event="order.paid", recipient="u1", channels=["email"], expires_at=NOON
    )
    assert [d.reason for d in decisions] == ["switched_off"]


def test_what_is_for_later_says_when(connection: Connection) -> None:
    decisions = given.explain(
        connection, event="order.paid", recipient="u1", deliver_at="2030-03-02 09:00Z"
    )
    assert {(d.decision, d.rung, d.reason) for d in decisions} == {("later", 11, "wanted")}
    assert {d.due_at and d.due_at.isoformat() for d in decisions} == {"2030-03-02T09:00:00+00:00"}


def test_quiet_hours_are_those_of_the_time_of_delivery(connection: Connection) -> None:
    quiet("08:00", "10:00")(connection)
    decisions = given.explain(
        connection, event="order.paid", recipient="u1", deliver_at="2030-03-02 09:00Z"
    )
    assert {d.channel: (d.rung, d.due_at and d.due_at.hour) for d in decisions} == {
        "in_app": (11, 9),
        "email": (11, 9),
        "sms": (10, 10),
        "sse": (10, 10),
    }


def test_a_time_that_has_passed_is_now(connection: Connection) -> None:
    decisions = given.explain(
        connection, event="order.paid", recipient="u1", deliver_at="2020-01-01Z"
    )
    assert {(d.decision, d.due_at and d.due_at.isoformat()) for d in decisions} == {
        ("now", "2030-03-01T13:00:00+00:00")
    }


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        ({"tenant_id": "nobody"}, "unknown_tenant"),
        ({"event": "no.such"}, "unknown_event"),
        ({"payload": {"order_id": True}}, "invalid_payload"),
        ({"payload": {}}, "invalid_payload"),
        ({"audience": {"nobody": 1}}, "invalid_audience"),
        ({"recipient": None}, "invalid_audience"),
        ({"channels": ["fax"]}, "invalid_channel"),
        ({"forced_channels": ["fax"]}, "invalid_channel"),
        ({"priority": "urgent"}, "invalid_priority"),
        ({"deliver_at": "infinity"}, "invalid_time"),
        ({"recipient": "x" * 256}, "value_too_long"),
    ],
    ids=str,
)
def test_what_would_be_rejected_is_explained(
    connection: Connection, named: dict[str, object], reason: str
) -> None:
    event_type(connection, fields={"order_id": {"type": "id", "required": True}})
    event = {"event": "order.paid", "recipient": "u1", "payload": {"order_id": 7}, **named}
    ((_, channel, decision, rung, found, _),) = given.explain(connection, **event)
    assert (channel, decision, rung, found) == (None, "no", 0, reason)
