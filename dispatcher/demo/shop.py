"""The application's connection: one business transaction after the other, and what each said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
from psycopg import AsyncClientCursor, AsyncConnection, errors, sql
from psycopg.rows import dict_row

#: The login: postbell_producer, and owner of its own schema.
LOGIN: Final = "marketplace"

_FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of a tenant. `habit` says what is special about reaching them."""

    id: str
    tenant_id: str
    name: str
    email: str | None
    phone: str | None
    roles: list[str]
    habit: str
    tenant_name: str


People = Mapping[str, Person]
Row = dict[str, Any]
Statement = LiteralString | sql.Composed


def install(connection: psycopg.Connection[Any], page_url: str) -> People:
    """Creates tenants, tables and people, as the owner of a deployed database.

    Links in messages lead below `page_url`. Returns the people by id, clients first.
    """
    connection.execute("select set_config('demo.page', %s, false)", [page_url])
    for name in ("schema.sql", "triggers.sql", "fixtures.sql"):
        connection.execute((_FOLDER / name).read_bytes())
        connection.execute("reset role")
    rows = connection.execute(
        "select person.id, tenant_id, person.name, email, phone, roles, habit, tenant.name"
        " from shop.person join postbell.tenant on tenant.id = tenant_id"
        " order by tenant_id, roles, person.id"
    )
    return {row[0]: Person(*row) for row in rows}


class NothingToDoError(Exception):
    """The action needs something that is not there. The text says what to do first."""


@dataclass(slots=True)
class Transaction:
    """One transaction: what it was for, how it ended, and the events that it emitted."""

    #: What happens, as a sentence without its full stop.
    title: str = ""
    #: What else there is to say of it.
    note: str = ""
    at: datetime = field(default_factory=lambda: datetime.now().astimezone())
    #: The constraint that objected; None if it committed.
    rolled_back_by: str | None = None
    #: What the application said to the database, with the values.
    statements: list[str] = field(default_factory=list)
    #: The transaction's id.
    xid: int = 0
    #: Ids in postbell.outbox, whether the code or a trigger inserted them.
    outbox_ids: list[int] = field(default_factory=list)


class Shop:
    """What an action works with, inside its transaction: one client's side of the application."""

    def __init__(
        self,
        connection: AsyncConnection[Any],
        people: People,
        client: Person,
        transaction: Transaction,
    ) -> None:
        self.client: Final = client
        ours = [person for person in people.values() if person.tenant_id == client.tenant_id]
        #: Who writes orders and teaches classes.
        self.writer: Final = next(person for person in ours if "writer" in person.roles)
        self.support: Final = next(person for person in ours if "support" in person.roles)
        #: The action says there what happens.
        self.transaction: Final = transaction
        self._connection: Final = connection

    async def rows(self, statement: Statement, **values: object) -> list[Row]:
        """The rows that a statement returns. A row or a person among the values is its id."""
        if isinstance(statement, str):
            statement = cleandoc(statement)
        given = {name: _id(value) for name, value in values.items()}
        self.transaction.statements.append(
            AsyncClientCursor(self._connection).mogrify(statement, given)
        )
        cursor = self._connection.cursor(row_factory=dict_row)
        await cursor.execute(statement, given)
        return await cursor.fetchall() if cursor.description else []

    async def insert(self, table: LiteralString, **columns: object) -> Row:
        """Inserts a row, and returns it."""
        statement = sql.SQL("insert into shop.{} ({}) values ({}) returning *").format(
            sql.SQL(table),
            sql.SQL(", ").join(map(sql.SQL, columns)),
            sql.SQL(", ").join(map(sql.Placeholder, columns)),
        )
        (made,) = await self.rows(statement, **columns)
        return made

    async def update(self, table: LiteralString, row: Row, **columns: object) -> Row:
        """Changes columns of a row, and returns all of it."""
        statement = sql.SQL("update shop.{} set {} where id = {} returning *").format(
            sql.SQL(table),
            sql.SQL(", ").join(
                sql.SQL("{} = {}").format(sql.SQL(name), sql.Placeholder(name)) for name in columns
            ),
            row["id"],
        )
        (changed,) = await self.rows(statement, **columns)
        return changed

    async def find(self, table: LiteralString, condition: LiteralString = "true") -> Row | None:
        """The client's latest row, called `wanted`, of which the condition is true."""
        cursor = self._connection.cursor(row_factory=dict_row)
        await cursor.execute(
            sql.SQL(
                "select * from shop.{} as wanted where client_id = %s and {}"
                " order by id desc limit 1"
            ).format(sql.SQL(table), sql.SQL(condition)),
            [self.client.id],
        )
        return await cursor.fetchone()

    async def emit(self, verb: Callable[..., Awaitable[Any]], **given: object) -> Any:
        """Calls a verb of `postbell` in the transaction. Returns the event's id."""
        given = {name: value for name, value in given.items() if value is not None}
        named = ", ".join(f"{name}={_shown(value)}" for name, value in given.items())
        self.transaction.statements.append(f"-- postbell.{verb.__name__}({named})")
        return await verb(**given, website=self.client.tenant_id, on=self._connection)


Work = Callable[[Shop], Awaitable[None]]


async def transact(
    connection: AsyncConnection[Any], people: People, client: Person, work: Work
) -> Transaction:
    """Runs `work` in one transaction. If a constraint objects, nothing of it ever happened.

    Raises NothingToDoError.
    """
    transaction = Transaction()
    with suppress(errors.IntegrityError):
        async with connection.transaction():
            cursor = await connection.execute("select pg_current_xact_id()::text::bigint")
            ((transaction.xid,),) = await cursor.fetchall()
            try:
                await work(Shop(connection, people, client, transaction))
            except errors.IntegrityError as objection:
                transaction.rolled_back_by = objection.diag.constraint_name or str(objection)
                raise
    return transaction


def _id(value: object) -> object:
    match value:
        case Person():
            return value.id
        case {"id": number}:
            return number
    return value


def _shown(value: object) -> str:
    """A row by its id, anything else as Python writes it."""
    if isinstance(value, Mapping):
        return f"{{'id': {value['id']!r}, …}}" if "id" in value else repr(dict(value))
    return f"<{value.id}>" if isinstance(value, Person) else repr(value)
