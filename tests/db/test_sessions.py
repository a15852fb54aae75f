"""What a session of the daemon or the gateway is set to."""

from __future__ import annotations

import psycopg
import pytest

from dispatcher.db import connections

#: Better than PostgreSQL's own for the type that is asked for: it takes anyarray.
TRAP = """
    create function public.cardinality(text[]) returns integer
    language plpgsql as $$ begin raise exception 'run as %', current_user; end $$
"""
ASKED = "select cardinality(array['one'])"


@pytest.fixture
def trap(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(TRAP)
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute(ASKED)


async def test_a_session_runs_no_function_that_others_put_into_public(
    database_url: str, trap: None
) -> None:
    async with await connections.connect(database_url, "test") as session:
        assert await (await session.execute(ASKED)).fetchone() == (1,)


async def test_nor_does_one_of_a_pool(database_url: str, trap: None) -> None:
    async with connections.pool(database_url, "test", 1) as pool, pool.connection() as session:
        assert await (await session.execute(ASKED)).fetchone() == (1,)
