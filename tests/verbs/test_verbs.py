"""The verbs on whatever the application has, in its transaction."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Awaitable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, assert_type
from uuid import UUID

import psycopg
import pytest
from psycopg import errors
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import postbell as verbs
from dispatcher.errors import InvalidArgumentError, UnknownRecipientError
from tests.support import given
from tests.support.given import Connection
from tests.support.moments import MOMENTS, ORDER, PROFILE, TICKET, Moment
from tests.support.verb_connections import Ground, async_engine_for, engine_for, needs_greenlet

PAID: Any = {"order": {"id": 42, "client_id": "u1"}, "payment_amount": "19.90"}


async def told(returned: Any) -> Any:
    """What a verb returned, or what came of awaiting it."""
    return await returned if inspect.isawaitable(returned) else returned


async def emit(moment: Moment, on: object, **options: object) -> Any:
    return await told(getattr(verbs, moment.verb)(**moment.python, on=on, **options))


# --- what is emitted, and where


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.id)
async def test_a_verb_emits_what_the_catalogue_has(ground: Ground, moment: Moment) -> None:
    returned = await emit(moment, ground.on)

    assert await ground.outbox() == [said.row for said in moment.said]
    emitted = [row[0] for row in await ground.rows("select id from postbell.outbox order by id")]
    assert emitted == (returned if isinstance(returned, list) else [returned])


def test_every_verb_of_sql_is_one_of_python() -> None:
    assert {moment.verb for moment in MOMENTS} == {
        name for name in verbs.__all__ if name.startswith("notify_")
    }


async def test_what_is_rolled_back_tells_nobody(ground: Ground) -> None:
    await told(verbs.notify_order_paid(**PAID, on=ground.on))
    await told(ground.on.rollback())

    assert await ground.outbox() == []


async def test_inside_using_a_verb_needs_no_connection(ground: Ground) -> None:
    with verbs.using(ground.on):
        await told(verbs.notify_order_paid(**PAID))
    with pytest.raises(InvalidArgumentError, match="no connection: give one with on="):
        verbs.notify_order_paid(**PAID)

    assert len(await ground.outbox()) == 1


def test_an_engine_makes_a_transaction_of_its_own(db: Connection, database_url: str) -> None:
    returned = verbs.notify_order_paid(**PAID, on=engine_for(database_url))

    assert given.column(db, "select id from postbell.outbox") == [returned]


@needs_greenlet
async def test_an_asynchronous_engine_does_so_too(db: Connection, database_url: str) -> None:
    returned = await verbs.notify_order_paid(**PAID, on=async_engine_for(database_url))

    assert given.column(db, "select id from postbell.outbox") == [returned]


async def test_what_a_verb_returns_is_known_to_the_type_checker(
    connection: Connection, async_connection: psycopg.AsyncConnection
) -> None:
    returned = verbs.notify_order_paid(**PAID, on=connection)
    assert_type(returned, int)
    awaitable = verbs.notify_order_paid(**PAID, on=async_connection)
    assert_type(awaitable, Awaitable[int])

    assert isinstance(returned, int)
    assert isinstance(await awaitable, int)


def test_rows_that_the_caller_has_as_dicts_do_no_harm(shared_url: str) -> None:
    with psycopg.connect(shared_url, row_factory=dict_row) as connection:
        assert isinstance(verbs.notify_order_paid(**PAID, on=connection), int)
        connection.rollback()


class Base(DeclarativeBase):
    pass


class OrderRow(Base):
    """An order as an application maps it."""

    __tablename__ = "verbs_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int]
    topic: Mapped[str]
    writer_id: Mapped[str | None]
    website_id: Mapped[str]


def test_an_instance_of_an_orm_is_told_of_once_it_is_flushed(shared_url: str) -> None:
    with engine_for(shared_url).connect() as connection, Session(connection) as session:
        Base.metadata.create_all(connection)
        order = OrderRow(client_id=7, topic="Bees", website_id="acme")
        session.add(order)
        with pytest.raises(InvalidArgumentError, match=r"order\.id is missing: save or flush it"):
            verbs.notify_order_paid(order=order, payment_amount=Decimal("5.00"), on=session)
        session.flush()

        verbs.notify_order_paid(order=order, payment_amount=Decimal("5.00"), on=session)

        driver: Any = connection.connection.driver_connection
        assert given.rows(driver, "select tenant_id, recipient, payload from postbell.outbox") == [
            ("acme", "7", {"order_id": "1", "order_topic": "Bees", "amount": "5.00"})
        ]


# --- what every event may have


def test_a_verb_takes_what_every_event_may_have(connection: Connection) -> None:
    verbs.notify_order_completed(
        order=ORDER,
        on=connection,
        website={"id": "acme"},
        actor=UUID(int=1),
        idempotency_key="k",
        deliver_at=datetime(2030, 1, 1, 12, tzinfo=UTC),
        expires_at=datetime(2030, 1, 2, 12, tzinfo=UTC),
    )

    assert given.rows(
        connection,
        "select tenant_id, actor, idempotency_key, deliver_at, expires_at from postbell.outbox",
    ) == [
        (
            "acme",
            str(UUID(int=1)),
            "k",
            datetime(2030, 1, 1, 12, tzinfo=UTC),
            datetime(2030, 1, 2, 12, tzinfo=UTC),
        )
    ]


def test_the_website_of_an_order_is_its_own_unless_another_is_named(
    connection: Connection,
) -> None:
    order = {"id": 42, "client_id": "u1", "website_id": "acme"}
    verbs.notify_order_completed(order=order, on=connection)
    verbs.notify_order_completed(order=order, on=connection, website="zenith")

    assert given.column(connection, "select tenant_id from postbell.outbox order by id") == [
        "acme",
        "zenith",
    ]


def test_a_whole_number_is_an_amount(connection: Connection) -> None:
    verbs.notify_order_paid(**PAID | {"payment_amount": 20}, on=connection)

    assert given.value(connection, "select payload ->> 'amount' from postbell.outbox") == "20"


# --- any event by name


def test_send_notification_keeps_the_order_of_its_arguments(connection: Connection) -> None:
    verbs.send_notification({"id": "u1"}, "order.paid", {"order_id": 1}, "acme", on=connection)

    assert given.rows(
        connection, "select tenant_id, event, recipient, payload from postbell.outbox"
    ) == [("acme", "order.paid", "u1", {"order_id": 1})]


@pytest.mark.parametrize(
    ("website", "payload", "expected"),
    [(3, {"website_id": 2}, "3"), (None, {"website_id": 2}, "2"), (None, None, "1")],
)
def test_send_notification_finds_the_website(
    connection: Connection, website: Any, payload: Any, expected: str
) -> None:
    user = {"id": 7, "website_id": 1}
    verbs.send_notification(user, "order.paid", payload, website, actor=8, on=connection)

    assert given.rows(connection, "select tenant_id, actor from postbell.outbox") == [
        (expected, "8")
    ]


@pytest.mark.parametrize(
    ("recipients", "recipient", "audience"),
    [
        ("u1", "u1", None),
        (7, "7", None),
        ({"id": "u1"}, "u1", None),
        (["u1", {"id": 7}], None, {"recipients": ["u1", "7"]}),
        (iter(["u1"]), None, {"recipients": ["u1"]}),
        ({"role": "support"}, None, {"role": "support"}),
        ({"topic": "thread:7"}, None, {"topic": "thread:7"}),
    ],
)
def test_notify_addresses_a_person_several_or_an_audience(
    connection: Connection, recipients: Any, recipient: str | None, audience: object
) -> None:
    verbs.notify("order.paid", recipients, on=connection)

    assert given.rows(connection, "select recipient, audience, payload from postbell.outbox") == [
        (recipient, audience, {})
    ]


def test_notify_takes_what_the_outbox_does(connection: Connection) -> None:
    verbs.notify(
        "order.paid",
        "u1",
        {"order_id": UUID(int=1), "amount": Decimal("5.00"), "at": datetime(2030, 1, 1)},  # noqa: DTZ001
        on=connection,
        subject="order:1",
        channels=("email",),
        forced_channels={"sms"},
        priority="high",
    )

    assert given.rows(
        connection,
        "select payload, subject, channels, forced_channels, priority from postbell.outbox",
    ) == [
        (
            {"order_id": str(UUID(int=1)), "amount": "5.00", "at": "2030-01-01T00:00:00"},
            "order:1",
            ["email"],
            ["sms"],
            "high",
        )
    ]


# --- cancelling


async def test_an_event_is_cancelled_by_its_id(ground: Ground) -> None:
    paid = await told(verbs.notify_order_paid(**PAID, on=ground.on))

    assert await told(verbs.cancel(paid, on=ground.on)) == verbs.Cancelled(0, 0)
    cancelled = "select outbox_id, subject from postbell_private.cancellation"
    assert await ground.rows(cancelled) == [(paid, None)]


async def test_what_is_about_a_subject_is_cancelled_for_one_website(ground: Ground) -> None:
    await told(verbs.cancel("order:42", on=ground.on))
    await told(verbs.cancel("order:42", website={"id": "acme"}, on=ground.on, savepoint=True))

    cancelled = "select tenant_id, subject from postbell_private.cancellation order by tenant_id"
    assert await ground.rows(cancelled) == [("acme", "order:42"), ("default", "order:42")]


def test_cancel_counts_what_was_taken_back_and_what_was_handed_over(db: Connection) -> None:
    given.event_type(db, default_channels=["in_app", "email"])
    paid = verbs.notify_order_paid(**PAID, on=db)
    given.route(db)

    counted = verbs.cancel(paid, on=db)

    assert_type(counted, verbs.Cancelled)
    assert (counted.taken_back, counted.handed_over) == (2, 0)
    assert verbs.cancel("order:42", on=db) == (0, 0)


def test_who_cancels_without_on_does_so_inside_using(connection: Connection) -> None:
    with verbs.using(connection):
        assert verbs.cancel("order:42") == (0, 0)
    with pytest.raises(InvalidArgumentError, match="no connection"):
        verbs.cancel("order:42")


@pytest.mark.parametrize(
    ("event", "website", "message"),
    [
        ("", None, "event is missing"),
        (True, None, "event is no whole number of up to 18 digits but True"),
        (7.5, None, "event is no whole number of up to 18 digits but 7.5"),
        (2**70, None, "event is no whole number of up to 18 digits but 1180591620717411303424"),
        ("a\x00b", None, "event has a NUL character"),
        (7, "acme", "website is given with an id, which needs none"),
    ],
)
def test_what_cannot_be_cancelled_is_named(
    connection: Connection, event: Any, website: str | None, message: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        verbs.cancel(event, website=website, on=connection)


# --- mistakes


@pytest.mark.parametrize(
    ("verb", "arguments", "message"),
    [
        ("notify_order_paid", {"payment_amount": 19.9}, "payment_amount is a float: give a Dec"),
        ("notify_order_paid", {"payment_amount": True}, "payment_amount is a bool: give a Dec"),
        ("notify_order_paid", {"payment_amount": "€5"}, "payment_amount is no amount such as"),
        ("notify_order_paid", {"payment_amount": Decimal("NaN")}, "payment_amount is no amount"),
        ("notify_order_paid", {"payment_amount": None}, "payment_amount is missing"),
        ("notify_order_paid", {"order": None}, "order is no object with id but None"),
        ("notify_order_paid", {"order": 42}, "order is no object with id but 42"),
        ("notify_order_paid", {"payment_method": "a\0b"}, "payment_method has a NUL character"),
        ("notify_order_paid", {"payment_method": "\ud800"}, "payment_method has half of a"),
        ("notify_order_paid", {"actor": "a\0b"}, "actor has a NUL character"),
        ("notify_order_paid", {"order": {"client_id": 7}}, r"order\.id is missing: save or flush"),
        ("notify_order_paid", {"order": {"id": 42}}, r"order\.client_id is missing"),
        ("notify_order_paid", {"order": {"id": 4.2, "client_id": 7}}, r"order\.id is no id but 4"),
        ("notify_order_paid", {"order": {"id": True, "client_id": 7}}, r"order\.id is no id but"),
        ("notify_order_paid", {"payment_method": 3}, "payment_method is no text but 3"),
        ("notify_order_paid", {"website": object()}, "website is no id, nor anything with one"),
        ("notify_order_paid", {"website": {"id": None}}, r"website\.id is missing"),
        ("notify_order_paid", {"deliver_at": "tomorrow"}, "deliver_at is no datetime"),
        ("notify_order_paid", {"deliver_at": datetime(2030, 1, 1)}, "deliver_at has no time zone"),  # noqa: DTZ001
        ("notify_order_assigned", {"order": {"id": 1, "client_id": 7}}, r"order\.writer_id is mis"),
        ("notify_loyalty_points_awarded", {"points": "many"}, "points is no whole number"),
        ("notify_tier_upgraded", {"tier_name": ""}, "tier_name is missing"),
        ("notify_invoice_generated",
         {"invoice": {"client_id": 7, "invoice_number": "1", "amount": "1", "due_date": "soon"}},
         r"invoice\.due_date is no date but 'soon'"),
        ("notify_installment_due", {"order_id": 1, "special_order_id": 2}, "of one order, special"),
        ("notify_ticket_reply", {"replier": None}, "replier is missing"),
        ("notify_ticket_reply", {"message": 7}, "message is no object with text but 7"),
        ("notify_ticket_created", {"creator": 1.5}, "creator is no id, nor anything with one"),
        ("notify", {"event": ""}, "event is missing"),
        ("notify", {"recipients": []}, "recipients is missing"),
        ("notify", {"recipients": {"roles": "support"}}, "recipients names nobody"),
        ("notify", {"payload": {"at": {1}}}, "payload cannot be JSON: a set has no place in it"),
        ("notify", {"payload": {"at": float("nan")}}, "payload cannot be JSON"),
        ("notify", {"payload": {"at": ["\\\\\0"]}}, "payload has a NUL character"),
        ("notify", {"payload": {"at\ud800": 1}}, "payload has half of a surrogate pair"),
        ("send_notification", {"user": None}, "user is missing"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_before_anything_is_sent(
    connection: Connection, verb: str, arguments: dict[str, object], message: str
) -> None:
    usual: dict[str, dict[str, object]] = {
        "notify_order_paid": PAID,
        "notify_loyalty_points_awarded": {"client_profile": PROFILE},
        "notify_tier_upgraded": {"client_profile": PROFILE},
        "notify_installment_due": {"installment": {"client_id": 7, "amount": "5"}},
        "notify_ticket_reply": {"ticket": TICKET, "message": "Hello", "replier": "s1"},
        "notify_ticket_created": {"ticket": TICKET},
        "notify": {"event": "order.paid", "recipients": "u1"},
        "send_notification": {"event": "order.paid"},
    }

    with pytest.raises(InvalidArgumentError, match=message) as mistake:
        getattr(verbs, verb)(**usual.get(verb, {}) | arguments, on=connection)

    assert isinstance(mistake.value, ValueError)
    assert connection.info.transaction_status == TransactionStatus.IDLE


def test_an_argument_that_no_verb_has_is_an_error(connection: Connection) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'wesbite'"):
        getattr(verbs, "notify_order_paid")(**PAID, wesbite="acme", on=connection)  # noqa: B009
    with pytest.raises(TypeError, match="unexpected keyword argument 'actor'"):
        getattr(verbs, "notify_ticket_created")(  # noqa: B009
            ticket=TICKET, creator="u1", actor="u1", on=connection
        )


def test_what_is_no_connection_is_named() -> None:
    with pytest.raises(InvalidArgumentError, match="on is a dict, and neither a connection of"):
        verbs.notify_order_paid(**PAID, on={})  # type: ignore[call-overload]


async def test_after_a_mistake_the_transaction_goes_on(ground: Ground) -> None:
    await told(verbs.notify_order_paid(**PAID, on=ground.on))
    with pytest.raises(InvalidArgumentError):
        await told(verbs.notify_order_paid(**PAID | {"payment_amount": 5.0}, on=ground.on))
    await told(verbs.notify_order_paid(**PAID, on=ground.on))

    assert len(await ground.outbox()) == 2


@pytest.mark.parametrize("savepoint", [True, False])
async def test_only_in_a_savepoint_the_transaction_outlives_what_the_database_refuses(
    ground: Ground, savepoint: bool
) -> None:
    await told(verbs.notify_order_paid(**PAID, on=ground.on, savepoint=savepoint))
    await told(ground.driver.execute("set local role postbell_reader"))
    with pytest.raises((psycopg.Error, DBAPIError), match="permission denied"):
        await told(verbs.notify_order_paid(**PAID, on=ground.on, savepoint=savepoint))

    if savepoint:
        await told(ground.driver.execute("reset role"))
        assert len(await ground.outbox()) == 1
    else:
        with pytest.raises(errors.InFailedSqlTransaction):
            await ground.outbox()


async def test_a_savepoint_is_within_the_callers_transaction(ground: Ground) -> None:
    await told(verbs.notify_order_paid(**PAID, on=ground.on, savepoint=True))
    await told(ground.on.rollback())

    assert await ground.outbox() == []


def test_outside_a_transaction_a_savepoint_is_one_of_its_own(
    db: Connection, database_url: str
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        verbs.notify_order_paid(**PAID, on=connection, savepoint=True)
    verbs.notify_order_paid(**PAID, on=engine_for(database_url), savepoint=True)

    assert given.value(db, "select count(*) from postbell.outbox") == 2


async def test_what_strict_mode_raises_has_a_name(ground: Ground) -> None:
    await ground.rows("select set_config('postbell.strict', 'on', true)")

    with pytest.raises(UnknownRecipientError, match="u1"):
        await told(verbs.notify_order_paid(**PAID, on=ground.on))


def test_whoever_has_no_sqlalchemy_can_import_the_verbs() -> None:
    script = (
        "import sys; sys.modules['sqlalchemy'] = None; sys.modules['pydantic'] = None;"
        " from postbell import notify_order_paid; print(notify_order_paid.__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60
    )

    assert done.stdout == "notify_order_paid\n"
