"""A producer cannot be broken: whatever the column types accept is inserted, stops nobody behind
it, and ends as a delivery, as one noted duplicate, or as a rejection that says why.
"""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from tests.support import given
from tests.support.background import Connect
from tests.support.given import Connection

LONG = "x" * 3000

# What the types themselves refuse, PostgreSQL refuses in any column: NUL and lone surrogates.
any_text = st.text(
    st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20
) | st.sampled_from(
    ["", " ", LONG, "é" * 3000, "😀" * 300, "\u202e\u0000".strip("\x00"), "'; drop table x; --",
     "\ufeff\u200b", "a\r\nb", "{}", "\\", "%s", "null", "u1", "u2", "default"]
)  # fmt: skip
any_json: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**400), 10**400)
    | st.floats(allow_nan=False, allow_infinity=False)
    | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=8,
)
any_id = st.sampled_from(["u1", "u2", 42, "42"]) | any_json
any_audience = (
    st.fixed_dictionaries(
        {},
        optional={
            "recipients": st.lists(any_id, max_size=4) | any_json,
            "role": st.sampled_from(["support", "none"]) | any_json,
            "topic": st.sampled_from(["thread:7", "none"]) | any_json,
            "everyone": st.booleans() | any_json,
            "notify_actor": st.booleans() | any_json,
            "team": any_json,
        },
    )
    | any_json
)
any_channels = st.lists(st.none() | st.sampled_from(given.CHANNELS) | any_text, max_size=4) | (
    # Arrays of two dimensions are arrays, too.
    st.sampled_from(["{{email,sms},{sse,in_app}}", "{{email}}", "[5:6]={email,sms}"])
)
any_time = st.sampled_from(
    ["infinity", "-infinity", "4713-01-01 BC", "0044-03-15 BC", "294276-12-31 23:59:59.999999Z",
     "2020-01-01Z", "2099-01-01Z", "1970-01-01Z"]
)  # fmt: skip
any_row = st.fixed_dictionaries(
    {
        "event": st.sampled_from(["order.paid", "order.paid", "order.sent", "ORDER.PAID"])
        | st.none()
        | any_text,
        "recipient": st.sampled_from(["u1", "u1", "u2"]) | st.none() | any_text,
        "payload": st.just({"order_id": 7}) | st.none() | any_json,
    },
    optional={
        "tenant_id": st.sampled_from(["default", "other"]) | st.none() | any_text,
        "audience": st.none() | any_audience,
        "channels": st.none() | any_channels,
        "forced_channels": st.none() | any_channels,
        "priority": st.none() | st.sampled_from(["low", "critical"]) | any_text,
        "subject": st.none() | any_text,
        "actor": st.none() | any_text,
        "idempotency_key": st.none() | st.just("key") | any_text,
        "deliver_at": st.none() | any_time,
        "expires_at": st.none() | any_time,
    },
)


@pytest.fixture
def db(db: Connection) -> Connection:
    """As everywhere, and `order.paid` goes to the inbox alone."""
    given.event_type(db)
    return db


@pytest.fixture
def producer(db: Connection, connect: Connect) -> Connection:
    """A session that may emit and nothing else. `db` may look."""
    given.event_type(db, fields={"order_id": {"type": "id", "required": True}})
    given.event_type(db, "order.sent", default_channels=list(given.CHANNELS))
    given.recipient(db, roles=["support"], time_zone="Pacific/Chatham")
    given.tenant(db, "other", time_zone="Mars/Olympus")
    given.recipient(db, tenant_id="other")
    given.call(db, "join_topic", recipient="u1", topic="thread:7")
    given.call(db, "set_quiet_hours", recipient="u1", starts="22:00", ends="21:00")
    session = connect()
    session.execute("set role postbell_producer")
    return session


def insert(producer: Connection, row: dict[str, Any]) -> int:
    jsonb = {
        name: json.dumps(row[name]) for name in ("payload", "audience") if row.get(name) is not None
    }
    named = {**row, **jsonb}
    ((outbox_id,),) = given.call(producer, "notify", **named)
    return int(outbox_id)


