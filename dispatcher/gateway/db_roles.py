"""Transactions in the database roles of the gateway.

`postbell_reader` sees and changes the rows of one recipient, by row-level security;
`postbell_support` sees what became of everybody's messages, and not what they say.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from psycopg import AsyncConnection
from psycopg.errors import QueryCanceled

from dispatcher.db import roles
from dispatcher.db.connections import Pool
from dispatcher.db.statement import Statement
from dispatcher.errors import UnknownRecipientError, translated
from dispatcher.gateway.auth import Identity, Operator
from dispatcher.gateway.problem import Problem

_P = ParamSpec("_P")
_Result = TypeVar("_Result")

#: Seconds to wait for a connection of the pool, before the answer is 503.
_POOL_TIMEOUT: Final = 5.0
#: statement_timeout of a recipient: its rows are read by keys, which takes milliseconds.
_RECIPIENT_TIMEOUT: Final = "5s"

#: Seconds, statement_timeout of an operator: its queries must not delay the inboxes.
_OPERATOR_TIMEOUT: Final = 10


@asynccontextmanager
async def as_recipient(pool: Pool, identity: Identity) -> AsyncIterator[AsyncConnection[Any]]:
    """A transaction that sees and changes the rows of this recipient alone.

    Raises PostbellError for errors of the schema.
    """
    with translated():
        async with pool.connection(_POOL_TIMEOUT) as connection, connection.transaction():
            await roles.become_recipient(
                connection, identity.tenant_id, identity.recipient_id, _RECIPIENT_TIMEOUT
            )
            yield connection


async def call_as_recipient(
    pool: Pool,
    identity: Identity,
    statement: Statement[Concatenate[str, str, _P], _Result],
    *args: _P.args,
    **kwargs: _P.kwargs,
) -> _Result:
    """What one statement returns to this recipient; `tenant` and `recipient` are its first two."""
    async with as_recipient(pool, identity) as connection:
        return await statement(
            connection, identity.tenant_id, identity.recipient_id, *args, **kwargs
        )


def unknown_recipient(identity: Identity) -> UnknownRecipientError:
    """The recipient is gone."""
    return UnknownRecipientError(f"{identity.recipient_id} of tenant {identity.tenant_id}")


def recipient_params(identity: Identity) -> dict[str, Any]:
    """The parameters `tenant` and `recipient`."""
    return {"tenant": identity.tenant_id, "recipient": identity.recipient_id}


@asynccontextmanager
async def as_operator(pool: Pool, operator: Operator) -> AsyncIterator[AsyncConnection[Any]]:
    """A transaction of `postbell_support`.

    Raises PostbellError for errors of the schema, and Problem (503) after a timeout.
    """
    try:
        with translated():
            async with pool.connection(_POOL_TIMEOUT) as connection, connection.transaction():
                await roles.become_support(
                    connection, f"postbell operator {operator.name}", f"{_OPERATOR_TIMEOUT}s"
                )
                yield connection
    except QueryCanceled:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "too_much",
            f"The answer would have taken longer than {_OPERATOR_TIMEOUT} seconds.",
            "Ask about less: name a tenant, a person, or fewer days.",
        ) from None


async def call_as_operator(
    pool: Pool,
    operator: Operator,
    statement: Statement[_P, _Result],
    *args: _P.args,
    **kwargs: _P.kwargs,
) -> _Result:
    """What one statement returns to `postbell_support`."""
    async with as_operator(pool, operator) as connection:
        return await statement(connection, *args, **kwargs)
