"""The application's people and its connection: what a function of services.py works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
from psycopg import AsyncClientCursor, AsyncConnection, sql
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
    """A service needs something that is not there. The text says what to do first."""


class Shop:
    """One client's side of the application, inside a transaction of the connection."""

    def __init__(self, connection: AsyncConnection[Any], people: People, client: Person) -> None:
        self.client: Final = client
        ours = [person for person in people.values() if person.tenant_id == client.tenant_id]
        #: Who writes orders and teaches classes.
        self.writer: Final = next(person for person in ours if "writer" in person.roles)
        self.support: Final = next(person for person in ours if "support" in person.roles)
        #: What was said to the database, with the values.
        self.statements: Final[list[str]] = []
        #: By the last word of its table, the row that was read or written last.
        self.latest: Final[dict[str, Row]] = {}
        self._connection: Final = connection

    def person(self, part: str) -> Person:
        """Who plays the part: client, writer or support."""
        return {"client": self.client, "writer": self.writer, "support": self.support}[part]

    async def emit(self, verb: Callable[..., Awaitable[Any]], **given: object) -> Any:
        """Calls a verb of `postbell` in the transaction. Returns the event's id."""
        named = ", ".join(f"{name}={_shown(value)}" for name, value in given.items() if value)
        self.statements.append(f"-- postbell.{verb.__name__}({named})")
        return await verb(**given, website=self.client.tenant_id, on=self._connection)

    async def rows(self, statement: LiteralString | sql.Composed, **values: object) -> list[Row]:
        """The rows that a statement returns. It may also name %(client)s and %(tenant)s."""
        values = {"client": self.client.id, "tenant": self.client.tenant_id, **values}
        if isinstance(statement, str):
            statement = cleandoc(statement)
        said = AsyncClientCursor(self._connection).mogrify(statement, values)
        self.statements.append(said)
        cursor = self._connection.cursor(row_factory=dict_row)
        await cursor.execute(statement, values)
        return await cursor.fetchall() if cursor.description else []

    async def insert(self, table: LiteralString, **columns: object) -> Row:
        """Inserts a row, and returns it."""
        statement = sql.SQL("insert into shop.{} ({}) values ({}) returning *").format(
            sql.SQL(table),
            sql.SQL(", ").join(map(sql.SQL, columns)),
            sql.SQL(", ").join(map(sql.Placeholder, columns)),
        )
        (row,) = await self.rows(statement, **columns)
        return self._seen(table, row)

    async def add(self, table: LiteralString, **columns: object) -> Row:
        """Inserts a row of the client's, and returns it."""
        return await self.insert(table, client_id=self.client.id, **columns)

    async def update(self, table: LiteralString, row: Row, **columns: object) -> Row:
        """Changes columns of a row, and returns all of it."""
        statement = sql.SQL("update shop.{} set {} where id = {} returning *").format(
            sql.SQL(table),
            sql.SQL(", ").join(
                sql.SQL("{} = {}").format(sql.SQL(name), sql.Placeholder(name)) for name in columns
            ),
            row["id"],
        )
        (row,) = await self.rows(statement, **columns)
        return self._seen(table, row)

    async def find(self, table: LiteralString, condition: LiteralString = "true") -> Row | None:
        """The client's latest row, called `wanted`, of which the condition is true."""
        query = sql.SQL(
            "select * from shop.{} as wanted where client_id = {} and {} order by id desc limit 1"
        ).format(sql.SQL(table), self.client.id, sql.SQL(condition))
        found = await self._connection.cursor(row_factory=dict_row).execute(query)
        row = await found.fetchone()
        return self._seen(table, row) if row else None

    def _seen(self, table: str, row: Row) -> Row:
        self.latest[table.rpartition("_")[2]] = row
        return row


def _shown(value: object) -> str:
    """A row by its id, anything else as Python writes it."""
    if isinstance(value, Mapping):
        return f"{{'id': {value['id']!r}, …}}" if "id" in value else repr(dict(value))
    return f"<{value.id}>" if isinstance(value, Person) else repr(value)
