"""Every statement is what its signature says, on a deployed database."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

import psycopg
import pytest
from psycopg._queries import PostgresQuery
from psycopg.adapt import Transformer
from psycopg.types.json import Jsonb

import dispatcher.db
from dispatcher.db.statement import Statement, without_none

FOLDER = Path(dispatcher.db.__path__[0])

#: By annotation, the types of PostgreSQL that are read as such. A domain is told by what it is of.
TYPES = {
    bool: {"bool"},
    bytes: {"bytea"},
    date: {"date"},
    datetime: {"timestamptz"},
    float: {"float4", "float8"},
    int: {"int2", "int4", "int8"},
    str: {"text", "name"},
    time: {"time"},
    timedelta: {"interval"},
    UUID: {"uuid"},
}
ARRAYS = {
    bool: {"_bool"},
    float: {"_float4", "_float8"},
    int: {"_int2", "_int4", "_int8"},
    UUID: {"_uuid"},
    str: {"_text"},
}
JSON = {"json", "jsonb"}
#: What is sent as text and read by PostgreSQL.
WRITTEN = TYPES[str] | JSON | {"pg_snapshot", "xid8"}

#: A value of each, as psycopg would be given it.
VALUES: dict[Any, Any] = {
    bool: True,
    bytes: b"x",
    date: date(2026, 1, 1),
    datetime: datetime.fromisoformat("2026-01-01T00:00:00+00:00"),
    float: 0.5,
    int: 1,
    str: "x",
    time: time(8),
    timedelta: timedelta(1),
    UUID: UUID(int=1),
    Jsonb: Jsonb({}),
}


def statements() -> list[Statement[Any, Any]]:
    """All that the modules of dispatcher.db have, by themselves or in a mapping."""
    found: dict[int, Statement[Any, Any]] = {}
    for module in pkgutil.iter_modules(dispatcher.db.__path__, "dispatcher.db."):
        for value in vars(importlib.import_module(module.name)).values():
            for each in value.values() if isinstance(value, Mapping) else [value]:
                if isinstance(each, Statement):
                    found[id(each)] = each
    return list(found.values())


@pytest.fixture
def named(connection: psycopg.Connection) -> dict[int, str]:
    """The name of each type by its number."""
    return dict(connection.execute("select oid::bigint, typname::text from pg_type").fetchall())


@pytest.mark.parametrize("statement", statements(), ids=lambda each: each.name)
@pytest.mark.parametrize("is_full", [True, False], ids=["full", "null"])
def test_signature_and_sql_agree(
    connection: psycopg.Connection,
    named: dict[int, str],
    statement: Statement[Any, Any],
    is_full: bool,
) -> None:
    assert set(statement.names) == set(re.findall(r"%\((\w+)\)s", statement.sql))

    given, columns = described(connection, statement, is_full=is_full)

    for name, oid in given.items():
        assert named[oid] in parameter_types(statement.hints[name]), name
    expected = columns_of(statement.row, columns)
    assert list(columns) == list(expected)
    for name, oid in columns.items():
        assert named[oid] in column_types(expected[name]), name


def test_no_statement_stands_twice() -> None:
    found = Counter(" ".join(statement.sql.split()) for statement in statements())

    assert [sql for sql, times in found.items() if times > 1] == []


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_no_statement_is_formatted(path: Path) -> None:
    calls = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("statement", "Statement")
    ]

    assert not any(isinstance(node, ast.JoinedStr) for call in calls for node in ast.walk(call))


def described(
    connection: psycopg.Connection, statement: Statement[Any, Any], *, is_full: bool
) -> tuple[dict[str, int], dict[str, int]]:
    """The numbers of the types of parameters and columns, by name, as the server tells them."""
    query = PostgresQuery(Transformer(connection))
    values = {name: value_of(statement.hints[name], is_full=is_full) for name in statement.names}
    query.convert(statement.sql.encode(), values)
    server = connection.pgconn
    prepared = server.prepare(b"", query.query, query.types)
    assert prepared.error_field(psycopg.pq.DiagnosticField.MESSAGE_PRIMARY) is None, (
        prepared.get_error_message()
    )
    found = server.describe_prepared(b"")
    order = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement.sql)))
    parameters = {name: found.param_type(number) for number, name in enumerate(order)}
    columns = {(found.fname(n) or b"").decode(): found.ftype(n) for n in range(found.nfields)}
    if statement.row is not None:
        assert len(columns) == found.nfields, "two columns have one name"
    return parameters, columns


def value_of(annotation: Any, *, is_full: bool) -> Any:
    """As full as it may be, or as empty."""
    inner = without_none(annotation)
    if inner is not annotation and not is_full:
        return None
    if get_origin(inner) is list:
        return [value_of(get_args(inner)[0], is_full=is_full)]
    return VALUES[plain(inner)]


def parameter_types(annotation: Any) -> set[str]:
    inner = without_none(annotation)
    if get_origin(inner) is list:
        return ARRAYS[plain(without_none(get_args(inner)[0]))]
    if inner is Jsonb:
        return JSON
    return WRITTEN if plain(inner) is str else TYPES[plain(inner)]


def columns_of(row: Any, found: Mapping[str, int]) -> dict[str, Any]:
    """The columns that a row should have, and their annotations; fields with defaults may lack."""
    if row is None:
        # What is not read has one column, of a function that returns nothing, or none.
        return dict.fromkeys(found)
    if isinstance(row, tuple):
        return dict(zip(found, row, strict=True))
    hints = {name: hint for name, hint in _hints(row).items() if name in _fields(row)}
    if not hints:
        return dict.fromkeys(found, row) if len(found) == 1 else {"a single value": row}
    missing = [name for name in hints if name not in found]
    if missing and all(_fields(row)[name] for name in missing):
        return {name: hint for name, hint in hints.items() if name in found}
    return hints


def column_types(annotation: Any) -> set[str]:
    if annotation is None:
        return set().union(*TYPES.values(), JSON, {"void"})
    inner = without_none(annotation)
    # A row holds what the driver returns: text, and no member of an enum.
    assert not (isinstance(inner, type) and issubclass(inner, StrEnum)), inner
    origin = get_origin(inner) or inner
    if origin is list:
        (item,) = get_args(inner)
        return JSON if get_origin(item) or item not in ARRAYS else ARRAYS[item] | JSON
    if origin in (dict, Mapping):
        return JSON
    return TYPES[plain(inner)]


def plain(annotation: Any) -> Any:
    """Names are text."""
    if get_origin(annotation) is Literal:
        return str
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return str
    return annotation


def _hints(row: Any) -> dict[str, Any]:
    return get_type_hints(row) if _fields(row) else {}


def _fields(row: Any) -> dict[str, bool]:
    """The fields of a row class, and whether each has a default; of a value, none."""
    if dataclasses.is_dataclass(row):
        return {
            field.name: field.default is not dataclasses.MISSING
            or field.default_factory is not dataclasses.MISSING
            for field in dataclasses.fields(row)
        }
    return {name: name in row._field_defaults for name in getattr(row, "_fields", ())}
