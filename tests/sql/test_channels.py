"""A channel is a row of postbell.channel: nothing else in the schema knows which there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.support import given
from tests.support.given import Connection

#: Friday 13:00 and 23:00 in UTC, where our person lives.
NOON, NIGHT = "2030-03-01 13:00Z", "2030-03-01 23:00Z"

Set = Callable[[Connection, str], Any]

#: Where somebody says a channel.
SET: dict[str, Set] = {
    "an event's templates": lambda db, channel: given.event_type(db, channels=[channel]),
    "an event's defaults": lambda db, channel: given.event_type(db, default_channels=[channel]),
    "an event's forced ones": lambda db, channel: given.event_type(db, forced_channels=[channel]),
    "a tenant's disabled ones": lambda db, channel: given.tenant(db, disabled_channels=[channel]),
    "a tenant's defaults": lambda db, channel: given.insert(
        db, "tenant_event", tenant_id="default", event="order.paid", default_channels=[channel]
    ),
    "a preference": lambda db, channel: given.call(
        db, "set_preference", recipient="u1", enabled=False, channel=channel
    ),
    "a preference's row": lambda db, channel: given.insert(
        db, "preference", tenant_id="default", recipient_id="u1", channel=channel, enabled=False
    ),
    "quiet hours": lambda db, channel: given.call(
        db, "set_quiet_hours", recipient="u1", starts="22:00", ends="07:00", channels=[channel]
    ),
    "a suppression": lambda db, channel: given.call(
        db, "suppress", channel=channel, address="+33612345678"
    ),
    "a choice of providers": lambda db, channel: given.call(
        db, "choose_providers", channel=channel, providers=["main"]
    ),
}

everywhere = pytest.mark.parametrize("say", SET.values(), ids=SET)


@pytest.fixture(autouse=True)
def people(db: Connection) -> None:
    given.clock(db, NOON)


@pytest.fixture
def fax(db: Connection) -> str:
    """A seventh channel: outgoing, interrupting, two messages a job."""
    given.insert(
        db, "channel", name="fax", position=7, address_kind="phone", is_outgoing=True,
        is_kept=False, is_interrupting=True, batch_size=2, crash_policy="await_receipt",
        unknown_timeout="3 hours",
    )  # fmt: skip
    given.event_type(db, channels=[*given.CHANNELS, "fax"])
    return "fax"


def decided(db: Connection, **columns: object) -> list[tuple[Any, ...]]:
    return [
        (each[1], each[2], each[4]) for each in given.call(db, "explain", event="order.paid",
        recipient="u1", **columns)
    ]  # fmt: skip


@everywhere
def test_a_channel_that_is_a_row_is_taken_wherever_one_is_said(
    db: Connection, fax: str, say: Set
) -> None:
    say(db, fax)


@everywhere
def test_what_is_no_row_is_refused_wherever_a_channel_is_said(db: Connection, say: Set) -> None:
    with pytest.raises(psycopg.Error, match="invalid channel") as refused:
        say(db, "pigeon")

    assert refused.value.sqlstate == "PB006"
    assert refused.value.diag.message_hint == "Channels are in_app, email, sms, push, sse and chat."


def test_the_error_names_the_channels_that_there_are(db: Connection, fax: str) -> None:
    with pytest.raises(psycopg.Error) as refused:
        given.call(db, "set_preference", recipient="u1", enabled=True, channel="pigeon")

    hint = "Channels are in_app, email, sms, push, sse, chat and fax."
    assert refused.value.diag.message_hint == hint


def test_an_event_may_name_it_and_nothing_else(db: Connection, fax: str) -> None:
    named = given.emit(db, channels=[fax])
    unknown = given.emit(db, channels=["pigeon"])
    given.route(db)

    assert given.deliveries(db, named)["u1", fax].state == "queued"
    assert given.rows(
        db, "select outbox_id, reason, detail from postbell.rejected_events"
    ) == [(unknown, "invalid_channel", "pigeon")]  # fmt: skip


def test_the_ladder_decides_on_it_by_its_row(db: Connection, fax: str) -> None:
    assert decided(db, channels=[fax]) == [(fax, "now", "wanted")]

    given.call(db, "set_quiet_hours", recipient="u1", starts="22:00", ends="07:00")
    given.clock(db, NIGHT)
    assert decided(db, channels=[fax]) == [(fax, "later", "quiet_hours")]

    given.call(db, "mute", recipient="u1")
    assert decided(db, channels=[fax]) == [(fax, "no", "muted")]

    given.call(db, "suppress", channel=fax, address="+33 6 12 34 56 78")
    assert decided(db, channels=[fax]) == [(fax, "no", "address_suppressed")]


def test_it_is_queued_with_its_own_batch_size(db: Connection, fax: str) -> None:
    for person in ("u2", "u3"):
        given.recipient(db, person)
    given.emit(
        db, recipient=None, audience={"recipients": ["u1", "u2", "u3"]}, channels=[fax, "email"]
    )

    given.route(db)

    assert given.rows(
        db, "select channel::text, cardinality(delivery_ids) from postbell.batch order by 1, 2"
    ) == [("email", 3), (fax, 1), (fax, 2)]  # fmt: skip


def test_what_was_in_flight_when_its_dispatcher_ended_waits_as_long_as_the_row_says(
    db: Connection, fax: str
) -> None:
    event = given.emit(db, channels=[fax])
    given.route(db)
    batch = given.value(db, "select id from postbell.batch")
    given.claim(db, batch, start_sending=1)

    assert given.claim(db, batch) == []

    assert given.deliveries(db, event)["u1", fax].state == "unknown"
    assert given.value(
        db,
        "select due_at - clock_timestamp() between '2:59' and '3:00'"
        " from postbell_private.unknown_delivery",
    )


def test_figures_have_a_line_for_it(db: Connection, fax: str) -> None:
    assert fax in given.column(db, "select channel from postbell.analytics_channel_health")


def test_what_is_kept_has_no_quiet_hours(db: Connection) -> None:
    sentence = "quiet hours are for email, sms, push, sse and chat"
    with pytest.raises(psycopg.Error, match=sentence) as no:
        SET["quiet hours"](db, "in_app")

    assert no.value.sqlstate == "PB006"


def test_what_postbell_writes_itself_has_no_providers(db: Connection) -> None:
    with pytest.raises(psycopg.Error, match="email, sms, push and chat have") as refused:
        SET["a choice of providers"](db, "sse")

    assert refused.value.sqlstate == "PB006"


def test_nobody_but_the_owner_changes_what_a_channel_is(db: Connection) -> None:
    db.execute("set role postbell_admin")

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        db.execute("update postbell.channel set batch_size = 1")
