"""The verbs on a database connection of Django."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import DEFAULT_DB_ALIAS, ConnectionHandler, DatabaseError
from django.utils.connection import ConnectionProxy

import postbell as verbs
from dispatcher.errors import UnknownRecipientError
from tests.support import given
from tests.support.django_project.databases import entry
from tests.support.given import Connection

PAID: Any = {"order": {"id": 42, "client_id": "u1"}, "payment_amount": "19.90"}


@pytest.fixture
def django(database_url: str) -> Iterator[Any]:
    """Like `django.db.connection`, on a database of the test's own."""
    handler = ConnectionHandler({DEFAULT_DB_ALIAS: entry(database_url)})
    yield ConnectionProxy(handler, DEFAULT_DB_ALIAS)
    handler.close_all()


def outbox(db: Connection) -> list[object]:
    return given.column(db, "select recipient from postbell.outbox order by id")


@pytest.fixture
def transaction(django: Any) -> Any:
    """Begins one, as atomic() does."""
    django.set_autocommit(False)
    return django


def test_it_is_the_callers_transaction(db: Connection, transaction: Any) -> None:
    verbs.notify_order_paid(**PAID, on=transaction)
    assert outbox(db) == []
    transaction.commit()
    assert outbox(db) == ["u1"]


def test_what_is_rolled_back_tells_nobody(db: Connection, transaction: Any) -> None:
    verbs.notify_order_paid(**PAID, on=transaction)
    transaction.rollback()
    transaction.commit()

    assert outbox(db) == []


def test_a_connection_that_django_made_anew_is_the_same_to_a_verb(
    db: Connection, django: Any
) -> None:
    with verbs.using(django):
        verbs.notify_order_paid(**PAID)
        django.close()
        verbs.notify_order_paid(**PAID)

    assert outbox(db) == ["u1", "u1"]


def test_what_strict_mode_raises_has_a_name(db: Connection, django: Any) -> None:
    with django.cursor() as cursor:
        cursor.execute("set postbell.strict = on")
    with pytest.raises(UnknownRecipientError, match="nobody"):
        verbs.notify_order_paid(
            order={"id": 42, "client_id": "nobody"}, payment_amount="19.90", on=django
        )


@pytest.mark.parametrize("savepoint", [True, False])
def test_only_in_a_savepoint_the_transaction_outlives_what_the_database_refuses(
    db: Connection, transaction: Any, savepoint: bool
) -> None:
    with transaction.cursor() as cursor:
        cursor.execute("create table paid (id integer); grant insert on paid to public")
        cursor.execute("set local role postbell_reader")
    with pytest.raises(DatabaseError, match="permission denied"):
        verbs.notify_order_paid(**PAID, on=transaction, savepoint=savepoint)

    with transaction.cursor() as cursor:
        if not savepoint:
            with pytest.raises(DatabaseError, match="current transaction is aborted"):
                cursor.execute("insert into paid values (42)")
            return
        cursor.execute("insert into paid values (42)")
    transaction.commit()
    assert given.column(db, "select id from paid") == [42]


def test_outside_a_transaction_a_savepoint_is_none(db: Connection, django: Any) -> None:
    verbs.notify_order_paid(**PAID, on=django, savepoint=True)

    assert outbox(db) == ["u1"]


def test_a_connection_is_known_by_what_it_can_and_not_by_its_class(connection: Connection) -> None:
    class Pooled:
        """One of another package, that stands for Django's."""

        def ensure_connection(self) -> None: ...

        def savepoint(self) -> None: ...

        def savepoint_commit(self, sid: object) -> None: ...

        def savepoint_rollback(self, sid: object) -> None: ...

        def cursor(self) -> psycopg.Cursor[Any]:
            return connection.cursor()

    assert isinstance(verbs.notify_order_paid(**PAID, on=Pooled()), int)