FATES = """
    select 'told' from postbell.delivery where notification_id = %(id)s
    union
    select 'scheduled' from postbell.scheduled_notification where notification_id = %(id)s
    union
    select 'many' from postbell.fanout where notification_id = %(id)s
    union
    select 'rejected' from postbell.rejected_events
    where outbox_id = %(id)s and reason in (select name from postbell.error_codes)
      and detail is not null
    union
    select 'duplicate' from postbell_private.duplicate_event where outbox_id = %(id)s
    union
    select 'nobody' from postbell_private.notification as n
    where id = %(id)s
      and not exists (select from postbell.delivery where notification_id = %(id)s)
      and not exists (select from postbell.scheduled_notification where notification_id = %(id)s)
      and not exists (select from postbell.fanout where notification_id = %(id)s)
"""


def fates(db: Connection, outbox_id: int) -> list[str]:
    return [fate for (fate,) in db.execute(FATES, {"id": outbox_id}).fetchall()]


def check(db: Connection, producer: Connection, rows: list[dict[str, Any]]) -> list[str]:
    """Emits rows and a sound event behind them; what became of the rows."""
    emitted = [insert(producer, row) for row in rows]
    sentinel = given.emit(producer, payload={"order_id": "sound"})
    for outbox_id in emitted:
        assert is_explained(db, outbox_id)
    given.route(db)

    assert fates(db, sentinel) == ["told"]
    found = [fates(db, outbox_id) for outbox_id in emitted]
    assert all(len(fate) == 1 for fate in found)
    for row, fate in zip(rows, found, strict=True):
        if fate == ["nobody"]:
            assert row.get("channels") == [] or addresses_nobody(row)
    for outbox_id in emitted:
        assert is_explained(db, outbox_id)
    # What was routed can be taken in hand, the sound one with the others.
    handed = given.column(
        db,
        "select c.notification_id from postbell.batch as b, postbell_private.claim_batch(b.id,"
        " b.channel) as c",
    )
    assert sentinel in handed
    db.execute("delete from postbell.batch")
    return [fate for (fate,) in found]


def is_explained(db: Connection, outbox_id: int) -> bool:
    """Whether explain has an answer, be it that nobody is told. Python has no year 294276."""
    reasons = given.column(db, "select reason from postbell.explain(%s)", outbox_id)
    return None not in reasons


def addresses_nobody(row: dict[str, Any]) -> bool:
    """A role or topic that nobody has, without a recipient beside it."""
    audience = row.get("audience")
    return not row["recipient"] and isinstance(audience, dict) and "recipients" not in audience


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@for_all(rows=st.lists(any_row, min_size=1, max_size=5))
def test_whatever_is_emitted_ends_visibly_and_stops_nobody(
    db: Connection, producer: Connection, rows: list[dict[str, Any]]
) -> None:
    check(db, producer, rows)


