"""What a statement returns, by its signature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg
import pytest

from dispatcher.db import connections as pool
from dispatcher.db.statement import NoRowError, statement


class Pair(NamedTuple):
    number: int
    word: str | None


@dataclass(frozen=True)
class Thing:
    number: int
    word: str = "default"


@statement("select n as number, 'a' as word from generate_series(1, %(most)s) as n")
def pairs(most: int = 2) -> list[Pair]: ...


@statement("select n from generate_series(1, %(most)s) as n")
def numbers(most: int) -> list[int]: ...


@statement("select n as number from generate_series(1, %(most)s) as n")
def first_thing(most: int) -> Thing | None: ...


@statement("select 'a', 1 where %(is_there)s")
def by_word(*, is_there: bool) -> dict[str, int]: ...


@statement("select %(number)s::integer")
def maybe(number: int | None) -> int | None: ...


@statement("select %(number)s::integer")
def surely(number: int | None) -> int: ...


@statement("select '{\"a\": [1]}'::jsonb")
def document() -> dict[str, Any]: ...


@statement("listen nobody")
def listen() -> None: ...


def test_rows_values_and_pairs(connection: psycopg.Connection) -> None:
    assert pairs(connection) == [Pair(1, "a"), Pair(2, "a")]
    assert numbers(connection, most=3) == [1, 2, 3]
    assert by_word(connection, is_there=True) == {"a": 1}
    assert by_word(connection, is_there=False) == {}
    assert document(connection) == {"a": [1]}


def test_a_field_with_a_default_may_be_no_column(connection: psycopg.Connection) -> None:
    assert first_thing(connection, 1) == Thing(1, "default")


def test_what_may_be_missing_is_none(connection: psycopg.Connection) -> None:
    assert first_thing(connection, 0) is None
    assert maybe(connection, None) is None
    assert maybe(connection, 0) == 0


def test_what_must_be_there_raises(connection: psycopg.Connection) -> None:
    assert surely(connection, 1) == 1
    with pytest.raises(NoRowError, match="surely"):
        surely(connection, None)


def test_nothing_is_read_of_what_returns_nothing(connection: psycopg.Connection) -> None:
    listen(connection)


def test_wrong_arguments_are_refused(connection: psycopg.Connection) -> None:
    wrong: Any = numbers
    with pytest.raises(TypeError, match=r"numbers\(\) takes most"):
        wrong(connection, 1, other=2)
    with pytest.raises(TypeError, match="numbers"):
        wrong(connection)


async def test_an_asynchronous_connection_is_awaited(shared_url: str) -> None:
    async with await pool.connect(shared_url, "test") as connection:
        assert await pairs(connection, 1) == [Pair(1, "a")]
        assert await maybe(connection, number=None) is None
        await listen(connection)
