"""Ids of 255 characters fit everywhere, however many bytes they have; longer ones get nowhere."""

from __future__ import annotations

import random
from typing import Any

import psycopg
import pytest

from tests.support import given
from tests.support.given import Connection

#: An entry of a B-tree has no more bytes than this (BTMaxItemSize).
ROOM = 2704


def endless(characters: int, seed: int) -> str:
    """Characters of four bytes each, which no compression makes shorter."""
    dice = random.Random(seed)
    return "".join(chr(dice.randrange(0x20000, 0x2A000)) for _ in range(characters))


LONGEST_TENANT = endless(150, seed=1)
LONGEST = endless(255, seed=2)
OTHER = endless(255, seed=3)
OVERLONG = endless(256, seed=4)
LONGER = "has 256 characters"


def test_the_longest_ids_fit_into_every_index(db: Connection) -> None:
    given.tenant(db, LONGEST_TENANT)
    ours = {"tenant_id": LONGEST_TENANT}
    given.recipient(db, LONGEST, email=f"{endless(200, 5)}@example.org", roles=[OTHER], **ours)
    given.call(db, "join_topic", recipient=LONGEST, topic=OTHER, **ours)
    given.call(db, "set_preference", recipient=LONGEST, enabled=True, category="orders", **ours)
    given.call(db, "mute", recipient=LONGEST, subject=OTHER, until="2020-01-01", **ours)
    given.call(db, "mute", recipient=LONGEST, subject=OTHER, until="2100-01-01", **ours)
    given.call(db, "mute", recipient=LONGEST, category=OTHER, **ours)
    given.call(db, "set_quiet_hours", recipient=LONGEST, starts="22:00", ends="06:00", **ours)
    dice = random.Random(6)
    endpoint = "https://push.example/" + "".join(chr(dice.randrange(33, 127)) for _ in range(1970))
    given.device(db, LONGEST, endpoint, **ours)
    for channel, address in (("email", endless(255, 7)), ("push", endpoint)):
        given.call(db, "suppress", channel=channel, address=address, **ours)
    for digest in (b"one", b"two"):
        given.call(
            db, "begin_session", digest=digest, recipient=LONGEST, expires_at="2100-01-01", **ours
        )
        given.call(
            db, "issue_ticket", digest=digest, recipient=LONGEST, valid_until="2100-01-01", **ours
        )
    given.insert(db, "tenant_event", event="order.paid", **ours)
    given.inbox_item(db, recipient_id=LONGEST, **ours)
    given.call(db, "cancel", subject=LONGEST, **ours)

    named: dict[str, Any] = {
        "subject": OTHER,
        "actor": OTHER,
        "channels": ["in_app", "email"],
        **ours,
    }
    people = [LONGEST, *(endless(255, seed) for seed in range(100, 125))]
    alone = given.emit(db, recipient=LONGEST, idempotency_key=OTHER, **named)
    a_few = given.emit(db, recipient=None, audience={"role": OTHER, "topic": OTHER}, **named)
    many = given.emit(db, recipient=None, audience={"recipients": people}, **named)
    later = given.emit(db, recipient=LONGEST, expires_at="2100-01-01", **{
        **named, "deliver_at": "2090-01-01", "subject": LONGEST[:254], "channels": ["email"],
    })  # fmt: skip
    given.route(db)
    while given.value(db, "select reached from postbell_private.fan_out(1000)"):
        pass
    given.clock(db, "2095-01-01 23:00Z")
    given.value(db, "select released from postbell_private.release_due()")

    assert not given.rejections(db)
    assert [bool(given.deliveries(db, event)) for event in (alone, a_few, many, later)] == [
        True
    ] * 4


#: The most bytes of a text that is in an index, by its column. A tenant's id has its own bound.
MOST_BYTES = {
    **dict.fromkeys(["recipient_id", "recipient", "role", "topic", "subject", "key"], 1020),
    "tenant_id": 600,
    **dict.fromkeys(["address", "endpoint"], 2000),
    # Of the registry, and of a mute, which names one of the three.
    **dict.fromkeys(["category", "event"], 1020),
    # Written by us, or cut by dispatcher.inbound.receipts.short_id().
    **dict.fromkeys(["provider", "process", "provider_event_id", "provider_message_id"], 1020),
    **dict.fromkeys(["path", "version", "word"], 200),
    "pattern": 100,
    # A channel, by the check on it.
    "name": 31,
    # Of rows that are kept, by the check on it.
    "kind": 10,
}


