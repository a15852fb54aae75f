"""A verb knows its event, its people and its payload; a trigger or psql only calls it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql
from psycopg.sql import Composable

from dispatcher.errors import InvalidArgumentError
from tests.support import given
from tests.support.event_catalogue import ENTRIES
from tests.support.given import Connection
from tests.support.moments import MOMENTS, Moment
from tests.support.roles import VERBS, acting_as

every_moment = pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.id)

PAID = {"order_id": "42", "client_id": "u1", "amount": "19.90"}


def outbox(connection: Connection) -> list[tuple[Any, ...]]:
    return given.rows(
        connection,
        "select event, recipient, audience, payload, subject, actor from postbell.outbox"
        " order by id",
    )


def refusal(connection: Connection, verb: str, **named: object) -> str:
    """What a verb says that refuses its arguments, with the SQLSTATE of a wrong argument."""
    with (
        pytest.raises(psycopg.Error) as refused,
        connection.transaction(force_rollback=True),
    ):
        given.call(connection, verb, **named)
    assert refused.value.sqlstate == InvalidArgumentError.code
    return str(refused.value.diag.message_primary)


# --- what is said


@every_moment
def test_a_verb_says_what_the_catalogue_has(connection: Connection, moment: Moment) -> None:
    with acting_as(connection, "producer"):
        given.call(connection, moment.verb, **moment.sql)

    assert outbox(connection) == [said.row for said in moment.said]


@every_moment
def test_a_verb_returns_what_it_emitted(connection: Connection, moment: Moment) -> None:
    ((returned,),) = given.call(connection, moment.verb, **moment.sql)

    emitted = given.column(connection, "select id from postbell.outbox order by id")
    assert emitted == (returned if isinstance(returned, list) else [returned])


@every_moment
def test_what_a_verb_says_has_the_fields_that_the_event_declares(moment: Moment) -> None:
    for said in moment.said:
        declared = ENTRIES[said.event].fields.split()
        assert set(said.payload) <= {field.removesuffix("?") for field in declared}
        assert set(said.payload) >= {field for field in declared if not field.endswith("?")}


def test_every_verb_has_its_moment_and_every_event_its_verb() -> None:
    assert {moment.verb for moment in MOMENTS} == {name for name in VERBS if "notify_" in name}
    assert {said.event for moment in MOMENTS for said in moment.said} == set(ENTRIES)


@every_moment
def test_a_verb_takes_what_every_event_may_have(connection: Connection, moment: Moment) -> None:
    named: dict[str, object] = {
        "tenant_id": "acme", "idempotency_key": "k", "deliver_at": "2030-01-01 12:00Z",
        "expires_at": "2030-01-02 12:00Z",
    }  # fmt: skip

    given.call(connection, moment.verb, **moment.sql, **named)

    rows = given.rows(
        connection,
        "select tenant_id, extract(epoch from deliver_at)::bigint,"
        " extract(epoch from expires_at - deliver_at)::bigint from postbell.outbox",
    )
    assert set(rows) == {("acme", 1893499200, 86400)}
    keys = given.column(connection, "select idempotency_key from postbell.outbox order by id")
    assert keys == ["k", "k:assigned"][: len(moment.said)]


def test_one_person_in_two_parts_is_named_once(connection: Connection) -> None:
    given.call(connection, "notify_order_completed", order_id="42", client_id="a", writer_id="a")

    assert given.column(connection, "select recipient from postbell.outbox") == ["a"]


@pytest.mark.parametrize("written", ["19.90::numeric", "'19.90'", "'19.90'::text", "19.90"])
def test_an_amount_is_a_numeric_or_a_text(connection: Connection, written: str) -> None:
    connection.execute(
        "select postbell.notify_order_paid("
        f"order_id => '42', client_id => 'u1', amount => {written})".encode()
    )

    assert given.value(connection, "select payload ->> 'amount' from postbell.outbox") == "19.90"


def test_of_a_message_the_outbox_has_the_beginning(connection: Connection) -> None:
    given.call(
        connection, "notify_ticket_reply",
        ticket_number="T-9", creator_id="u1", replier_id="s1", message="x" * 9000,
    )  # fmt: skip

    assert given.column(
        connection, "select length(payload ->> 'message_preview') from postbell.outbox"
    ) == [500]


def test_an_internal_note_without_an_assignee_tells_nobody(connection: Connection) -> None:
    told = given.call(
        connection, "notify_ticket_reply",
        ticket_number="T-9", creator_id="u1", replier_id="s1", is_internal=True,
    )  # fmt: skip

    assert told == [(None,)]
    assert outbox(connection) == []


# --- ids

# How an id may stand in a statement: as a literal, or with its type, as a column's.
TEXTS: dict[str, Callable[[int], Composable]] = {
    "a literal in quotes": lambda number: sql.Literal(str(number)),
    "a text": lambda number: sql.SQL("{}::text").format(str(number)),
}
INTEGERS: dict[str, Callable[[int], Composable]] = {
    "an integer": lambda number: sql.SQL(str(number)),
    "a smallint": lambda number: sql.SQL("{}::smallint").format(number),
    "a bigint": lambda number: sql.SQL("{}::bigint").format(number),
}
WRITTEN = TEXTS | INTEGERS


def ids_of(moment: Moment) -> dict[str, int]:
    """The ids that a moment names, each with a number instead."""
    names = [
        name
        for name, value in moment.sql.items()
        if value and (name == "actor" or name[-3:] == "_id")
    ]
    return {name: number for number, name in enumerate(names, start=101)}


def said_with(connection: Connection, moment: Moment, **ids: Composable) -> list[tuple[Any, ...]]:
    """What a verb says when its ids are written like this."""
    others = {name: value for name, value in moment.sql.items() if name not in ids}
    named = [sql.SQL("{} => {}").format(sql.Identifier(name), value) for name, value in ids.items()]
    named += [sql.SQL("{} => %s").format(sql.Identifier(name)) for name in others]
    statement = sql.SQL("select postbell.{}({})").format(
        sql.Identifier(moment.verb), sql.SQL(", ").join(named)
    )
    with connection.transaction(force_rollback=True):
        with acting_as(connection, "producer"):
            connection.execute(statement, [given.adapted(value) for value in others.values()])
        return outbox(connection)


def numbered(moment: Moment, kind: type[int | str]) -> Moment:
    """The moment, its members of a thread having numbers as ids."""
    members = moment.sql.get("members")
    changed = {"members": [kind(n) for n in range(1, len(members) + 1)]} if members else {}
    return replace(moment, sql={**moment.sql, **changed})


@every_moment
@pytest.mark.parametrize("kind", WRITTEN)
def test_ids_are_all_texts_or_all_integers(
    connection: Connection, moment: Moment, kind: str
) -> None:
    numbers = ids_of(moment)
    as_text = said_with(
        connection,
        numbered(moment, str),
        **{name: sql.Literal(str(number)) for name, number in numbers.items()},
    )
    written = {name: WRITTEN[kind](number) for name, number in numbers.items()}

    whole = numbered(moment, str if kind in TEXTS else int)
    assert said_with(connection, whole, **written) == as_text


def test_where_ids_are_of_both_kinds_the_integers_are_cast(connection: Connection) -> None:
    connection.execute(
        "select postbell.notify_order_paid(order_id => 7::text, client_id => 'ada', amount => 1.50)"
    )

    assert given.rows(connection, "select subject, recipient from postbell.outbox") == [
        ("order:7", "ada")
    ]


@every_moment
@pytest.mark.parametrize("size", [1, 100_000, 10_000_000_000])
def test_an_id_may_be_a_parameter_of_any_integer_type(
    connection: Connection, moment: Moment, size: int
) -> None:
    numbers = {name: number * size for name, number in ids_of(moment).items()}
    texts = {name: str(number) for name, number in numbers.items()}
    with connection.transaction(force_rollback=True):
        given.call(connection, moment.verb, **{**numbered(moment, str).sql, **texts})
        as_text = outbox(connection)

    given.call(connection, moment.verb, **{**numbered(moment, int).sql, **numbers})
    assert outbox(connection) == as_text


@every_moment
def test_an_id_that_is_null_is_as_good_as_none(connection: Connection, moment: Moment) -> None:
    declared = given.column(
        connection,
        "select pg_get_function_arguments(oid) from pg_proc"
        " where pronamespace = 'postbell'::regnamespace and proname = %s",
        moment.verb,
    )
    for absent in ids_of(moment):
        if not any(f"{absent} text DEFAULT" in arguments for arguments in declared):
            continue
        others = {n: sql.SQL(str(i)) for n, i in ids_of(moment).items() if n != absent}
        whole = numbered(moment, int)
        bare = replace(whole, sql={n: v for n, v in whole.sql.items() if n != absent})
        as_null = said_with(connection, whole, **others, **{absent: sql.SQL("null")})
        assert said_with(connection, bare, **others) == as_null


def test_every_verb_has_two_signatures_that_say_the_same_of_themselves(
    connection: Connection,
) -> None:
    said = given.rows(
        connection,
        "select proname::text, count(*), count(distinct obj_description(oid, 'pg_proc'))"
        " from pg_proc where pronamespace = 'postbell'::regnamespace and proname ~ '^notify_'"
        " group by proname",
    )
    assert {name for name, *_ in said} == {moment.verb for moment in MOMENTS}
    assert {(signatures, comments) for _, signatures, comments in said} == {(2, 1)}


def test_members_may_be_integers(connection: Connection) -> None:
    connection.execute(
        "select postbell.notify_class_message_received(thread_id => 7, sender_id => 1,"
        " sender_name => 'Ada', members => array[1, 2])"
    )
    assert given.column(connection, "select audience -> 'recipients' from postbell.outbox") == [
        ["1", "2"]
    ]


# --- what the system before this one did wrong


def told(db: Connection) -> list[tuple[str, str]]:
    """Who finds what in the inbox, once everything is routed."""
    given.route(db)
    return given.rows(
        db,
        "select event, recipient_id from postbell.delivery_log"
        " where channel = 'in_app' and state = 'queued' order by outbox_id, recipient_id",
    )


def test_a_paid_order_is_not_told_to_the_client_a_second_time_as_payment_completed(
    db: Connection,
) -> None:
    given.call(db, "notify_order_paid", **PAID)

    assert told(db) == [("order.paid", "u1")]


def test_the_second_order_completed_of_a_client_is_not_lost_as_a_duplicate(
    db: Connection,
) -> None:
    for order in ("42", "43"):
        given.call(db, "notify_order_completed", order_id=order, client_id="u1")

    assert told(db) == [("order.completed", "u1")] * 2


def test_a_second_payment_within_45_seconds_is_not_swallowed(db: Connection) -> None:
    for _ in range(2):
        given.call(db, "notify_payment_completed", client_id="u1", amount="7.00")

    assert told(db) == [("payment.completed", "u1")] * 2


def test_whoever_replies_is_not_told_of_their_own_reply(db: Connection) -> None:
    given.recipient(db, "s1")
    given.call(
        db, "notify_ticket_reply",
        ticket_number="T-9", creator_id="u1", assignee_id="s1", replier_id="u1",
    )  # fmt: skip

    assert told(db) == [("ticket.replied", "s1")]


def test_an_internal_note_of_the_staff_is_not_told_to_the_client(db: Connection) -> None:
    given.recipient(db, "s1")
    given.call(
        db, "notify_ticket_reply",
        ticket_number="T-9", creator_id="u1", assignee_id="s1", replier_id="s2", is_internal=True,
    )  # fmt: skip

    assert told(db) == [("ticket.replied", "s1")]


def test_an_unknown_recipient_does_not_abort_the_payment(db: Connection) -> None:
    with db.transaction():
        given.call(db, "notify_order_paid", **PAID | {"client_id": "nobody"})
        given.tenant(db, name="Paid")

    assert given.column(db, "select name from postbell.tenant where id = 'default'") == ["Paid"]
    assert told(db) == []
    assert list(given.rejections(db).values()) == ["unknown_recipient"]


# --- where it is called


@pytest.fixture
def orders(connection: Connection) -> Connection:
    """An application whose table of orders tells by itself that one is paid."""
    connection.execute("""
        create table orders (id bigint primary key, client_id bigint, amount numeric, paid_at date);
        create function tell_of_payment() returns trigger language plpgsql as $$
        begin
            perform postbell.notify_order_paid(
                order_id => new.id, client_id => new.client_id, amount => new.amount
            );
            return null;
        end $$;
        create trigger tell_of_payment after update of paid_at on orders
        for each row when (old.paid_at is null and new.paid_at is not null)
        execute function tell_of_payment();
        insert into orders values (42, 7, 19.90), (43, null, 5.00)
    """)
    return connection


def test_a_trigger_calls_a_verb(orders: Connection) -> None:
    orders.execute("update orders set paid_at = '2030-01-01' where id = 42")
    orders.execute("update orders set paid_at = '2030-01-02' where id = 42")

    assert outbox(orders) == [
        ("order.paid", "7", None, {"order_id": "42", "amount": "19.90"}, "order:42", None)
    ]


def test_a_trigger_that_names_nobody_stops_the_statement(orders: Connection) -> None:
    with pytest.raises(psycopg.Error, match="client_id is missing"), orders.transaction():
        orders.execute("update orders set paid_at = '2030-01-01'")

    assert given.column(orders, "select count(*) from orders where paid_at is not null") == [0]


def test_what_is_rolled_back_tells_nobody(connection: Connection) -> None:
    with connection.transaction(force_rollback=True):
        given.call(connection, "notify_order_paid", **PAID)

    assert outbox(connection) == []


# --- mistakes


def test_a_float_is_refused_by_name(connection: Connection) -> None:
    said = refusal(connection, "notify_order_paid", **{**PAID, "amount": 19.9})

    assert said == (
        "invalid argument: amount is a float, which is never exact: give a numeric or a text"
    )


@pytest.mark.parametrize("amount", ["12,50", "€5", "NaN", "1e5", "0." + "3" * 20])
def test_what_is_no_amount_is_refused(connection: Connection, amount: str) -> None:
    said = refusal(connection, "notify_order_paid", **{**PAID, "amount": amount})

    assert said == f"invalid argument: amount is no amount such as 19.90 but {amount}"


REQUIRED = [
    (moment, name)
    for moment, name in {
        (moment.verb, name): (moment, name)
        for moment in reversed(MOMENTS)
        for name in (
            "order_id", "client_id", "creator_id", "replier_id", "sender_id", "thread_id",
            "ticket_number", "bundle_name", "points", "tier_name", "item_name", "invoice_number",
        )
        if name in moment.sql
    }.values()
    # These three may be without one.
    if (moment.verb, name) not in {
        ("notify_payment_failed", "order_id"),
        ("notify_refund_processed", "order_id"),
        ("notify_installment_due", "order_id"),
        ("notify_class_message_received", "bundle_name"),
        ("notify_class_ticket_created", "bundle_name"),
    }
]  # fmt: skip


@pytest.mark.parametrize(
    ("moment", "name"), REQUIRED, ids=[f"{moment.verb} {name}" for moment, name in REQUIRED]
)
def test_what_a_verb_cannot_do_without_is_named(
    connection: Connection, moment: Moment, name: str
) -> None:
    said = refusal(connection, moment.verb, **{**moment.sql, name: None})

    assert said == f"invalid argument: {name} is missing"


def test_a_person_whom_nobody_knows_is_no_mistake_of_the_caller(connection: Connection) -> None:
    told = given.call(connection, "notify_order_paid", **{**PAID, "client_id": "nobody"})

    assert len(told) == 1


def test_an_event_that_is_disabled_is_no_mistake_of_the_caller(connection: Connection) -> None:
    connection.execute("delete from postbell.event_type")

    assert len(given.call(connection, "notify_order_paid", **PAID)) == 1


def test_in_strict_mode_a_verb_raises_what_the_router_would_reject(
    connection: Connection,
) -> None:
    connection.execute("set local postbell.strict = on")

    with pytest.raises(errors.Error) as refused, connection.transaction():
        given.call(connection, "notify_order_paid", **{**PAID, "client_id": "nobody"})
    assert refused.value.sqlstate == "PB003"
