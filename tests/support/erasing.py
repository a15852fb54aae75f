"""Somebody who is to be erased, and what is left of them, in any column of any table."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from tests.support import given
from tests.support.given import Connection

#: Whatever says who it is, or what they were told.
WHO = "person-7f3a"
MAIL = "Marker.Ada@example.org"
PHONE = "+33698765432"
NAME = "Ada Markerson"
MARKER = "marker-payload"
CHAT = "https://hooks.slack.com/services/T0/B0/Marker-Chat"
MARKS = (WHO, MAIL, PHONE.removeprefix("+"), NAME, MARKER, CHAT)


def person(db: Connection, who: str = WHO, **named: object) -> str:
    """Known to the default tenant, with an address on each channel."""
    known: dict[str, object] = {
        "email": MAIL, "phone": PHONE, "roles": ["client"], "attributes": {"name": NAME},
        "chat": CHAT,
    }  # fmt: skip
    return given.recipient(db, who, **{**known, **named})


def traces(db: Connection, *marks: str) -> dict[str, list[str]]:
    """The columns of our three schemas whose text has one of the marks, with what they say."""
    texts = [*(marks or MARKS)]
    # A column of bytes shows as hexadecimal digits.
    digits = [mark.encode().hex() for mark in texts]
    found = {}
    for schema, table, column, is_bytes in given.rows(
        db,
        "select relnamespace::regnamespace::text, relname::text, attname::text,"
        " atttypid = 'bytea'::regtype from pg_class"
        " join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped"
        " where relkind in ('r', 'p') and not relispartition and relnamespace in"
        " ('postbell'::regnamespace, 'postbell_private'::regnamespace,"
        " 'postbell_queue'::regnamespace)",
    ):
        query = sql.SQL(
            "select {column}::text from {table}, unnest(%s::text[]) as mark"
            " where strpos(lower({column}::text), lower(mark)) > 0"
        ).format(column=sql.Identifier(column), table=sql.Identifier(schema, table))
        wanted = digits if is_bytes else texts
        if said := [str(text) for (text,) in db.execute(query, [wanted]).fetchall()]:
            found[f"{table}.{column}"] = said
    return found


def erase(db: Connection, who: str = WHO, **named: object) -> tuple[Any, ...]:
    """The certificate."""
    (row,) = given.call(db, "erase_recipient", recipient=who, **named)
    return row


def complete(db: Connection) -> None:
    """Routes and keeps house until no erasure is open."""
    for _ in range(200):
        given.route(db)
        db.execute("select postbell_private.tidy_up()")
        if not given.value(db, "select count(*) from postbell_private.open_erasure"):
            return
    raise AssertionError(given.rows(db, "select * from postbell_private.open_erasure"))
