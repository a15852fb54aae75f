"""Rows that make PostgreSQL fail, as content would that nobody foresaw."""

from __future__ import annotations

import zlib

from psycopg import sql

from tests.support.given import Connection


def poison(
    connection: Connection,
    table: str,
    condition: str,
    *,
    error: str = "division_by_zero",
    events: str = "insert or update",
) -> None:
    """Writing a row of a table of which a condition on `new` holds raises the named error."""
    name = sql.Identifier(f"poison_{zlib.crc32(f'{table} {condition}'.encode())}")
    connection.execute(
        sql.SQL(
            "create function public.{name}() returns trigger language plpgsql as $$"
            " begin raise {error} using message = 'poison'; end $$;"
            " create trigger {name} before {events} on {table}"
            " for each row when ({condition}) execute function public.{name}()"
        ).format(
            name=name,
            error=sql.SQL(error),
            events=sql.SQL(events),
            table=sql.SQL(table),
            condition=sql.SQL(condition),
        )
    )