@pytest.mark.parametrize(
    ("row", "fate"),
    [
        ({}, "told"),
        ({"payload": None}, "rejected"),
        ({"payload": []}, "rejected"),
        ({"payload": "text"}, "rejected"),
        ({"payload": {"order_id": {"nested": 1}}}, "rejected"),
        ({"payload": {"order_id": None}}, "rejected"),
        ({"payload": {"order_id": 7, "extra": "field"}}, "told"),
        ({"payload": {"order_id": 7, "huge": "€" * 1_000_000}}, "told"),
        ({"payload": {"order_id": "x" * 1_000_000}, "event": "no.such"}, "rejected"),
        ({"payload": {"order_id": 10**4_000}}, "told"),
        ({"event": None}, "rejected"),
        ({"event": "no.such"}, "rejected"),
        ({"event": LONG}, "rejected"),
        ({"recipient": "nobody"}, "rejected"),
        ({"recipient": None}, "rejected"),
        ({"recipient": ""}, "rejected"),
        ({"recipient": LONG}, "rejected"),
        ({"tenant_id": None}, "rejected"),
        ({"tenant_id": "nobody"}, "rejected"),
        ({"tenant_id": LONG}, "rejected"),
        ({"subject": LONG}, "rejected"),
        ({"actor": LONG}, "rejected"),
        ({"idempotency_key": LONG}, "rejected"),
        ({"channels": ["fax"]}, "rejected"),
        ({"channels": [None]}, "rejected"),
        ({"channels": "{{email},{sms}}"}, "rejected"),
        ({"channels": ["sms"], "forced_channels": "{{email},{sms}}"}, "rejected"),
        ({"channels": []}, "nobody"),
        ({"channels": [], "forced_channels": ["sms"]}, "told"),
        ({"channels": ["email", "email"]}, "told"),
        ({"forced_channels": ["fax"]}, "rejected"),
        ({"priority": ""}, "rejected"),
        ({"priority": "urgent"}, "rejected"),
        ({"deliver_at": "infinity"}, "rejected"),
        ({"deliver_at": "-infinity"}, "rejected"),
        ({"deliver_at": "4713-01-01 BC"}, "told"),
        ({"deliver_at": "294276-12-31"}, "scheduled"),
        ({"expires_at": "infinity"}, "told"),
        ({"expires_at": "-infinity"}, "told"),
        ({"expires_at": "2020-01-01", "deliver_at": "2020-01-01"}, "rejected"),
        ({"audience": {}}, "rejected"),
        ({"audience": []}, "rejected"),
        ({"audience": "everyone"}, "rejected"),
        ({"audience": {"everyone": False}}, "rejected"),
        ({"audience": {"everyone": True}}, "told"),
        ({"audience": {"everyone": True, "team": "x"}}, "rejected"),
        ({"audience": {"notify_actor": True}}, "rejected"),
        ({"audience": {"role": "support", "notify_actor": "yes"}}, "rejected"),
        ({"audience": {"role": ["support"]}}, "rejected"),
        ({"audience": {"topic": 7}}, "rejected"),
        ({"audience": {"recipients": "u1"}}, "rejected"),
        ({"audience": {"recipients": []}}, "rejected"),
        ({"audience": {"recipients": [""]}}, "rejected"),
        ({"audience": {"recipients": [["u1"]]}}, "rejected"),
        ({"audience": {"recipients": [None]}}, "rejected"),
        ({"audience": {"recipients": [42, "u1"]}}, "told"),
        ({"audience": {"recipients": ["nobody"]}}, "told"),
        ({"audience": {"recipients": [str(n) * 50 for n in range(900)]}}, "many"),
        ({"audience": {"role": "none"}, "recipient": None}, "nobody"),
    ],
    ids=lambda given_row: str(given_row)[:60],
)
def test_this_row_is_accepted_and_ends_as(
    db: Connection, producer: Connection, row: dict[str, Any], fate: str
) -> None:
    sound = {"event": "order.paid", "recipient": "u1", "payload": {"order_id": 7}}
    assert check(db, producer, [{**sound, **row}]) == [fate]


def test_a_deeply_nested_payload_is_accepted(db: Connection, producer: Connection) -> None:
    nested = '{"order_id": 7, "deep": ' + "[" * 2000 + "]" * 2000 + "}"
    assert check(db, producer, [{"event": "order.paid", "recipient": "u1"}]) == ["rejected"]
    outbox_id = given.value(
        producer,
        "insert into postbell.outbox (event, recipient, payload)"
        " values ('order.paid', 'u1', %s) returning id",
        nested,
    )
    rejected = given.value(
        producer,
        "insert into postbell.outbox (event, recipient, payload)"
        " values ('no.such', 'u1', %s) returning id",
        nested,
    )
    given.route(db)
    assert fates(db, outbox_id) == ["told"]
    assert fates(db, rejected) == ["rejected"]