def test_there_is_no_index_with_more_columns_than_fit(db: Connection) -> None:
    found = given.rows(
        db,
        "select i.indexrelid::regclass::text, array_agg("
        "case a.attname when 'id' then c.relname || '_id' else a.attname end::text)"
        " from pg_index as i"
        " join pg_class as c on c.oid = i.indrelid"
        " join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)"
        " where c.relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)"
        " and a.atttypid = 'text'::regtype"
        " group by i.indexrelid",
    )
    widest = {index: 16 + sum(4 + MOST_BYTES[name] for name in names) for index, names in found}
    # At most one of these is named; the other columns are null.
    widest["postbell.preference_choice_idx"] -= 1024
    widest["postbell.mute_choice_idx"] -= 2 * 1024
    # The address is a number that sends text messages.
    widest["postbell_private.stop_pkey"] -= 2000 - 1020
    assert {index: size for index, size in widest.items() if size + 16 > ROOM} == {}


@pytest.mark.parametrize(
    ("column", "detail"),
    [
        ({"audience": {"recipients": ["u1", OVERLONG]}}, f"an entry of recipients {LONGER}"),
        ({"audience": {"recipients": [10**255]}}, f"an entry of recipients {LONGER}"),
        ({"audience": {"role": OVERLONG}}, "role has 256 characters"),
        ({"audience": {"topic": OVERLONG}}, "topic has 256 characters"),
        ({"recipient": OVERLONG}, "recipient has 256 characters"),
        ({"subject": OVERLONG}, "subject has 256 characters"),
        ({"actor": OVERLONG}, "actor has 256 characters"),
        ({"idempotency_key": OVERLONG}, "idempotency_key has 256 characters"),
        ({"tenant_id": OVERLONG}, "tenant_id has 256 characters"),
    ],
    ids=lambda given_row: str(given_row)[:40],
)  # fmt: skip
def test_an_event_with_a_longer_one_is_rejected(
    db: Connection, column: dict[str, Any], detail: str
) -> None:
    event = given.emit(db, **column)
    given.route(db)
    assert given.rejections(db) == {event: "value_too_long"}
    assert given.column(db, "select detail from postbell.rejected_events") == [detail]


@pytest.mark.parametrize(
    ("function", "named"),
    [
        ("upsert_recipient", {"id": OVERLONG}),
        ("upsert_recipient", {"id": "u2", "email": OVERLONG}),
        ("upsert_recipient", {"id": "u2", "phone": OVERLONG}),
        ("upsert_recipient", {"id": "u2", "locale": OVERLONG}),
        ("upsert_recipient", {"id": "u2", "roles": ["sales", OVERLONG]}),
        ("join_topic", {"recipient": "u1", "topic": OVERLONG}),
        ("mute", {"recipient": "u1", "subject": OVERLONG}),
        ("mute", {"recipient": "u1", "category": OVERLONG}),
        ("mute", {"recipient": "u1", "event": OVERLONG}),
        ("cancel", {"subject": OVERLONG}),
        ("cancel", {"subject": "order:1", "tenant_id": OVERLONG}),
    ],
    ids=lambda given_row: str(given_row)[:40],
)
def test_a_call_with_a_longer_one_says_so(
    db: Connection, function: str, named: dict[str, object]
) -> None:
    with pytest.raises(psycopg.Error, match="has 256 characters") as error:
        given.call(db, function, **named)
    assert error.value.sqlstate == "PB010"


def test_a_mirrored_user_with_a_longer_one_stops_nobody(db: Connection) -> None:
    db.execute("create table public.users (id text primary key, phone text, roles text[])")
    db.execute(
        "insert into public.users values (%s, null, null), ('far', %s, %s), ('near', null, null)",
        [OVERLONG, "+33612345678" + " " * 300, [OVERLONG, "sales"]],
    )
    given.call(
        db,
        "mirror_recipients",
        source="public.users",
        mapping={"id": "id", "phone": "phone", "roles": "roles"},
    )
    found = given.column(db, "select id from postbell.recipient where id <> 'u1' order by id")
    assert found == ["far", "near"]
    assert given.column(db, "select role from postbell.recipient_role") == ["sales"]
