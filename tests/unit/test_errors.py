"""Errors: the exceptions are the view postbell.error_codes."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import Connection, sql

from dispatcher import errors
from dispatcher.errors import BY_CODE, BY_NAME, InvalidChannelError, PostbellError


def test_the_exceptions_are_those_of_the_schema(connection: Connection) -> None:
    listed = connection.execute("select code, name, way_out from postbell.error_codes").fetchall()

    assert {row[:2] for row in listed} == {(each.code, each.name) for each in BY_CODE.values()}
    # Which channels there are, only the database knows.
    assert {row for row in listed if row[1] != "invalid_channel"} == {
        (each.code, each.name, each.hint)
        for each in BY_CODE.values()
        if each is not InvalidChannelError
    }


def test_an_error_of_the_database_has_its_hint(connection: Connection) -> None:
    with pytest.raises(InvalidChannelError) as raised, errors.translated():
        connection.execute("select postbell.require_channel('fax')")

    assert raised.value.hint == "Channels are in_app, email, sms, push, sse and chat."


def test_every_exception_has_a_code_and_a_name_of_its_own() -> None:
    known = PostbellError.__subclasses__()

    assert len(known) == len(BY_CODE) == len(BY_NAME)


@pytest.mark.parametrize("error", BY_CODE.values(), ids=lambda error: error.name)
def test_a_docstring_is_the_message(error: type[PostbellError]) -> None:
    assert error.message().endswith(".")
    assert error.message() != PostbellError.message()
    assert str(error()) == error.message()
    assert str(error("this")) == error.message()[:-1] + ": this."


@pytest.mark.parametrize("error", BY_CODE.values(), ids=lambda error: error.name)
def test_what_the_schema_raises_is_translated(
    connection: Connection, error: type[PostbellError]
) -> None:
    raising = sql.SQL("select postbell.raise_error({}, 'this one')").format(error.name)

    with pytest.raises(error) as raised, errors.translated():
        connection.execute(raising)

    assert raised.value.detail == "this one"
    assert isinstance(raised.value.__cause__, psycopg.Error)


def test_an_error_of_a_newer_schema_is_still_ours(connection: Connection) -> None:
    raising = "do $$ begin raise exception 'too new' using errcode = 'PB999'; end $$"

    with pytest.raises(PostbellError, match="too new") as raised, errors.translated():
        connection.execute(raising)

    assert type(raised.value) is PostbellError


def test_postgresql_own_errors_stay_its_own(connection: Connection) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero), errors.translated():
        connection.execute("select 1 / 0")