def test_a_recipient_too_long_for_an_index_is_one_visible_rejection(
    db: Connection, producer: Connection
) -> None:
    # So long, and so varied that compression does not save it.
    endless = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(6000))
    row: dict[str, Any] = {"event": "order.sent", "recipient": None, "payload": {}}
    found = check(db, producer, [{**row, "audience": {"recipients": [endless, "u1"]}}])
    assert found == ["rejected"]


def test_rejections_keep_what_was_emitted(db: Connection, producer: Connection) -> None:
    rejected = given.emit(
        producer, payload={"order_id": [1, 2]}, subject="order:7", deliver_at="infinity"
    )
    given.route(db)
    reason, detail, source = given.rows(
        db,
        "select reason, detail, source from postbell.rejected_event where outbox_id = %s",
        rejected,
    )[0]
    assert reason == "invalid_payload"
    assert detail == "order_id is not of type id: it has to be a string or a whole number"
    assert source["payload"] == {"order_id": [1, 2]}
    assert source["subject"] == "order:7"
    assert source["deliver_at"] == "infinity"


def test_all_that_is_wrong_has_one_order(db: Connection, producer: Connection) -> None:
    given.emit(producer, "no.such", "x" * 300, {"order_id": []}, tenant_id="nobody")
    given.route(db)
    assert list(given.rejections(db).values()) == ["value_too_long"]


def test_nothing_that_is_emitted_needs_a_column(db: Connection, producer: Connection) -> None:
    outbox_id = given.value(producer, "insert into postbell.outbox default values returning id")
    assert check(db, producer, []) == []
    assert fates(db, outbox_id) == ["rejected"]


STRICT_CASES = [
    ({"event": "no.such"}, "PB001"),
    ({"payload": {"amount": "1"}}, "PB002"),
    ({"recipient": "nobody"}, "PB003"),
    ({"tenant_id": "nobody"}, "PB004"),
    ({"audience": {"team": 1}}, "PB005"),
    ({"channels": ["fax"]}, "PB006"),
    ({"priority": "urgent"}, "PB007"),
    ({"deliver_at": "infinity"}, "PB008"),
    ({"subject": "x" * 256}, "PB010"),
]


@pytest.mark.parametrize(("wrong", "code"), STRICT_CASES, ids=[code for _, code in STRICT_CASES])
def test_strict_mode_raises_at_once_what_would_be_rejected(
    db: Connection, producer: Connection, wrong: dict[str, Any], code: str
) -> None:
    row = {"event": "order.paid", "recipient": "u1", "payload": {"order_id": 7}, **wrong}
    later = insert(producer, row)
    given.route(db)
    name = given.value(db, "select name from postbell.error_codes where code = %s", code)
    assert given.rejections(db) == {later: name}

    producer.execute("set postbell.strict = on")
    with pytest.raises(psycopg.Error) as error:
        insert(producer, row)
    assert error.value.sqlstate == code
    assert str(error.value.diag.message_primary).startswith(name.replace("_", " "))
    assert error.value.diag.message_hint


def test_strict_mode_lets_sound_events_pass(db: Connection, producer: Connection) -> None:
    producer.execute("set postbell.strict = on")
    sound = given.emit(producer, payload={"order_id": 7})
    given.route(db)
    assert fates(db, sound) == ["told"]


@pytest.mark.parametrize("setting", ["off", "ON", "true", "1", "yes", "", "nonsense"])
def test_strict_mode_is_off_at_any_other_value(producer: Connection, setting: str) -> None:
    given.call(producer, "clock")
    producer.execute("select set_config('postbell.strict', %s, false)", [setting])
    assert given.emit(producer, "no.such") > 0


def test_strict_mode_ends_with_the_transaction_that_set_it(producer: Connection) -> None:
    with producer.transaction():
        producer.execute("set local postbell.strict = on")
    assert given.emit(producer, "no.such") > 0
